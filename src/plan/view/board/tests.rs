use super::*;
use crate::plan::Refusal;
use crate::plan::world::{World, context};
use crate::state::{GroupName, Moment, Upstream, Version, release::ReleaseKind};
use crate::tree::{CommitFacts, MemoryPast};

/// Three environments in a row, and `web` with three releases for all of them.
fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev"), ("prod", "staging")]).releases(
        "web",
        1..=3,
        &["dev", "staging", "prod"],
    )
}

/// What a board is asked for.
type Request = (Focus, Option<Concern>);

fn seen(world: &World, (focus, only): &Request) -> Board {
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    board(&world.0, &ground, focus, *only).unwrap()
}

fn whole() -> Request {
    Request::default()
}

fn only(concern: Concern) -> Request {
    (Focus::default(), Some(concern))
}

fn part(set: impl Fn(&mut Focus)) -> Request {
    let mut focus = Focus::default();
    set(&mut focus);
    (focus, None)
}

/// A board in the words of these tests: a line for each app, a phrase for each environment.
fn sketch(board: &Board) -> Vec<String> {
    let row = |row: &Row| {
        let cells = board.cells(row).map(|(column, cell)| {
            let runs = match &cell.runs {
                Runs::Release(version, _) => version.to_string(),
                Runs::NotYet => "nothing".to_owned(),
                Runs::NotMeant => "not meant".to_owned(),
                Runs::Broken(_) => "broken".to_owned(),
            };
            let lag = match cell.lag {
                Lag::Unknown => " alone".to_owned(),
                Lag::Level => String::new(),
                Lag::Behind { upstream, releases } => format!(" {releases} behind {upstream}"),
                Lag::Ahead { upstream, releases } => format!(" {releases} ahead of {upstream}"),
            };
            let waits = match &cell.waits {
                Linked::Nothing => String::new(),
                Linked::To(version) => format!(", {version} waits"),
                Linked::Broken(_) => ", what waits is broken".to_owned(),
            };
            format!("{} {runs}{lag}{waits}", column.environment)
        });
        format!("{}: {}", row.app, cells.collect::<Vec<_>>().join("; "))
    };
    board.rows.iter().map(row).collect()
}

#[track_caller]
fn check(world: &World, request: &Request, expected: &[&str]) {
    assert_eq!(sketch(&seen(world, request)), expected);
}

#[test]
fn what_runs_is_compared_with_the_upstream() {
    let world = world()
        .runs("dev", "web", 3)
        .runs("staging", "web", 1)
        .runs("prod", "web", 2);
    check(
        &world,
        &whole(),
        &["web: dev 3; staging 1 2 behind 3; prod 2 1 ahead of 1"],
    );
    let board = seen(&world, &whole());
    assert_eq!(board.tally().behind, 1);
    assert_eq!(board.rows[0].latest, Some(Version::new(3)));
}

#[test]
fn gaps_in_the_numbers_are_not_releases() {
    let world = World::of(&[("dev", "latest"), ("staging", "dev")])
        .releases("web", [4, 40, 41], &["dev", "staging"])
        .runs("dev", "web", 41)
        .runs("staging", "web", 4);
    check(&world, &whole(), &["web: dev 41; staging 4 2 behind 41"]);
}

#[test]
fn the_latest_is_the_highest_release_with_a_manifest_for_the_environment() {
    let world = World::of(&[("dev", "latest"), ("test", "latest")])
        .releases("web", 1..=2, &["dev", "test"])
        .releases("web", 3..=4, &["test"])
        .runs("dev", "web", 1)
        .runs("test", "web", 4);
    check(&world, &whole(), &["web: dev 1 1 behind 2; test 4"]);
    let level = world.runs("dev", "web", 2);
    check(&level, &whole(), &["web: dev 2; test 4"]);
}

