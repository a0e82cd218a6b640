//! The two shapes of a command: `change` (plan, publish, report) and `look` (read, report). Who and when are read here, once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use tracing::span::EnteredSpan;
use uuid::Uuid;

use super::Global;
use super::exit::usage;
use super::github;
use super::notify::{self, Notice};
use super::output;
use super::surroundings::{columns, now, settings_in_environment};
use crate::git::{
    Checkout, Operation, Pending, Planned, Published, Selection, Signature, Snapshot, WorkTree,
    clean,
};
use crate::plan::{Context, Ground, Outcome, Past, Source, argocd, render};
use crate::report::{Fate, Format, Input, Tag, TagState, commit_message};
use crate::state::{Actor, FreeText, Moment, SourceRef, TagName};
use crate::tree::{ChangeSet, Draft, ReadPast, ReadTree};

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

/// What came of a change, and what Argo CD is to hear of it.
type Told = (Outcome, Fate, Option<Result<Notice>>);

/// For how many seconds after a killed command the same one counts as its repetition.
const REPEATED_WITHIN: i64 = 15 * 60;

/// What is asked for: the name of the operation, the inputs that its commit records, and all there is to it.
pub(super) struct Request {
    pub(super) operation: &'static str,
    pub(super) inputs: Vec<Input>,
    /// Everything that makes this request different from another one.
    pub(super) identity: String,
    /// Whether doing it twice differs from doing it once, as for a release that is given the next number.
    pub(super) counts: bool,
}

/// The refs that a command has to do with, beside its branch.
#[derive(Clone, Debug, Default)]
pub(super) struct Refs {
    /// Points in the history from which versions are taken.
    pub(super) sources: BTreeSet<SourceRef>,
    /// A tag for the commit.
    pub(super) tag: Option<TagName>,
}

