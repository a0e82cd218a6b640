//! Every shape of checkout on every kind of remote: one story in each cell of a table, `docs/shapes.md`.

mod cell;
mod proof;
mod shape;
mod site;
mod ssh;
mod story;
mod table;

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use similar::TextDiff;

use crate::world::skipped;
use shape::{SHAPES, Shape};
use site::{Ground, Site, Way};
use story::Ending;
use table::Table;

/// Set to write the page anew.
const UPDATE: &str = "UPDATE_SHAPES";

/// Set to try all ways by ssh for each shape, and not only one of them in turn.
const ALL: &str = "ALL_SHAPES";

/// Set to some words to try only the cells whose names hold one of them; they stand between semicolons.
const ONLY: &str = "ONLY_SHAPES";

/// Tells the story of one cell; or why it cannot be told here.
fn tell(ground: &Ground, shape: &Shape, way: Way) -> Result<Ending, String> {
    let site = Site::open(ground, way)?;
    let cell = (shape.make)(&site)?;
    Ok(story::tell(&site, shape, &cell))
}

/// Tells the story of some cells, each of which has to end as the page says.
#[track_caller]
fn check(ground: &Ground, cells: &[(&str, Way)]) {
    let table = Table::written();
    for (name, way) in cells {
        let shape = SHAPES.iter().find(|shape| shape.name == *name);
        let shape = shape.expect("a shape of the table");
        match tell(ground, shape, *way) {
            Ok(ending) => {
                let written = table.get(shape.name, *way);
                assert_eq!(Some(ending), written, "{name}, {way:?}");
            }
            Err(why) => skipped(&format!("{name}, {way:?}: {why}")),
        }
    }
}

#[test]
fn some_shapes_on_a_remote_of_files_end_as_the_page_says() {
    check(
        &Ground::without_ssh(),
        &[
            ("clone of another branch alone", Way::FileUrl),
            ("`core.worktree` elsewhere", Way::Path),
            ("submodule of another repository", Way::Path),
            ("objects of another clone, `--reference`", Way::FileUrl),
            ("`--no-checkout`", Way::FileUrl),
            ("mirror, named with `-C`", Way::Path),
            ("linked work tree of a shallow clone", Way::FileUrl),
            ("refs in a reftable", Way::Path),
            ("`pushurl`: another place that stands elsewhere", Way::Path),
            ("`pushurl`: the same place by another URL", Way::FileUrl),
        ],
    );
}

#[test]
fn some_shapes_on_a_web_server_end_as_the_page_says() {
    check(
        &Ground::without_ssh(),
        &[
            ("partial, `--filter=tree:0`", Way::HttpHeader),
            ("`includeIf` with URL and credentials", Way::HttpHeader),
            ("shallow, `--depth=1`", Way::HttpHelper),
        ],
    );
}

#[test]
fn some_shapes_by_ssh_end_as_the_page_says() {
    check(
        &Ground::whole(),
        &[
            ("full clone", Way::SshVariable),
            ("run by a hook of another repository", Way::SshSetting),
            ("linked work tree", Way::SshConfig),
        ],
    );
}

#[test]
fn the_page_has_a_row_for_every_shape_and_nothing_else() {
    let page = fs::read_to_string(table::page()).unwrap();
    assert_eq!(Table::written().page(), page);
    assert!(!page.contains("not tried"), "{page}");
}

#[test]
#[ignore = "some hundred cells"]
fn every_shape_on_every_kind_of_remote_ends_as_the_page_says() {
    let ground = Ground::whole();
    let written = Table::written();
    let cells = cells().into_iter();
    let left = Mutex::new(cells);
    let told = Mutex::new((written.clone(), Vec::new(), Vec::new()));
    let work = || {
        while let Some((shape, way)) = next(&left) {
            let name = format!("{}, {}", shape.name, way.name());
            let ending = catch_unwind(AssertUnwindSafe(|| tell(&ground, shape, way)));
            let mut told = told.lock().unwrap();
            match ending {
                Ok(Ok(ending)) => told.0.set(shape.name, way, ending),
                Ok(Err(why)) => told.1.push(format!("{name}: {why}")),
                Err(panic) => told.2.push(format!("{name}: {}", words(panic.as_ref()))),
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let (table, untold, failed) = told.into_inner().unwrap();
    for cell in untold {
        skipped(&format!("{cell}; the page keeps what it says of this"));
    }
    if std::env::var_os(UPDATE).is_some() {
        fs::write(table::page(), table.page()).unwrap();
    }
    assert!(
        failed.is_empty(),
        "{} cells:\n{}",
        failed.len(),
        failed.join("\n")
    );
    let page = fs::read_to_string(table::page()).unwrap_or_default();
    let right = table.page();
    let difference = TextDiff::from_lines(&page, &right);
    assert!(
        page == right,
        "`docs/shapes.md` is not right; {UPDATE}=1 writes it anew:\n{}",
        difference.unified_diff()
    );
}

/// The cells that are tried: of the ways by ssh, which are slow, only one for each shape, unless all are asked for.
fn cells() -> Vec<(&'static Shape, Way)> {
    let is_set = |name| std::env::var_os(name).is_some();
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut cells = Vec::new();
    for (number, shape) in SHAPES.iter().enumerate() {
        for way in Way::ALL {
            let name = format!("{}, {}", shape.name, way.name());
            let by_ssh = Way::BY_SSH.iter().position(|each| *each == way);
            let in_turn = by_ssh.is_none_or(|place| place == number % Way::BY_SSH.len());
            if only.split(';').any(|words| name.contains(words))
                && (in_turn || is_set(ALL) || is_set(ONLY))
            {
                cells.push((shape, way));
            }
        }
    }
    cells
}

fn next<'a>(left: &Mutex<impl Iterator<Item = (&'a Shape, Way)>>) -> Option<(&'a Shape, Way)> {
    left.lock().unwrap().next()
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "it panicked".to_owned())
}
