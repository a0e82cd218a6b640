//! Two environments side by side: what runs and waits on each, and which is ahead.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use crate::plan::movement::Shown;
use crate::plan::{Ground, Source, known};
use crate::state::deployment::{BrokenLink, Linked};
use crate::state::{
    AppName, EnvName, EnvPoint, EnvironmentGraph, Version, deployment, queue, release,
};
use crate::tree::ReadTree;

/// What is compared. Each side is an environment or else a group, now or at a point in the history.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) left: EnvPoint,
    pub(crate) right: EnvPoint,
    /// Whether what is the same is listed, too.
    pub(crate) all: bool,
}

/// Environments side by side: one pair, or one for each member of a group.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) all: bool,
}

/// Two environments side by side.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) left: Side,
    pub(crate) right: Side,
    /// The apps that run or wait on either.
    pub(crate) apps: BTreeMap<AppName, Compared>,
}

/// An environment, as it is or as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) environment: EnvName,
    /// The point in the history; `None`: now.
    pub(crate) source: Option<Source>,
}

/// An app on both sides.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) left: Found,
    pub(crate) right: Found,
    pub(crate) standing: Standing,
}

/// What an environment has of an app.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) runs: Link,
    pub(crate) waits: Link,
}

/// What a link says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Nothing,
    Release(Shown),
    Broken(BrokenLink),
}

/// Which side is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Same,
    /// By so many releases.
    LeftAhead(usize),
    RightAhead(usize),
    OnlyLeft,
    OnlyRight,
    /// The number is the same, and the release is another one: it was removed in between, and made again.
    MadeAgain,
    /// A link is broken.
    Unknown,
    /// Nothing runs, something only waits.
    NothingRuns,
}

impl Standing {
    /// Its name for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::LeftAhead(_) => "left-ahead",
            Self::RightAhead(_) => "right-ahead",
            Self::OnlyLeft => "only-left",
            Self::OnlyRight => "only-right",
            Self::MadeAgain => "made-again",
            Self::Unknown => "unknown",
            Self::NothingRuns => "nothing-runs",
        }
    }
}

impl Compared {
    /// Whether what runs is not the same on both sides.
    pub(crate) fn differs(&self) -> bool {
        !matches!(self.standing, Standing::Same | Standing::NothingRuns)
    }

    /// Whether somebody should see it: it differs, or something waits.
    pub(crate) fn is_notable(&self) -> bool {
        let waits = |found: &Found| found.waits != Link::Nothing;
        self.differs() || waits(&self.left) || waits(&self.right)
    }
}

impl Pair {
    /// How many apps run the same on both sides, and how many do not.
    pub(crate) fn count(&self) -> (usize, usize) {
        let same = |each: &&Compared| each.standing == Standing::Same;
        let differ = |each: &&Compared| each.differs();
        let apps = || self.apps.values();
        (apps().filter(same).count(), apps().filter(differ).count())
    }
}

impl Comparison {
    /// Whether anything differs.
    pub(crate) fn differs(&self) -> bool {
        let mut apps = self.pairs.iter().flat_map(|pair| pair.apps.values());
        apps.any(Compared::differs)
    }
}

/// Puts both sides side by side. Fails if a side is neither an environment nor a group, or both are groups.
pub(crate) fn compare(
    tree: &dyn ReadTree,
    ground: &Ground,
    request: &Request,
) -> Result<Comparison> {
    let left = Looked::at(tree, ground, &request.left)?;
    let right = Looked::at(tree, ground, &request.right)?;
    if let ([_, _, ..], [_, _, ..]) = (&left.environments[..], &right.environments[..]) {
        return Err(crate::plan::Refusal::TwoGroups {
            left: request.left.clone(),
            right: request.right.clone(),
        }
        .into());
    }
    let mut pairs = Vec::new();
    for one in &left.environments {
        for other in &right.environments {
            pairs.push(pair((&left, one), (&right, other))?);
        }
    }
    Ok(Comparison {
        pairs,
        all: request.all,
    })
}

/// A tree in which to look, and the environments there.
struct Looked<'a> {
    tree: &'a dyn ReadTree,
    source: Option<&'a Source>,
    /// At least one; several of a group.
    environments: Vec<EnvName>,
}

