//! Apps × environments as a table. Where there is not enough room, less is told, groups that agree share a column, and at last the
//! environments stand in several tables below each other.

use std::borrow::Cow;
use std::collections::BTreeSet;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::super::super::{FAINT, FAULT, WAITS};
use super::super::{names, paint};
use super::remark::{Remark, legend, remarks};
use crate::plan::view::board::{Board, Cell, Column, Row};
use crate::report::table::{GAP, Give, Table, cut, ending, fit};
use crate::state::plain;

/// As wide as the head of an environment may be where there are several tables.
const HEAD_IN_BANDS: usize = 12;

/// How much is told.
#[derive(Clone, Copy)]
struct Detail {
    teams: bool,
    display_versions: bool,
    groups_together: bool,
}

/// From everything to as little as possible.
const DETAILS: [Detail; 4] = [
    Detail {
        teams: true,
        display_versions: true,
        groups_together: false,
    },
    Detail {
        teams: true,
        display_versions: false,
        groups_together: false,
    },
    Detail {
        teams: false,
        display_versions: false,
        groups_together: false,
    },
    Detail {
        teams: false,
        display_versions: false,
        groups_together: true,
    },
];

/// A column of the table: an environment, or the environments of a group that are all alike.
#[derive(Clone)]
struct Strip {
    head: String,
    /// What the head stands for, if it is a group.
    meaning: Option<String>,
    cells: Vec<(Style, String)>,
}

pub(super) fn lines(board: &Board, width: Option<usize>) -> Vec<String> {
    let rich = DETAILS.iter().find_map(|detail| {
        let grid = Grid::of(board, *detail);
        (grid.width() <= width.unwrap_or(usize::MAX)).then_some(grid)
    });
    let mut lines = vec![String::new()];
    let (grid, least) = match (rich, width) {
        (Some(grid), _) => (grid, false),
        (None, _) => (Grid::of(board, DETAILS[DETAILS.len() - 1]), true),
    };
    let meanings = grid.strips.iter().filter_map(|strip| strip.meaning.clone());
    let meanings: Vec<_> = legend(board)
        .into_iter()
        .map(str::to_owned)
        .chain(meanings)
        .collect();
    match width.filter(|_| least) {
        Some(width) => lines.extend(grid.bands(width)),
        None => lines.extend(table(&grid.labels, &grid.strips).lines(width)),
    }
    lines.extend(filled(&meanings, width));
    lines
}

/// The texts one after the other, as many on each line as fit.
fn filled(texts: &[String], width: Option<usize>) -> Vec<String> {
    const BETWEEN: &str = "   ";
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        let text = fit(text, width);
        let room = |line: &String| {
            let wanted = line.width() + BETWEEN.len() + text.width();
            width.is_none_or(|width| wanted <= width)
        };
        match lines.pop() {
            Some(line) if room(&line) => lines.push(format!("{line}{BETWEEN}{text}")),
            Some(line) => lines.extend([line, text]),
            None => lines.push(text),
        }
    }
    lines.iter().map(|line| paint(FAINT, line)).collect()
}

/// What stands in a table.
struct Grid {
    /// The columns before those of the environments: the app, and perhaps its team.
    labels: Vec<Strip>,
    strips: Vec<Strip>,
}

impl Grid {
    fn of(board: &Board, detail: Detail) -> Self {
        let plain_strip = |head: &str, text: &dyn Fn(&Row) -> String| Strip {
            head: head.to_owned(),
            meaning: None,
            cells: board
                .rows
                .iter()
                .map(|row| (Style::new(), text(row)))
                .collect(),
        };
        let mut labels = vec![plain_strip("App", &|row| row.app.to_string())];
        if detail.teams && board.rows.iter().any(|row| row.team.is_some()) {
            labels.push(plain_strip("Team", &|row| {
                row.team
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            }));
        }
        let columns = board.columns.iter().enumerate();
        let strips = columns.map(|(place, column)| Strip {
            head: head(column, column.environment.to_string()),
            meaning: None,
            cells: board
                .rows
                .iter()
                .map(|row| text((column, row, &row.cells[place]), detail))
                .collect(),
        });
        let mut strips: Vec<_> = strips.collect();
        if detail.groups_together {
            strips = together(board, strips);
        }
        Self { labels, strips }
    }

    /// The columns that the table takes.
    fn width(&self) -> usize {
        let strips = self.labels.iter().chain(&self.strips);
        let widths: Vec<_> = strips.map(Strip::width).collect();
        widths.iter().sum::<usize>() + GAP * (widths.len() - 1)
    }

