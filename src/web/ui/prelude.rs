//! What almost every page needs, in one import.

pub use super::badge::{Badge, Tone};
pub use super::card::{Card, Fact, Facts, LinkCard, LinkCards, Tile, Tiles};
pub use super::confirm::Confirm;
pub use super::empty::Empty;
pub use super::field::{
    CheckField, DateField, FileField, Hidden, MoneyField, NumberField, PasswordField, SelectField,
    TextAreaField, TextField,
};
pub use super::form::{Actions, FilterForm, Form, PreviewButton, Submit};
pub use super::icon::Icon;
pub use super::load::load;
pub use super::notice::Notice;
pub use super::page::{ButtonLink, Crumb, PageHead};
pub use super::pager::Pager;
pub use super::progress::Progress;
pub use super::table::{Cell, DataTable, NumberCell, NumberHead, SortHead};
pub use super::tabs::{TabNav, current_tab};
pub(crate) use super::text::t;
pub use super::visit::visit;
pub use super::{format, typed, words};
pub use leptos::prelude::*;
