//! What every command knows: who acts, when, and on which repository. Its two shapes are `change` and `look`.

mod change;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod look;
#[cfg(test)]
mod played;
mod verify;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use tracing::span::EnteredSpan;

use super::exit::usage;
use super::surroundings::{columns, now, settings_in_environment};
use super::{Global, github, notify, output};
use crate::git::{Checkout, Selection, Snapshot, clean};
use crate::plan::{Context, Outcome, Past, Source};
use crate::report::{Fate, Format};
use crate::state::{Actor, FreeText, Moment, SourceRef, TagName};

pub(super) use change::Request;

/// What the command line and the environment say about every command.
pub(super) struct Session {
    selection: Selection,
    format: Format,
    dry_run: bool,
    quiet: bool,
    author_name: Option<String>,
    author_email: Option<String>,
    notify_argocd: Option<String>,
    now: Moment,
    /// How many columns the answer may have.
    width: Option<usize>,
}

/// The refs that a command has to do with, beside its branch.
#[derive(Clone, Debug, Default)]
pub(super) struct Refs {
    /// Points in the history from which versions are taken.
    pub(super) sources: BTreeSet<SourceRef>,
    /// A tag for the commit.
    pub(super) tag: Option<TagName>,
}

/// An earlier state, and how it was asked for.
struct Earlier<'a> {
    source: Source,
    snapshot: Snapshot<'a>,
}

impl<'a> Earlier<'a> {
    /// The states that are asked for.
    fn all(checkout: &'a Checkout, refs: &Refs) -> Result<Vec<Self>> {
        let earlier = |name: &SourceRef| {
            let snapshot = checkout.past(name.as_ref())?;
            let commit = snapshot.commit().to_string().parse()?;
            let name = name.clone();
            let source = Source { name, commit };
            Ok(Self { source, snapshot })
        };
        refs.sources.iter().map(earlier).collect()
    }

    fn as_past(&self) -> Past<'_> {
        Past {
            source: &self.source,
            tree: &self.snapshot,
        }
    }
}

impl Session {
    pub(super) fn new(global: &Global) -> Result<Self> {
        let author = [&global.author_name, &global.author_email];
        let author = author.into_iter().flatten().cloned().map(FreeText);
        check_author(author.collect::<Vec<_>>().iter())?;
        if let Some(url) = &global.notify_argocd {
            notify::webhook(url)?;
        }
        Ok(Self {
            selection: Selection {
                folder: global.repo.clone().unwrap_or_else(|| PathBuf::from(".")),
                explicit: global.repo.is_some(),
                remote: global.remote.clone(),
                branch: global.branch.clone(),
                push: !global.no_push,
                settings_in_environment: settings_in_environment(),
            },
            format: global.output.into(),
            dry_run: global.dry_run,
            quiet: global.quiet,
            author_name: global.author_name.clone(),
            author_email: global.author_email.clone(),
            notify_argocd: global.notify_argocd.clone(),
            now: now()?,
            width: columns(),
        })
    }

    /// The instant of the command.
    pub(super) fn now(&self) -> Moment {
        self.now
    }

    /// Whether the answer is a page.
    pub(super) fn makes_page(&self) -> bool {
        self.format == Format::Html
    }

    fn fate(&self, changed: bool, commit: Option<String>) -> Fate {
        Fate {
            changed,
            dry_run: self.dry_run,
            commit,
            warnings: Vec::new(),
            now: self.now,
            tag: None,
            width: self.width,
        }
    }

    /// For whom: as asked, as git knows, or as GitHub Actions knows.
    fn actor(&self, checkout: &Checkout) -> Result<Actor> {
        let known = checkout.identity().or_else(|| {
            let login = std::env::var("GITHUB_ACTOR")
                .ok()
                .filter(|login| !login.is_empty())?;
            let email = format!("{login}@users.noreply.github.com");
            Some((login, email))
        });
        let (name, email) = known.unzip();
        let name = self.author_name.clone().or(name);
        let email = self.author_email.clone().or(email);
        match (name, email) {
            (Some(name), Some(email)) => Ok(Actor {
                name: FreeText(name),
                email: FreeText(email),
            }),
            _ => Err(usage(
                "no author: set `git config user.name` and `user.email`, or pass `--author-name` and `--author-email`",
            )),
        }
    }

    /// One line on stderr.
    fn say(&self, line: &str) {
        if !self.quiet {
            output::say(&clean(line));
        }
    }

    /// A warning on stderr. A step of GitHub Actions is told all of them with the answer, as annotations.
    fn caution(&self, warning: &str) {
        if !github::is_on() {
            self.say(&format!("warning: {warning}"));
        }
    }

    /// Tells beside the answer what somebody should know about the outcome.
    pub(super) fn warn(&self, outcome: &Outcome, fate: &Fate) {
        for warning in &outcome.warnings {
            self.caution(warning);
        }
        if github::is_on() {
            github::answered(outcome, fate, self.quiet);
        }
    }

    fn answer(&self, outcome: &Outcome, fate: &Fate) -> Result<()> {
        self.warn(outcome, fate);
        let doing = doing!("writing", "the answer");
        let text = output::answer(outcome, fate, self.format)?;
        drop(doing);
        output::print_answer(&text, self.format);
        Ok(())
    }
}

/// Fails if these are no name or mail address of an author.
fn check_author<'a>(names: impl IntoIterator<Item = &'a FreeText>) -> Result<()> {
    let odd = |letter: char| letter.is_control() || "<>".contains(letter);
    for name in names {
        if name.is_empty() || name.raw().contains(odd) {
            return Err(usage(format!(
                "{name} is no name or mail address of an author"
            )));
        }
    }
    Ok(())
}

/// The step that a look at a state is.
fn reading(snapshot: &Snapshot) -> EnteredSpan {
    doing!("reading", "the state at {:.10}", snapshot.commit())
}

fn context(checkout: &Checkout, actor: Actor, now: Moment) -> Context {
    Context {
        actor,
        now,
        repo_url: checkout.url.clone(),
        branch: checkout.branch.clone(),
    }
}
