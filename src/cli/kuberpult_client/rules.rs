//! Which flags of `release` go together, how often, and in which order.

use std::path::PathBuf;

use super::flags::{Misuse, Parsed};
use super::link::is_link;
use super::release::{Given, file};

/// Each environment with what stands right behind it.
pub(super) fn manifests(parsed: &Parsed, with_signatures: bool) -> Result<Vec<Given>, Misuse> {
    let words = parsed.in_order();
    let is = |place: Option<usize>, name: &str| {
        let word = place.and_then(|place| words.get(place));
        word.is_some_and(|(flag, _)| *flag == name)
    };
    let before = |place: usize| place.checked_sub(1);
    for (place, (name, _)) in words.iter().enumerate() {
        if *name == "environment" && !is(Some(place + 1), "manifest") {
            return Err(
                "all --environment args must have a --manifest arg set immediately afterwards"
                    .into(),
            );
        }
        if *name == "manifest" && !is(before(place), "environment") {
            return Err(
                "all --manifest args must be set immediately after an --environment arg".into(),
            );
        }
    }
    let mut given: Vec<Given> = Vec::new();
    for (place, (name, value)) in words.iter().enumerate() {
        if with_signatures && *name == "manifest" && !is(Some(place + 1), "signature") {
            return Err("all --manifest args must have a --signature arg set immediately afterwards, unless --skip_signatures is set".into());
        }
        if with_signatures && *name == "signature" && !is(before(place), "manifest") {
            return Err(
                "all --signature args must be set immediately after a --manifest arg".into(),
            );
        }
        match *name {
            "environment" => {
                // That client keeps one manifest for each environment: the last.
                given.retain(|each| each.environment != *value);
                given.push(Given {
                    environment: value.clone(),
                    manifest: PathBuf::new(),
                    signature: None,
                });
            }
            "manifest" => {
                if let Some(each) = given.last_mut() {
                    each.manifest = file(value);
                }
            }
            "signature" => {
                if let Some(each) = given.last_mut() {
                    each.signature = Some(file(value));
                }
            }
            _ => {}
        }
    }
    Ok(given)
}

/// Fails if a flag is missing, is given too often, or has a value that it cannot have.
pub(super) fn check(parsed: &Parsed, with_signatures: bool) -> Result<(), Misuse> {
    parsed.exactly_once("application")?;
    if parsed.all("environment").is_empty() {
        return Err("the args --environment and --manifest must be set at least once".into());
    }
    parsed.at_most_once("team")?;
    let commit = parsed.at_most_once("source_commit_id")?;
    if let Some(link) = parsed.at_most_once("ci_link")?
        && !is_link(link)
    {
        return Err(format!("provided invalid --ci_link value '{link}'").into());
    }
    check_commit("source_commit_id", commit)?;
    let previous = parsed.at_most_once("previous_commit_id")?;
    if previous.is_some() && commit.is_none() {
        return Err(
            "the --previous_commit_id arg can be set only if --source_commit_id is set".into(),
        );
    }
    check_commit("previous_commit_id", previous)?;
    if let Some(author) = parsed.at_most_once("source_author")?
        && !is_author(author)
    {
        return Err(r"the --source_author must be assigned a proper author identifier, matching the regex ^[^<\n]+( <[^@\n]+@[^>\n]+>)?$".into());
    }
    parsed.at_most_once("source_message")?;
    for name in ["version", "revision"] {
        parsed.at_most_once(name)?;
        if !parsed.is_positive(name) {
            return Err(format!("the --{name} arg value must be positive").into());
        }
    }
    if parsed
        .at_most_once("display_version")?
        .is_some_and(|text| text.len() > 15)
    {
        return Err("the --display_version arg must be at most 15 characters long".into());
    }
    if !with_signatures && !parsed.all("signature").is_empty() {
        return Err(
            "--signature args are not allowed when --skip_signatures or use_dex_auth are set"
                .into(),
        );
    }
    Ok(())
}

fn check_commit(name: &str, commit: Option<&str>) -> Result<(), Misuse> {
    let is_hash =
        |commit: &str| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if commit.is_none_or(is_hash) {
        return Ok(());
    }
    let rule = "must be assigned a complete SHA1 commit hash in hexadecimal";
    Err(format!("the --{name} arg {rule}").into())
}

/// `^[^<\n]+( <[^@\n]+@[^>\n]+>)?$`
pub(super) fn is_author(text: &str) -> bool {
    if text.contains('\n') {
        return false;
    }
    let Some((name, rest)) = text.split_once('<') else {
        return !text.is_empty();
    };
    let name = name.strip_suffix(' ').unwrap_or_default();
    let mail = rest.strip_suffix('>').and_then(|mail| mail.split_once('@'));
    let is_mail =
        |(user, host): (&str, &str)| !user.is_empty() && !host.is_empty() && !host.contains('>');
    !name.is_empty() && mail.is_some_and(is_mail)
}
