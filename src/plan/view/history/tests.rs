//! Histories of small worlds.

use super::*;
use crate::plan::Refusal;
use crate::plan::world::{World, context};
use crate::tree::{Draft, MemoryPast, MemoryTree, RepoPath};

/// States one after the other, each made by a commit with this message, an hour after the one before it.
struct Past(MemoryPast);

impl Past {
    fn of(states: &[(&str, &World)]) -> Self {
        let commits = states
            .iter()
            .zip(1..)
            .map(|((message, world), number)| (facts(number, message), world.0.clone()));
        Self(MemoryPast(commits.collect()))
    }

    fn tell(&self, request: &Request) -> Result<History> {
        let context = context();
        let tree = &self.0.0.last().unwrap().1;
        let ground = Ground::survey(tree, &context).unwrap();
        tell(tree, &ground, &self.0, request)
    }

    /// What moved, the latest first: the number of the commit before each movement.
    fn told(&self, focus: Focus) -> Vec<String> {
        let history = self.tell(&request(focus)).unwrap();
        let lines = history.entries.iter().flat_map(|entry| {
            let number = entry.commit.as_ref().trim_start_matches('0').to_owned();
            let movements = entry.movements.iter();
            movements.map(move |movement| format!("{number} {movement}"))
        });
        lines.collect()
    }
}

fn facts(number: i64, message: &str) -> CommitFacts {
    let signer = Signer {
        name: "Jim".to_owned(),
        email: "jim@example.com".to_owned(),
    };
    CommitFacts {
        id: format!("{number:040}"),
        author: signer.clone(),
        committer: signer,
        seconds: number * 3600,
        message: message.to_owned(),
    }
}

fn request(focus: Focus) -> Request {
    Request {
        focus,
        limit: None,
        since: None,
    }
}

/// A world without what stood at a path.
fn without(world: &World, path: &str) -> World {
    let mut tree: MemoryTree = world.0.clone();
    let mut draft = Draft::on(&world.0);
    draft.clear(&RepoPath::parse(path).unwrap()).unwrap();
    tree.apply(&draft.into_changes());
    World(tree)
}

fn start() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev")])
        .releases("web", 1..=2, &["dev", "staging"])
        .runs("dev", "web", 1)
}

#[test]
fn whatever_moves_is_told_whoever_moved_it() {
    let displayed = start().file("applications/web/releases/2/display_version", "v2");
    let deployed = displayed.clone().runs("dev", "web", 2);
    let back = deployed.clone().runs("dev", "web", 1);
    let queued = back
        .clone()
        .locked("staging", "freeze")
        .queues("staging", "web", 1);
    let requeued = queued.clone().queues("staging", "web", 2);
    let message = "environments/staging/locks/freeze/message";
    let longer = requeued.clone().file(message, "longer");
    let lifted = without(&longer, "environments/staging/locks");
    let waits = "environments/staging/applications/web/queued_version";
    let from_queue = without(&lifted, waits).runs("staging", "web", 2);
    let gone = without(&from_queue, "environments/staging/applications/web");
    let cleaned = without(&gone, "applications/web/releases/2");
    let past = Past::of(&[
        ("start", &displayed),
        ("deploy", &deployed),
        ("back", &back),
        ("queue", &queued),
        ("replace", &requeued),
        ("say", &longer),
        ("lift", &lifted),
        ("go", &from_queue),
        ("leave", &gone),
        ("clean", &cleaned),
    ]);
    let expected = [
        "10 web: old releases 2 removed",
        "9 staging: web is gone, 2 ran",
        "8 staging: web 2 (first) (v2) from the queue",
        "7 unlock staging: environment lock `freeze` \"longer\"",
        "6 change lock on staging: environment lock `freeze` \"longer\"",
        "5 staging: web 2 (v2) queued in place of 1",
        "4 staging: web 1 queued",
        "4 lock staging: environment lock `freeze` \"hold on\"",
        "3 dev: web 2 → 1 (back)",
        "2 dev: web 1 → 2 (v2)",
        "1 environment dev created",
        "1 environment staging created",
        "1 app web created",
        "1 web 1 released",
        "1 web 2 (v2) released",
        "1 dev: web 1 (first)",
    ];
    assert_eq!(past.told(Focus::default()), expected);
}

