//! The shape of a command that changes something: plan, publish, report.

use std::cell::RefCell;

use anyhow::{Context as _, Result, ensure};
use uuid::Uuid;

use super::{Earlier, Session, check_author, context};
use crate::cli::notify::Notice;
use crate::cli::operation::Operation as Wanted;
use crate::cli::portable::Letter;
use crate::cli::surroundings::{demands_signatures, tells_another_time};
use crate::git::{
    Checkout, Combining, Operation, Other, Pending, Planned, Published, Signature, Snapshot,
    WAITS_AT_MOST, WorkTree, clean, not_again, still_open,
};
use crate::plan::{Context, Ground, Outcome, Source, argocd, render};
use crate::report::{Fate, Input, Tag, TagState, commit_message};
use crate::state::{Actor, Combine, Moment, trailer};
use crate::tree::{ChangeSet, Draft, ReadTree};

/// What came of a change, and what Argo CD is to hear of it.
type Told = (Outcome, Fate, Option<Result<Notice>>);

/// For how many seconds after a killed command the same one counts as its repetition: as long as what it sent may wait.
const REPEATED_WITHIN: i64 = WAITS_AT_MOST;

/// What is asked for: the name of the operation, the inputs that its commit records, and all there is to it.
pub(in crate::cli) struct Request {
    pub(in crate::cli) operation: &'static str,
    pub(in crate::cli) inputs: Vec<Input>,
    /// Everything that makes this request different from another one.
    pub(in crate::cli) identity: String,
    /// Whether doing it twice differs from doing it once, as for a release that is given the next number.
    pub(in crate::cli) counts: bool,
}

/// A change on its way.
struct Undertaking<'a> {
    checkout: &'a Checkout,
    wanted: &'a Wanted,
    past: Vec<Earlier<'a>>,
    actor: Actor,
    /// What makes it the same one when it is repeated.
    identity: Uuid,
}

impl Session {
    /// Plans a change, publishes it, and tells what came of it.
    pub(in crate::cli) fn change(&self, wanted: &Wanted) -> Result<Outcome> {
        let (outcome, fate) = self.publish(wanted)?;
        self.answer(&outcome, &fate)?;
        Ok(outcome)
    }

    /// Plans a change and publishes it.
    pub(in crate::cli) fn publish(&self, wanted: &Wanted) -> Result<(Outcome, Fate)> {
        let Wanted { request, refs, .. } = wanted;
        let checkout = Checkout::open(&self.selection)?;
        let actor = self.actor(&checkout)?;
        // Held to the end of this function: one trainyard at a time changes a repository.
        let guard = if self.dry_run {
            None
        } else {
            let guard = checkout.guard();
            Some(guard.map_err(|error| self.or_still_open(&checkout, wanted, &actor, error))?)
        };
        let past = Earlier::all(&checkout, refs);
        let past = past.map_err(|error| self.or_still_open(&checkout, wanted, &actor, error))?;
        let sources: Vec<_> = past.iter().map(|past| &past.source).collect();
        let undertaking = Undertaking {
            checkout: &checkout,
            wanted,
            identity: identity(request, &sources, &actor),
            past,
            actor,
        };
        let pending = if self.dry_run {
            None
        } else {
            checkout.pending()?
        };
        let now = self.instant(pending.as_ref(), undertaking.identity)?;
        let told = match self.attempt(&undertaking, now)? {
            Some(told) => Some(told),
            None => self.attempt(&undertaking, self.now).map_err(not_again)?,
        };
        let told = told.context("a fresh operation is nobody's repetition")?;
        drop(guard);
        let (outcome, mut fate, notice) = told;
        fate.warnings.extend(self.notify(&checkout, &fate, notice));
        Ok((outcome, fate))
    }

