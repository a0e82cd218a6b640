//! Detached OpenPGP signatures of manifests, checked with the keys of a keyring. `gpg` does it: it knows every kind of key, and which
//! ones have expired or were revoked.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::exit::usage;
use super::manifests::shown;
use crate::git::{Failure, FailureKind};

/// The keys that are trusted, in a home of their own: no key of the user counts.
pub(super) struct Keyring {
    home: TempDir,
}

impl Keyring {
    /// Reads public keys, armored or not.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let shown = shown(path);
        let keys = std::fs::read(path)
            .map_err(|error| usage(format!("the keyring `{shown}` cannot be read: {error}")))?;
        // Only its owner may enter it.
        let home = tempfile::tempdir().context("making a home for gpg")?;
        // Else a new gpg would start a daemon for its keys.
        std::fs::write(home.path().join("common.conf"), "")?;
        let keyring = Self { home };
        let output = keyring.run(&["--import"], &keys)?;
        if statuses(&output.stdout).any(|status| status.starts_with("IMPORT_OK ")) {
            return Ok(keyring);
        }
        Err(usage(format!(
            "the keyring `{shown}` holds no public OpenPGP key"
        )))
    }

    /// Fails unless one of the signatures is good and none is bad. `what` names the manifest.
    pub(super) fn check(&self, what: &str, manifest: &[u8], signatures: &[PathBuf]) -> Result<()> {
        if signatures.is_empty() {
            return Err(refused(format!("{what} has no signature")));
        }
        let _doing = doing!("verifying", "{what}");
        let mut good = false;
        let mut faults = Vec::new();
        for signature in signatures {
            match self.verdict(manifest, signature)? {
                Verdict::Good => good = true,
                Verdict::Bad => {
                    let path = shown(signature);
                    return Err(refused(format!(
                        "{what} is not what was signed: the signature `{path}` is bad"
                    )));
                }
                Verdict::NotTrusted(why) => faults.push(format!("`{}` {why}", shown(signature))),
            }
        }
        if good {
            return Ok(());
        }
        let faults = faults.join(", ");
        Err(refused(format!("{what} has no good signature: {faults}")))
    }

    fn verdict(&self, manifest: &[u8], signature: &Path) -> Result<Verdict> {
        // An absolute path cannot be taken for an option.
        let path = std::path::absolute(signature)?;
        if !path.is_file() {
            let shown = shown(signature);
            return Err(usage(format!("there is no signature `{shown}`")));
        }
        let path = path.to_str().context("the path of a signature is text")?;
        let output = self.run(
            &["--trust-model", "always", "--verify", path, "-"],
            manifest,
        )?;
        Ok(Verdict::of(&output.stdout))
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output> {
        let mut command = Command::new("gpg");
        command
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--batch", "--no-tty", "--no-autostart", "--no-options"])
            .args(["--no-auto-key-retrieve", "--status-fd", "1"])
            .args(arguments)
            .env_remove("GNUPGHOME")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let message = format!("the `gpg` program cannot be started: {error}");
                let failure = Failure::new(FailureKind::Failed, message);
                bail!(failure.hint("install GnuPG, which checks the signatures of manifests"));
            }
        };
        let pipe = child.stdin.take();
        std::thread::scope(|scope| {
            let feed = move || {
                // A program that ends early closes the pipe; its statuses tell why.
                pipe.map(|mut pipe| pipe.write_all(input))
            };
            let feeder = std::thread::Builder::new().spawn_scoped(scope, feed);
            // Without a feeder its input has ended, and so does it.
            feeder.context("giving `gpg` what is signed")?;
            child.wait_with_output().context("waiting for gpg")
        })
    }
}

/// What gpg says of a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// It is by a key of the keyring, and for something else.
    Bad,
    NotTrusted(&'static str),
}

impl Verdict {
    /// The verdict in what gpg writes for programs. One bad signature in a file outweighs all others.
    pub(super) fn of(answer: &[u8]) -> Self {
        let has =
            |wanted: &str| statuses(answer).any(|status| status.split(' ').next() == Some(wanted));
        match () {
            () if has("BADSIG") => Self::Bad,
            () if has("GOODSIG") && has("VALIDSIG") => Self::Good,
            () if has("REVKEYSIG") => Self::NotTrusted("is by a key that was revoked"),
            () if has("EXPKEYSIG") => Self::NotTrusted("is by a key that has expired"),
            () if has("EXPSIG") => Self::NotTrusted("has expired"),
            () if has("NO_PUBKEY") => Self::NotTrusted("is by a key that is not in the keyring"),
            () => Self::NotTrusted("is no detached signature that gpg understands"),
        }
    }
}

/// The lines that gpg writes for programs.
fn statuses(answer: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines
        .into_iter()
        .filter_map(|line| Some(line.strip_prefix("[GNUPG:] ")?.to_owned()))
}

fn refused(message: String) -> anyhow::Error {
    let failure = Failure::new(FailureKind::Refused, message);
    let hint = "sign the file as it is with a key of the keyring: `gpg --armor --detach-sign FILE`";
    failure.hint(hint).into()
}
