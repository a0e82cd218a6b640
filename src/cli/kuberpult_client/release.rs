//! `release`: which flags go together and in which order, and the release of ours that says the same.

use std::path::{Path, PathBuf};

use super::flags::{FlagSet, Misuse, Parsed, Takes, flag};
use super::rules::{check, manifests};
use super::{Answer, Deed, Task, option};

/// A manifest as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) environment: String,
    pub(super) manifest: PathBuf,
    pub(super) signature: Option<PathBuf>,
}

fn flags() -> FlagSet {
    FlagSet {
        name: "flag set",
        flags: vec![
            flag("application", Takes::Text, "the app (exactly once)"),
            flag(
                "environment",
                Takes::Text,
                "an environment (right before its --manifest)",
            ),
            flag(
                "manifest",
                Takes::Text,
                "the file with its manifest (right behind --environment)",
            ),
            flag(
                "signature",
                Takes::Text,
                "the file with the signature of the manifest (right behind --manifest)",
            ),
            flag("team", Takes::Text, "the team that owns the app"),
            flag(
                "source_commit_id",
                Takes::Text,
                "the commit that the release was built from, 40 digits",
            ),
            flag(
                "previous_commit_id",
                Takes::Text,
                "the commit before (only with --source_commit_id)",
            ),
            flag("source_author", Takes::Text, "the author of that commit"),
            flag("source_message", Takes::Text, "the message of that commit"),
            flag("version", Takes::Integer, "the number of the release"),
            flag(
                "revision",
                Takes::Integer,
                "refused: there are no revisions here",
            ),
            flag(
                "display_version",
                Takes::Text,
                "what people call the version, at most 15 bytes",
            ),
            flag("ci_link", Takes::Text, "the run that built the release"),
            flag(
                "skip_signatures",
                Takes::Switch,
                "the manifests have no --signature",
            ),
            flag(
                "use_dex_auth",
                Takes::Switch,
                "ignored, but as --skip_signatures",
            ),
            flag("prepublish", Takes::Switch, "refused: not known here"),
            flag(
                "dry-run",
                Takes::Switch,
                "print how the manifests differ from those of the latest release",
            ),
        ],
    }
}

/// Reads the words behind `release`.
pub(super) fn read(words: &[String]) -> Result<Task, Misuse> {
    let read = || -> Result<(Parsed, Vec<Given>), Misuse> {
        let parsed = flags().parse_all(words)?;
        let with_signatures = !parsed.is_on("skip_signatures") && !parsed.is_on("use_dex_auth");
        let given = manifests(&parsed, with_signatures)?;
        check(&parsed, with_signatures)?;
        Ok((parsed, given))
    };
    let (parsed, given) = read()
        .map_err(|misuse| misuse.during("error while reading command line arguments, error: "))?;
    for Given {
        manifest,
        signature,
        ..
    } in &given
    {
        readable("manifest", manifest)?;
        if let Some(signature) = signature {
            readable("signature", signature)?;
        }
    }
    Ok(Task {
        blame: "error on release",
        ignored: parsed.given(&["use_dex_auth"]),
        deed: deed(&parsed, given)?,
    })
}

/// A file of this name: for that client `-` is one like any other.
pub(super) fn file(name: &str) -> PathBuf {
    let name = if name == "-" { "./-" } else { name };
    name.into()
}

/// Fails unless a file can be read, without reading it: what comes from a pipe can be read only once.
fn readable(what: &str, path: &Path) -> Result<(), Misuse> {
    let shown = path.display();
    let opened = std::fs::metadata(path).and_then(|kind| {
        if kind.is_file() {
            std::fs::File::open(path)?;
        }
        Ok(kind.is_dir())
    });
    let why = match opened {
        Ok(false) => return Ok(()),
        Ok(true) => format!("read {shown}: is a directory"),
        Err(error) => super::in_words_of_go("open", path, &error),
    };
    let during = "error while creating /release endpoint params, error: ";
    Err(format!("{during}error while reading the {what} file {shown}, error: {why}").into())
}

fn deed(parsed: &Parsed, given: Vec<Given>) -> Result<Deed, Misuse> {
    if parsed.is_on("prepublish") && !parsed.is_on("use_dex_auth") {
        return Ok(Deed::Impossible(
            "prepublish endpoint is only available for the new api endpoint which is only available through dex authentication",
        ));
    }
    let app = parsed.exactly_once("application")?;
    if parsed.is_on("dry-run") {
        return Ok(Deed::Differences {
            app: app.to_owned(),
            given,
        });
    }
    if parsed.is_on("prepublish") {
        return Ok(Deed::Impossible(
            "a release is not published before its manifests here: leave --prepublish out",
        ));
    }
    if parsed.last("revision").is_some() {
        return Ok(Deed::Impossible(
            "releases have no revisions here: leave --revision out",
        ));
    }
    let is_signed = given.iter().any(|each| each.signature.is_some());
    let keyring = std::env::var_os("TRAINYARD_KEYRING");
    if is_signed && keyring.is_none_or(|path| path.is_empty()) {
        return Ok(Deed::Impossible(
            "nobody knows who may sign: set TRAINYARD_KEYRING to a file with their public keys, or pass --skip_signatures",
        ));
    }
    Ok(Deed::Change(line(app, parsed, &given), Answer::Release))
}

/// The flags that are called nearly the same with us, and where an empty text says nothing.
const SAME: [(&str, &str); 7] = [
    ("team", "team"),
    ("source_commit_id", "source-commit-id"),
    ("previous_commit_id", "previous-commit-id"),
    ("source_author", "source-author"),
    ("source_message", "source-message"),
    ("display_version", "display-version"),
    ("ci_link", "ci-link"),
];

fn line(app: &str, parsed: &Parsed, given: &[Given]) -> Vec<String> {
    let mut line = vec!["release".to_owned(), option("application", app)];
    for (theirs, ours) in SAME {
        let value = parsed.last(theirs).filter(|value| !value.is_empty());
        line.extend(value.map(|value| option(ours, value)));
    }
    // A number may have a sign there.
    let version = parsed.last("version");
    let version = version.map(|number| number.trim_start_matches('+'));
    line.extend(version.map(|number| option("version", number)));
    for each in given {
        line.push(option("environment", &each.environment));
        line.push(option("manifest", &each.manifest.to_string_lossy()));
        if let Some(signature) = &each.signature {
            // With the name of the environment, since a file may have an equals sign in its own.
            let signature = format!("{}={}", each.environment, signature.display());
            line.push(option("signature", &signature));
        }
    }
    line
}

#[cfg(test)]
mod tests;
