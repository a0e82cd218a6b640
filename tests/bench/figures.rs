//! What was measured: series of runs, the races that fill them, and the lines that compare them.

use std::fmt::{Display, Formatter, Result as FmtResult};
use std::time::Duration;

use anyhow::Result;

/// The same thing measured several times, smallest first; seconds or bytes.
#[derive(Clone)]
pub(crate) struct Series {
    values: Vec<f64>,
    unit: Unit,
}

#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Bytes,
}

impl Series {
    pub(crate) fn of_times(times: &[Duration]) -> Self {
        Self::sorted(
            times.iter().map(Duration::as_secs_f64).collect(),
            Unit::Seconds,
        )
    }

    pub(crate) fn of_sizes(kilobytes: &[u32]) -> Self {
        // The kernel's kB are 1,024 bytes.
        Self::sorted(
            kilobytes
                .iter()
                .map(|&size| f64::from(size) * 1024.0)
                .collect(),
            Unit::Bytes,
        )
    }

    fn sorted(mut values: Vec<f64>, unit: Unit) -> Self {
        assert!(!values.is_empty(), "a series has at least one run");
        values.sort_by(f64::total_cmp);
        Self { values, unit }
    }

    pub(crate) fn median(&self) -> f64 {
        let middle = self.values.len() / 2;
        if self.values.len().is_multiple_of(2) {
            f64::midpoint(self.values[middle - 1], self.values[middle])
        } else {
            self.values[middle]
        }
    }
}

impl Display for Series {
    fn fmt(&self, out: &mut Formatter) -> FmtResult {
        let median = self.median();
        let (divisor, unit) = match self.unit {
            Unit::Bytes => (1e6, "MB"),
            Unit::Seconds if median < 1.0 => (1e-3, "ms"),
            Unit::Seconds => (1.0, "s"),
        };
        // Three digits that count, as far as a unit has them.
        let places = if median / divisor < 10.0 {
            2
        } else {
            usize::from(median / divisor < 100.0)
        };
        let shown = |value: f64| format!("{:.places$}", value / divisor);
        let last = self.values.len() - 1;
        write!(
            out,
            "{} {unit} ({}–{})",
            shown(median),
            shown(self.values[0]),
            shown(self.values[last])
        )
    }
}

/// Lets the contestants run in turn, A B A B, after one round that only warms up.
pub(crate) fn race<const N: usize>(
    runs: usize,
    contestants: [&dyn Fn() -> Result<Duration>; N],
) -> Result<[Series; N]> {
    let mut times = [const { Vec::new() }; N];
    for round in 0..=runs {
        for (contestant, times) in contestants.iter().zip(&mut times) {
            let took = contestant()?;
            if round > 0 {
                times.push(took);
            }
        }
    }
    Ok(times.map(|times| Series::of_times(&times)))
}

/// What a line promises.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// The rival takes at least so many times as long.
    TimesFaster(f64),
    /// Ours takes at most so many times as long.
    AtMostTimes(f64),
    /// Ours stays below so many million bytes.
    Below(f64),
}

/// One comparison, printed as it is known.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) ours: Series,
    pub(crate) rival: Option<Series>,
    /// Where the number is only for information, the goal says how the ratio is meant, and is not judged.
    pub(crate) goal: Goal,
    pub(crate) judged: bool,
}

pub(crate) const HEADINGS: &str = "what, ours / rival                                              ours                        rival                       ratio   goal";

impl Display for Line {
    fn fmt(&self, out: &mut Formatter) -> FmtResult {
        let rival = self
            .rival
            .as_ref()
            .map_or_else(|| "–".to_owned(), Series::to_string);
        let ours = self.ours.to_string();
        let ratio = self
            .ratio()
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let (wanted, reached) = match self.goal {
            Goal::TimesFaster(least) => (
                format!("≥ {least}"),
                self.ratio().is_some_and(|ratio| ratio >= least),
            ),
            Goal::AtMostTimes(most) => (
                format!("≤ {most}"),
                self.ratio().is_some_and(|ratio| ratio <= most),
            ),
            Goal::Below(megabytes) => (
                format!("< {megabytes} MB"),
                self.ours.median() < megabytes * 1e6,
            ),
        };
        let verdict = match (self.judged, reached) {
            (false, _) => "no goal here".to_owned(),
            (true, true) => format!("{wanted} ok"),
            (true, false) => format!("{wanted} short"),
        };
        write!(
            out,
            "{:<62}  {ours:<26}  {rival:<26}  {ratio:>6}  {verdict}",
            self.name
        )
    }
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        let (ours, rival) = (self.ours.median(), self.rival.as_ref()?.median());
        Some(match self.goal {
            Goal::TimesFaster(_) => rival / ours,
            Goal::AtMostTimes(_) | Goal::Below(_) => ours / rival,
        })
    }
}
