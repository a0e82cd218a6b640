//! What comes with a move, for people: a row for each source commit.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::{WAITS, paint};
use crate::plan::cargo::{Built, Cargo, Missing, Piece, Way};
use crate::report::table::fit;
use crate::state::{FreeText, plain};

/// How many digits of a commit are shown.
const SHORT: usize = 10;
/// How many columns a name may take.
const WIDEST_NAME: usize = 24;

/// The rows below an app, each behind so much space.
pub(in crate::report) fn lines(cargo: &Cargo, indent: usize, width: Option<usize>) -> Vec<String> {
    let rows: Vec<_> = cargo.pieces.iter().map(row).collect();
    let widest = |place: usize| {
        let cells = rows.iter().map(|row: &[String; 4]| row[place].width());
        cells.max().unwrap_or(0)
    };
    let widths = [widest(0), widest(1), widest(2)];
    let mut lines = Vec::new();
    let mut line = |text: &str, style| {
        let room = width.map(|width| width.saturating_sub(indent));
        let text = fit(text, room);
        lines.push(format!("{:indent$}{}", "", paint(style, text)));
    };
    if cargo.way == Way::Back {
        line("going back takes these away:", WAITS);
    }
    for (piece, cells) in cargo.pieces.iter().zip(&rows) {
        let mut text = String::new();
        // A column in which nothing stands is left out.
        for (cell, wide) in cells.iter().zip(widths).filter(|(_, wide)| *wide > 0) {
            text.push_str(cell);
            text.push_str(&" ".repeat(wide - cell.width() + 2));
        }
        text.push_str(&cells[3]);
        // A link that is cut leads nowhere.
        let link = piece
            .releases
            .iter()
            .find_map(|built| built.ci_link.as_ref());
        let link = link.map(|link| format!("  {}", plain(link.raw())));
        let whole = format!("{text}{}", link.unwrap_or_default());
        let fits = width.is_none_or(|width| whole.width() + indent <= width);
        line(if fits { &whole } else { &text }, Style::new());
    }
    if let Some(missing) = &cargo.missing {
        line(&missed(*missing), WAITS);
    }
    lines
}

/// Releases, commit, author and message.
fn row(piece: &Piece) -> [String; 4] {
    let releases: Vec<_> = piece.releases.iter().map(release).collect();
    [
        if releases.is_empty() {
            "-".to_owned()
        } else {
            releases.join(", ")
        },
        short(piece).unwrap_or_default().to_owned(),
        fit(&author(piece).unwrap_or_default(), Some(WIDEST_NAME)),
        headline(piece),
    ]
}

/// A release in one phrase: `3 (v1.2.0)`.
pub(in crate::report) fn release(built: &Built) -> String {
    let Built { version, kind, .. } = built;
    let shown = built.display_version.as_ref();
    let shown = shown.map(|text| format!(" ({})", plain(text.raw())));
    format!("{version}{}{kind}", shown.unwrap_or_default())
}

/// The first digits of the commit.
pub(in crate::report) fn short(piece: &Piece) -> Option<&str> {
    piece
        .commit
        .as_ref()
        .map(|commit| &commit.as_ref()[..SHORT])
}

/// The name of the author without the mail address, which nobody asked to be published.
pub(in crate::report) fn author(piece: &Piece) -> Option<String> {
    let author = piece.author.as_ref()?.raw();
    let name = author.split('<').next().unwrap_or_default().trim();
    let name = if name.is_empty() {
        author.trim_matches(['<', '>'])
    } else {
        name
    };
    Some(plain(name))
}

/// The first line of the message, and what else is worth saying.
pub(in crate::report) fn headline(piece: &Piece) -> String {
    let first = |text: &FreeText| text.raw().trim().lines().next().map(plain);
    let message = piece.message.as_ref().and_then(first);
    let none = match piece.commit {
        Some(_) => "(no message)",
        None => "(no source commit)",
    };
    let message = message.filter(|message| !message.is_empty());
    let message = message.unwrap_or_else(|| none.to_owned());
    if piece.again {
        return format!("{message} (built again)");
    }
    message
}

/// What nobody knows of.
pub(in crate::report) fn missed(missing: Missing) -> String {
    let Missing { above, below } = missing;
    match above {
        Some(above) => {
            format!("releases between {above} and {below} are not kept, if there were any")
        }
        None => format!("releases below {below} are not kept, if there were any"),
    }
}
