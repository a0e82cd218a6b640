//! Views of an arbitrary repository, told in every form.

use anyhow::Result;

use super::planner::{check_changes, told};
use super::shop::{APPS, COMMITS, ENVIRONMENTS, GROUPS, TEAMS};
use super::words::assert_told;
use crate::plan::environment::{EnvironmentDone, check, list, show};
use crate::plan::names::{Narrowing, Noun, names};
use crate::plan::render::{self, RenderTarget};
use crate::plan::train::{Form, OnLock, TargetKind, Train, Wish, detail, prognose};
use crate::plan::verify::{Mend, fix, verify};
use crate::plan::view::permission::{self, Question};
use crate::plan::view::{Focus, View, board, changelog, comparison, history, locks, page, queue};
use crate::plan::whereabouts::{Search, locate};
use crate::plan::{Context, Done, Ground, Outcome, inquiry};
use crate::report;
use crate::state::{AppName, EnvPoint};
use crate::tree::{Draft, MemoryPast, MemoryTree, ReadPast, ReadTree};

/// What there is to see.
struct Sight<'a> {
    tree: &'a MemoryTree,
    past: &'a MemoryPast,
    ground: Ground<'a>,
    /// Which one of several to look at, where all of them would take long.
    turn: usize,
}

/// All views. An input looks at two of them: all would take a hundred times as long as what it asks the planner for.
const SIGHTS: [fn(&Sight); 14] = [
    blocks,
    queues,
    boards,
    pages,
    histories,
    comparisons,
    changelogs,
    permissions,
    environments,
    derived,
    prognoses,
    commits,
    nouns,
    soundness,
];

/// Looks at what a byte says.
pub(super) fn look(byte: u8, (tree, past): (&MemoryTree, &MemoryPast), context: &Context) {
    let Some(ground) = told(Ground::survey(tree, context)) else {
        return;
    };
    let place = usize::from(byte);
    let sight = Sight {
        tree,
        past,
        ground,
        turn: place / SIGHTS.len(),
    };
    for place in [place, place + 1 + sight.turn] {
        SIGHTS[place % SIGHTS.len()](&sight);
    }
}

impl Sight<'_> {
    fn focus(&self) -> Focus {
        match self.turn % 3 {
            0 => Focus::default(),
            1 => Focus {
                app: APPS[0].parse().ok(),
                ..Focus::default()
            },
            _ => Focus {
                group: GROUPS[0].parse().ok(),
                team: TEAMS[0].parse().ok(),
                ..Focus::default()
            },
        }
    }

    fn show(&self, view: Result<View>) {
        self.show_done(view.map(Done::Viewed));
    }

    /// Tells what was seen, or why nothing was.
    fn show_done(&self, done: Result<Done>) {
        if let Some(done) = told(done) {
            let warnings = Vec::new();
            assert_told(&Outcome { done, warnings }, self.ground.context.now);
        }
    }
}

fn blocks(sight: &Sight) {
    let listed = locks::list(sight.tree, &sight.ground, &sight.focus());
    sight.show(listed.map(View::Locks));
}

fn queues(sight: &Sight) {
    let listed = queue::list(sight.tree, sight.past, &sight.ground, &sight.focus());
    sight.show(listed.map(View::Queue));
}

fn boards(sight: &Sight) {
    let board = board::board(sight.tree, &sight.ground, &sight.focus(), None);
    let aged = board.and_then(|board| board.aged(sight.past));
    sight.show(aged.map(View::Board));
}

fn pages(sight: &Sight) {
    let only = Some(board::Concern::Behind);
    let history: (&dyn ReadTree, &dyn ReadPast) = (sight.tree, sight.past);
    let page = page::page(history, &sight.ground, (&sight.focus(), only));
    sight.show(page.map(|page| View::Page(Box::new(page))));
}

fn histories(sight: &Sight) {
    let request = history::Request {
        focus: sight.focus(),
        limit: Some(3),
        since: None,
    };
    let told = history::tell(sight.tree, &sight.ground, sight.past, &request);
    sight.show(told.map(View::History));
}

/// Two places that can be compared.
fn pairs() -> [(EnvPoint, EnvPoint); 2] {
    let names = [(ENVIRONMENTS[0], ENVIRONMENTS[1]), (GROUPS[0], "dev")];
    let point = |name: &str| name.parse().expect("a name");
    names.map(|(left, right)| (point(left), point(right)))
}

