//! Locks: who holds back which deployments, and the files that say so.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::deployment::AnyPlace;
use super::{
    Actor, AppName, EnvName, Environment, FreeText, LockId, Moment, TeamName, deployment, release,
};
use crate::tree::{Draft, Entry, PathShape, ReadTree, RepoPath};

/// What a lock covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LockScope {
    /// A whole environment.
    Environment(EnvName),
    /// One app on an environment.
    App(EnvName, AppName),
    /// The apps of a team on an environment.
    Team(EnvName, TeamName),
    /// The manifest of one app on an environment. It holds no deployment back: only that file stays as it is.
    Manifest(EnvName, AppName),
}

impl LockScope {
    /// The environment in which the lock works.
    pub(crate) fn environment(&self) -> &EnvName {
        match self {
            Self::Environment(environment)
            | Self::App(environment, _)
            | Self::Team(environment, _)
            | Self::Manifest(environment, _) => environment,
        }
    }

    /// The app that it is about, if it is about one alone.
    pub(crate) fn app(&self) -> Option<&AppName> {
        match self {
            Self::App(_, app) | Self::Manifest(_, app) => Some(app),
            Self::Environment(_) | Self::Team(..) => None,
        }
    }

    /// The team that it is about, if it is about one.
    pub(crate) fn team(&self) -> Option<&TeamName> {
        match self {
            Self::Team(_, team) => Some(team),
            Self::Environment(_) | Self::App(..) | Self::Manifest(..) => None,
        }
    }

    /// The word for this kind of lock.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Environment(_) => "environment",
            Self::App(..) => "app",
            Self::Team(..) => "team",
            Self::Manifest(..) => "manifest",
        }
    }

    /// The folder of the locks of this scope.
    fn directory(&self) -> RepoPath {
        let folder = match self {
            Self::Environment(environment) => Environment::directory(environment),
            Self::App(environment, app) => deployment::directory(environment, app),
            Self::Team(environment, team) => team_directory(environment).join(team),
            // Not among the other locks, which all hold deployments back, for kuberpult too.
            Self::Manifest(environment, app) => {
                return deployment::directory(environment, app).join("manifest_locks");
            }
        };
        folder.join("locks")
    }
}

/// The folders of the locks on an environment, on its teams, on an app there and on its manifest; without an environment on any.
/// Where an app is named, only those on it and on its manifest.
pub(crate) fn shapes((environment, app): AnyPlace) -> Vec<PathShape> {
    let name = environment.map(AsRef::as_ref);
    let mut shapes = vec![
        deployment::shape((environment, app), &[Some("locks"), None]),
        deployment::shape((environment, app), &[Some("manifest_locks"), None]),
    ];
    if app.is_none() {
        let environments = [Some("environments"), name];
        for below in [
            &[Some("locks"), None][..],
            &[Some("teams"), None, Some("locks"), None],
        ] {
            shapes.push(PathShape::of(&[&environments[..], below].concat()));
        }
    }
    shapes
}

/// What stands in the folder of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Message,
    CreatedByName,
    CreatedByEmail,
    CreatedAt,
    /// What later versions may keep there.
    More,
}

impl Part {
    /// What every lock has.
    pub(crate) const NEEDED: [(Self, &'static str); 4] = [
        (Self::Message, "message"),
        (Self::CreatedByName, "created_by_name"),
        (Self::CreatedByEmail, "created_by_email"),
        (Self::CreatedAt, "created_at"),
    ];
}

/// What an entry of the folder of a lock is; `None` if it does not belong there.
pub(crate) fn part(name: &str) -> Option<Part> {
    let mut needed = Part::NEEDED.into_iter();
    match name {
        "ci_link" | "suggested_lifetime" | "expires_at" => Some(Part::More),
        _ => needed
            .find(|(_, needed)| *needed == name)
            .map(|(part, _)| part),
    }
}

/// The lock whose folder this is, if it is one.
pub(crate) fn of_path(path: &RepoPath) -> Option<(LockScope, LockId)> {
    let mut names = path.components().skip(1);
    let environment: EnvName = names.next()?.parse().ok()?;
    let scopes = match deployment::place_of(path) {
        Some((environment, app)) => vec![
            LockScope::App(environment.clone(), app.clone()),
            LockScope::Manifest(environment, app),
        ],
        None => vec![
            LockScope::Environment(environment.clone()),
            LockScope::Team(environment, TeamName::found(names.nth(1)?)),
        ],
    };
    let folder = path.parent()?;
    let scope = scopes
        .into_iter()
        .find(|scope| scope.directory() == folder)?;
    Some((scope, LockId::found(path.name())))
}

/// The lock of this id, if there is one.
pub(crate) fn find(
    tree: &dyn ReadTree,
    scope: &LockScope,
    id: &LockId,
) -> Result<Option<PlacedLock>> {
    let folder = scope.directory().join(id);
    let there = tree.has_folder(&folder)?;
    there
        .then(|| PlacedLock::read(tree, scope, id.clone()))
        .transpose()
}

impl fmt::Display for LockScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(environment) => write!(formatter, "{environment}"),
            Self::App(environment, app) => write!(formatter, "{app} on {environment}"),
            Self::Team(environment, team) => write!(formatter, "team {team} on {environment}"),
            Self::Manifest(environment, app) => {
                write!(formatter, "the manifest of {app} on {environment}")
            }
        }
    }
}

