//! When and by whom: inputs of every command, never asked for inside.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use super::{FreeText, InvalidName};

/// The person or program that a command acts for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Actor {
    /// The name as git knows it.
    pub(crate) name: FreeText,
    /// The mail address as git knows it.
    pub(crate) email: FreeText,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = [&self.name, &self.email]
            .into_iter()
            .find(|text| !text.is_empty());
        match known {
            Some(text) => formatter.write_str(&super::plain(text.raw())),
            None => formatter.write_str("somebody"),
        }
    }
}

/// An instant, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Timestamp);

/// The first instant that RFC 3339 can write, in seconds from 1970: what is earlier could be written, and not read again.
const EARLIEST: i64 = -62_167_219_200;

/// 100 ns from the beginning of the Gregorian calendar to 1970.
const TICKS_TO_1970: u64 = 122_192_928_000_000_000;

impl Moment {
    /// This instant.
    pub(crate) fn new(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }

    /// An RFC 3339 instant (`2024-07-22T10:00:00Z`, any offset), or whole seconds since 1970.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let timestamp = match text.parse::<i64>() {
            Ok(seconds) => Timestamp::from_second(seconds),
            Err(_) => text.parse::<Timestamp>(),
        };
        let known = timestamp.ok().filter(is_writable);
        known.map(Self).with_context(|| {
            format!(
                "`{}` is no instant such as 2024-07-22T10:00:00Z",
                super::plain(text)
            )
        })
    }

    /// RFC 3339 in UTC to the second: the form of `created_at`.
    pub(crate) fn to_seconds(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The form of `deployed_at_utc`: Go's default, such as `2024-07-22 10:00:00.12 +0000 UTC`.
    pub(crate) fn to_go_utc(self) -> String {
        // `%.f` prints the fraction without trailing zeros, and nothing for a whole second.
        self.0
            .strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC")
            .to_string()
    }

    /// The form in which Go's `log` tells the time, in UTC.
    pub(crate) fn to_go_log(self) -> String {
        self.0.strftime("%Y/%m/%d %H:%M:%S").to_string()
    }

    /// Reads the form of `deployed_at_utc`.
    pub(crate) fn parse_go_utc(text: &str) -> Option<Self> {
        let (date, time) = text.trim().strip_suffix(" +0000 UTC")?.split_once(' ')?;
        Self::parse(&format!("{date}T{time}Z")).ok()
    }

    /// RFC 3339 in UTC with every digit that there is; [`Moment::parse`] reads it back.
    pub(crate) fn to_exact(self) -> String {
        self.0.to_string()
    }

    /// So many seconds after 1970, or the farthest instant there is.
    pub(crate) fn of_seconds(seconds: i64) -> Self {
        Self(Timestamp::from_second(seconds.max(EARLIEST)).unwrap_or(Timestamp::MAX))
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The instant of so many ticks.
    pub(crate) fn from_ticks(ticks: u64) -> Option<Self> {
        let since_1970 = i128::from(ticks) - i128::from(TICKS_TO_1970);
        Timestamp::from_nanosecond(since_1970 * 100).ok().map(Self)
    }

    /// 100 ns since the beginning of the Gregorian calendar in 1582: the time of a UUID of version 1.
    pub(crate) fn ticks(self) -> u64 {
        const MOST: u64 = (1 << 60) - 1;
        let ticks = self.0.as_nanosecond().div_euclid(100) + i128::from(TICKS_TO_1970);
        u64::try_from(ticks.max(0)).unwrap_or(MOST).min(MOST)
    }

    /// How long before `now` this was, in one unit: `3 days`, `2 h`, `5 min`, `just now`.
    pub(crate) fn age(self, now: Self) -> String {
        let seconds = now
            .0
            .duration_since(self.0)
            .max(SignedDuration::ZERO)
            .as_secs();
        match seconds {
            0..60 => "just now".to_owned(),
            60..3600 => format!("{} min ago", seconds / 60),
            3600..172_800 => format!("{} h ago", seconds / 3600),
            _ => format!("{} days ago", seconds / 86_400),
        }
    }
}

fn is_writable(timestamp: &Timestamp) -> bool {
    timestamp.as_second() >= EARLIEST
}

/// An instant as people name one: itself, a day, or how long ago it was.
#[derive(Clone, Debug)]
pub(crate) enum When {
    Instant(Moment),
    Ago(Span),
}

impl When {
    /// The instant that is meant now.
    pub(crate) fn instant(&self, now: Moment) -> Result<Moment> {
        match self {
            Self::Instant(moment) => Ok(*moment),
            Self::Ago(span) => {
                let then = now.0.to_zoned(TimeZone::UTC).checked_sub(*span);
                let then = then.ok().map(|then| then.timestamp());
                let then = then.filter(is_writable);
                Ok(Moment(then.context("so long ago there was no time")?))
            }
        }
    }
}

impl FromStr for When {
    type Err = InvalidName;

    /// RFC 3339, a day (`2024-07-22`, which begins in UTC), seconds since 1970, or an age such as `12h`, `7d` and `2 weeks`.
    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let text = value.trim();
        if let Ok(moment) = Moment::parse(text) {
            return Ok(Self::Instant(moment));
        }
        if let Ok(day) = text.parse::<Date>()
            && let Ok(start) = day.to_zoned(TimeZone::UTC)
            && is_writable(&start.timestamp())
        {
            return Ok(Self::Instant(Moment(start.timestamp())));
        }
        match text.parse::<Span>() {
            Ok(span) if !span.is_zero() => Ok(Self::Ago(span.abs())),
            Ok(_) | Err(_) => {
                let rule = "an instant (`2024-07-22T10:00:00Z`), a day (`2024-07-22`) or an age (`12h`, `7d`, `2w`) is needed";
                Err(InvalidName::new("point in time", value, rule))
            }
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_kuberpult_writes_it() {
        for (instant, go) in [
            (
                "2024-07-22T10:00:00.123456789Z",
                "2024-07-22 10:00:00.123456789 +0000 UTC",
            ),
            (
                "2024-07-22T12:00:00.120+02:00",
                "2024-07-22 10:00:00.12 +0000 UTC",
            ),
            ("1721642400", "2024-07-22 10:00:00 +0000 UTC"),
        ] {
            let moment = Moment::parse(instant).unwrap();
            assert_eq!(moment.to_go_utc(), go);
            assert_eq!(Moment::parse_go_utc(go), Some(moment));
            assert_eq!(moment.to_seconds(), "2024-07-22T10:00:00Z");
        }
        assert!(Moment::parse("yesterday").is_err());
    }

    #[test]
    fn an_instant_that_could_not_be_read_again_is_none() {
        let first = Moment::parse("0000-01-01T00:00:00Z").unwrap();
        assert_eq!(first, Moment::of_seconds(i64::MIN));
        assert_eq!(Moment::parse_go_utc(&first.to_go_utc()), Some(first));
        assert!(Moment::parse("-99999999999").is_err());
        assert!("9000y".parse::<When>().unwrap().instant(first).is_err());
        assert!("-000001-12-31".parse::<When>().is_err());
    }

    #[test]
    fn a_point_in_time_is_an_instant_a_day_or_an_age() {
        let now = Moment::parse("2024-07-22T10:00:00Z").unwrap();
        for (text, then) in [
            ("2024-07-20T10:00:00+02:00", "2024-07-20T08:00:00Z"),
            ("1721642400", "2024-07-22T10:00:00Z"),
            ("2024-07-20", "2024-07-20T00:00:00Z"),
            ("12h", "2024-07-21T22:00:00Z"),
            ("7d", "2024-07-15T10:00:00Z"),
            ("2 weeks", "2024-07-08T10:00:00Z"),
            ("1mo", "2024-06-22T10:00:00Z"),
            ("3 days ago", "2024-07-19T10:00:00Z"),
            ("PT1H", "2024-07-22T09:00:00Z"),
        ] {
            let when: When = text.parse().unwrap();
            assert_eq!(when.instant(now).unwrap().to_seconds(), then, "{text}");
        }
        for text in ["", "yesterday", "0s", "2024-13-01", "-", "7", "d"] {
            let when = text.parse::<When>();
            assert!(when.is_err() || text == "7", "{text}");
        }
        let long: When = "19000y".parse().unwrap();
        assert!(long.instant(now).is_err());
    }

    #[test]
    fn an_age_has_one_unit() {
        let now = Moment::parse("2024-07-22T10:00:00Z").unwrap();
        for (then, age) in [
            ("2024-07-22T09:59:30Z", "just now"),
            ("2024-07-22T11:00:00Z", "just now"),
            ("2024-07-22T09:00:00Z", "1 h ago"),
            ("2024-07-20T10:00:00Z", "2 days ago"),
        ] {
            assert_eq!(Moment::parse(then).unwrap().age(now), age);
        }
    }
}
