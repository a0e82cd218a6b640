//! Tables for terminals: a line for each row. What does not fit is shortened, never wrapped.

use std::borrow::Cow;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::text::paint;

/// What stands where something was cut away.
const MORE: char = '…';
/// The columns between two cells.
pub(super) const GAP: usize = 2;
/// As wide as a cell becomes where nobody says how much room there is: a single long text shall not make every other line as long.
const WIDE: usize = 1000;
/// As narrow as a text becomes before a column is left out.
const NARROW_TEXT: usize = 16;
/// As narrow as a note becomes before a name is cut.
const NARROW_NOTE: usize = 10;
/// As narrow as anything becomes before its head is cut, too.
const NARROW: usize = 8;

/// How a column gives way where there is not enough room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Give {
    /// Not before everything else has become as narrow as it can: an age makes no sense in parts.
    Whole,
    /// Last: a name or a number. It is cut in the middle, since names often begin alike.
    Name,
    /// First: it is cut at its end.
    Text,
    /// First, like a text, and then once more before a name is cut: its beginning says enough.
    Note,
    /// First, like a text; and where that is not enough it is left out, the last one before the others.
    Extra,
    /// It is left out as soon as anything would have to be cut: the same is told elsewhere in fewer letters.
    Spare,
}

impl Give {
    /// The text, cut to that many columns.
    fn shortened(self, text: &str, width: usize) -> String {
        match self {
            Self::Whole | Self::Name | Self::Spare => cut(text, width),
            Self::Text | Self::Note | Self::Extra => fit(text, Some(width)),
        }
    }
}

