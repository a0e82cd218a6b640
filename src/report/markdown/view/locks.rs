//! Locks as a table.

use super::{Fate, table};
use crate::plan::view::locks::LockList;
use crate::report::text::view::locks::{HEADS, headline, row};

pub(super) fn lines(list: &LockList, fate: &Fate) -> Vec<String> {
    let rows = list.locks.iter().map(|listed| row(listed, fate.now));
    table(&headline(list), HEADS, rows)
}
