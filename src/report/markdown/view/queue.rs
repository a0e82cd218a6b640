//! The queue as a table.

use super::{Fate, table};
use crate::plan::view::queue::QueueList;
use crate::report::text::view::queue::{HEADS, behind, headline, row};

pub(super) fn lines(list: &QueueList, fate: &Fate) -> Vec<String> {
    let rows = list.waiting.iter().map(|waiting| {
        let [app, environment, waits, runs, since] = row(waiting, fate.now);
        let behind = behind(waiting, fate.now).join(" and ");
        [app, environment, waits, runs, since, behind]
    });
    table(&headline(list), HEADS, rows)
}