#[test]
fn what_is_no_deployment_is_told_too() {
    let manifest = "environments/dev/applications/web/manifests/manifests.yaml";
    let start = start().file(manifest, "a: 1");
    let edited = start.clone().file(manifest, "a: 2");
    let broken = edited
        .clone()
        .file("environments/dev/applications/web/version", "->elsewhere");
    let mended = broken.clone().runs("dev", "web", 2);
    let dropped = mended.clone().queues("dev", "web", 2);
    let undropped = without(&dropped, "environments/dev/applications/web/queued_version");
    let configured = undropped.clone().config("staging", "{}");
    let fewer = without(&configured, "environments/staging");
    let none = without(&fewer, "applications/web");
    let past = Past::of(&[
        ("", &start),
        ("", &edited),
        ("", &broken),
        ("", &mended),
        ("", &dropped),
        ("", &undropped),
        ("", &configured),
        ("", &fewer),
        ("", &none),
    ]);
    let told = past.told(Focus::default());
    let expected = [
        "9 web: old releases 1, 2 removed",
        "9 app web deleted",
        "8 environment staging deleted",
        "7 environment staging configured",
        "6 dev: web 2 left the queue",
        "5 dev: web 2 queued",
        "4 dev: web 2 in place of a broken link",
        "3 dev: web is broken: `environments/dev/applications/web/version` leads to `elsewhere`, which is no release of this app",
        "2 dev: web has another manifest, still of 1",
    ];
    assert_eq!(told[..expected.len()], expected);
}

#[test]
fn a_focus_leaves_out_what_it_does_not_name() {
    let start = start().team("web", "red").release("api", 1, &["dev"]);
    let later = start
        .clone()
        .runs("dev", "web", 2)
        .runs("dev", "api", 1)
        .runs("staging", "web", 1)
        .release("web", 3, &["dev"])
        .locked("dev", "all")
        .locked("dev/teams/red", "trip")
        .locked("dev/teams/blue", "other")
        .locked("staging/applications/web", "leak");
    let past = Past::of(&[("a", &start), ("b", &later)]);
    let latest = |focus: Focus| {
        let told = past.told(focus).into_iter();
        let latest = told.filter_map(|line| Some(line.strip_prefix("2 ")?.to_owned()));
        latest.collect::<Vec<_>>()
    };
    let (app, environment) = ("web".parse().ok(), "dev".parse().ok());
    let of_web = [
        "web 3 released",
        "dev: web 1 → 2",
        "staging: web 1 (first)",
        "lock web on staging: app lock `leak` \"hold on\"",
    ];
    let only = |focus: Focus, expected: &[&str]| assert_eq!(latest(focus), expected);
    only(
        Focus {
            app: app.clone(),
            ..Focus::default()
        },
        &of_web,
    );
    only(
        Focus {
            app,
            environment: environment.clone(),
            ..Focus::default()
        },
        &["dev: web 1 → 2"],
    );
    only(
        Focus {
            environment,
            ..Focus::default()
        },
        &[
            "dev: api 1 (first)",
            "dev: web 1 → 2",
            "lock dev: environment lock `all` \"hold on\"",
            "lock team blue on dev: team lock `other` \"hold on\"",
            "lock team red on dev: team lock `trip` \"hold on\"",
        ],
    );
    let team = [
        "web 3 released",
        "dev: web 1 → 2",
        "staging: web 1 (first)",
        "lock web on staging: app lock `leak` \"hold on\"",
        "lock team red on dev: team lock `trip` \"hold on\"",
    ];
    only(
        Focus {
            team: "red".parse().ok(),
            ..Focus::default()
        },
        &team,
    );
}

