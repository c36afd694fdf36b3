use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    pub source: String,
    pub account_id: Uuid,
    pub currency: String,
    pub effective_on: Date,
    pub posting_on: Date,
    pub document_kind: String,
    pub document_id: Uuid,
    pub reverses_id: Option<Uuid>,
    pub run_id: Option<Uuid>,
    pub reason: Option<String>,
    pub recorded_at: DateTimeUtc,
    pub recorded_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
