//! The gate for every name: what passes here is safe as a path component, in a commit message and on a terminal.
//! Rules and limits are those of `docs/format.md`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::plain;
use crate::letters::is_harmful;
use crate::tree::RepoPath;

/// A name that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} is no valid {what}: {rule}", shown(.value))]
pub(crate) struct InvalidName {
    what: &'static str,
    value: String,
    rule: String,
}

impl InvalidName {
    /// What was expected of `value`, and the rule that it breaks.
    pub(crate) fn new(what: &'static str, value: &str, rule: impl Into<String>) -> Self {
        Self {
            what,
            value: value.to_owned(),
            rule: rule.into(),
        }
    }
}

/// A value in backticks, shortened, with control characters spelled out.
fn shown(value: &str) -> String {
    let mut short: String = value.chars().take(100).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    format!("`{}`", plain(&short))
}

/// Lower-case words joined by single hyphens: what every name that Kubernetes sees must be.
pub(super) fn check_words(
    what: &'static str,
    value: &str,
    longest: usize,
) -> Result<(), InvalidName> {
    if value.len() > longest {
        let rule = format!("it has {} bytes, and {longest} are allowed", value.len());
        return Err(InvalidName::new(what, value, rule));
    }
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
    };
    if value.split('-').all(word) {
        return Ok(());
    }
    let rule = "lower-case letters and digits, in words joined by single hyphens, are allowed";
    Err(InvalidName::new(what, value, rule))
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(String);

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(value: String) -> Result<Self, InvalidName> {
                value.parse()
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(value: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> Result<(), InvalidName> = $check;
                check(value).map(|()| Self(value.to_owned()))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&plain(&self.0))
            }
        }
    };
}

name_type!(
    /// An application: at most 70 bytes; [`AppName::MOST_BYTES`] unless the repository allows long names.
    AppName,
    |value| check_words("app name", value, 70)
);
name_type!(
    /// An environment: at most 20 bytes.
    EnvName,
    |value| check_words("environment name", value, 20)
);
name_type!(
    /// A group of environments: at most 20 bytes.
    GroupName,
    |value| check_words("group name", value, 20)
);
name_type!(
    /// One of the clusters of an active/active environment: at most 20 bytes.
    ConcreteName,
    |value| check_words("concrete environment name", value, 20)
);
name_type!(
    /// The beginning of the names of the Argo CD projects of an active/active environment: at most 20 bytes.
    EnvPrefix,
    |value| check_words("common prefix of environments", value, 20)
);
name_type!(
    /// A team: at most 62 bytes.
    TeamName,
    |value| check_words("team name", value, 62)
);
name_type!(
    /// The id of a lock: 2 to 99 bytes without `/` and control characters.
    LockId,
    check_lock_id
);
name_type!(
    /// The source commit of a release: 40 hexadecimal digits, lower case.
    CommitId,
    check_commit_id
);
name_type!(
    /// The beginning of a commit id: 7 to 40 hexadecimal digits, lower case.
    CommitPrefix,
    check_commit_prefix
);
name_type!(
    /// A point in the history of the manifest repository as git understands it: a tag, a branch, a commit id, `main~3`.
    SourceRef,
    check_source_ref
);
name_type!(
    /// A tag of the manifest repository, as git allows it.
    TagName,
    check_tag_name
);
name_type!(
    /// What people call a version, such as `v1.2.3`: 1 to 15 bytes without control characters.
    DisplayVersion,
    check_display_version
);

impl AppName {
    /// The longest app name of a repository without `allowLongAppNames`.
    pub(crate) const MOST_BYTES: usize = 39;
}

impl CommitId {
    /// The commit that a file of the repository names; `None` if it names none. Other writers kept any length and case.
    pub(crate) fn found(text: &str) -> Option<Self> {
        text.trim().to_ascii_lowercase().parse().ok()
    }
}