/// The head of a column, and how the column gives way.
pub(super) type Head = (&'static str, Give);

/// A table; the texts of its cells have no colours of their own.
pub(super) struct Table {
    heads: Vec<(Cow<'static, str>, Give)>,
    rows: Vec<Vec<(Style, String)>>,
}

impl Table {
    /// A table with these heads.
    pub(super) fn new(heads: &[Head]) -> Self {
        let heads = heads.iter();
        Self::with_heads(heads.map(|(head, give)| (Cow::Borrowed(*head), *give)))
    }

    /// A table whose heads are found in the repository.
    pub(super) fn with_heads(heads: impl IntoIterator<Item = (Cow<'static, str>, Give)>) -> Self {
        Self {
            heads: heads.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// One more row, with a cell for each head.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = (Style, String)>) {
        let cells = cells.into_iter().zip(&self.heads);
        let cells = cells.map(|((style, text), (_, give))| (style, give.shortened(&text, WIDE)));
        self.rows.push(cells.collect());
    }

    /// The lines, none of them longer than that.
    pub(super) fn lines(mut self, width: Option<usize>) -> Vec<String> {
        let faint = Style::new().dimmed();
        let heads = self.heads.iter();
        let heads = heads.map(|(head, _)| (faint, head.to_string())).collect();
        self.rows.insert(0, heads);
        let widths = match width {
            Some(width) => self.fitted(width),
            None => self.natural(),
        };
        for row in &mut self.rows {
            let cells = row.iter_mut().zip(&self.heads).zip(&widths);
            for (((_, text), (_, give)), width) in cells {
                *text = give.shortened(text, *width);
            }
        }
        // A cell that was cut may be narrower than it had to be: half of a wide letter is none.
        let widths = self.natural();
        self.rows.iter().map(|row| line(row, &widths)).collect()
    }

    /// The columns that each column takes if nothing is cut.
    fn natural(&self) -> Vec<usize> {
        let widest = |place: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(place));
            cells.map(|(_, text)| text.width()).max().unwrap_or(0)
        };
        (0..self.heads.len()).map(widest).collect()
    }

    /// The columns that each column gets, after those are left out for which there is no room.
    fn fitted(&mut self, width: usize) -> Vec<usize> {
        loop {
            let gaps = GAP * self.heads.len().saturating_sub(1);
            let room = width.saturating_sub(gaps);
            let mut widths = self.natural();
            if widths.iter().sum::<usize>() > room
                && let Some(spare) = self.last(Give::Spare)
            {
                self.leave_out(spare);
                continue;
            }
            let texts = self.places(|give| !matches!(give, Give::Whole | Give::Name));
            shrink(&mut widths, &texts, NARROW_TEXT, room);
            let extra = self.last(Give::Extra);
            match extra.filter(|_| widths.iter().sum::<usize>() > room) {
                Some(extra) => self.leave_out(extra),
                None => {
                    let notes = self.places(|give| give == Give::Note);
                    let all = self.places(|_| true);
                    let cuttable = self.places(|give| give != Give::Whole);
                    shrink(&mut widths, &notes, NARROW_NOTE, room);
                    shrink(&mut widths, &cuttable, NARROW, room);
                    shrink(&mut widths, &all, 1, room);
                    return widths;
                }
            }
        }
    }

    /// The last column that gives way like this.
    fn last(&self, which: Give) -> Option<usize> {
        self.heads.iter().rposition(|(_, give)| *give == which)
    }

    fn leave_out(&mut self, column: usize) {
        self.heads.remove(column);
        for row in &mut self.rows {
            row.remove(column);
        }
    }

    fn places(&self, which: impl Fn(Give) -> bool) -> Vec<usize> {
        let heads = self.heads.iter().enumerate();
        let chosen = heads.filter(|(_, (_, give))| which(*give));
        chosen.map(|(place, _)| place).collect()
    }
}

/// The cells of a row, each as wide as its column.
fn line(row: &[(Style, String)], widths: &[usize]) -> String {
    let mut line = String::new();
    for ((style, text), width) in row.iter().zip(widths) {
        if *style == Style::new() || text.is_empty() {
            line.push_str(text);
        } else {
            line.push_str(&paint(*style, text));
        }
        let blanks = (width + GAP).saturating_sub(text.width());
        line.extend(std::iter::repeat_n(' ', blanks));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Takes from the widest of these columns, a column at a time, until all fit into the room or none of them is wider than that.
fn shrink(widths: &mut [usize], places: &[usize], least: usize, room: usize) {
    while widths.iter().sum::<usize>() > room {
        let widest = places.iter().copied().max_by_key(|place| widths[*place]);
        match widest.filter(|place| widths[*place] > least) {
            Some(place) => widths[place] -= 1,
            None => return,
        }
    }
}

/// The text, cut at its end to that many columns.
pub(super) fn fit(text: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if text.width() > width => {
            let mut short = beginning(text.chars(), width.saturating_sub(1));
            short.push(MORE);
            short
        }
        Some(_) | None => text.to_owned(),
    }
}

/// A name and what is said of it, cut to that many columns: the name in its middle, so that half of them are left for the rest.
pub(super) fn fit_both(name: &str, rest: &str, width: Option<usize>) -> String {
    let Some(width) = width else {
        return format!("{name} {rest}");
    };
    let half = width / 2;
    let left = width.saturating_sub(rest.width() + 1).max(half);
    fit(&format!("{} {rest}", cut(name, left)), Some(width))
}

/// The text, cut in its middle to that many columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let end = beginning(text.chars().rev(), room / 2);
    let mut short = beginning(text.chars(), room - room / 2);
    short.push(MORE);
    short.extend(end.chars().rev());
    short
}

/// The text, cut at its beginning to that many columns.
pub(super) fn ending(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let end = beginning(text.chars().rev(), width.saturating_sub(1));
    std::iter::once(MORE).chain(end.chars().rev()).collect()
}

/// As many letters as fit into that many columns.
fn beginning(letters: impl Iterator<Item = char>, width: usize) -> String {
    let mut taken = 0;
    let fits = |letter: &char| {
        taken += letter.width().unwrap_or(0);
        taken <= width
    };
    letters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: [Head; 4] = [
        ("App", Give::Name),
        ("Why", Give::Text),
        ("By", Give::Extra),
        ("For", Give::Extra),
    ];

    fn table(width: Option<usize>) -> Vec<String> {
        let mut table = Table::new(&HEADS);
        for (app, why) in [
            (
                "a-shop-for-trains",
                "a long reason for it all, and one more",
            ),
            ("漢字漢字漢字", ""),
        ] {
            let cells = [app, why, "Ada Signal", "web, api"];
            let bold = Style::new().bold();
            table.row(cells.map(|text| (bold, text.to_owned())));
        }
        let lines = table.lines(width);
        let plain = |line: &String| anstream::adapter::strip_str(line).to_string();
        lines.iter().map(plain).collect()
    }

    #[test]
    fn a_table_is_as_wide_as_it_must_be() {
        let expected = [
            "App                Why                                     By          For",
            "a-shop-for-trains  a long reason for it all, and one more  Ada Signal  web, api",
            "漢字漢字漢字                                               Ada Signal  web, api",
        ];
        assert_eq!(table(None), expected);
        assert_eq!(table(Some(80)), expected);
    }

    #[test]
    fn texts_give_way_first_then_columns_then_names() {
        let row = |width| table(Some(width)).remove(1);
        let texts = "a-shop-for-trains  a long reason for it…  Ada Signal  web, api";
        assert_eq!(row(62), texts);
        assert_eq!(
            row(50),
            "a-shop-for-trains  a long reason for …  Ada Signal"
        );
        assert_eq!(row(40), "a-shop-for-trains  a long reason for it…");
        assert_eq!(row(20), "a-sh…ains  a long r…");
    }

    #[test]
    fn an_age_stays_whole_and_a_note_gives_way_before_a_name() {
        let heads = [
            ("Locked", Give::Name),
            ("Message", Give::Note),
            ("Since", Give::Whole),
        ];
        let row = |width| {
            let mut table = Table::new(&heads);
            let cells = [
                "team money on prod-de",
                "yearly audit until Friday",
                "27 days ago",
            ];
            table.row(cells.map(|text| (Style::new(), text.to_owned())));
            table.lines(Some(width)).remove(1)
        };
        assert_eq!(row(46), "team money on prod-de  yearly au…  27 days ago");
        assert_eq!(row(36), "team …od-de  yearly au…  27 days ago");
        assert_eq!(row(31), "team…-de  yearly …  27 days ago");
    }

    #[test]
    fn a_spare_column_goes_before_anything_is_cut() {
        let heads = [("Operation", Give::Text), ("At", Give::Spare)];
        let row = |width| {
            let mut table = Table::new(&heads);
            let cells = ["deploy cart prod-de 2", "2026-03-02T08:00:00Z"];
            table.row(cells.map(|text| (Style::new(), text.to_owned())));
            table.lines(Some(width)).remove(1)
        };
        assert_eq!(row(43), "deploy cart prod-de 2  2026-03-02T08:00:00Z");
        assert_eq!(row(42), "deploy cart prod-de 2");
    }

    #[test]
    fn no_row_is_wrapped_or_too_long() {
        for width in 4..90 {
            let lines = table(Some(width));
            assert_eq!(lines.len(), 3, "{width}: {lines:#?}");
            for line in lines {
                assert!(line.width() <= width, "{width}: `{line}`");
            }
        }
    }

    #[test]
    fn a_text_of_any_length_takes_one_line_and_makes_no_other_one_long() {
        let long = "x".repeat(1_000_000);
        for width in [None, Some(80), Some(usize::MAX)] {
            let mut table = Table::new(&HEADS);
            for why in ["short", &long, "漢"] {
                table.row(["cart", why, "Ada", "web"].map(|text| (Style::new(), text.to_owned())));
            }
            let lines = table.lines(width);
            assert_eq!(lines.len(), 4, "{width:?}");
            let widest = lines.iter().map(|line| line.width()).max();
            assert!(widest < Some(1100), "{width:?}: {widest:?} columns");
            assert!(lines[2].contains("xxx…"), "{width:?}");
        }
    }

    #[test]
    fn a_text_is_shortened_by_the_columns_that_it_takes() {
        assert_eq!(fit("short", Some(5)), "short");
        assert_eq!(fit("longer", Some(5)), "long…");
        assert_eq!(fit("漢字漢字", Some(5)), "漢字…");
        assert_eq!(fit("longer", None), "longer");
        assert_eq!(cut("a-name-1", 5), "a-…-1");
        assert_eq!(cut("漢字漢字", 5), "漢…字");
        assert_eq!(ending("a-name-1", 5), "…me-1");
        assert_eq!(ending("漢字漢字", 4), "…字");
        assert_eq!(ending("short", 5), "short");
    }
}