    /// Tables below each other, as many environments in each as fit.
    fn bands(mut self, width: usize) -> Vec<String> {
        self.labels.truncate(1);
        for label in &mut self.labels {
            label.shorten(width / 3);
        }
        let heads: Vec<_> = self.strips.iter().map(|strip| strip.head.clone()).collect();
        for (strip, head) in self.strips.iter_mut().zip(distinct(&heads, HEAD_IN_BANDS)) {
            strip.head = head;
        }
        let label: usize = self.labels.iter().map(Strip::width).sum();
        let gap = GAP;
        let mut bands: Vec<Vec<Strip>> = Vec::new();
        let mut room = 0;
        for strip in self.strips {
            let wanted = strip.width() + gap;
            match bands.last_mut() {
                Some(band) if wanted <= room => band.push(strip),
                Some(_) | None => {
                    bands.push(vec![strip]);
                    room = width.saturating_sub(label);
                }
            }
            room = room.saturating_sub(wanted);
        }
        let mut lines = Vec::new();
        for band in bands {
            lines.extend(table(&self.labels, &band).lines(Some(width)));
            lines.push(String::new());
        }
        lines
    }
}

impl Strip {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|(_, text)| text.width());
        cells.max().unwrap_or(0).max(self.head.width())
    }

    /// Shortens its texts so that they can still be told from each other.
    fn shorten(&mut self, width: usize) {
        let texts: Vec<_> = self.cells.iter().map(|(_, text)| text.clone()).collect();
        for ((_, text), short) in self.cells.iter_mut().zip(distinct(&texts, width)) {
            *text = short;
        }
    }
}

fn table(labels: &[Strip], strips: &[Strip]) -> Table {
    let all = || labels.iter().chain(strips);
    let heads = all().map(|strip| (Cow::Owned(strip.head.clone()), Give::Name));
    let mut table = Table::with_heads(heads);
    let rows = labels.first().map_or(0, |label| label.cells.len());
    for row in 0..rows {
        table.row(all().map(|strip| strip.cells[row].clone()));
    }
    table
}

/// The texts, shortened by the way that keeps most of them apart.
fn distinct(texts: &[String], width: usize) -> Vec<String> {
    let ways: [fn(&str, usize) -> String; 2] = [cut, ending];
    let mut best: Option<(usize, Vec<String>)> = None;
    for way in ways {
        let short: Vec<_> = texts.iter().map(|text| way(text, width)).collect();
        let apart = short.iter().collect::<BTreeSet<_>>().len();
        if best.as_ref().is_none_or(|(most, _)| apart > *most) {
            best = Some((apart, short));
        }
    }
    best.map(|(_, short)| short).unwrap_or_default()
}

/// The name of an environment or a group, with a mark if it is locked as a whole.
fn head(column: &Column, name: String) -> String {
    if column.locks.is_empty() {
        name
    } else {
        format!("{name} {}", Remark::Locked.mark())
    }
}

/// A cell: what runs, and what there is to say besides, coloured by the worst of it.
fn text(place: (&Column, &Row, &Cell), detail: Detail) -> (Style, String) {
    let (_, row, cell) = place;
    let remarks = remarks(place);
    let mut words = Vec::new();
    if !remarks.iter().any(|remark| remark.replaces_version())
        && let Some(version) = cell.running()
    {
        words.push(version.to_string());
        let facts = row.facts(version).filter(|_| detail.display_versions);
        let shown = facts.and_then(|facts| facts.display_version.as_ref());
        words.extend(shown.map(|shown| format!("({})", plain(shown.raw()))));
    }
    words.extend(remarks.iter().map(|remark| remark.mark()));
    let styles: Vec<_> = remarks.iter().map(|remark| remark.style()).collect();
    let worst = [FAULT, WAITS, FAINT];
    let worst = worst.into_iter().find(|style| styles.contains(style));
    (worst.unwrap_or_default(), words.join(" "))
}

/// Groups whose environments are alike in all rows, as one column.
fn together(board: &Board, strips: Vec<Strip>) -> Vec<Strip> {
    let mut shown: Vec<Strip> = Vec::new();
    let mut places = board.columns.iter().zip(strips).peekable();
    while let Some((column, strip)) = places.next() {
        let mut alike = vec![(column, strip)];
        while let Some(next) = places.next_if(|(next, strip)| {
            let (first, like) = &alike[0];
            let group = first.group.is_some() && first.group == next.group;
            group && first.locks.is_empty() == next.locks.is_empty() && like.cells == strip.cells
        }) {
            alike.push(next);
        }
        let members = board
            .columns
            .iter()
            .filter(|each| each.group == column.group);
        match &column.group {
            Some(group) if alike.len() > 1 && alike.len() == members.count() => {
                let short = format!("{group} x{}", alike.len());
                let members: Vec<_> = alike.iter().map(|(each, _)| &each.environment).collect();
                let meaning = Some(format!("{short}: {}", names(&members)));
                let cells = alike.swap_remove(0).1.cells;
                shown.push(Strip {
                    head: head(column, short),
                    meaning,
                    cells,
                });
            }
            Some(_) | None => shown.extend(alike.into_iter().map(|(_, strip)| strip)),
        }
    }
    shown
}
