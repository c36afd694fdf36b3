//! Parts that know no billing acts: fields, forms, tables, words, formats. Every page is made of these.

pub mod badge;
pub mod card;
pub mod confirm;
pub mod copy;
pub mod empty;
pub mod errors;
pub mod field;
pub mod form;
pub mod format;
pub mod icon;
pub mod load;
pub mod notice;
pub mod page;
pub mod pager;
pub mod prelude;
pub mod progress;
pub mod table;
pub mod tabs;
pub mod text;
pub mod theme;
pub mod typed;
pub mod visit;
pub mod words;
