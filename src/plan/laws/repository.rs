//! Random repositories: environments that are well, ill or in a ring, apps with releases, links that may lead nowhere, locks.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::picture::{Number, folder};
use crate::plan::world::{World, link_to};

pub(super) const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "prod-ca", "prod-de"];
pub(super) const APPS: [&str; 3] = ["api", "shop", "web"];
pub(super) const TEAMS: [&str; 2] = ["blue", "red"];
/// One of them is called like an environment.
pub(super) const GROUPS: [&str; 2] = ["prod", "dev"];
pub(super) const LOCKS: [&str; 2] = ["l1", "l2"];

/// Where the versions of a random environment come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Latest,
    Environment(&'static str),
    Missing,
    Empty,
    Both,
    Unknown,
    Unreadable,
}

/// The target of a random link.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// One of the releases of its app, counted from the last.
    Release(usize),
    Gone,
    OtherApp,
    NoLink,
}

/// One thing in a random repository. A repository is a list of them, so that a failing one shrinks well.
#[derive(Clone, Debug)]
enum Piece {
    /// With its group, and whether Argo CD files are rendered for it.
    Environment(&'static str, Source, Option<&'static str>, bool),
    /// With the environments that it is meant for, and its marker; one that takes its app away has empty manifests.
    Release(
        &'static str,
        Number,
        Vec<&'static str>,
        Option<&'static str>,
    ),
    Team(&'static str, &'static str),
    /// On an environment, of an app, under this name.
    Link(&'static str, &'static str, &'static str, Target),
    EnvironmentLock(&'static str, &'static str),
    AppLock(&'static str, &'static str, &'static str),
    TeamLock(&'static str, &'static str, &'static str),
    ManifestLock(&'static str, &'static str, &'static str),
    /// The manifest that is applied, whatever runs.
    Applied(&'static str, &'static str),
    FewReleases,
}

/// A random repository.
#[derive(Clone, Debug)]
pub(super) struct Repository(Vec<Piece>);

impl Repository {
    /// Its tree.
    pub(super) fn world(&self) -> World {
        self.0
            .iter()
            .fold(World::default(), |world, piece| self.with(world, piece))
    }

    fn with(&self, world: World, piece: &Piece) -> World {
        match piece {
            Piece::Environment(name, source, group, argocd) => {
                world.config(name, &config(*source, *group, *argocd))
            }
            Piece::Release(app, number, environments, marker) => {
                let release = format!("applications/{app}/releases/{}", folder(*number));
                let world = world.file(&format!("{release}/created_at"), "2024-07-01T00:00:00Z");
                let world = match marker {
                    Some(marker) => world.file(&format!("{release}/{marker}"), ""),
                    None => world,
                };
                environments.iter().fold(world, |world, name| {
                    let path = format!("{release}/environments/{name}/manifests.yaml");
                    let text = format!("{app}: {} {name}", folder(*number));
                    world.file(
                        &path,
                        if *marker == Some("undeploy") {
                            ""
                        } else {
                            &text
                        },
                    )
                })
            }
            Piece::Team(app, team) => world.team(app, team),
            Piece::Link(name, app, link, target) => {
                let path = format!("environments/{name}/applications/{app}/{link}");
                world.file(&path, &self.text(app, *target))
            }
            Piece::EnvironmentLock(name, id) => world.locked(name, id),
            Piece::AppLock(name, app, id) => {
                world.locked(&format!("{name}/applications/{app}"), id)
            }
            Piece::TeamLock(name, team, id) => world.locked(&format!("{name}/teams/{team}"), id),
            Piece::ManifestLock(name, app, id) => {
                let folder = format!("environments/{name}/applications/{app}/manifest_locks/{id}");
                world.file(&format!("{folder}/message"), "mended by hand")
            }
            Piece::Applied(name, app) => {
                let folder = format!("environments/{name}/applications/{app}/manifests");
                world.file(&format!("{folder}/manifests.yaml"), "by: hand")
            }
            Piece::FewReleases => world.file("trainyard.yaml", "releaseVersionsLimit: 5"),
        }
    }

    fn text(&self, app: &str, target: Target) -> String {
        let own = self.0.iter().filter_map(|piece| match piece {
            Piece::Release(of, number, ..) if *of == app => Some(*number),
            _ => None,
        });
        let mut own: Vec<_> = own.collect();
        own.sort_by(|left, right| right.cmp(left));
        match target {
            Target::Release(place) if !own.is_empty() => {
                link_to(app, folder(own[place % own.len()]))
            }
            Target::Release(_) | Target::Gone => link_to(app, 99),
            Target::OtherApp => link_to("other", 1),
            Target::NoLink => "1".to_owned(),
        }
    }

    /// How many releases a clean-up keeps.
    pub(super) fn limit(&self) -> usize {
        let few = self
            .0
            .iter()
            .any(|piece| matches!(piece, Piece::FewReleases));
        if few { 5 } else { 20 }
    }
}

fn config(source: Source, group: Option<&str>, argocd: bool) -> String {
    let upstream = match source {
        Source::Latest => r#""upstream":{"latest":true}"#.to_owned(),
        Source::Environment(name) => format!(r#""upstream":{{"environment":"{name}"}}"#),
        Source::Missing => r#""other":1"#.to_owned(),
        Source::Empty => r#""upstream":{}"#.to_owned(),
        Source::Both => r#""upstream":{"latest":true,"environment":"dev"}"#.to_owned(),
        Source::Unknown => r#""upstream":{"environment":"gone"}"#.to_owned(),
        Source::Unreadable => "?".to_owned(),
    };
    let group = group
        .map(|group| format!(r#","environmentGroup":"{group}""#))
        .unwrap_or_default();
    let argocd = if argocd {
        r#","argocd":{"destination":{"server":"s"}}"#
    } else {
        ""
    };
    format!("{{{upstream}{group}{argocd}}}")
}

/// Any repository.
pub(super) fn repositories() -> impl Strategy<Value = Repository> {
    let parts = (
        subsequence(ENVIRONMENTS.to_vec(), 2..=4)
            .prop_flat_map(|names| names.into_iter().map(environment).collect::<Vec<_>>()),
        subsequence(APPS.to_vec(), 1..=3)
            .prop_flat_map(|apps| apps.into_iter().map(app).collect::<Vec<_>>()),
        vec(link(), 0..40),
        vec(lock(), 0..14),
        vec(Just(Piece::FewReleases), 0..=1),
    );
    parts.prop_map(|(environments, apps, links, locks, few)| {
        let pieces = [environments, apps.concat(), links, locks, few];
        Repository(pieces.concat())
    })
}

fn environment(name: &'static str) -> impl Strategy<Value = Piece> {
    let source = prop_oneof![
        10 => Just(Source::Latest),
        16 => select(&ENVIRONMENTS[..]).prop_map(Source::Environment),
        1 => Just(Source::Missing),
        1 => Just(Source::Empty),
        1 => Just(Source::Both),
        1 => Just(Source::Unknown),
        1 => Just(Source::Unreadable),
    ];
    let parts = (
        source,
        proptest::option::of(select(&GROUPS[..])),
        any::<bool>(),
    );
    parts.prop_map(move |(source, group, argocd)| Piece::Environment(name, source, group, argocd))
}

fn app(name: &'static str) -> impl Strategy<Value = Vec<Piece>> {
    let numbers: Vec<Number> = (1..=9).map(|number| (number, 0)).chain([(4, 1)]).collect();
    let manifests = || {
        let some = subsequence(ENVIRONMENTS.to_vec(), 0..=4);
        prop_oneof![2 => Just(ENVIRONMENTS.to_vec()), 1 => some]
    };
    let releases = subsequence(numbers, 0..=10).prop_flat_map(move |numbers| {
        let release = |number| {
            let marker = prop_oneof![
                4 => Just(None),
                2 => Just(Some("undeploy")),
                1 => Just(Some("minor")),
            ];
            (manifests(), marker).prop_map(move |(manifests, marker)| {
                Piece::Release(name, number, manifests, marker)
            })
        };
        numbers.into_iter().map(release).collect::<Vec<_>>()
    });
    let team = proptest::option::of(select(&TEAMS[..]));
    (releases, team).prop_map(move |(mut pieces, team)| {
        pieces.extend(team.map(|team| Piece::Team(name, team)));
        pieces
    })
}

fn link() -> impl Strategy<Value = Piece> {
    let target = prop_oneof![
        30 => (0..2_usize).prop_map(Target::Release),
        10 => (0..9_usize).prop_map(Target::Release),
        1 => Just(Target::Gone),
        1 => Just(Target::OtherApp),
        1 => Just(Target::NoLink),
    ];
    let name = prop_oneof![3 => Just("version"), 2 => Just("queued_version")];
    let parts = (select(&ENVIRONMENTS[..]), select(&APPS[..]), name, target);
    parts.prop_map(|(environment, app, name, target)| Piece::Link(environment, app, name, target))
}

fn lock() -> impl Strategy<Value = Piece> {
    let (name, id) = (|| select(&ENVIRONMENTS[..]), || select(&LOCKS[..]));
    prop_oneof![
        2 => (name(), select(&APPS[..]), id())
            .prop_map(|(name, app, id)| Piece::ManifestLock(name, app, id)),
        1 => (name(), select(&APPS[..])).prop_map(|(name, app)| Piece::Applied(name, app)),
        1 => (name(), id()).prop_map(|(name, id)| Piece::EnvironmentLock(name, id)),
        5 => (name(), select(&APPS[..]), id())
            .prop_map(|(name, app, id)| Piece::AppLock(name, app, id)),
        5 => (name(), select(&TEAMS[..]), id())
            .prop_map(|(name, team, id)| Piece::TeamLock(name, team, id)),
    ]
}
