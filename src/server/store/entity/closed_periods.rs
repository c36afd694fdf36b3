use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "closed_periods")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub journal: String,
    pub closed_through: Date,
    pub locked_through: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