fn comparisons(sight: &Sight) {
    for (left, right) in pairs() {
        let request = comparison::Request {
            left,
            right,
            all: true,
        };
        let compared = comparison::compare(sight.tree, &sight.ground, &request);
        sight.show(compared.map(View::Comparison));
    }
}

fn changelogs(sight: &Sight) {
    for (from, to) in pairs() {
        let request = changelog::Comparison {
            from,
            to,
            team: None,
            app: None,
        };
        let changes = changelog::changelog(sight.tree, &sight.ground, &request);
        sight.show(changes.map(View::Changelog));
    }
}

fn permissions(sight: &Sight) {
    let app: AppName = APPS[0].parse().expect("a name");
    for environment in ENVIRONMENTS {
        let environment = environment.parse().expect("a name");
        let question = Question {
            app: app.clone(),
            environment,
            version: None,
        };
        let answer = permission::ask(sight.tree, &sight.ground, &question);
        sight.show(answer.map(View::Permission));
        let source = inquiry::deployed_source(sight.tree, &question.environment, &app);
        if let Some(facts) = told(source) {
            let _ = report::deployment_commit(&facts.unwrap_or_default());
        }
    }
}

fn environments(sight: &Sight) {
    for name in ENVIRONMENTS {
        let name = name.parse().expect("a name");
        let shown = show(sight.tree, &sight.ground, &name).map(EnvironmentDone::Shown);
        sight.show_done(shown.map(Done::Environment));
    }
    let checked = check(sight.tree, &sight.ground).map(EnvironmentDone::Checked);
    sight.show_done(checked.map(Done::Environment));
    let listed = list(sight.tree, &sight.ground).map(EnvironmentDone::Listed);
    sight.show_done(listed.map(Done::Environment));
}

fn derived(sight: &Sight) {
    if let Some(outcome) = told(render::check(sight.tree, &sight.ground, &RenderTarget::All)) {
        assert_told(&outcome, sight.ground.context.now);
    }
}

/// A prognosis with all details.
fn prognoses(sight: &Sight) {
    let targets = ["prod", "dev", "staging", "prod-de"];
    let request = Train {
        target: targets[sight.turn % targets.len()].parse().expect("a name"),
        target_kind: TargetKind::Unknown,
        team: None,
        on_lock: OnLock::Queue,
        source: None,
    };
    let foreseen = prognose(sight.tree, &sight.ground, &request).and_then(|mut prognosis| {
        let wish = Wish {
            diff: Some(Form::Full),
            log: true,
        };
        detail(sight.tree, &mut prognosis, wish)?;
        Ok(Done::Foreseen(prognosis))
    });
    sight.show_done(foreseen);
}

fn commits(sight: &Sight) {
    for commit in COMMITS {
        let search = Search {
            commit: commit[..8].parse().expect("the beginning of an id"),
            environment: None,
        };
        sight.show_done(locate(sight.tree, &sight.ground, &search).map(Done::Located));
        let commit = commit.parse().expect("an id");
        if let Some(found) = told(inquiry::arrivals(sight.tree, &sight.ground, &commit)) {
            let _ = told(report::commit_deployments(&found));
        }
    }
}

fn nouns(sight: &Sight) {
    for noun in [
        Noun::App,
        Noun::Environment,
        Noun::Group,
        Noun::Target,
        Noun::Team,
        Noun::LockId,
        Noun::Version,
    ] {
        let narrowing = Narrowing {
            app: APPS[0].parse().ok(),
            ..Narrowing::default()
        };
        told(names(sight.tree, noun, &narrowing));
    }
}

/// What is wrong with it, and what is left of that when it was mended.
fn soundness(sight: &Sight) {
    let context = sight.ground.context;
    sight.show_done(verify(sight.tree, context).map(Done::Verified));
    let mut mended = sight.tree.clone();
    for round in 0..2 {
        let before = mended.clone();
        let mut draft = Draft::on(&before);
        let Some(outcome) = told(fix(&mut draft, &sight.ground)) else {
            return;
        };
        if round == 0 {
            assert_told(&outcome, context.now);
        }
        let Done::Verified(verified) = &outcome.done else {
            panic!("mending tells what is left");
        };
        let safe = verified
            .faults
            .iter()
            .find(|left| left.mend() == Mend::Safe);
        assert!(safe.is_none(), "{safe:?} is left");
        let changes = draft.into_changes();
        let paths: Vec<_> = changes.iter().map(|(path, _)| path.as_str()).collect();
        assert!(round == 0 || paths.is_empty(), "mended twice: {paths:?}");
        mended.apply(&changes);
        check_changes(&mended, &changes);
    }
}
