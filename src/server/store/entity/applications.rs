use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "applications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub invoice_id: Uuid,
    pub grant_id: Option<Uuid>,
    pub payment_id: Option<Uuid>,
    pub credit_note_id: Option<Uuid>,
    pub write_off_id: Option<Uuid>,
    pub amount_minor: i64,
    pub effective_on: Date,
    pub posting_on: Date,
    pub entry_id: Uuid,
    pub run_id: Option<Uuid>,
    pub recorded_at: DateTimeUtc,
    pub recorded_by: String,
    pub unapplied_on: Option<Date>,
    pub unapplied_posting_on: Option<Date>,
    pub unapplied_entry_id: Option<Uuid>,
    pub unapplied_at: Option<DateTimeUtc>,
    pub unapplied_by: Option<String>,
    pub reinstated: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