    /// Plans and publishes once; `None` if the change of a killed command has landed and must be planned afresh.
    fn attempt(&self, undertaking: &Undertaking, now: Moment) -> Result<Option<Told>> {
        let Undertaking {
            checkout, wanted, ..
        } = undertaking;
        let Wanted { request, refs, .. } = wanted;
        let id = id(undertaking.identity, now);
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
            let ground = Ground::begin(snapshot, &context)?
                .with_pasts(&pasts)
                .with_history(snapshot);
            let Plan {
                outcome,
                changes,
                notify_url,
            } = plan(snapshot, &ground, &wanted.verb)?;
            let url = self.notify_argocd.clone().or(notify_url);
            notice.replace(url.map(|url| Notice::of(&url, snapshot, &changes)));
            let message = commit_message(&outcome, request.operation, &id, &request.inputs);
            Ok(Planned {
                changes,
                message,
                outcome,
                combining: match ground.options.publish.combine {
                    _ if tells_another_time() => Combining::Never,
                    Combine::Never => Combining::Never,
                    Combine::AfterALostRace => Combining::AfterALostRace,
                    Combine::Always => Combining::Always,
                },
            })
        };
        let tag = refs.tag.as_ref();
        if self.dry_run {
            if let Some(name) = tag
                && let Some(taken) = checkout.tag_in_the_way(name.as_ref())?
            {
                return Err(taken.failure.into());
            }
            let planned = checkout.rehearse(plan)?;
            let mut fate = self.fate(!planned.changes.is_empty(), None);
            fate.tag = Tag::after(tag, fate.changed, TagState::Free);
            return Ok(Some((planned.outcome, fate, None)));
        }
        let operation = operation(undertaking, &context, (id.clone(), self.now))?;
        let stand_in = |snapshot: &Snapshot, id: &str, letter: &str| {
            self.stand_in(checkout, snapshot, (id, letter))
        };
        let told = self.told(checkout, checkout.publish(&operation, plan, &stand_in)?);
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

