//! Asks the remote: where its branch stands, and for the commits that we lack.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use git2::Oid;
use tracing::span::EnteredSpan;

use super::id_text::whole_id;
use super::program::{Finished, Running};
use super::remote::Remote;
use super::{Checkout, Failure, FailureKind, clean, outside};

/// A question to a remote that is under way.
pub(super) struct Asked {
    running: Running,
    _doing: EnteredSpan,
}

/// Where refs lie that hold what was fetched, for as long as it takes to read them.
const FETCHED: &str = "refs/trainyard/fetch";

/// The ref of a command that holds the guard; the others use their process number.
const FOR_A_CHANGE: &str = "change";

/// What git says of a ref that the remote does not have.
pub(super) const NO_SUCH_REF: &str = "couldn't find remote ref";

/// No fetch takes so long.
const ABANDONED: Duration = Duration::from_secs(3600);

/// How long ago a file was written, by the clock of its disk.
pub(super) fn age(path: &Path) -> Option<Duration> {
    let modified = path.symlink_metadata().ok()?.modified().ok()?;
    modified.elapsed().ok()
}

/// The refs that killed commands left behind, as long as nobody holds the guard.
pub(super) fn abandoned(git_folder: &Path) -> Vec<PathBuf> {
    let refs = std::fs::read_dir(git_folder.join(FETCHED));
    let left = refs.into_iter().flatten().flatten().filter(|left| {
        let age = age(&left.path());
        let name = left.file_name();
        // With the lock that git or we had on it.
        let of_a_change = name == FOR_A_CHANGE || name == format!("{FOR_A_CHANGE}.lock").as_str();
        of_a_change || age.is_some_and(|age| age > ABANDONED)
    });
    left.map(|left| left.path()).collect()
}

impl Checkout {
    /// Removes the refs that killed commands left behind: those of changes, of which there is one at a time, and old ones.
    pub(super) fn sweep_fetched(&self) {
        for left in abandoned(self.repository.commondir()) {
            // What cannot be removed now is seen again by the next command.
            let _ = std::fs::remove_file(left);
        }
    }

    /// Keeps from now on the ref of what is fetched: by that git knows what need not be fetched again.
    pub(super) fn keep_fetched(&self) {
        self.keeps_fetched.set(true);
    }

    /// Removes that ref, if it was kept. What cannot be removed now is removed by the next command.
    pub(super) fn drop_fetched(&self) {
        if !self.keeps_fetched.replace(false) {
            return;
        }
        outside::between();
        let private = format!("{FETCHED}/{FOR_A_CHANGE}");
        if let Ok(mut reference) = self.repository.find_reference(&private) {
            let _ = reference.delete();
        }
    }

    /// Begins to ask where the branch of the remote stands.
    pub(super) fn start_asking(&self, remote: &Remote) -> Result<Asked> {
        self.start_asking_at(remote, remote.source())
    }

    fn start_asking_at(&self, remote: &Remote, place: &str) -> Result<Asked> {
        let doing = doing!("asking", "{} for {}", remote.name, self.branch);
        let branch = self.branch_ref();
        let running = self
            .git
            .start(&["ls-remote", "--quiet", "--", place, &branch])?;
        Ok(Asked {
            running,
            _doing: doing,
        })
    }

    /// The answer: where the branch stands; `None` if the remote has no such branch.
    pub(super) fn answer(&self, remote: &Remote, asked: Asked) -> Result<Option<Oid>> {
        let finished = asked.running.finish()?;
        if !finished.is_ok() {
            return Err(unreachable(remote, &finished).into());
        }
        tip(&finished.text(), &self.branch_ref())
    }

    /// Asks where the branch of the remote stands.
    pub(super) fn ask(&self, remote: &Remote) -> Result<Option<Oid>> {
        self.answer(remote, self.start_asking(remote)?)
    }

    /// Refuses a remote that is pushed to in one place and fetched from in another, unless its branch stands at the same commit
    /// in both: what one of them has and the other lacks would be left out of a plan, or be pushed upon by nobody's wish.
    pub(super) fn check_places(&self, remote: &Remote) -> Result<()> {
        // Somebody may push between two questions, also where both places are one.
        const TRIES: usize = 10;
        if !remote.has_two_places() {
            return Ok(());
        }
        let mut pushed = self.ask(remote)?;
        for _ in 0..TRIES {
            let fetched = self.answer(remote, self.start_asking_at(remote, &remote.name)?)?;
            if fetched == pushed {
                return Ok(());
            }
            let before = pushed;
            pushed = self.ask(remote)?;
            if pushed == fetched {
                return Ok(());
            }
            if pushed == before {
                return Err(self.two_places(remote, fetched, pushed).into());
            }
        }
        let message = format!("the remote `{}` keeps moving", remote.name);
        Err(Failure::new(FailureKind::KeptMoving, message)
            .hint("run the command again")
            .into())
    }