/// A change on its way.
struct Undertaking<'a> {
    checkout: &'a Checkout,
    request: &'a Request,
    past: Vec<Earlier<'a>>,
    tag: Option<TagName>,
    actor: Actor,
    /// What makes it the same one when it is repeated.
    identity: Uuid,
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
        for name in [&global.author_name, &global.author_email]
            .into_iter()
            .flatten()
        {
            if name.is_empty()
                || name
                    .chars()
                    .any(|letter| letter.is_control() || "<>".contains(letter))
            {
                let shown = FreeText(name.clone());
                return Err(usage(format!(
                    "{shown} is no name or mail address of an author"
                )));
            }
        }
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

    /// Plans a change, publishes it, and tells what came of it.
    pub(super) fn change(
        &self,
        refs: &Refs,
        request: &Request,
        verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome>,
    ) -> Result<Outcome> {
        let (outcome, fate) = self.publish(refs, request, verb)?;
        self.answer(&outcome, &fate)?;
        Ok(outcome)
    }

    /// Plans a change and publishes it.
    pub(super) fn publish(
        &self,
        refs: &Refs,
        request: &Request,
        verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome>,
    ) -> Result<(Outcome, Fate)> {
        let checkout = Checkout::open(&self.selection)?;
        let actor = self.actor(&checkout)?;
        // Held to the end of this function: one trainyard at a time changes a repository.
        let guard = if self.dry_run {
            None
        } else {
            Some(checkout.guard()?)
        };
        let past = Earlier::all(&checkout, refs)?;
        let sources = past.iter().map(|past| past.source.commit.as_ref());
        let identity: Vec<_> = sources.chain([request.identity.as_str()]).collect();
        let identity = identity.join("\n");
        let identity = format!("{}\n{identity}\n{actor:?}", request.operation);
        let undertaking = Undertaking {
            checkout: &checkout,
            request,
            past,
            tag: refs.tag.clone(),
            actor,
            identity: Uuid::new_v5(&Uuid::NAMESPACE_URL, identity.as_bytes()),
        };
        let pending = if self.dry_run {
            None
        } else {
            checkout.pending()?
        };
        let now = self.instant(pending.as_ref(), undertaking.identity)?;
        let told = match self.attempt(&undertaking, now, &verb)? {
            Some(told) => Some(told),
            None => self.attempt(&undertaking, self.now, &verb)?,
        };
        let told = told.context("a fresh operation is nobody's repetition")?;
        drop(guard);
        let (outcome, mut fate, notice) = told;
        fate.warnings.extend(self.notify(&checkout, &fate, notice));
        Ok((outcome, fate))
    }

    /// Plans and publishes once; `None` if the change of a killed command has landed and must be planned afresh.
    fn attempt(
        &self,
        undertaking: &Undertaking,
        now: Moment,
        verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome>,
    ) -> Result<Option<Told>> {
        let Undertaking {
            checkout, request, ..
        } = undertaking;
        let id = Uuid::new_v5(&undertaking.identity, now.to_exact().as_bytes()).to_string();
        let context = context(checkout, undertaking.actor.clone(), now);
        let pasts: Vec<_> = undertaking.past.iter().map(Earlier::as_past).collect();
        // Of the plan that counts, which is the last.
        let notice = RefCell::new(None);
        let plan = |snapshot: &Snapshot| {
            let _doing = doing!(
                "planning",
                "{} on {:.10}",
                request.operation,
                snapshot.commit()
            );
            let ground = Ground::begin(snapshot, &context)?.with_pasts(&pasts);
            let Plan {
                outcome,
                changes,
                notify_url,
            } = plan(snapshot, &ground, &verb)?;
            let url = self.notify_argocd.clone().or(notify_url);
            notice.replace(url.map(|url| Notice::of(&url, snapshot, &changes)));
            let message = commit_message(&outcome, request.operation, &id, &request.inputs);
            Ok(Planned {
                changes,
                message,
                outcome,
            })
        };
        let tag = undertaking.tag.as_ref();
        if self.dry_run {
            if let Some(name) = tag
                && let Some(taken) = checkout.tag_in_the_way(name.as_ref())?
            {
                return Err(taken.into());
            }
            let planned = checkout.rehearse(plan)?;
            let mut fate = self.fate(!planned.changes.is_empty(), None);
            fate.tag = Tag::after(tag, fate.changed, TagState::Free);
            return Ok(Some((planned.outcome, fate, None)));
        }
        let operation = operation(undertaking, &context, id.clone());
        let told = self.told(checkout, checkout.publish(&operation, plan)?);
        Ok(told.map(|(outcome, mut fate)| {
            fate.tag = Tag::after(tag, fate.changed, TagState::Set);
            if let Some(name) = tag.filter(|_| fate.changed && !checkout.pushes()) {
                let branch = &checkout.branch;
                self.say(&format!(
                    "hint: commit and tag are here only: `git push --atomic REMOTE {branch} {name}` sends both"
                ));
            }
            (outcome, fate, notice.take())
        }))
    }

    /// Tells Argo CD what landed on the remote. That this fails is a warning.
    fn notify(
        &self,
        checkout: &Checkout,
        fate: &Fate,
        notice: Option<Result<Notice>>,
    ) -> Option<String> {
        let (notice, commit) = (notice?, fate.commit.as_ref()?);
        checkout.remote.as_ref()?;
        let doing = doing!("telling", "Argo CD");
        let sent = notice.and_then(|notice| notice.send((&checkout.url, &checkout.branch), commit));
        drop(doing);
        let warning = sent.err()?.to_string();
        self.caution(&warning);
        Some(warning)
    }

    /// Whether the answer is a page.
    pub(super) fn makes_page(&self) -> bool {
        self.format == Format::Html
    }

    /// Reads the state as it is now, and tells what was found; `changed` says whether changes are pending.
    pub(super) fn look(
        &self,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        let read = |tree: &dyn ReadTree, ground: &Ground| {
            ground.settled()?;
            read(tree, ground)
        };
        self.look_anyway(read, changed)
    }

    /// The same in a repository that may have no environments.
    pub(super) fn look_anyway(
        &self,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        self.look_with(&Refs::default(), read, changed)
    }

    /// The same for a look that has to do with other refs.
    pub(super) fn look_with(
        &self,
        refs: &Refs,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        let read = |tree: &dyn ReadTree, ground: &Ground, _: &dyn ReadPast| read(tree, ground);
        self.look_back(refs, read, changed)
    }

    /// The same for a look at the state as it is now and at how it became so.
    pub(super) fn look_back(
        &self,
        refs: &Refs,
        read: impl Fn(&dyn ReadTree, &Ground, &dyn ReadPast) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        let checkout = Checkout::open(&self.selection)?;
        let context = context(&checkout, Actor::default(), self.now);
        let past = Earlier::all(&checkout, refs)?;
        let pasts: Vec<_> = past.iter().map(Earlier::as_past).collect();
        let outcome = checkout.look(|snapshot| {
            let _doing = reading(snapshot);
            let ground = Ground::begin(snapshot, &context)?.with_pasts(&pasts);
            read(snapshot, &ground, snapshot)
        })?;
        let taken = match &refs.tag {
            Some(name) => checkout.tag_in_the_way(name.as_ref())?,
            None => None,
        };
        let state = match &taken {
            Some(taken) => TagState::Taken(taken.message.clone()),
            None => TagState::Free,
        };
        let mut fate = self.fate(changed(&outcome), None);
        fate.tag = Tag::after(refs.tag.as_ref(), true, state);
        self.answer(&outcome, &fate)?;
        match taken {
            // It ends as the train would, after an answer that says what there is to say besides.
            Some(taken) => Err(taken.into()),
            None => Ok(outcome),
        }
    }

    /// Reads the state as it is now.
    pub(super) fn read<T>(&self, read: impl Fn(&dyn ReadTree, &Ground) -> Result<T>) -> Result<T> {
        let checkout = Checkout::open(&self.selection)?;
        let context = context(&checkout, Actor::default(), self.now);
        checkout.look(|snapshot| {
            let _doing = reading(snapshot);
            let ground = Ground::begin(snapshot, &context)?;
            ground.settled()?;
            read(snapshot, &ground)
        })
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

    /// The instant of the command: that of the same one that was killed a short while ago, if there is one.
    fn instant(&self, pending: Option<&Pending>, identity: Uuid) -> Result<Moment> {
        let Some(pending) = pending.filter(|pending| pending.request == identity.to_string())
        else {
            return Ok(self.now);
        };
        let then = Moment::parse(&pending.instant).context("reading the journal")?;
        let recent = (0..REPEATED_WITHIN).contains(&(self.now.seconds() - then.seconds()));
        Ok(if recent { then } else { self.now })
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

    /// Says on stderr where the change is, and what became of the checkout.
    fn told(&self, checkout: &Checkout, published: Published<Outcome>) -> Option<(Outcome, Fate)> {
        let (outcome, commit, remote, work_tree) = match published {
            Published::NothingToDo(outcome) => return Some((outcome, self.fate(false, None))),
            Published::MovedOn => return None,
            Published::Landed {
                outcome,
                commit,
                remote,
                work_tree,
            } => (outcome, commit, remote, work_tree),
        };
        let short = &commit[..10];
        self.say(&match remote {
            Some(remote) => format!("pushed {short} to {remote}/{}", checkout.branch),
            None => format!("committed {short} to {}", checkout.branch),
        });
        let mut fate = self.fate(true, Some(commit));
        if let WorkTree::LeftAlone { why, hint } = work_tree {
            let warning = format!("the change has landed, but the checkout stays as it is: {why}");
            self.caution(&warning);
            self.say(&format!("hint: {hint}"));
            fate.warnings.push(clean(&warning));
        }
        Some((outcome, fate))
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

/// What a verb makes of a snapshot.
struct Plan {
    outcome: Outcome,
    changes: ChangeSet,
    /// Where the repository wants a push to be told.
    notify_url: Option<String>,
}

fn plan(
    snapshot: &Snapshot,
    ground: &Ground,
    verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome>,
) -> Result<Plan> {
    let mut draft = Draft::on(snapshot);
    let mut outcome = verb(&mut draft, ground)?;
    let kept = render::kept(&draft, ground.context.now)?;
    outcome.warnings.extend(kept);
    outcome
        .warnings
        .extend(argocd::refresh(&mut draft, ground)?);
    Ok(Plan {
        outcome,
        changes: draft.into_changes(),
        notify_url: ground.options.argocd.notify_url.clone(),
    })
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

fn operation(undertaking: &Undertaking, context: &Context, id: String) -> Operation {
    let author = (
        context.actor.name.raw().to_owned(),
        context.actor.email.raw().to_owned(),
    );
    let committer = undertaking
        .checkout
        .committer()
        .unwrap_or_else(|| author.clone());
    let signature = |(name, email): (String, String)| Signature {
        name,
        email,
        seconds: context.now.seconds(),
    };
    Operation {
        id,
        request: undertaking.identity.to_string(),
        instant: context.now.to_exact(),
        // A tag can be made once: who repeats the command shall find it made.
        counts: undertaking.request.counts || undertaking.tag.is_some(),
        tag: undertaking.tag.as_ref().map(|tag| tag.as_ref().to_owned()),
        author: signature(author),
        committer: signature(committer),
    }
}