    /// Plans what somebody else has asked for.
    fn stand_in(
        &self,
        checkout: &Checkout,
        snapshot: &Snapshot,
        (id, letter): (&str, &str),
    ) -> Result<Other> {
        let Asked {
            wanted,
            actor,
            then,
        } = asked((id, letter), self.now)?;
        let Actor { name, email } = &actor;
        let context = context(checkout, actor.clone(), then);
        let ground = Ground::begin(snapshot, &context)?;
        let plan = plan(snapshot, &ground, &wanted.verb)?;
        let Request {
            operation, inputs, ..
        } = &wanted.request;
        Ok(Other {
            message: commit_message(&plan.outcome, operation, id, inputs),
            changes: plan.changes,
            author: Signature {
                name: name.raw().to_owned(),
                email: email.raw().to_owned(),
                seconds: then.seconds(),
            },
        })
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

    /// A failure before anything was tried. While a push of the same command is open, it is not the last word.
    fn or_still_open(
        &self,
        checkout: &Checkout,
        wanted: &Wanted,
        actor: &Actor,
        error: anyhow::Error,
    ) -> anyhow::Error {
        let request = identity(&wanted.request, &[], actor).to_string();
        // What it takes from other commits is not known yet, and part of what makes it the same.
        let may_be = |push: &Pending| !wanted.refs.sources.is_empty() || push.request == request;
        let is_repeated =
            |push: &Pending| Moment::parse(&push.instant).is_ok_and(|then| self.repeats(then));
        let pending = checkout.pending().ok().flatten();
        let mut all = pending.iter().flat_map(Pending::all);
        if !self.dry_run && all.any(|push| may_be(push) && is_repeated(push)) {
            return still_open(error);
        }
        error
    }

    /// Whether a command of now can be the repetition of one of then.
    fn repeats(&self, then: Moment) -> bool {
        (0..REPEATED_WITHIN).contains(&(self.now.seconds() - then.seconds()))
    }

    /// The instant of the command: that of the same one that was killed a short while ago, if there is one.
    fn instant(&self, pending: Option<&Pending>, identity: Uuid) -> Result<Moment> {
        let request = identity.to_string();
        let mut open = pending.into_iter().flat_map(Pending::all);
        let Some(pending) = open.find(|pending| pending.request == request) else {
            return Ok(self.now);
        };
        let then = Moment::parse(&pending.instant).context("reading the journal")?;
        Ok(if self.repeats(then) { then } else { self.now })
    }

    /// Says on stderr where the change is, and what became of the checkout.
    fn told(&self, checkout: &Checkout, published: Published<Outcome>) -> Option<(Outcome, Fate)> {
        let (outcome, commit, remote, work_tree, others) = match published {
            Published::NothingToDo(outcome) => return Some((outcome, self.fate(false, None))),
            Published::MovedOn => return None,
            Published::Landed {
                outcome,
                commit,
                remote,
                work_tree,
                others,
            } => (outcome, commit, remote, work_tree, others),
        };
        let short = &commit[..10];
        let with = match others {
            0 => String::new(),
            1 => ", with one of somebody else's that waited".to_owned(),
            others => format!(", with {others} of others that waited"),
        };
        self.say(&match remote {
            Some(remote) => format!("pushed {short} to {remote}/{}{with}", checkout.branch),
            None => format!("committed {short} to {}", checkout.branch),
        });
        let mut fate = self.fate(true, Some(commit));
        let behind = match work_tree {
            WorkTree::None | WorkTree::InStep => None,
            WorkTree::LeftAlone { why, hint } => Some((format!("stays as it is: {why}"), hint)),
            WorkTree::HalfWay { why, hint } => Some((format!("is half way: {why}"), hint)),
        };
        if let Some((what, hint)) = behind {
            let warning = format!("the change has landed, but the checkout {what}");
            self.caution(&warning);
            self.say(&format!("hint: {hint}"));
            fate.warnings.push(clean(&warning));
        }
        Some((outcome, fate))
    }
}

/// What somebody else has asked for, in whose name, and when.
pub(super) struct Asked {
    pub(super) wanted: Wanted,
    pub(super) actor: Actor,
    pub(super) then: Moment,
}

/// Reads what waits under this id, checked as if it had been typed here. Fails for what has waited too long: nobody waits for it
/// any more.
pub(super) fn asked((id, letter): (&str, &str), now: Moment) -> Result<Asked> {
    let letter = Letter::read(letter)?;
    let then = letter.instant()?;
    let age = now.seconds() - then.seconds();
    ensure!(age.abs() < WAITS_AT_MOST, "it is {age} seconds old");
    ensure!(
        !(letter.operation.brings_manifests() && demands_signatures()),
        "nobody can tell here whether its manifests are signed"
    );
    let actor = letter.actor;
    check_author([&actor.name, &actor.email])?;
    let wanted = letter.operation.operation()?;
    let known = identity(&wanted.request, &[], &actor);
    ensure!(id == self::id(known, then), "it is not what its id says");
    Ok(Asked {
        wanted,
        actor,
        then,
    })
}

/// What a verb makes of a snapshot.
pub(super) struct Plan {
    pub(super) outcome: Outcome,
    pub(super) changes: ChangeSet,
    /// Where the repository wants a push to be told.
    notify_url: Option<String>,
}

pub(super) fn plan(
    snapshot: &dyn ReadTree,
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

/// What makes an operation the same one when it is repeated.
pub(super) fn identity(request: &Request, sources: &[&Source], actor: &Actor) -> Uuid {
    let sources = sources.iter().map(|source| source.commit.as_ref());
    let identity: Vec<_> = sources.chain([request.identity.as_str()]).collect();
    let identity = identity.join("\n");
    let identity = format!("{}\n{identity}\n{actor:?}", request.operation);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, identity.as_bytes())
}

/// The id of an operation.
pub(super) fn id(identity: Uuid, instant: Moment) -> String {
    Uuid::new_v5(&identity, instant.to_exact().as_bytes()).to_string()
}

fn operation(
    undertaking: &Undertaking,
    context: &Context,
    (id, now): (String, Moment),
) -> Result<Operation> {
    let Undertaking { wanted, actor, .. } = undertaking;
    let author = (actor.name.raw().to_owned(), actor.email.raw().to_owned());
    let committer = undertaking
        .checkout
        .committer()
        .unwrap_or_else(|| author.clone());
    let signature = |(name, email): (String, String)| Signature {
        name,
        email,
        seconds: context.now.seconds(),
    };
    let letter = wanted.portable.as_ref();
    let letter = letter.map(|portable| Letter::write(portable, actor, context.now));
    let tag = wanted.refs.tag.as_ref();
    Ok(Operation {
        id,
        request: undertaking.identity.to_string(),
        instant: context.now.to_exact(),
        now: now.seconds(),
        // A tag can be made once: who repeats the command shall find it made.
        counts: wanted.request.counts || tag.is_some(),
        tag: tag.map(|tag| tag.as_ref().to_owned()),
        letter: letter.transpose()?,
        mark: trailer::mark,
        author: signature(author),
        committer: signature(committer),
    })
}