    fn two_places(&self, remote: &Remote, fetched: Option<Oid>, pushed: Option<Oid>) -> Failure {
        let at = |tip: Option<Oid>| match tip {
            Some(tip) => format!("at {tip:.10}"),
            None => "missing".to_owned(),
        };
        let message = format!(
            "the remote `{}` is fetched from one place and pushed to another, which differ: `{}` is {} in the first and {} in the second",
            remote.name,
            self.branch,
            at(fetched),
            at(pushed)
        );
        Failure::new(FailureKind::Refused, message).hint(
            "`git remote -v` shows both; wait until they are the same, or name a remote with one URL with `--remote`",
        )
    }

    /// Fetches the branch of the remote.
    pub(super) fn fetch(&self, remote: &Remote) -> Result<Oid> {
        let fetched = self.fetch_what(remote, &self.branch_ref())?;
        fetched.ok_or_else(|| self.no_such_branch(remote).into())
    }

    /// Fetches a ref or a commit of the remote; `None` if it has no such ref. No ref that anybody else uses is touched.
    pub(super) fn fetch_what(&self, remote: &Remote, what: &str) -> Result<Option<Oid>> {
        let _doing = doing!("fetching", "{} from {}", short(what), remote.name);
        let (finished, id) = self.fetch_with(remote, what, (&[], &[]))?;
        if finished.is_ok() || finished.stderr.contains(NO_SUCH_REF) {
            return Ok(id);
        }
        Err(unreachable(remote, &finished).into())
    }

    /// Fetches a ref or a commit of the remote, with these options, and by these refspecs what else there is; the id is that of the
    /// first.
    pub(super) fn fetch_with(
        &self,
        remote: &Remote,
        what: &str,
        (options, more): (&[&str], &[&str]),
    ) -> Result<(Finished, Option<Oid>)> {
        let private = if self.guarded.get() {
            format!("{FETCHED}/{FOR_A_CHANGE}")
        } else {
            format!("{FETCHED}/{}", outside::process())
        };
        let refspec = format!("+{what}:{private}");
        let mut arguments = vec![
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--refmap=",
        ];
        arguments.extend(options);
        arguments.extend(["--", remote.source(), &refspec]);
        arguments.extend(more);
        let finished = self.git.run(&arguments)?;
        if !finished.is_ok() {
            return Ok((finished, None));
        }
        let mut reference = self
            .repository
            .find_reference(&private)
            .context("reading what was fetched")?;
        let id = reference
            .target()
            .context("what was fetched is no commit")?;
        if !self.keeps_fetched.get() {
            // What cannot be removed now is removed by the next command.
            let _ = reference.delete();
        }
        Ok((finished, Some(id)))
    }

    /// Where refs of the remote stand that fit one of these patterns, by name.
    pub(super) fn ask_for(
        &self,
        remote: &Remote,
        patterns: &[&str],
    ) -> Result<BTreeMap<String, Oid>> {
        let first = patterns.first().map_or("", |pattern| short(pattern));
        let _doing = doing!("asking", "{} for {first}", remote.name);
        let mut arguments = vec!["ls-remote", "--quiet", "--refs", "--", remote.source()];
        arguments.extend(patterns);
        let finished = self.git.run(&arguments)?;
        if !finished.is_ok() {
            return Err(unreachable(remote, &finished).into());
        }
        refs(&finished.text(), patterns)
    }

    /// The remote lacks the branch: says which ones it has.
    pub(super) fn no_such_branch(&self, remote: &Remote) -> Failure {
        let (name, branch) = (&remote.name, &self.branch);
        let message = format!("the remote `{name}` has no branch `{branch}`");
        let failure = Failure::new(FailureKind::Refused, message);
        let doing = doing!("asking", "{name} for its branches");
        let listed = self
            .git
            .run(&["ls-remote", "--quiet", "--heads", "--", remote.source()]);
        drop(doing);
        let Some(listed) = listed.ok().filter(Finished::is_ok) else {
            return failure.hint(format!("name another one with `--branch`, or make it: `git push {name} HEAD:refs/heads/{branch}`"));
        };
        let heads = heads(&listed.text());
        if heads.is_empty() && self.heard_of().is_some() {
            let message = format!(
                "the remote `{name}` shows no branch at all, and `{branch}` was there before: its answer may have broken off"
            );
            let failure = Failure::new(FailureKind::Failed, message);
            return failure.hint(format!(
                "run the command again; if it stays so, see `git ls-remote {name}`"
            ));
        }
        if heads.is_empty() {
            let failure = Failure::new(
                FailureKind::Invalid,
                format!("the remote `{name}` is empty"),
            );
            return failure.hint(format!(
                "begin with a commit: `git commit --allow-empty -m begin && git push {name} HEAD:refs/heads/{branch}`, then `trainyard environment create development --upstream latest`"
            ));
        }
        let meant = branch.strip_prefix(&format!("{name}/"));
        if let Some(meant) = meant.filter(|meant| heads.iter().any(|head| head == meant)) {
            return failure.hint(format!("did you mean `--branch {meant}`?"));
        }
        failure.hint(format!(
            "these exist: {}; or make it: `git push {name} HEAD:refs/heads/{branch}`",
            first_few(&heads)
        ))
    }
}

