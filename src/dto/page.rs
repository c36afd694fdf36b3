//! Pages of lists.

use serde::{Deserialize, Serialize};

/// How many rows a page of a list shows.
pub const ROWS_PER_PAGE: u32 = 50;

/// Which page of a list is asked for, and in which order. All of it stands in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageRequest {
    /// Counts from 1; 0 means the first page too.
    pub page: u32,
    /// Name of a sortable column; empty for the list's own order. A leading `-` sorts descending.
    pub sort: String,
}

impl PageRequest {
    /// Rows to skip.
    pub fn offset(&self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(ROWS_PER_PAGE)
    }

    /// Column and whether descending.
    pub fn sort_column(&self) -> (&str, bool) {
        match self.sort.strip_prefix('-') {
            Some(column) => (column, true),
            None => (&self.sort, false),
        }
    }
}

/// Some rows of a list, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub total: u64,
}