#[test]
fn where_nothing_runs_an_app_is_not_there_yet_or_not_meant_to_be() {
    let world = World::of(&[("dev", "latest"), ("staging", "dev"), ("lab", "none")])
        .releases("web", 1..=2, &["dev", "staging"])
        .runs("dev", "web", 2);
    check(
        &world,
        &whole(),
        &["web: dev 2; staging nothing 2 behind 2; lab not meant alone"],
    );
    let meant_once = world.release("web", 3, &["dev"]).runs("dev", "web", 3);
    check(
        &meant_once,
        &whole(),
        &["web: dev 3; staging nothing alone; lab not meant alone"],
    );
}

#[test]
fn what_upstream_runs_but_is_not_meant_for_here_leaves_nothing_behind() {
    let world = world()
        .release("web", 4, &["dev"])
        .runs("dev", "web", 4)
        .runs("staging", "web", 3);
    check(
        &world,
        &whole(),
        &["web: dev 4; staging 3 alone; prod nothing 3 behind 3"],
    );
}

#[test]
fn a_broken_link_is_the_fault_of_its_cell_alone() {
    let world = world()
        .runs("dev", "web", 3)
        .runs("staging", "web", 9)
        .runs("prod", "web", 2)
        .queues("prod", "web", 8)
        .release("api", 1, &["dev"])
        .runs("dev", "api", 1)
        .file("environments/prod/applications/api", "x");
    check(
        &world,
        &whole(),
        &[
            "api: dev 1; staging not meant alone; prod broken alone, what waits is broken",
            "web: dev 3; staging broken alone; prod 2 alone, what waits is broken",
        ],
    );
    let board = seen(&world, &whole());
    let faults: Vec<_> = board
        .faults()
        .map(|(row, column, broken)| format!("{} on {}: {broken}", row.app, column.environment))
        .collect();
    assert_eq!(
        faults,
        [
            "api on prod: `environments/prod/applications/api` is no folder",
            "web on staging: `environments/staging/applications/web/version` leads to release 9, which does not exist",
            "web on prod: `environments/prod/applications/web/queued_version` leads to release 8, which does not exist",
        ]
    );
    assert_eq!(board.tally().faults, 3);
}

#[test]
fn an_environment_without_an_upstream_is_behind_nothing() {
    let world = World::of(&[("dev", "none"), ("staging", "gone"), ("odd", "latest")])
        .config("odd", "{")
        .releases("web", 1..=2, &["dev", "staging", "odd"])
        .runs("dev", "web", 1)
        .runs("staging", "web", 1)
        .runs("odd", "web", 1);
    check(
        &world,
        &whole(),
        &["web: dev 1 alone; odd 1 alone; staging 1 alone"],
    );
}

#[test]
fn the_upstream_counts_though_it_is_not_shown() {
    let world = world().runs("dev", "web", 3).runs("staging", "web", 1);
    let staging = part(|focus| focus.environment = Some("staging".parse().unwrap()));
    check(&world, &staging, &["web: staging 1 2 behind 3"]);
    let board = seen(&world, &staging);
    assert!(board.rows[0].facts(Version::new(3)).is_some());
}

#[test]
fn environments_are_ordered_by_distance_and_groups_stay_together() {
    let world = World::of(&[
        ("zoo", "latest"),
        ("mid", "zoo"),
        ("lost", "none"),
        ("far", "mid"),
    ])
    .group("b", &[("b-near", "zoo"), ("b-far", "far")])
    .group("a", &[("a-one", "mid"), ("a-two", "mid")]);
    let board = seen(&world, &whole());
    let order: Vec<_> = board
        .columns
        .iter()
        .map(|column| (column.environment.to_string(), column.distance))
        .collect();
    let expected = [
        ("zoo", Some(0)),
        ("b-near", Some(1)),
        ("b-far", Some(3)),
        ("mid", Some(1)),
        ("a-one", Some(2)),
        ("a-two", Some(2)),
        ("far", Some(2)),
        ("lost", None),
    ];
    assert_eq!(
        order,
        expected.map(|(name, distance)| (name.to_owned(), distance))
    );
}