/// Where refs that fit one of these patterns stand by the answer of `git ls-remote`, by name.
pub(super) fn refs(answer: &str, patterns: &[&str]) -> Result<BTreeMap<String, Oid>> {
    let lines = answer.lines().filter_map(|line| line.split_once('\t'));
    // A remote tells of every ref that ends so.
    let asked = |name: &str| patterns.iter().any(|pattern| is_meant(pattern, name));
    let lines = lines.filter(|(_, name)| asked(name));
    lines
        .map(|(id, name)| Ok((name.to_owned(), whole_id(id)?)))
        .collect()
}

/// The branches by the answer of `git ls-remote --heads`, as they may be shown.
pub(super) fn heads(answer: &str) -> Vec<String> {
    let heads = answer
        .lines()
        .filter_map(|line| line.split_once("\trefs/heads/"));
    heads.map(|(_, head)| clean(head)).collect()
}

/// Where a branch stands by the answer of `git ls-remote`; `None` if it is not there.
pub(super) fn tip(answer: &str, branch: &str) -> Result<Option<Oid>> {
    let lines = answer.lines().filter_map(|line| line.split_once('\t'));
    let id = lines
        .filter(|(_, name)| *name == branch)
        .map(|(id, _)| whole_id(id))
        .next();
    id.transpose()
}

/// Whether a pattern, a whole name or the beginning of some before a `*`, means this ref.
fn is_meant(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// A ref as people call it.
fn short(reference: &str) -> &str {
    let heads = reference.strip_prefix("refs/heads/");
    heads
        .or_else(|| reference.strip_prefix("refs/tags/"))
        .unwrap_or(reference)
}

/// The first names, and how many more there are.
fn first_few(names: &[String]) -> String {
    const MOST: usize = 6;
    let first: Vec<_> = names
        .iter()
        .take(MOST)
        .map(|name| format!("`{name}`"))
        .collect();
    let first = first.join(", ");
    match names.len().saturating_sub(MOST) {
        0 => first,
        rest => format!("{first} and {rest} more"),
    }
}

/// Why the remote gave no answer. Nothing was sent yet.
pub(super) fn unreachable(remote: &Remote, finished: &Finished) -> Failure {
    let words = finished.words();
    if denies_access(&words) {
        let message = format!("the remote `{}` refuses access:\n{words}", remote.name);
        return Failure::new(FailureKind::RemoteRefused, message).hint(format!(
            "see that `git fetch {}` works in this checkout",
            remote.name
        ));
    }
    let message = format!("the remote `{}` cannot be reached:\n{words}", remote.name);
    Failure::new(FailureKind::Failed, message).hint(format!(
        "see that `git fetch {}` works in this checkout; with `--no-push` the local branch is used as it is",
        remote.name
    ))
}

/// Whether git's words mean that the credentials are missing or not good enough.
pub(super) fn denies_access(words: &str) -> bool {
    const DENIALS: [&str; 11] = [
        "Authentication failed",
        "could not read Username",
        "could not read Password",
        "Permission denied",
        "Permission to",
        "access denied",
        "marked as read only",
        "not have write access",
        "not allowed to push",
        "returned error: 401",
        "returned error: 403",
    ];
    DENIALS.iter().any(|denial| words.contains(denial))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_was_cut_off_is_not_believed() {
        let id = "1".repeat(40);
        let answer = format!("{id}\trefs/heads/main\n");
        let found = tip(&answer, "refs/heads/main").unwrap();
        assert_eq!(found.unwrap().to_string(), id);
        assert_eq!(tip(&answer, "refs/heads/mai").unwrap(), None);
        assert!(tip(&answer[1..], "refs/heads/main").is_err());
    }
}
