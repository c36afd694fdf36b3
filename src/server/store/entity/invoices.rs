use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub currency: String,
    pub kind: String,
    pub payment_id: Option<Uuid>,
    pub series: Option<String>,
    pub year: Option<i32>,
    pub sequence: Option<i64>,
    pub number: Option<String>,
    pub issued_on: Date,
    pub posting_on: Option<Date>,
    pub due_on: Date,
    pub net_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
    pub discount_minor: i64,
    pub open_minor: i64,
    pub reference: String,
    pub note: String,
    pub disputed: bool,
    pub entry_id: Option<Uuid>,
    pub voided_on: Option<Date>,
    pub void_posting_on: Option<Date>,
    pub void_entry_id: Option<Uuid>,
    pub void_reason: Option<String>,
    pub finalised_at: Option<DateTimeUtc>,
    pub recorded_at: DateTimeUtc,
    pub recorded_by: String,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
