//! What git answers for programs: its settings, the refs of a remote, which files differ; and the URL of a remote.

use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest as _, Sha1};

use super::words::PASSWORD;
use crate::fuzzing::assert_calm;
use crate::git::ask::{heads, refs};
use crate::git::general::changed;
use crate::git::objects::oid;
use crate::git::remote::clean_url;
use crate::git::settings::Settings;
use crate::git::{clean, on_one_line};
use crate::tree::RepoPath;

/// What git wrote is read as it was written, nothing else is made up, and what is shown does no harm.
pub(crate) fn answers(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check_settings(&text);
    check_changed(&text);
    check_refs(&text);
    check_url(&text);
}

/// Texts of which an answer is made.
fn pieces(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('\u{1}').map(|piece| piece.replace('\0', ""))
}

/// The last value of a key counts, and a key without a value is on.
fn check_settings(text: &str) {
    let _ = Settings::listed(text);
    let mut answer = String::new();
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for piece in pieces(text) {
        let (key, value) = match piece.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (piece.as_str(), None),
        };
        let key = format!("section.{}", key.replace('\n', ""));
        answer.push_str(&key);
        if let Some(value) = value {
            answer.push('\n');
            answer.push_str(value);
        }
        answer.push('\0');
        let values = wanted.entry(key).or_default();
        values.push(value.unwrap_or("true").to_owned());
    }
    let settings = Settings::listed(&answer);
    for (key, values) in &wanted {
        assert_eq!(settings.count(key), values.len(), "{key:?}");
        assert_eq!(settings.text(key).as_ref(), values.last(), "{key:?}");
        assert!(settings.has_ending(key));
    }
    assert_eq!(settings.text("other.key"), None);
}

/// Every path is told, and no other.
fn check_changed(text: &str) {
    let made_up = changed(text).find(|path| !text.contains(path.as_str()));
    assert_eq!(made_up, None);
    let paths: Vec<_> = pieces(text)
        .filter_map(|piece| RepoPath::parse(&piece))
        .collect();
    let answer = paths.iter().map(|path| format!("?? {path}\0"));
    assert!(changed(&answer.collect::<String>()).eq(paths.iter().cloned()));
}

/// A ref was asked for, and stands where the remote says.
fn check_refs(text: &str) {
    const MAIN: &str = "refs/heads/main";
    const INBOX: &str = "refs/trainyard/";
    let lower = text.to_ascii_lowercase();
    for (name, id) in refs(text, &[MAIN, "refs/trainyard/*"]).unwrap_or_default() {
        assert!(name == MAIN || name.starts_with(INBOX), "{name:?}");
        let line = format!("{id}\t{}", name.to_ascii_lowercase());
        assert!(lower.contains(&line), "{line:?}");
    }
    for head in heads(text) {
        assert_calm(&head);
    }
    let names = pieces(text).filter_map(|piece| RepoPath::parse(&piece));
    // No name of a ref holds a control character.
    let is_name = |name: &RepoPath| !name.as_str().contains(char::is_control);
    let names: BTreeSet<_> = names.filter(is_name).collect();
    let (mut answer, mut wanted) = (String::new(), BTreeMap::new());
    for name in &names {
        let id = oid(Sha1::digest(name.as_str()).into());
        let digits = id.to_string();
        answer.extend([&digits, "\trefs/heads/", name.as_str(), "\n"]);
        answer.extend([&digits, "\t", INBOX, name.as_str(), "\n"]);
        wanted.insert(format!("{INBOX}{name}"), id);
    }
    let told = refs(&answer, &["refs/trainyard/*"]).expect("each has an id");
    assert_eq!(told, wanted);
    let shown: Vec<_> = names.iter().map(|name| clean(name.as_str())).collect();
    assert_eq!(heads(&answer), shown);
}

/// No password of a URL is shown.
fn check_url(text: &str) {
    let is_part = |letter: &char| !"/?#".contains(*letter) && !letter.is_whitespace();
    let user: String = text.chars().filter(is_part).take(12).collect();
    let (scheme, path) = text.split_once('\u{1}').unwrap_or(("https", text));
    if text.contains(PASSWORD) || !scheme.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return;
    }
    let url = clean_url(&format!("{scheme}://{user}:{PASSWORD}@h.example/{path}"));
    assert!(!url.contains(PASSWORD), "{url:?}");
    let shown = on_one_line(&url);
    assert!(!shown.contains('\n'), "{shown:?}");
    assert_calm(&shown);
}