#[test]
fn a_group_alone_can_be_shown() {
    let world = World::of(&[("dev", "latest")])
        .group("prod", &[("prod-de", "dev"), ("prod-ca", "dev")])
        .release("web", 1, &["dev", "prod-ca", "prod-de"])
        .runs("dev", "web", 1)
        .runs("prod-de", "web", 1);
    let group = |name: &str| part(|focus| focus.group = Some(name.parse().unwrap()));
    check(
        &world,
        &group("prod"),
        &["web: prod-ca nothing 1 behind 1; prod-de 1"],
    );
    let board = seen(&world, &group("prod"));
    let column = &board.columns[0];
    assert_eq!(column.group, Some(GroupName::found("prod")));
    assert_eq!(
        column.upstream,
        Ok(Upstream::Environment("dev".parse().unwrap()))
    );
}

/// The ids of all locks, in their order.
fn ids(board: &Board) -> Vec<String> {
    let locks = board.locks().locks.into_iter();
    locks.map(|listed| listed.lock.id.to_string()).collect()
}

fn in_force(board: &Board, app: usize, environment: usize) -> Vec<String> {
    let (row, column) = (&board.rows[app], &board.columns[environment]);
    let locks = super::in_force(column, row, &row.cells[environment]);
    locks.map(|placed| placed.id.to_string()).collect()
}

#[test]
fn every_lock_that_is_in_force_on_a_cell_is_found() {
    let world = world()
        .team("web", "red")
        .locked("staging", "l-env")
        .locked("staging/teams/red", "l-red")
        .locked("staging/teams/blue", "l-blue")
        .locked("staging/applications/web", "l-web")
        .file(
            "environments/prod/applications/web/manifest_locks/l-man/message",
            "m",
        );
    let board = seen(&world, &whole());
    assert_eq!(in_force(&board, 0, 1), ["l-env", "l-web", "l-red"]);
    assert!(in_force(&board, 0, 0).is_empty());
    assert!(
        in_force(&board, 0, 2).is_empty(),
        "a manifest lock holds nothing back"
    );
    assert_eq!(board.rows[0].cells[2].manifest_locks.len(), 1);
    assert_eq!(board.tally().locks, 5);
    let of_web = part(|focus| focus.app = Some("web".parse().unwrap()));
    let board = seen(&world, &of_web);
    assert_eq!(ids(&board), ["l-env", "l-red", "l-web", "l-man"]);
}

#[test]
fn locks_are_told_oldest_first_and_those_without_a_time_last() {
    let at = |world: World, place: &str, id: &str, at: &str| {
        let path = format!("environments/{place}/locks/{id}/created_at");
        world.locked(place, id).file(&path, at)
    };
    let world = world();
    let world = at(world, "staging", "new", "2024-07-22T09:00:00Z");
    let world = at(world, "prod", "odd", "yesterday");
    let world = at(
        world,
        "prod/applications/web",
        "old",
        "2023-01-01T00:00:00Z",
    );
    let board = seen(&world, &whole());
    assert_eq!(ids(&board), ["old", "new", "odd"]);
}

#[test]
fn the_queue_begins_with_what_waits_behind_the_oldest_lock() {
    let world = world()
        .releases("api", 1..=3, &["dev", "staging", "prod"])
        .locked("dev", "young")
        .locked("prod", "aged")
        .file(
            "environments/prod/locks/aged/created_at",
            "2024-01-01T00:00:00Z",
        )
        .queues("dev", "api", 2)
        .queues("staging", "web", 2)
        .queues("prod", "web", 3);
    let board = seen(&world, &whole());
    let queue = board.queue.waiting.iter().map(|waiting| {
        let locks = waiting.locks.iter();
        let behind: Vec<_> = locks.map(|placed| placed.id.to_string()).collect();
        let version = waiting.waits.clone().version().unwrap().unwrap();
        let (app, environment) = (&waiting.app, &waiting.environment);
        format!("{app} {version} on {environment} {behind:?}")
    });
    let queue: Vec<_> = queue.collect();
    assert_eq!(
        queue,
        [
            r#"web 3 on prod ["aged"]"#,
            r#"api 2 on dev ["young"]"#,
            "web 2 on staging []",
        ]
    );
    assert_eq!(board.tally().queued, 3);
}

