//! Every view of an arbitrary repository, told in every form.

use anyhow::Result;

use super::planner::{NAMES, told};
use super::words::assert_told;
use crate::plan::environment::{EnvironmentDone, check, list, show};
use crate::plan::names::{Narrowing, Noun, names};
use crate::plan::render::{self, RenderTarget};
use crate::plan::train::{Form, OnLock, TargetKind, Train, Wish, detail, prognose};
use crate::plan::view::permission::{self, Question};
use crate::plan::view::{Focus, View, board, changelog, comparison, history, locks, page, queue};
use crate::plan::whereabouts::{Search, locate};
use crate::plan::{Context, Done, Ground, Outcome, inquiry};
use crate::report;
use crate::state::AppName;
use crate::tree::{MemoryPast, MemoryTree};

/// Looks at everything there is to see.
#[expect(clippy::too_many_lines, reason = "it is a list of all there is")]
pub(super) fn look(tree: &MemoryTree, past: &MemoryPast, context: &Context) {
    let Some(ground) = told(Ground::survey(tree, context)) else {
        return;
    };
    let show_view = |view: Result<View>| show_done(view.map(Done::Viewed), context);
    let (environments, apps, groups, commits) = NAMES;
    for focus in [
        Focus::default(),
        Focus {
            app: apps[0].parse().ok(),
            ..Focus::default()
        },
        Focus {
            group: groups[0].parse().ok(),
            team: "red".parse().ok(),
            ..Focus::default()
        },
    ] {
        show_view(locks::list(tree, &ground, &focus).map(View::Locks));
        show_view(queue::list(tree, past, &ground, &focus).map(View::Queue));
        let aged = board::board(tree, &ground, &focus, None).and_then(|board| board.aged(past));
        show_view(aged.map(View::Board));
        let only = Some(board::Concern::Behind);
        let page = page::page((tree, past), &ground, (&focus, only));
        show_view(page.map(|page| View::Page(Box::new(page))));
        let request = history::Request {
            focus,
            limit: Some(3),
            since: None,
        };
        let told = history::tell(tree, &ground, past, &request);
        show_view(told.map(View::History));
    }
    for (left, right) in [(environments[0], environments[1]), (groups[0], "dev")] {
        let (left, right) = (point(left), point(right));
        let request = comparison::Request {
            left: left.clone(),
            right: right.clone(),
            all: true,
        };
        let compared = comparison::compare(tree, &ground, &request);
        show_view(compared.map(View::Comparison));
        let request = changelog::Comparison {
            from: left,
            to: right,
            team: None,
            app: None,
        };
        let changes = changelog::changelog(tree, &ground, &request);
        show_view(changes.map(View::Changelog));
    }
    let app: AppName = apps[0].parse().expect("a name");
    for environment in environments {
        let environment = environment.parse().expect("a name");
        let question = Question {
            app: app.clone(),
            environment,
            version: None,
        };
        let answer = permission::ask(tree, &ground, &question);
        show_view(answer.map(View::Permission));
        let shown = show(tree, &ground, &question.environment);
        show_done(
            shown.map(|shown| Done::Environment(EnvironmentDone::Shown(shown))),
            context,
        );
        if let Some(facts) = told(inquiry::deployed_source(tree, &question.environment, &app)) {
            let _ = report::deployment_commit(&facts.unwrap_or_default());
        }
    }
    let checked = check(tree, &ground).map(EnvironmentDone::Checked);
    show_done(checked.map(Done::Environment), context);
    let listed = list(tree, &ground).map(EnvironmentDone::Listed);
    show_done(listed.map(Done::Environment), context);
    if let Some(outcome) = told(render::check(tree, &ground, &RenderTarget::All)) {
        assert_told(&outcome, context.now);
    }
    prognoses(tree, &ground);
    for commit in commits {
        let search = Search {
            commit: commit[..8].parse().expect("the beginning of an id"),
            environment: None,
        };
        show_done(locate(tree, &ground, &search).map(Done::Located), context);
        let commit = commit.parse().expect("an id");
        if let Some(found) = told(inquiry::arrivals(tree, &ground, &commit)) {
            let _ = told(report::commit_deployments(&found));
        }
    }
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
            app: Some(app.clone()),
            ..Narrowing::default()
        };
        told(names(tree, noun, &narrowing));
    }
}

/// Prognoses with all details.
fn prognoses(tree: &MemoryTree, ground: &Ground) {
    for target in ["prod", "dev", "staging", "prod-de"] {
        let request = Train {
            target: target.parse().expect("a name"),
            target_kind: TargetKind::Unknown,
            team: None,
            on_lock: OnLock::Queue,
            source: None,
        };
        let foreseen = prognose(tree, ground, &request).and_then(|mut prognosis| {
            let wish = Wish {
                diff: Some(Form::Full),
                log: true,
            };
            detail(tree, &mut prognosis, wish)?;
            Ok(Done::Foreseen(prognosis))
        });
        show_done(foreseen, ground.context);
    }
}

fn point(environment: &str) -> crate::state::EnvPoint {
    environment.parse().expect("a name")
}

/// Tells what was seen, or why nothing was.
fn show_done(done: Result<Done>, context: &Context) {
    if let Some(done) = told(done) {
        let warnings = Vec::new();
        assert_told(&Outcome { done, warnings }, context.now);
    }
}