fn team_directory(environment: &EnvName) -> RepoPath {
    Environment::directory(environment).join("teams")
}

/// What somebody said when placing a lock. Fields that the repository lacks are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lock {
    /// Why.
    pub(crate) message: FreeText,
    /// Who.
    pub(crate) created_by: Actor,
    /// When; `None` if the file is missing or unreadable.
    pub(crate) created_at: Option<Moment>,
}

/// A lock where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedLock {
    /// What it covers.
    pub(crate) scope: LockScope,
    /// Its id, unique in its scope.
    pub(crate) id: LockId,
    /// What was said.
    pub(crate) lock: Lock,
}

impl PlacedLock {
    /// The lock in one phrase: kind, id, message, author and age.
    pub(crate) fn phrase(&self, now: Moment) -> String {
        let Lock {
            message,
            created_by,
            created_at,
        } = &self.lock;
        let age = created_at.map_or("at an unknown time".to_owned(), |then| then.age(now));
        let kind = self.scope.kind();
        format!("{kind} lock `{}` ({message}, {created_by}, {age})", self.id)
    }

    fn read(tree: &dyn ReadTree, scope: &LockScope, id: LockId) -> Result<Self> {
        let folder = scope.directory().join(&id);
        let text = |name: &str| -> Result<_> {
            Ok(FreeText(tree.text(&folder.join(name))?.unwrap_or_default()))
        };
        let created_at = tree.text(&folder.join("created_at"))?;
        let lock = Lock {
            message: text("message")?,
            created_by: Actor {
                name: text("created_by_name")?,
                email: text("created_by_email")?,
            },
            created_at: created_at.and_then(|text: String| Moment::parse(&text).ok()),
        };
        Ok(Self {
            scope: scope.clone(),
            id,
            lock,
        })
    }
}

impl Serialize for PlacedLock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields<'a> {
            scope: &'static str,
            environment: &'a EnvName,
            #[serde(skip_serializing_if = "Option::is_none")]
            application: Option<&'a AppName>,
            #[serde(skip_serializing_if = "Option::is_none")]
            team: Option<&'a TeamName>,
            id: &'a LockId,
            message: &'a FreeText,
            created_by: &'a Actor,
            created_at: Option<Moment>,
        }
        let (app, team) = match &self.scope {
            LockScope::Environment(_) => (None, None),
            LockScope::App(_, app) | LockScope::Manifest(_, app) => (Some(app), None),
            LockScope::Team(_, team) => (None, Some(team)),
        };
        let fields = Fields {
            scope: self.scope.kind(),
            environment: self.scope.environment(),
            application: app,
            team,
            id: &self.id,
            message: &self.lock.message,
            created_by: &self.lock.created_by,
            created_at: self.lock.created_at,
        };
        fields.serialize(serializer)
    }
}

/// The ids of the locks of one scope, in order.
pub(crate) fn ids(tree: &dyn ReadTree, scope: &LockScope) -> Result<Vec<LockId>> {
    let ids = tree.folders(&scope.directory())?;
    Ok(ids.iter().map(|id| LockId::found(id)).collect())
}

/// The locks of one scope, by id.
pub(crate) fn placed(tree: &dyn ReadTree, scope: &LockScope) -> Result<Vec<PlacedLock>> {
    let ids = ids(tree, scope)?.into_iter();
    ids.map(|id| PlacedLock::read(tree, scope, id)).collect()
}

/// What was said when a lock was placed.
pub(crate) fn message(tree: &dyn ReadTree, scope: &LockScope, id: &LockId) -> Result<FreeText> {
    let text = tree.text(&scope.directory().join(id).join("message"))?;
    Ok(FreeText(text.unwrap_or_default()))
}

/// The locks that keep the manifest of an app on an environment as it is.
pub(crate) fn on_manifest(
    tree: &dyn ReadTree,
    environment: &EnvName,
    app: &AppName,
) -> Result<Vec<PlacedLock>> {
    let scope = LockScope::Manifest(environment.clone(), app.clone());
    placed(tree, &scope)
}