#[test]
fn a_board_knows_the_locks_and_the_queue_as_their_own_views_do() {
    let world = troubled()
        .locked("staging/teams/red", "l-red")
        .queues("staging", "web", 3)
        .queues("staging", "job", 9)
        .file(
            "environments/dev/applications/web/manifest_locks/l-man/message",
            "m",
        );
    let board = seen(&world, &whole());
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    let locks =
        |list: LockList| sorted(list.locks.iter().map(|each| format!("{each:?}")).collect());
    let queue = |list: &QueueList| {
        let waiting = list.waiting.iter().map(|each| {
            let locks = sorted(each.locks.iter().map(|lock| format!("{lock:?}")).collect());
            let (waits, runs) = (&each.waits, each.runs);
            format!(
                "{} {} {waits:?} {runs:?} {locks:?}",
                each.app, each.environment
            )
        });
        sorted(waiting.collect())
    };
    let every = Focus::default();
    let listed = super::super::locks::list(&world.0, &ground, &every).unwrap();
    assert_eq!(listed.locks.len(), 5);
    assert_eq!(locks(board.locks()), locks(listed));
    let past = MemoryPast(vec![(CommitFacts::default(), world.0.clone())]);
    let waiting = super::super::queue::list(&world.0, &past, &ground, &every).unwrap();
    assert_eq!(waiting.waiting.len(), 3);
    assert_eq!(queue(&board.queue), queue(&waiting));
    assert_eq!(board.tally().queued, 3);
}

#[test]
fn a_manifest_lock_that_keeps_another_manifest_is_told_from_one_that_keeps_the_same() {
    let lock = "environments/dev/applications/web/manifest_locks/l-1/message";
    let manifest = "environments/dev/applications/web/manifests/manifests.yaml";
    let world = world().runs("dev", "web", 2).file(lock, "m");
    let differs = |text: &str| {
        let board = seen(&world.clone().file(manifest, text), &whole());
        board.rows[0].cells[0].manifest_differs
    };
    assert!(differs("mended: by hand"));
    assert!(!differs("web: 2 dev"));
}