#[test]
fn a_group_is_what_the_configs_say_now() {
    let start = World::of(&[("dev", "latest")])
        .group("prod", &[("prod-a", "dev"), ("prod-b", "dev")])
        .releases("web", 1..=1, &["dev", "prod-a"]);
    let later = start.clone().runs("dev", "web", 1).runs("prod-a", "web", 1);
    let past = Past::of(&[("a", &start), ("b", &later)]);
    let group = |name: &str| Focus {
        group: name.parse().ok(),
        ..Focus::default()
    };
    assert_eq!(past.told(group("prod"))[0], "2 prod-a: web 1 (first)");
    let refusal = past.tell(&request(group("prot"))).unwrap_err();
    let refusal: &Refusal = refusal.downcast_ref().unwrap();
    assert_eq!(refusal.hint().unwrap(), "did you mean `prod`?");
}

#[test]
fn what_is_gone_has_a_history_and_what_never_was_is_refused() {
    let gone = without(
        &without(&start(), "applications/web"),
        "environments/dev/applications/web",
    );
    let past = Past::of(&[("a", &start()), ("b", &gone)]);
    let app = |name: &str| Focus {
        app: name.parse().ok(),
        ..Focus::default()
    };
    assert_eq!(past.told(app("web"))[0], "2 dev: web is gone, 1 ran");
    let refusal = past.tell(&request(app("wep"))).unwrap_err();
    assert!(refusal.to_string().contains("`wep`"), "{refusal}");
    let environment = Focus {
        environment: "prod".parse().ok(),
        ..Focus::default()
    };
    assert!(past.tell(&request(environment)).is_err());
    let quiet = Past::of(&[("a", &start().release("api", 1, &[]))]);
    let staging = Focus {
        app: "api".parse().ok(),
        environment: "staging".parse().ok(),
        ..Focus::default()
    };
    assert!(quiet.told(staging).is_empty(), "nothing moved there");
}

#[test]
fn a_history_ends_where_it_was_asked_to() {
    let states: Vec<_> = (0..10)
        .map(|number| start().runs("staging", "web", number % 2 + 1))
        .collect();
    let states: Vec<_> = states.iter().map(|state| ("m", state)).collect();
    let past = Past::of(&states);
    let count = |limit, since: Option<i64>| {
        let request = Request {
            limit,
            since: since.map(Moment::of_seconds),
            ..request(Focus::default())
        };
        let history = past.tell(&request).unwrap();
        (history.entries.len(), history.end)
    };
    assert_eq!(count(None, None), (10, End::Beginning));
    assert_eq!(count(Some(3), None), (3, End::Limit));
    assert_eq!(count(Some(10), None), (10, End::Beginning));
    assert_eq!(count(None, Some(8 * 3600)), (3, End::Since));
    assert_eq!(count(None, Some(0)), (10, End::Beginning));
}

#[test]
fn a_clock_that_is_wrong_once_hides_nothing_before_it() {
    let states: Vec<_> = (0..9)
        .map(|number| start().runs("staging", "web", number % 2 + 1))
        .collect();
    let states: Vec<_> = states.iter().map(|state| ("m", state)).collect();
    let mut past = Past::of(&states);
    past.0.0[6].0.seconds = 0;
    let request = Request {
        since: Some(Moment::of_seconds(4 * 3600)),
        ..request(Focus::default())
    };
    let history = past.tell(&request).unwrap();
    let found = history
        .entries
        .iter()
        .map(|entry| entry.at.seconds() / 3600);
    assert_eq!(found.collect::<Vec<_>>(), [9, 8, 6, 5, 4]);
}

#[test]
fn an_entry_says_who_and_by_which_operation() {
    let deployed = start().runs("dev", "web", 2);
    let ours =
        "deploy web\n\ndev: web 1 → 2\n\nTrainyard-Operation: deploy\nTrainyard-Version: 2\n";
    let mut past = Past::of(&[("\n by hand \nand more", &start()), (ours, &deployed)]);
    past.0.0[0].0.committer.name = "Bot".to_owned();
    let history = past.tell(&request(Focus::default())).unwrap();
    let [latest, first] = &history.entries[..] else {
        panic!("two commits: {history:?}");
    };
    let trace = latest.trace.as_ref().unwrap();
    assert_eq!(trace.operation, "deploy");
    assert_eq!(trace.inputs["Version"], "2");
    assert_eq!(latest.committer, None);
    assert_eq!((&first.trace, first.summary.raw()), (&None, "by hand"));
    assert_eq!(first.committer.as_ref().unwrap().name.raw(), "Bot");
}