/// Places a lock, or replaces message, author and time of the one that has its id.
pub(crate) fn place(draft: &mut Draft, placed: &PlacedLock) -> Result<()> {
    let folder = placed.scope.directory().join(&placed.id);
    let Lock {
        message,
        created_by,
        created_at,
    } = &placed.lock;
    let created_at = created_at.map(Moment::to_seconds).unwrap_or_default();
    for (name, text) in [
        ("message", message.raw()),
        ("created_by_name", created_by.name.raw()),
        ("created_by_email", created_by.email.raw()),
        ("created_at", &created_at),
    ] {
        draft.write(folder.join(name), Entry::file(text))?;
    }
    Ok(())
}

/// Removes a lock and all files in its folder.
pub(crate) fn lift(draft: &mut Draft, scope: &LockScope, id: &LockId) -> Result<()> {
    draft.delete_folder(&scope.directory().join(id))
}

/// The locks of an environment, read once for many apps.
pub(crate) struct Locks {
    environment: EnvName,
    on_environment: Vec<PlacedLock>,
    on_teams: BTreeMap<TeamName, Vec<PlacedLock>>,
}

impl Locks {
    /// Reads the locks on the environment and on its teams.
    pub(crate) fn read(tree: &dyn ReadTree, environment: &EnvName) -> Result<Self> {
        let on_environment = placed(tree, &LockScope::Environment(environment.clone()))?;
        let mut on_teams = BTreeMap::new();
        for name in tree.folders(&team_directory(environment))? {
            let team = TeamName::found(&name);
            let locks = placed(tree, &LockScope::Team(environment.clone(), team.clone()))?;
            if !locks.is_empty() {
                on_teams.insert(team, locks);
            }
        }
        Ok(Self {
            environment: environment.clone(),
            on_environment,
            on_teams,
        })
    }

    /// All locks there are: on the environment, on its teams, on its apps and on their manifests.
    pub(crate) fn all(&self, tree: &dyn ReadTree) -> Result<Vec<PlacedLock>> {
        let mut locks = self.on_environment.clone();
        locks.extend(self.on_teams.values().flatten().cloned());
        for app in deployment::apps(tree, &self.environment)? {
            locks.extend(self.on_app(tree, &app)?);
            locks.extend(on_manifest(tree, &self.environment, &app)?);
        }
        Ok(locks)
    }

    /// The locks on the whole environment.
    pub(crate) fn on_environment(&self) -> &[PlacedLock] {
        &self.on_environment
    }

    /// The locks on teams, of those teams that have any.
    pub(crate) fn on_teams(&self) -> &BTreeMap<TeamName, Vec<PlacedLock>> {
        &self.on_teams
    }

    /// The locks on one app.
    pub(crate) fn on_app(&self, tree: &dyn ReadTree, app: &AppName) -> Result<Vec<PlacedLock>> {
        placed(tree, &LockScope::App(self.environment.clone(), app.clone()))
    }

    /// The locks on the team of an app. The team is looked up only if some team is locked.
    pub(crate) fn on_team_of(&self, tree: &dyn ReadTree, app: &AppName) -> Result<&[PlacedLock]> {
        if self.on_teams.is_empty() {
            return Ok(&[]);
        }
        let team = release::team(tree, app)?;
        let locks = team.and_then(|team| self.on_teams.get(&team));
        Ok(locks.map_or(&[], Vec::as_slice))
    }

    /// All locks that hold back an app: on the environment, on the app, on its team.
    pub(crate) fn in_force(&self, tree: &dyn ReadTree, app: &AppName) -> Result<Vec<PlacedLock>> {
        let mut locks = self.on_environment.clone();
        locks.extend(self.on_app(tree, app)?);
        locks.extend_from_slice(self.on_team_of(tree, app)?);
        Ok(locks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Shapes;

    #[test]
    fn a_folder_tells_which_lock_it_is_and_every_lock_has_a_shape() {
        let (environment, app): (EnvName, AppName) =
            ("dev".parse().unwrap(), "web".parse().unwrap());
        let team = TeamName::found("Any team");
        let id = LockId::found("an id");
        let all: Shapes = shapes((Some(&environment), None)).iter().collect();
        for scope in [
            LockScope::Environment(environment.clone()),
            LockScope::Team(environment.clone(), team),
            LockScope::App(environment.clone(), app.clone()),
            LockScope::Manifest(environment.clone(), app.clone()),
        ] {
            let folder = scope.directory().join(&id);
            assert_eq!(of_path(&folder), Some((scope.clone(), id.clone())));
            assert_eq!(of_path(&scope.directory()), None);
            assert_eq!(of_path(&folder.join("message")), None);
            let names = folder.components();
            let places = names.fold(vec![&all], |places, name| {
                places
                    .into_iter()
                    .flat_map(|place| place.at(name))
                    .collect()
            });
            assert!(places.into_iter().any(Shapes::is_wanted), "{scope}");
        }
    }
}