#[test]
fn what_is_known_of_the_releases_stands_in_the_row() {
    let folder = "applications/web/releases/3";
    let home = "environments/dev/applications/web";
    let world = world()
        .runs("dev", "web", 3)
        .file(&format!("{folder}/display_version"), "v1.3")
        .file(&format!("{folder}/source_commit_id"), &"0a".repeat(20))
        .file(&format!("{folder}/source_author"), "Ann")
        .file(&format!("{folder}/source_message"), "feat: x\n\nmore")
        .file(&format!("{folder}/undeploy"), "")
        .file(&format!("{home}/deployed_by"), "Jane")
        .file(
            &format!("{home}/deployed_at_utc"),
            "2024-07-20 10:00:00 +0000 UTC",
        );
    let board = seen(&world, &whole());
    let row = &board.rows[0];
    let facts = row.facts(Version::new(3)).unwrap();
    assert_eq!(facts.kind, ReleaseKind::Undeploy);
    assert_eq!(facts.display_version.as_ref().unwrap().raw(), "v1.3");
    assert_eq!(
        facts.source_commit.as_ref().unwrap().as_ref(),
        "0a".repeat(20)
    );
    assert_eq!(facts.source_author.as_ref().unwrap().raw(), "Ann");
    assert_eq!(
        facts.source_message.as_ref().unwrap().raw(),
        "feat: x\n\nmore"
    );
    assert_eq!(
        facts.created_at,
        Some(Moment::parse("2024-07-01T00:00:00Z").unwrap())
    );
    match &row.cells[0].runs {
        Runs::Release(_, provenance) => {
            assert_eq!(provenance.by.to_string(), "Jane");
            assert_eq!(
                provenance.at,
                Some(Moment::parse("2024-07-20T10:00:00Z").unwrap())
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        row.releases.keys().copied().collect::<Vec<_>>(),
        [Version::new(3)]
    );
}

/// `web` of red is behind on staging, `api` of blue waits on prod, `job` is locked on prod; staging is locked as a whole.
fn troubled() -> World {
    let everywhere = ["dev", "staging", "prod"];
    world()
        .team("web", "red")
        .team("api", "blue")
        .runs("dev", "web", 3)
        .runs("staging", "web", 2)
        .runs("prod", "web", 2)
        .releases("api", 1..=2, &everywhere)
        .runs("dev", "api", 2)
        .runs("staging", "api", 2)
        .runs("prod", "api", 2)
        .queues("prod", "api", 1)
        .releases("job", 1..=1, &everywhere)
        .runs("dev", "job", 1)
        .runs("staging", "job", 1)
        .runs("prod", "job", 1)
        .locked("prod/applications/job", "l-job")
        .locked("prod/teams/green", "l-green")
        .locked("staging", "l-staging")
}

#[test]
fn a_board_can_be_limited_to_what_matters() {
    let world = troubled();
    check(
        &world,
        &only(Concern::Behind),
        &["web: staging 2 1 behind 3"],
    );
    check(&world, &only(Concern::Queued), &["api: prod 2, 1 waits"]);
    check(&world, &only(Concern::Locked), &["job: staging 1; prod 1"]);
    let team = part(|focus| focus.team = Some("blue".parse().unwrap()));
    check(&world, &team, &["api: dev 2; staging 2; prod 2, 1 waits"]);
    let locks = |request: &Request| ids(&seen(&world, request));
    assert_eq!(
        locks(&only(Concern::Locked)),
        ["l-staging", "l-green", "l-job"]
    );
    assert_eq!(locks(&team), ["l-staging"]);
    assert_eq!(locks(&only(Concern::Behind)), ["l-staging"]);
}

#[test]
fn an_app_that_is_only_locked_somewhere_has_a_row() {
    let world = world().locked("dev/applications/ghost", "l-1");
    check(
        &world,
        &whole(),
        &[
            "ghost: dev not meant alone; staging not meant alone; prod not meant alone",
            "web: dev nothing 3 behind 3; staging nothing alone; prod nothing alone",
        ],
    );
}

#[test]
fn names_that_do_not_exist_are_refused_with_the_nearest() {
    let world = troubled();
    let refused = |request: Request| {
        let context = context();
        let ground = Ground::survey(&world.0, &context).unwrap();
        let error = board(&world.0, &ground, &request.0, None).unwrap_err();
        error.downcast_ref::<Refusal>().unwrap().hint().unwrap()
    };
    let app = part(|focus| focus.app = Some("wep".parse().unwrap()));
    assert_eq!(refused(app), "did you mean `web`?");
    let environment = part(|focus| focus.environment = Some("prods".parse().unwrap()));
    assert_eq!(refused(environment), "did you mean `prod`?");
    let team = part(|focus| focus.team = Some("rad".parse().unwrap()));
    assert_eq!(refused(team), "did you mean `red`?");
}

#[test]
fn whoever_looks_for_what_is_behind_sees_where_nobody_can_tell() {
    let world = World::of(&[("dev", "latest"), ("alone", "none")]).config("bad", "{");
    let world = world
        .releases("web", 1..=1, &["dev", "bad"])
        .runs("dev", "web", 1);
    let shown = |only| {
        let context = context();
        let ground = Ground::survey(&world.0, &context).unwrap();
        let board = board(&world.0, &ground, &Focus::default(), Some(only)).unwrap();
        let names = board
            .columns
            .iter()
            .map(|column| column.environment.to_string());
        names.collect::<Vec<_>>()
    };
    assert_eq!(shown(Concern::Behind), ["bad"]);
    assert_eq!(shown(Concern::Queued), [""; 0]);
    assert_eq!(shown(Concern::Locked), [""; 0]);
}
