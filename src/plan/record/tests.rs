//! Commit data, byte for byte as kuberpult v2.44.1 lays it out.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::plan::app::delete;
use crate::plan::batch::{Step, Verb, apply};
use crate::plan::deploy::{Deploy, DeployTarget, WhenLocked, deploy};
use crate::plan::outcome::LockTarget;
use crate::plan::release::{NewRelease, Purpose, release};
use crate::plan::train::{OnLock, TargetKind, Train};
use crate::plan::unlock::{RemoveLocks, Which, unlock};
use crate::plan::world::{World, context, run, run_train};
use crate::state::Version;
use crate::state::release::Field;

/// A commit id of one digit, forty times.
fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn folder(digit: char) -> String {
    format!(
        "commits/{}/{}",
        digit.to_string().repeat(2),
        digit.to_string().repeat(38)
    )
}

/// `dev` and `dev2` take the latest, `staging` what runs on `dev`, and so does the group `prod`.
fn world() -> World {
    World::of(&[("dev", "latest"), ("dev2", "latest"), ("staging", "dev")])
        .group("prod", &[("prod-ca", "dev"), ("prod-de", "dev")])
        .file("trainyard.yaml", "commitData: true")
}

/// A release for these environments, built from the commit of this digit.
fn built(app: &str, digit: char, environments: &[&str]) -> NewRelease {
    let manifests = environments
        .iter()
        .map(|name| (name.parse().unwrap(), "a: 1".to_owned()));
    NewRelease {
        purpose: Purpose::Deploy,
        app: app.parse().unwrap(),
        version: None,
        team: None,
        fields: BTreeMap::from([(Field::SourceCommitId, id(digit))]),
        manifests: manifests.collect(),
    }
}

fn with(field: Field, text: &str, mut request: NewRelease) -> NewRelease {
    request.fields.insert(field, text.to_owned());
    request
}

impl World {
    fn built(mut self, request: &NewRelease) -> Self {
        run(&mut self.0, |draft, ground| release(draft, ground, request)).unwrap();
        self
    }

    fn deployed(mut self, app: &str, environment: &str, version: u64) -> Self {
        let request = Deploy {
            app: app.parse().unwrap(),
            target: DeployTarget::Environment(environment.parse().unwrap()),
            version: Version::new(version),
            when_locked: WhenLocked::Queue,
        };
        run(&mut self.0, |draft, ground| deploy(draft, ground, &request)).unwrap();
        self
    }

    fn train(mut self, target: &str) -> Self {
        let request = Train {
            target: target.parse().unwrap(),
            target_kind: TargetKind::Unknown,
            team: None,
            on_lock: OnLock::Queue,
            source: None,
        };
        run_train(&mut self.0, &request).unwrap();
        self
    }

    fn unlocked(mut self, environment: &str, app: &str) -> Self {
        let target = LockTarget::App(environment.parse().unwrap(), app.parse().unwrap());
        let request = RemoveLocks {
            target,
            which: Which::All,
            keep_queue: false,
        };
        run(&mut self.0, |draft, ground| unlock(draft, ground, &request)).unwrap();
        self
    }

    /// The files below `commits/` as (path, bytes). In the place of the id of an event stands its order in time among those
    /// of its commit.
    fn data(&self) -> BTreeMap<String, String> {
        let listing = self.0.listing();
        let files = listing
            .into_iter()
            .filter(|(path, _)| path.starts_with("commits/"));
        let files: Vec<_> = files.collect();
        let mut events: Vec<_> = files.iter().filter_map(|(path, _)| event(path)).collect();
        events.sort_by_key(|(commit, event)| {
            let time = Uuid::parse_str(event).unwrap().get_timestamp().unwrap();
            (commit.clone(), time.to_gregorian().0)
        });
        events.dedup();
        let order = |found: &(String, String)| {
            let of_commit = events.iter().filter(|(commit, _)| *commit == found.0);
            of_commit.clone().position(|each| each == found).unwrap() + 1
        };
        let renamed = files.iter().map(|(path, text)| match event(path) {
            Some(found) => (
                path.replace(&found.1, &order(&found).to_string()),
                text.clone(),
            ),
            None => (path.clone(), text.clone()),
        });
        renamed.collect()
    }

    /// The events of a commit in the order of their times: type, app, environment, and what else they say.
    fn events(&self, digit: char) -> Vec<String> {
        let data = self.data();
        let prefix = format!("{}/events/", folder(digit));
        let text = |number: usize, name: &str| data.get(&format!("{prefix}{number}/{name}"));
        let said = |number: usize| {
            let names = [
                "eventType",
                "application",
                "environment",
                "source_train_upstream",
                "source_train_environment_group",
                "lock_type",
                "lock_message",
                "commit",
            ];
            let texts = names.iter().filter_map(|name| text(number, name));
            let texts: Vec<_> = texts.map(|text| text.replace(&id('b'), "b")).collect();
            texts.join(" ")
        };
        let numbers = (1..).take_while(|number| text(*number, "eventType").is_some());
        numbers.map(said).collect()
    }
}

