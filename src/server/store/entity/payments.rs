use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    pub account_id: Uuid,
    pub currency: String,
    pub amount_minor: i64,
    pub fee_minor: i64,
    pub method: String,
    pub reference: String,
    pub note: String,
    pub received_on: Date,
    pub posting_on: Date,
    pub prepayment: bool,
    pub entry_id: Uuid,
    pub reversed_on: Option<Date>,
    pub reversed_posting_on: Option<Date>,
    pub reversal_entry_id: Option<Uuid>,
    pub reversal_reason: Option<String>,
    pub reversal_cause: Option<String>,
    pub import_key: Option<String>,
    pub recorded_at: DateTimeUtc,
    pub recorded_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