impl LockId {
    /// The id of a lock that stands in the repository already. It holds back deployments whatever it is called,
    /// so nothing is checked; it comes from a tree entry and is one clean path component.
    pub(crate) fn found(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl GroupName {
    /// The group that a config names. Nothing is checked: it is compared and shown, and a longer name than the command line
    /// takes must not make its environment unusable.
    pub(crate) fn found(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl TeamName {
    /// The team that a file or folder of the repository names. Nothing is checked, as earlier writers checked nothing:
    /// it is compared and shown, and becomes a path only where it was one.
    pub(crate) fn found(name: &str) -> Self {
        Self(name.to_owned())
    }
}

fn check_lock_id(value: &str) -> Result<(), InvalidName> {
    // Some file systems pass over letters that nobody sees.
    let seen = value.replace(is_harmful, "");
    let rule = if !(2..=99).contains(&value.len()) {
        "2 to 99 bytes are allowed"
    } else if value.contains('/') || value.chars().any(char::is_control) {
        "`/` and control characters are not allowed"
    } else if !RepoPath::is_component(&seen) || seen.to_ascii_lowercase().starts_with(".git") {
        "`..`, `git~1` and names that begin with `.git` are not allowed"
    } else {
        return Ok(());
    };
    Err(InvalidName::new("lock id", value, rule))
}

fn check_commit_id(value: &str) -> Result<(), InvalidName> {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if value.len() == 40 && value.bytes().all(hex) {
        return Ok(());
    }
    Err(InvalidName::new(
        "commit id",
        value,
        "40 hexadecimal digits are needed",
    ))
}

fn check_commit_prefix(value: &str) -> Result<(), InvalidName> {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if (7..=40).contains(&value.len()) && value.bytes().all(hex) {
        return Ok(());
    }
    let rule = "7 to 40 hexadecimal digits are needed";
    Err(InvalidName::new("commit id", value, rule))
}

fn check_source_ref(value: &str) -> Result<(), InvalidName> {
    let odd = |letter: char| letter.is_control() || letter.is_whitespace();
    if (1..=250).contains(&value.len()) && !value.starts_with('-') && !value.contains(odd) {
        return Ok(());
    }
    let rule = "a tag, a branch or a commit id is needed";
    Err(InvalidName::new("point in the history", value, rule))
}

fn check_tag_name(value: &str) -> Result<(), InvalidName> {
    let odd =
        |letter: char| letter.is_control() || letter.is_whitespace() || "~^:?*[\\".contains(letter);
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none()
    };
    let fits = (1..=200).contains(&value.len())
        && !value.starts_with('-')
        && !matches!(value, "@" | "HEAD");
    if fits
        && value.split('/').all(part)
        && !value.contains(odd)
        && !value.contains("..")
        && !value.contains("@{")
        && !value.ends_with('.')
    {
        return Ok(());
    }
    let rule = "git allows no tag of this name (`git help check-ref-format`), or it is too long";
    Err(InvalidName::new("tag", value, rule))
}

fn check_display_version(value: &str) -> Result<(), InvalidName> {
    if (1..=15).contains(&value.len()) && !value.chars().any(char::is_control) {
        return Ok(());
    }
    let rule = "1 to 15 bytes without control characters are allowed";
    Err(InvalidName::new("display version", value, rule))
}

/// The number of a release. Later kuberpult adds a revision (`5.0`); such versions are read, never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Version {
    number: u64,
    revision: Option<u32>,
}

impl Version {
    /// The highest number that is given to a release: the last one that every reader of JSON can tell from its neighbours.
    pub(crate) const LAST: u64 = (1 << 53) - 1;

    /// The version with this number.
    pub(crate) fn new(number: u64) -> Self {
        Self {
            number,
            revision: None,
        }
    }

    /// The name of a release folder; `None` if it is none.
    pub(crate) fn from_folder(name: &str) -> Option<Self> {
        let (number, revision) = match name.split_once('.') {
            Some((number, revision)) => (number, Some(canonical(revision)?)),
            None => (name, None),
        };
        let revision = revision.map(u32::try_from).transpose().ok()?;
        Some(Self {
            number: canonical(number)?,
            revision,
        })
    }

    /// The number that follows on this one; `None` after the last.
    pub(crate) fn next(self) -> Option<Self> {
        let next = self.number.checked_add(1)?;
        (next <= Self::LAST).then(|| Self::new(next))
    }

    /// The number without the revision.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// Whether later kuberpult wrote it.
    pub(crate) fn has_revision(self) -> bool {
        self.revision.is_some()
    }
}

/// A decimal number without superfluous zeros.
fn canonical(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

impl TryFrom<String> for Version {
    type Error = InvalidName;

    fn try_from(value: String) -> Result<Self, InvalidName> {
        value.parse()
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Version {
    type Err = InvalidName;

    fn from_str(value: &str) -> Result<Self, InvalidName> {
        match value.parse() {
            Ok(number @ 1..=Self::LAST) => Ok(Self::new(number)),
            _ => {
                let rule = format!("a whole number from 1 to {} is needed", Self::LAST);
                Err(InvalidName::new("version", value, rule))
            }
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(revision) => write!(formatter, "{}.{revision}", self.number),
            None => write!(formatter, "{}", self.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr<Err = InvalidName>>(good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(value.parse::<T>().is_ok(), "{value:?} is good");
        }
        for value in bad {
            assert!(value.parse::<T>().is_err(), "{value:?} is bad");
        }
    }

    #[test]
    fn a_name_is_lower_case_words_joined_by_hyphens() {
        let bad = [
            "", "-", "a-", "-a", "a--b", "App", "a_b", "a.b", "../x", "a/b", ".git", "a\0", "ä",
            "a ",
        ];
        check::<AppName>(&["a", "a-1", "0", &"a".repeat(70)], &bad);
        check::<AppName>(&[], &[&"a".repeat(71)]);
        check::<EnvName>(&["prod-de", &"a".repeat(20)], &[&"a".repeat(21)]);
        check::<GroupName>(&["prod"], &[&"a".repeat(21)]);
        check::<TeamName>(&[&"a".repeat(62)], &[&"a".repeat(63), "Team"]);
    }

    #[test]
    fn a_lock_id_is_one_harmless_path_component() {
        let bad = [
            "",
            "a",
            ".",
            "..",
            "a/b",
            "a\nb",
            "a\x1b[31m",
            ".git",
            ".GITx",
            "git~1",
            "GIT~1",
            ".g\u{200c}it",
            "\u{feff}.GIT\u{206a}x",
            "git\u{200d}~1",
            &"x".repeat(100),
        ];
        check::<LockId>(&["ab", "load test", "ÄÖ", &"x".repeat(99)], &bad);
    }

    #[test]
    fn a_commit_is_forty_lower_case_digits() {
        check::<CommitId>(
            &[&"0a".repeat(20)],
            &["", "abc", &"0A".repeat(20), &"0g".repeat(20)],
        );
    }

    #[test]
    fn a_tag_is_one_that_git_allows() {
        let bad = [
            "",
            "@",
            "-x",
            "a b",
            "a..b",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a.",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "a@{b",
            "a\n",
            &"x".repeat(201),
        ];
        let good = [
            "v1.2.3",
            "trains/2024-07-22",
            "ä",
            "a@b",
            "a-",
            &"x".repeat(200),
        ];
        check::<TagName>(&good, &bad);
        for (names, valid) in [(&good[..], true), (&bad[..bad.len() - 1], false)] {
            for name in names {
                let output = std::process::Command::new("git")
                    .args(["check-ref-format", &format!("refs/tags/{name}")])
                    .status()
                    .unwrap();
                // What could be taken for a flag, or for HEAD, git refuses elsewhere.
                let elsewhere = ["-x", "@"].contains(name);
                assert_eq!(output.success(), valid || elsewhere, "{name:?}");
            }
        }
    }

    #[test]
    fn the_beginning_of_a_commit_has_seven_digits_or_more() {
        let bad = ["", "abcdef", "ABCDEF0", "abcdefg", &"a".repeat(41)];
        check::<CommitPrefix>(&["abcdef0", &"a".repeat(40)], &bad);
    }

    #[test]
    fn a_version_is_a_positive_number_and_a_folder_may_have_a_revision() {
        check::<Version>(
            &["1", "42", "9007199254740991"],
            &["", "0", "-1", "1.0", "v1", "x", "9007199254740992"],
        );
        assert_eq!(Version::from_folder("5"), Some(Version::new(5)));
        assert_eq!(Version::from_folder("5.1").unwrap().to_string(), "5.1");
        for name in ["05", "5.01", "5.", ".5", "5.1.2", "x", "+5", ""] {
            assert_eq!(Version::from_folder(name), None, "{name:?}");
        }
        assert_eq!(Version::new(5).next(), Some(Version::new(6)));
        assert_eq!(Version::new(Version::LAST).next(), None);
        assert_eq!(Version::new(u64::MAX).next(), None);
        assert!(Version::from_folder("5.1") > Version::from_folder("5"));
        assert!(Version::from_folder("5.1") < Version::from_folder("6"));
    }

    #[test]
    fn an_invalid_name_is_shown_without_its_control_characters() {
        let error = "a\x1b[31m".parse::<AppName>().unwrap_err().to_string();
        assert!(
            error.starts_with(r"`a\u{1b}[31m` is no valid app name"),
            "{error}"
        );
    }
}
