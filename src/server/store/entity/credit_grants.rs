use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    pub account_id: Uuid,
    pub currency: String,
    pub class: String,
    pub origin_kind: String,
    pub origin_id: Uuid,
    pub amount_minor: i64,
    pub remaining_minor: i64,
    pub reserved_minor: i64,
    pub effective_on: Date,
    pub posting_on: Date,
    pub expires_on: Option<Date>,
    pub priority: i32,
    pub policy_version_id: Option<Uuid>,
    pub on_hold: bool,
    pub recorded_at: DateTimeUtc,
    pub recorded_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