/// The commit folder and the event in a path.
fn event(path: &str) -> Option<(String, String)> {
    let (commit, rest) = path.split_once("/events/")?;
    Some((commit.to_owned(), rest.split('/').next()?.to_owned()))
}

/// The times in the ids of all events, in order.
fn ticks(world: &World) -> Vec<u64> {
    let listing = world.0.listing();
    let ids = listing.keys().filter_map(|path| event(path));
    let ticks = ids.map(|(_, id)| Uuid::parse_str(&id).unwrap().get_timestamp().unwrap());
    let ticks: BTreeSet<_> = ticks.map(|time| time.to_gregorian().0).collect();
    ticks.into_iter().collect()
}

#[track_caller]
fn check_data(world: &World, expected: &[(&str, &str)]) {
    let expected = expected
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    assert_eq!(world.data(), expected.collect());
}

#[test]
fn a_release_writes_the_files_that_kuberpult_writes() {
    let request = built("app-a", 'a', &["dev", "dev2", "staging"]);
    let world =
        world()
            .locked("dev2", "l-1")
            .built(&with(Field::SourceMessage, "feat: x (#12)", request));
    let folder = folder('a');
    let path = |rest: &str| format!("{folder}/{rest}");
    let expected = [
        (path(".empty"), ""),
        (path(".gitkeep"), ""),
        (path("applications/app-a/.gitkeep"), ""),
        (path("source_message"), "feat: x (#12)"),
        (path("events/1/eventType"), "new-release"),
        (path("events/1/environments/dev/.gitkeep"), ""),
        (path("events/1/environments/dev2/.gitkeep"), ""),
        (path("events/1/environments/staging/.gitkeep"), ""),
        (path("events/2/eventType"), "deployment"),
        (path("events/2/application"), "app-a"),
        (path("events/2/environment"), "dev"),
        (path("events/3/eventType"), "lock-prevented-deployment"),
        (path("events/3/application"), "app-a"),
        (path("events/3/environment"), "dev2"),
        (path("events/3/lock_message"), "hold on"),
        (path("events/3/lock_type"), "environment"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    check_data(&world, &expected);
}

#[test]
fn the_time_of_an_event_is_the_instant_of_its_command() {
    let world = world().built(&built("web", 'a', &["dev"]));
    let now = context().now.ticks();
    assert_eq!(ticks(&world), [now, now + 1]);
}

#[test]
fn the_events_of_a_list_of_operations_follow_each_other_too() {
    let request = built("web", 'a', &["dev", "staging"]);
    let to_staging = Deploy {
        app: "web".parse().unwrap(),
        target: DeployTarget::Environment("staging".parse().unwrap()),
        version: Version::new(1),
        when_locked: WhenLocked::Queue,
    };
    let step = |verb: Verb| Step {
        name: String::new(),
        verb,
        verdict: |_| Ok(()),
    };
    let steps = [
        step(Box::new(move |draft, ground| {
            release(draft, ground, &request)
        })),
        step(Box::new(move |draft, ground| {
            deploy(draft, ground, &to_staging)
        })),
    ];
    let mut world = world();
    run(&mut world.0, |draft, ground| apply(draft, ground, &steps)).unwrap();
    let now = context().now.ticks();
    assert_eq!(ticks(&world), [now, now + 1, now + 2]);
    let expected = [
        "new-release",
        "deployment web dev",
        "deployment web staging",
    ];
    assert_eq!(world.events('a'), expected);
}

#[test]
fn the_message_stands_there_even_when_nobody_gave_one() {
    let data = world().built(&built("web", 'a', &["staging"])).data();
    assert_eq!(
        data.get(&format!("{}/source_message", folder('a')))
            .unwrap(),
        ""
    );
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for_and_the_commit_is_known() {
    let off = world().file("trainyard.yaml", "{}").locked("dev2", "l-1");
    let off = off
        .built(&built("web", 'a', &["dev", "dev2", "staging"]))
        .train("staging");
    assert_eq!(off.data().len(), 0);
    let mut anonymous = built("web", 'a', &["dev", "staging"]);
    anonymous.fields.clear();
    let world = world()
        .built(&anonymous)
        .train("staging")
        .deployed("web", "staging", 1);
    assert_eq!(world.data().len(), 0);
}

#[test]
fn a_train_says_where_it_came_from_and_whether_it_went_to_a_group() {
    let world = world()
        .built(&built("web", 'a', &["dev", "dev2", "staging", "prod-de"]))
        .train("staging")
        .train("prod");
    let expected = [
        "new-release",
        "deployment web dev",
        "deployment web dev2",
        "deployment web staging dev",
        "deployment web prod-de dev prod",
    ];
    let mut events = world.events('a');
    events.sort();
    let mut expected: Vec<_> = expected.map(str::to_owned).into();
    expected.sort();
    assert_eq!(events, expected);
    let upstream = world
        .data()
        .into_iter()
        .find(|(path, _)| path.ends_with("source_train_upstream"));
    assert_eq!(upstream.unwrap().1, "dev");
}

#[test]
fn a_train_from_latest_names_an_empty_upstream() {
    let world = world()
        .file("environments/dev3/config.json", "{}")
        .built(&built("web", 'a', &["dev3"]))
        .config("dev3", r#"{"upstream":{"latest":true}}"#)
        .train("dev3");
    let data = world.data();
    let upstream = format!("{}/events/2/source_train_upstream", folder('a'));
    let deployment = format!("{}/events/1/source_train_upstream", folder('a'));
    let upstream = data.get(&upstream).or(data.get(&deployment));
    assert_eq!(upstream.map(String::as_str), Some(""));
    assert!(
        !data
            .keys()
            .any(|path| path.ends_with("source_train_environment_group"))
    );
}

#[test]
fn the_commit_of_the_release_that_goes_is_told_what_replaced_it() {
    let world = world()
        .built(&built("web", 'a', &["dev", "staging"]))
        .built(&built("web", 'b', &["dev", "staging"]));
    assert_eq!(world.events('b'), ["new-release", "deployment web dev"]);
    let mut events = world.events('a');
    events.sort();
    assert_eq!(
        events,
        ["deployment web dev", "new-release", "replaced-by web dev b"]
    );
    let again = world.clone().built(&built("web", 'b', &["dev"]));
    assert_eq!(
        again.events('b').len(),
        4,
        "another release of the same commit replaces nobody"
    );
    assert_eq!(again.events('a'), world.events('a'));
}

#[test]
fn a_release_that_locks_hold_back_is_told_of_the_first_of_them_once() {
    let blocked = |places: &[&str]| {
        let world = world().team("web", "red");
        let world = places
            .iter()
            .fold(world, |world, place| world.locked(place, "l-1"));
        world.built(&built("web", 'a', &["dev"]))
    };
    let (app, team) = ("dev/applications/web", "dev/teams/red");
    for (places, kind) in [
        (&["dev", app, team][..], "environment"),
        (&[app, team], "application"),
        (&[team], "team"),
    ] {
        let expected = format!("lock-prevented-deployment web dev {kind} hold on");
        let world = blocked(places);
        assert_eq!(world.events('a'), ["new-release".to_owned(), expected]);
        assert_eq!(world.clone().deployed("web", "dev", 1).data(), world.data());
        assert_eq!(world.clone().train("dev").data(), world.data());
    }
}

#[test]
fn a_train_tells_of_locks_and_the_queue_deploys_in_its_own_name() {
    let world = world()
        .built(&built("web", 'a', &["dev", "staging"]))
        .locked("staging/applications/web", "l-1")
        .train("staging");
    let held = "lock-prevented-deployment web staging application hold on".to_owned();
    assert!(world.events('a').contains(&held), "{:?}", world.events('a'));
    let events = world.unlocked("staging", "web").events('a');
    assert!(
        events.contains(&"deployment web staging".to_owned()),
        "{events:?}"
    );
}

#[test]
fn commits_that_follow_each_other_are_linked() {
    let after = |digit, previous: &str| {
        with(
            Field::PreviousCommitId,
            previous,
            built("web", digit, &["staging"]),
        )
    };
    let world = world()
        .built(&after('a', &id('9')))
        .built(&after('b', &id('a')))
        .built(&after('c', &id('b')))
        .built(&after('d', &id('b')))
        .built(&after('e', &id('e')));
    let links = world
        .data()
        .into_iter()
        .filter(|(path, _)| path.ends_with("Commit"));
    let links: Vec<_> = links.map(|(path, text)| format!("{path} {text}")).collect();
    let link = |from, name, to| format!("{}/{name} {}", folder(from), id(to));
    let expected = [
        link('a', "nextCommit", 'b'),
        link('b', "nextCommit", 'd'),
        link('b', "previousCommit", 'a'),
        link('c', "previousCommit", 'b'),
        link('d', "previousCommit", 'b'),
    ];
    assert_eq!(links, expected);
}

#[test]
fn a_release_from_before_gets_its_data_with_its_first_event() {
    let off = world().file("trainyard.yaml", "{}");
    let request = with(
        Field::SourceMessage,
        "early",
        built("web", 'a', &["dev", "staging"]),
    );
    let world = off
        .built(&request)
        .file("trainyard.yaml", "commitData: true")
        .train("staging");
    let path = |rest: &str| format!("{}/{rest}", folder('a'));
    let data = world.data();
    assert_eq!(data.get(&path("source_message")).unwrap(), "early");
    assert!(data.contains_key(&path("applications/web/.gitkeep")));
    assert_eq!(world.events('a'), ["deployment web staging dev"]);
}

#[test]
fn data_goes_with_the_last_release_of_its_last_app() {
    let limited = || {
        world().file(
            "trainyard.yaml",
            "commitData: true\nreleaseVersionsLimit: 5",
        )
    };
    let digits = ['1', '2', '3', '4', '5', '6'];
    let chained = |world: World, app: &str| {
        digits
            .iter()
            .fold((world, None), |(world, previous), digit| {
                let request = built(app, *digit, &["dev"]);
                let request = match previous {
                    Some(previous) => with(Field::PreviousCommitId, &id(previous), request),
                    None => request,
                };
                (world.built(&request), Some(*digit))
            })
            .0
    };
    let of = |world: &World, digit| {
        let prefix = folder(digit);
        let data = world.data();
        data.into_keys()
            .filter(|path| path.starts_with(&prefix))
            .collect::<Vec<_>>()
    };
    let alone = chained(limited(), "web");
    assert_eq!(of(&alone, '1').len(), 0, "{:?}", alone.data());
    assert!(
        !of(&alone, '2')
            .iter()
            .any(|path| path.ends_with("previousCommit"))
    );
    assert!(
        of(&alone, '3')
            .iter()
            .any(|path| path.ends_with("previousCommit"))
    );

    let shared = chained(limited().built(&built("api", '1', &["dev"])), "web");
    let left = of(&shared, '1');
    assert!(
        left.iter()
            .any(|path| path.ends_with("applications/api/.gitkeep")),
        "{left:?}"
    );
    assert!(
        !left.iter().any(|path| path.contains("applications/web")),
        "{left:?}"
    );

    let twice = chained(limited().built(&built("web", '6', &["dev"])), "web");
    assert_ne!(
        of(&twice, '6').len(),
        0,
        "a later release was built from it too"
    );
    let off = digits.iter().fold(limited(), |world, digit| {
        world.built(&built("web", *digit, &["staging"]))
    });
    let off = off
        .file("trainyard.yaml", "releaseVersionsLimit: 5")
        .deployed("web", "staging", 6);
    assert_eq!(
        of(&off, '1').len(),
        0,
        "nobody asks for data any longer, and it goes all the same"
    );
}

#[test]
fn data_goes_with_a_deleted_app_and_another_app_keeps_its_own() {
    let mut undeploy = built("web", 'c', &[]);
    undeploy.purpose = Purpose::Undeploy;
    undeploy.fields.clear();
    let mut world = world()
        .built(&built("web", 'a', &["dev"]))
        .built(&built("web", 'b', &["dev"]))
        .built(&built("api", 'b', &["dev"]))
        .built(&undeploy);
    let app = "web".parse().unwrap();
    run(&mut world.0, |draft, ground| delete(draft, ground, &app)).unwrap();
    let data = world.data();
    let of = |digit| {
        data.keys()
            .filter(|path| path.starts_with(&folder(digit)))
            .count()
    };
    assert_eq!(of('a'), 0);
    assert!(data.contains_key(&format!("{}/applications/api/.gitkeep", folder('b'))));
    assert!(!data.keys().any(|path| path.contains("applications/web")));
}

#[test]
fn the_same_event_at_the_same_instant_is_kept_twice_and_in_order() {
    let world = world()
        .built(&built("web", 'a', &["dev"]))
        .built(&built("web", 'b', &["dev"]));
    let events = |world: &World| world.events('a').len() + world.events('b').len();
    let back = world
        .clone()
        .deployed("web", "dev", 1)
        .deployed("web", "dev", 2);
    assert_eq!(events(&back), events(&world) + 4);
    let again = back
        .clone()
        .deployed("web", "dev", 1)
        .deployed("web", "dev", 2);
    assert_eq!(events(&again), events(&back) + 4);
}

#[test]
fn the_same_command_on_the_same_state_writes_the_same_ids() {
    let request = built("web", 'a', &["dev", "dev2", "staging"]);
    let (one, other) = (world().built(&request), world().built(&request));
    assert_eq!(one.0, other.0);
}
