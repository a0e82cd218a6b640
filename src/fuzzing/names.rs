//! The gate for every name, and what is spelled with names.

use std::fmt::Display;
use std::str::FromStr;

use super::{assert_one_line, text};
use crate::state::{
    AppName, CommitId, CommitPrefix, ConcreteName, DisplayVersion, EnvName, EnvPoint, EnvPrefix,
    FreeText, GroupName, InvalidName, LockId, SourceRef, TagName, TeamName, Version, plain,
};
use crate::tree::RepoPath;

/// What passes a gate is what was typed, and is shown on one line; what does not pass is refused on one line.
fn gate<T>(value: &str) -> Option<String>
where
    T: FromStr<Err = InvalidName> + AsRef<str> + Display,
{
    match value.parse::<T>() {
        Ok(name) => {
            assert_eq!(name.as_ref(), value);
            assert_one_line(&format!("{name}"));
            Some(value.to_owned())
        }
        Err(error) => {
            assert_one_line(&error.to_string());
            None
        }
    }
}

/// Every gate, on one text.
pub(super) fn names(data: &[u8]) {
    let value = &*text(data);
    let words = [
        (gate::<AppName>(value), 70),
        (gate::<EnvName>(value), 20),
        (gate::<GroupName>(value), 20),
        (gate::<ConcreteName>(value), 20),
        (gate::<EnvPrefix>(value), 20),
        (gate::<TeamName>(value), 62),
    ];
    for (name, longest) in words {
        let Some(name) = name else { continue };
        assert!((1..=longest).contains(&name.len()));
        let label = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        assert!(name.chars().all(|letter| label(letter) || letter == '-'));
        assert!(name.starts_with(label) && name.ends_with(label) && !name.contains("--"));
        is_component(&name);
    }
    let names = [gate::<LockId>(value), gate::<CommitId>(value)];
    for name in names.into_iter().flatten() {
        is_component(&name);
    }
    gate::<CommitPrefix>(value);
    gate::<DisplayVersion>(value);
    if let Some(name) = gate::<SourceRef>(value) {
        assert!(
            !name.starts_with('-'),
            "{name:?} would be an option of git's"
        );
    }
    if let Some(name) = gate::<TagName>(value) {
        let reference = format!("refs/tags/{name}");
        assert!(git2::Reference::is_valid_name(&reference), "{name:?}");
    }
    match value.parse::<EnvPoint>() {
        Ok(point) => {
            assert_one_line(&point.to_string());
            assert!(!point.at.is_some_and(|at| at.as_ref().contains("..")));
        }
        Err(error) => assert_one_line(&error.to_string()),
    }
    assert_one_line(&plain(value));
    assert_one_line(&FreeText(value.to_owned()).to_string());
    if let Some(path) = RepoPath::parse(value) {
        assert_eq!(path.to_string(), value);
        let joined = path
            .components()
            .fold(RepoPath::root(), |path, name| path.join(name));
        assert_eq!(joined, path);
        assert_eq!(path.parent().unwrap().join(path.name()), path);
    }
}

/// Fails unless a name is one step down into a folder of its own.
fn is_component(name: &str) {
    let path = RepoPath::of(&["folder", name]);
    assert_eq!(path.components().collect::<Vec<_>>(), ["folder", name]);
    let lower = name.to_ascii_lowercase();
    let special = lower.starts_with(".git") || lower == "git~1" || name == "." || name == "..";
    assert!(!special, "{name:?} means something to git");
}

/// Numbers of releases, typed and as names of folders.
pub(super) fn versions(data: &[u8]) {
    let value = &*text(data);
    match value.parse::<Version>() {
        Ok(version) => {
            assert!((1..=Version::LAST).contains(&version.number()) && !version.has_revision());
            assert_eq!(Version::from_folder(&version.to_string()), Some(version));
            if let Some(next) = version.next() {
                assert!(next > version && next.number() <= Version::LAST);
            }
        }
        Err(error) => assert_one_line(&error.to_string()),
    }
    if let Some(version) = Version::from_folder(value) {
        // No two folders are one release.
        assert_eq!(version.to_string(), value);
        is_component(value);
        let _ = version.next();
    }
}
