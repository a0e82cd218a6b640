//! `docs/shapes.md`: what is known of each cell, as it stands there and as it is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::shape::SHAPES;
use super::site::Way;
use super::story::Ending;

/// How the cells end, by shape and way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table(BTreeMap<(&'static str, Way), Ending>);

const HEAD: &str = "\
# Shapes of checkout and remote

Every shape of checkout that we know of, on every kind of remote. In each cell the same story was told: `status`, `prognosis`, `release`, `deploy`,
`lock`, `release-train`, then somebody else pushed, then `unlock` and `status`. This page is written by the test that tells it
([reliability](reliability.md#shapes-of-checkout-and-remote) has the command), and the test fails when the page is not right.

- **works**: each change landed exactly once, right upon what was there; branch, index and files follow, `git status` is clean, and nothing is left
  lying about. A bare repository has a branch that follows, and nothing else.
- **left alone**: each change landed exactly once, and the checkout stands as it stood. Where that is not what was asked for, the command says so.
- **exit 2**, 3, 6: every command is refused with that [code](commands.md#exit-codes) before anything happens, in words that name the shape.

No credential was shown in any of them.
";

impl Ending {
    fn told(self) -> String {
        match self {
            Self::Works => "works".to_owned(),
            Self::LeftAlone => "left alone".to_owned(),
            Self::Refused(code) => format!("exit {code}"),
        }
    }

    fn read(told: &str) -> Option<Self> {
        match told {
            "works" => Some(Self::Works),
            "left alone" => Some(Self::LeftAlone),
            _ => Some(Self::Refused(told.strip_prefix("exit ")?.parse().ok()?)),
        }
    }
}

impl Table {
    /// What the page says.
    pub(super) fn written() -> Self {
        let page = std::fs::read_to_string(page()).unwrap_or_default();
        let mut table = Self::default();
        for line in page.lines() {
            let columns: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let shape = SHAPES.iter().find(|shape| shape.name == columns[0]);
            let Some(shape) = shape else { continue };
            for (way, told) in Way::ALL.into_iter().zip(&columns[1..]) {
                if let Some(ending) = Ending::read(told) {
                    table.set(shape.name, way, ending);
                }
            }
        }
        table
    }

    pub(super) fn set(&mut self, shape: &'static str, way: Way, ending: Ending) {
        self.0.insert((shape, way), ending);
    }

    pub(super) fn get(&self, shape: &'static str, way: Way) -> Option<Ending> {
        self.0.get(&(shape, way)).copied()
    }

    /// The page.
    pub(super) fn page(&self) -> String {
        let mut page = HEAD.to_owned();
        let ways = Way::ALL.map(Way::name).join(" | ");
        let _ = write!(
            page,
            "\n| shape | {ways} | what to do |\n|{}\n",
            "---|".repeat(9)
        );
        for shape in SHAPES {
            let told = |way| {
                let ending = self.get(shape.name, way);
                ending.map_or_else(|| "not tried".to_owned(), Ending::told)
            };
            let endings = Way::ALL.map(told).join(" | ");
            let advice = if shape.advice.is_empty() {
                "nothing"
            } else {
                shape.advice
            };
            let _ = writeln!(page, "| {} | {endings} | {advice} |", shape.name);
        }
        page
    }
}

/// Where the page is.
pub(super) fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/shapes.md")
}
