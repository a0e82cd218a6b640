//! Who moved what, when and by which operation: the commits of the manifest repository, the latest first, and what each moved.

use anyhow::Result;

use super::Focus;
use crate::plan::movement::{Movement, found};
use crate::plan::{Ground, known};
use crate::state::{
    Actor, CommitId, EnvName, Environment, FreeText, Moment, Trace, deployment, lock, queue,
    release,
};
use crate::tree::{Changed, CommitFacts, PathShape, ReadPast, ReadTree, Signer, Step};

/// So many commits in a row may be too old before a walk ends: clocks differ.
const SLACK: usize = 5;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Names in it need not exist now.
    pub(crate) focus: Focus,
    /// How many commits at most.
    pub(crate) limit: Option<usize>,
    /// Nothing from before.
    pub(crate) since: Option<Moment>,
}

/// What moved, the latest first.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) request: Request,
    pub(crate) entries: Vec<Entry>,
    pub(crate) end: End,
}

/// A commit that moved something.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) commit: CommitId,
    pub(crate) at: Moment,
    pub(crate) author: Actor,
    /// Who committed it, if that was somebody else.
    pub(crate) committer: Option<Actor>,
    /// The operation of ours that it says it is.
    pub(crate) trace: Option<Trace>,
    /// The first line of its message.
    pub(crate) summary: FreeText,
    pub(crate) movements: Vec<Movement>,
}

/// How far back a history goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// To the first commit.
    Beginning,
    /// As many entries as were asked for.
    Limit,
    /// To the instant that was asked for.
    Since,
    /// To this commit: what was before it is not in this shallow clone.
    Shallow(CommitId),
}

impl End {
    /// Its name for programs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Beginning => "beginning",
            Self::Limit => "limit",
            Self::Since => "since",
            Self::Shallow(_) => "shallow",
        }
    }
}

/// Tells what moved. Fails if a name is known neither now nor anywhere in what was found.
pub(crate) fn tell(
    tree: &dyn ReadTree,
    ground: &Ground,
    past: &dyn ReadPast,
    request: &Request,
) -> Result<History> {
    let scope = Scope::of(ground, &request.focus)?;
    let mut entries = Vec::new();
    let mut end = End::Beginning;
    let mut too_old = 0;
    for step in past.steps(&scope.shapes()) {
        if request.limit == Some(entries.len()) {
            end = End::Limit;
            break;
        }
        let Step { commit, changed } = step?;
        let Some(changed) = changed else {
            end = End::Shallow(commit.id.parse()?);
            break;
        };
        let at = Moment::of_seconds(commit.seconds);
        if request.since.is_some_and(|since| at < since) {
            end = End::Since;
            too_old += 1;
            if too_old == SLACK {
                break;
            }
            continue;
        }
        too_old = 0;
        let movements = scope.moved(&changed)?;
        if !movements.is_empty() {
            entries.push(entry(&commit, at, movements)?);
        }
    }
    if entries.is_empty() {
        request.focus.check(tree, ground)?;
    }
    Ok(History {
        request: request.clone(),
        entries,
        end,
    })
}

fn entry(commit: &CommitFacts, at: Moment, movements: Vec<Movement>) -> Result<Entry> {
    let actor = |signer: &Signer| Actor {
        name: FreeText(signer.name.clone()),
        email: FreeText(signer.email.clone()),
    };
    let line = commit.message.trim().lines().next();
    Ok(Entry {
        commit: commit.id.parse()?,
        at,
        author: actor(&commit.author),
        committer: (commit.committer != commit.author).then(|| actor(&commit.committer)),
        trace: Trace::read(&commit.message),
        summary: FreeText(line.unwrap_or_default().trim().to_owned()),
        movements,
    })
}

/// What is looked for in each commit.
struct Scope<'a> {
    focus: &'a Focus,
    /// The environments; `None`: all that ever were.
    environments: Option<Vec<EnvName>>,
}

impl<'a> Scope<'a> {
    /// Fails if there is no such group: it is nothing but what the configs say now.
    fn of(ground: &Ground, focus: &'a Focus) -> Result<Self> {
        let named = focus.environment.clone();
        let environments = match (named, &focus.group) {
            (Some(name), _) => Some(vec![name]),
            (None, Some(group)) => {
                let members = known::group(ground, group)?;
                Some(members.iter().map(|each| each.name.clone()).collect())
            }
            (None, None) => None,
        };
        Ok(Self {
            focus,
            environments,
        })
    }

    /// The paths that tell what moved.
    fn shapes(&self) -> Vec<PathShape> {
        let app = self.focus.app.as_ref();
        let environments: Vec<_> = match &self.environments {
            Some(names) => names.iter().map(Some).collect(),
            None => vec![None],
        };
        let mut shapes = Vec::new();
        for environment in environments {
            let place = (environment, app);
            shapes.extend([
                deployment::version_shape(place),
                deployment::manifest_shape(place),
                queue::shape(place),
            ]);
            shapes.extend(lock::shapes(place));
            if app.is_none() && self.focus.team.is_none() {
                shapes.extend(Environment::shapes(environment));
            }
        }
        // A release is on no environment.
        if self.environments.is_none() {
            shapes.extend([release::app_shape(app), release::shape(app)]);
        }
        shapes
    }

    /// What a commit moved of that.
    fn moved(&self, changed: &Changed) -> Result<Vec<Movement>> {
        if changed.paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut moved = Vec::new();
        for movement in found(changed)? {
            if self.is_of_team(changed, &movement)? {
                moved.push(movement);
            }
        }
        Ok(moved)
    }

    /// Whether it is about the team, or about an app that belonged to it then.
    fn is_of_team(&self, changed: &Changed, movement: &Movement) -> Result<bool> {
        let Some(team) = &self.focus.team else {
            return Ok(true);
        };
        if let Some(locked) = movement.locked_team() {
            return Ok(locked == team);
        }
        let Some(app) = movement.app() else {
            return Ok(false);
        };
        let owner = match release::team(&*changed.after, app)? {
            Some(owner) => Some(owner),
            None => release::team(&*changed.before, app)?,
        };
        Ok(owner.as_ref() == Some(team))
    }
}

#[cfg(test)]
mod tests;
