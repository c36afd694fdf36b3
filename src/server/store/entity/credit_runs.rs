use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    pub run_key: String,
    pub effective_on: Date,
    pub posting_on: Date,
    pub scope: String,
    pub scope_value: String,
    pub order_of_use: Option<String>,
    pub state: String,
    pub previewed_on: Date,
    pub created_at: DateTimeUtc,
    pub created_by: String,
    pub finished_at: Option<DateTimeUtc>,
    pub undone_at: Option<DateTimeUtc>,
    pub undone_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