impl<'a> Looked<'a> {
    fn at(tree: &'a dyn ReadTree, ground: &'a Ground, point: &EnvPoint) -> Result<Self> {
        let past = match &point.at {
            Some(name) => Some(ground.past(name).context("it was looked up beforehand")?),
            None => None,
        };
        let then = match past {
            Some(past) => Some(EnvironmentGraph::read(past.tree)?),
            None => None,
        };
        let graph = then.as_ref().unwrap_or(&ground.environments);
        Ok(Self {
            tree: past.map_or(tree, |past| past.tree),
            source: past.map(|past| past.source),
            environments: known::members(graph, point.environment.as_ref(), &point.to_string())?
                .into_iter()
                .map(|each| each.name.clone())
                .collect(),
        })
    }

    fn found(&self, environment: &EnvName, app: &AppName) -> Result<Found> {
        let link = |linked: Linked| {
            Ok::<_, anyhow::Error>(match linked {
                Linked::Nothing => Link::Nothing,
                Linked::To(version) => Link::Release(Shown::read(self.tree, app, version)?),
                Linked::Broken(broken) => Link::Broken(broken),
            })
        };
        Ok(Found {
            runs: link(deployment::current(self.tree, environment, app)?)?,
            waits: link(queue::waiting(self.tree, environment, app)?)?,
        })
    }
}

fn pair((left, one): (&Looked, &EnvName), (right, other): (&Looked, &EnvName)) -> Result<Pair> {
    let side = |looked: &Looked, environment: &EnvName| Side {
        environment: environment.clone(),
        source: looked.source.cloned(),
    };
    let mut names: BTreeSet<_> = deployment::apps(left.tree, one)?.into_iter().collect();
    names.extend(deployment::apps(right.tree, other)?);
    let mut apps = BTreeMap::new();
    for app in names {
        let (one, other) = (left.found(one, &app)?, right.found(other, &app)?);
        let nothing = [&one, &other]
            .into_iter()
            .all(|found| found.runs == Link::Nothing && found.waits == Link::Nothing);
        if !nothing {
            let compared = Compared {
                standing: standing((left, &one.runs), (right, &other.runs), &app)?,
                left: one,
                right: other,
            };
            apps.insert(app, compared);
        }
    }
    Ok(Pair {
        left: side(left, one),
        right: side(right, other),
        apps,
    })
}

fn standing(
    (left, one): (&Looked, &Link),
    (right, other): (&Looked, &Link),
    app: &AppName,
) -> Result<Standing> {
    let (one, other) = match (one, other) {
        (Link::Release(one), Link::Release(other)) => (one.version, other.version),
        (Link::Release(_), Link::Nothing) => return Ok(Standing::OnlyLeft),
        (Link::Nothing, Link::Release(_)) => return Ok(Standing::OnlyRight),
        (Link::Nothing, Link::Nothing) => return Ok(Standing::NothingRuns),
        (Link::Broken(_), _) | (_, Link::Broken(_)) => return Ok(Standing::Unknown),
    };
    if one == other {
        let made = |looked: &Looked| release::created_at(looked.tree, app, one);
        let same = left.source == right.source || made(left)? == made(right)?;
        return Ok(if same {
            Standing::Same
        } else {
            Standing::MadeAgain
        });
    }
    let by = between([left.tree, right.tree], app, one, other)?;
    Ok(if one > other {
        Standing::LeftAhead(by)
    } else {
        Standing::RightAhead(by)
    })
}

/// How many releases there are above the lower version up to the higher one.
fn between(
    trees: [&dyn ReadTree; 2],
    app: &AppName,
    one: Version,
    other: Version,
) -> Result<usize> {
    let mut versions = BTreeSet::new();
    for tree in trees {
        versions.extend(release::versions(tree, app)?);
    }
    let (lower, higher) = (one.min(other), one.max(other));
    let counts = |version: &&Version| **version > lower && **version <= higher;
    Ok(versions.iter().filter(counts).count())
}

#[cfg(test)]
mod tests;
