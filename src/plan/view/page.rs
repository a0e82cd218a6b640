//! The page: the board with the state it was read from, and the last trains.

use std::cell::OnceCell;

use anyhow::Result;

use super::Focus;
use super::board::{Board, Concern, board};
use crate::plan::Ground;
use crate::state::{Actor, FreeText, Moment, Trace};
use crate::tree::{CommitFacts, ReadPast, ReadTree};

/// How many trains are told.
const TRAINS: usize = 10;
/// How many commits are looked at for trains.
const COMMITS: usize = 2000;

/// All that the page tells.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) origin: Origin,
    pub(crate) board: Board,
    /// The latest first.
    pub(crate) trains: Vec<Journey>,
}

/// The state that was read.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The address of the remote, or the folder of a repository without one.
    pub(crate) repository: String,
    pub(crate) branch: String,
    /// The id of the commit.
    pub(crate) commit: String,
}

/// A train that ran, as its commit tells it.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    pub(crate) at: Option<Moment>,
    pub(crate) by: Actor,
    /// What happened, in one line.
    pub(crate) subject: FreeText,
    /// What happened in detail, a line for each effect.
    pub(crate) effects: Vec<FreeText>,
    /// The id of the commit.
    pub(crate) commit: String,
}

/// Reads the page.
pub(crate) fn page(
    (tree, past): (&dyn ReadTree, &dyn ReadPast),
    ground: &Ground,
    (focus, only): (&Focus, Option<Concern>),
) -> Result<Page> {
    let latest = OnceCell::new();
    let mut trains = Vec::new();
    for step in past.steps(&[]).take(COMMITS) {
        let commit = step?.commit;
        latest.get_or_init(|| commit.id.clone());
        trains.extend(Journey::read(&commit));
        if trains.len() == TRAINS {
            break;
        }
    }
    Ok(Page {
        origin: Origin {
            repository: ground.context.repo_url.clone(),
            branch: ground.context.branch.clone(),
            commit: latest.into_inner().unwrap_or_default(),
        },
        board: board(tree, ground, focus, only)?.aged(past)?,
        trains,
    })
}

impl Journey {
    /// The train that a commit is; `None` if it is something else.
    fn read(commit: &CommitFacts) -> Option<Self> {
        let trace = Trace::read(&commit.message)?;
        if trace.operation != "release-train" {
            return None;
        }
        let (subject, rest) = commit.message.split_once('\n').unwrap_or_default();
        // The last paragraph is that of the trailers.
        let effects = rest
            .trim()
            .rsplit_once("\n\n")
            .map_or("", |(effects, _)| effects);
        let text = |text: &str| FreeText(text.to_owned());
        Some(Self {
            at: Moment::parse(&commit.seconds.to_string()).ok(),
            by: Actor {
                name: text(&commit.author.name),
                email: text(&commit.author.email),
            },
            subject: text(subject),
            effects: effects.lines().map(text).collect(),
            commit: commit.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::{World, context};
    use crate::tree::{MemoryPast, Signer};

    fn commit(number: usize, message: &str) -> CommitFacts {
        CommitFacts {
            id: format!("{number:040}"),
            author: Signer {
                name: "Kim".to_owned(),
                email: "kim@shop.example".to_owned(),
            },
            seconds: 1_721_642_400,
            message: message.to_owned(),
            ..CommitFacts::default()
        }
    }

    const TRAIN: &str = "release train to prod: 1 deployed\n\nweb on prod: 1 \u{2192} 2\ncart on prod: queued\n\nTrainyard-Operation: release-train\nTrainyard-Target: prod\n";

    /// The page of a history, the earliest commit first.
    fn seen(commits: Vec<CommitFacts>) -> Page {
        let World(tree) = World::of(&[("dev", "latest")]);
        let commits = commits.into_iter().map(|commit| (commit, tree.clone()));
        let past = MemoryPast(commits.collect());
        let context = context();
        let ground = Ground::survey(&tree, &context).unwrap();
        page((&tree, &past), &ground, (&Focus::default(), None)).unwrap()
    }

    #[test]
    fn a_train_is_what_its_trailers_call_a_train() {
        let page = seen(vec![
            commit(
                1,
                "release train to prod: 1 deployed\n\nTrainyard-Operation: lock\n",
            ),
            commit(2, TRAIN),
            commit(3, "release train to prod: 1 deployed"),
            commit(4, "x\n\nTrainyard-Operation: release-train"),
        ]);
        assert_eq!(page.origin.commit, format!("{:040}", 4));
        let trains: Vec<_> = page
            .trains
            .iter()
            .map(|train| train.subject.raw())
            .collect();
        assert_eq!(trains, ["x", "release train to prod: 1 deployed"]);
        assert!(page.trains[0].effects.is_empty());
        let train = &page.trains[1];
        let effects: Vec<_> = train.effects.iter().map(FreeText::raw).collect();
        assert_eq!(
            effects,
            ["web on prod: 1 \u{2192} 2", "cart on prod: queued"]
        );
        assert_eq!(train.at, Moment::parse("2024-07-22T10:00:00Z").ok());
        assert_eq!(train.by.to_string(), "Kim");
    }

    #[test]
    fn the_last_ten_trains_are_told() {
        let page = seen((0..15).map(|number| commit(number, TRAIN)).collect());
        let ids: Vec<_> = page
            .trains
            .iter()
            .map(|train| train.commit.as_str())
            .collect();
        let expected: Vec<_> = (5..15)
            .rev()
            .map(|number| format!("{number:040}"))
            .collect();
        assert_eq!(ids, expected);
    }
}
