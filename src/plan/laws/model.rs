//! The rules once more, on plain maps: an independent second opinion on what each operation does to a sound repository.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{Destination, Journey, KeepQueue, Locked, Operation};
use super::picture::{Link, Number, Picture, Place, Scope};
use crate::plan::deploy::WhenLocked;
use crate::plan::train::{OnLock, TargetKind};
use crate::plan::world::World;

/// Where the versions of an environment come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Nowhere,
    Latest,
    Environment(&'static str),
}

/// An environment: its source and its group.
pub(super) type Setup = (Source, Option<&'static str>);

/// A sound repository.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// Its environments, which nothing changes.
    pub(super) environments: BTreeMap<&'static str, Setup>,
    /// How many releases a clean-up keeps.
    pub(super) limit: usize,
    /// All the rest.
    pub(super) picture: Picture,
}

/// The operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

type Verdict = Result<(), Refused>;

impl Model {
    /// A repository of environments alone.
    pub(super) fn of(environments: BTreeMap<&'static str, Setup>) -> Self {
        Self {
            environments,
            limit: 5,
            picture: Picture::default(),
        }
    }

    /// The same repository as a tree.
    pub(super) fn world(&self) -> World {
        let minor = "minorRegexes: ['^build:']";
        let options = format!("releaseVersionsLimit: {}\n{minor}\n", self.limit);
        let world = World::default().file("trainyard.yaml", &options);
        self.environments
            .iter()
            .fold(world, |world, (name, (source, group))| {
                let upstream = match source {
                    Source::Nowhere => "null".to_owned(),
                    Source::Latest => r#"{"latest":true}"#.to_owned(),
                    Source::Environment(name) => format!(r#"{{"environment":"{name}"}}"#),
                };
                let group = group.map_or("null".to_owned(), |group| format!("\"{group}\""));
                let config = format!(r#"{{"upstream":{upstream},"environmentGroup":{group}}}"#);
                world.config(name, &config)
            })
    }

    /// Does what the operation does; refused, it may be left half done.
    pub(super) fn apply(&mut self, operation: &Operation) -> Verdict {
        match operation {
            Operation::Release {
                app,
                version,
                team,
                manifests,
            } => self.release(app, *version, *team, manifests),
            Operation::Deploy {
                app,
                target,
                version,
                when_locked,
            } => self.deploy(app, *target, (*version, 0), *when_locked),
            Operation::Lock(locked, id) => {
                self.may_lock(*locked)?;
                let locks = self
                    .scopes(*locked)?
                    .into_iter()
                    .map(|scope| (scope, (*id).to_owned()));
                self.picture.locks.extend(locks);
                Ok(())
            }
            Operation::Unlock(locked, id, keep) => self.unlock(*locked, *id, *keep),
            Operation::Train(journey) => self.train(*journey),
            Operation::Undeploy(app) => self.undeploy(app),
            Operation::DeleteApp(app) => self.delete(app),
            Operation::RemoveApp(name, app) => self.remove(name, app),
        }
    }

    fn release(
        &mut self,
        app: &str,
        version: Option<u64>,
        team: Option<&str>,
        manifests: &BTreeMap<&'static str, &'static str>,
    ) -> Verdict {
        let undeploys = &self.picture.undeploys;
        let releases = self.picture.releases.entry(app.to_owned()).or_default();
        let highest = releases.keys().next_back().copied().unwrap_or_default();
        let number = version.map_or((highest.0 + 1, 0), |number| (number, 0));
        let of_team = self.picture.teams.get(app).map(String::as_str);
        if let Some(stored) = releases.get(&number) {
            let same = |(name, text): (&&str, &&str)| {
                stored.get(*name).is_some_and(|stored| stored == text)
            };
            let deploys = !undeploys.contains(&(app.to_owned(), number));
            let same = deploys
                && manifests.iter().all(same)
                && (team.is_none() || number < highest || team == of_team);
            return same.then_some(()).ok_or(Refused);
        }
        let owned = |(name, text): (&&str, &&str)| ((*name).to_owned(), (*text).to_owned());
        releases.insert(number, manifests.iter().map(owned).collect());
        self.compare(app, number);
        if number < highest && self.picture.outdated(app, self.limit).contains(&number) {
            return Err(Refused);
        }
        let before = self.picture.teams.get(app).cloned();
        if let Some(team) = team.filter(|_| number > highest) {
            self.picture.teams.insert(app.to_owned(), team.to_owned());
        }
        if number > highest {
            let latest = self
                .environments
                .iter()
                .filter(|(_, setup)| setup.0 == Source::Latest);
            let meant = latest
                .map(|(name, _)| *name)
                .filter(|name| manifests.contains_key(name));
            let places: Vec<_> = meant
                .map(|name| (name.to_owned(), app.to_owned()))
                .collect();
            self.bring(&places, number, WhenLocked::Queue);
        }
        self.leave_team(app, before);
        Ok(())
    }

    /// What waited for the locks of the team that the app has left.
    fn leave_team(&mut self, app: &str, before: Option<String>) {
        let Some(before) = before.filter(|team| self.picture.teams.get(app) != Some(team)) else {
            return;
        };
        let names: Vec<_> = self.environments.keys().copied().collect();
        for name in names {
            let place = (name.to_owned(), app.to_owned());
            let scope = Scope::Team(name.to_owned(), before.clone());
            if let Some(waits) = self.picture.queue.get(&place).cloned()
                && self.stands(&scope)
            {
                self.settle(place, &waits);
            }
        }
    }

    /// Decides of a release and the one above it whether they are minor.
    fn compare(&mut self, app: &str, number: Number) {
        let releases = &self.picture.releases[app];
        let above = releases.range(number..).map(|(number, _)| *number);
        for number in above.take(2).collect::<Vec<_>>() {
            let release = (app.to_owned(), number);
            let before = releases.range(..number).next_back();
            let undeploys = |number| self.picture.undeploys.contains(&(app.to_owned(), number));
            let minor = before.is_some_and(|(before, manifests)| {
                !undeploys(*before)
                    && !undeploys(number)
                    && counting(manifests) == counting(&releases[&number])
            });
            if minor {
                self.picture.minor.insert(release);
            } else {
                self.picture.minor.remove(&release);
            }
        }
    }

    fn undeploy(&mut self, app: &str) -> Verdict {
        let releases = self.picture.releases.get(app).ok_or(Refused)?;
        let highest = releases.keys().next_back().ok_or(Refused)?;
        let number = (highest.0 + 1, 0);
        let names = self.environments.keys().copied();
        let has = |name: &&'static str| {
            let place = ((*name).to_owned(), app.to_owned());
            self.picture.runs.contains_key(&place) || self.picture.queue.contains_key(&place)
        };
        let manifests: BTreeMap<_, _> = names.filter(has).map(|name| (name, " ")).collect();
        self.picture.undeploys.insert((app.to_owned(), number));
        self.release(app, Some(number.0), None, &manifests)
    }

    fn delete(&mut self, app: &str) -> Verdict {
        let picture = &mut self.picture;
        if !picture.releases.contains_key(app) {
            return Err(Refused);
        }
        let runs: Vec<_> = picture
            .runs
            .iter()
            .filter(|(place, _)| place.1 == app)
            .collect();
        let undeployed = |link: &Link| match link {
            Link::To(number) => picture.undeploys.contains(&(app.to_owned(), *number)),
            Link::Elsewhere(_) => false,
        };
        let kept = |place: &Place| {
            let applied = picture.applied.get(place);
            picture.keeps_manifest(place) && applied.is_some_and(|text| !text.trim().is_empty())
        };
        if !runs
            .into_iter()
            .all(|(place, link)| undeployed(link) && !kept(place))
        {
            return Err(Refused);
        }
        picture.releases.remove(app);
        picture.teams.remove(app);
        picture.undeploys.retain(|(of, _)| of != app);
        picture.minor.retain(|(of, _)| of != app);
        let names: Vec<_> = self.environments.keys().copied().collect();
        for name in names {
            self.clear(name, app);
        }
        Ok(())
    }

    fn remove(&mut self, name: &str, app: &str) -> Verdict {
        self.environment(name)?;
        let releases = self.picture.releases.get_mut(app).ok_or(Refused)?;
        for manifests in releases.values_mut() {
            manifests.remove(name);
        }
        self.clear(name, app);
        Ok(())
    }

    /// Removes all that an environment holds of an app.
    fn clear(&mut self, name: &str, app: &str) {
        let place = (name.to_owned(), app.to_owned());
        self.picture.runs.remove(&place);
        self.picture.applied.remove(&place);
        self.picture.queue.remove(&place);
        let scopes = [
            Scope::App(place.0.clone(), place.1.clone()),
            Scope::Manifest(place.0, place.1),
        ];
        self.picture.locks.retain(|(of, _)| !scopes.contains(of));
    }

    fn deploy(
        &mut self,
        app: &str,
        target: Destination,
        number: Number,
        when_locked: WhenLocked,
    ) -> Verdict {
        let environments = match target {
            Destination::Environment(name) => self.environment(name)?,
            Destination::Group(name) => self.group(name)?,
        };
        let release = self
            .picture
            .releases
            .get(app)
            .and_then(|releases| releases.get(&number));
        let release = release.ok_or(Refused)?;
        if !environments.iter().all(|name| release.contains_key(*name)) {
            return Err(Refused);
        }
        let place = |name: &str| (name.to_owned(), app.to_owned());
        let places: Vec<_> = environments.into_iter().map(place).collect();
        let hindered = |place: &&Place| !self.runs(place, number) && self.locked(place);
        if when_locked == WhenLocked::Refuse && places.iter().any(|place| hindered(&place)) {
            return Err(Refused);
        }
        self.bring(&places, number, when_locked);
        Ok(())
    }

    /// Deploys to each place, or queues behind its locks; then cleans up.
    fn bring(&mut self, places: &[Place], number: Number, when_locked: WhenLocked) {
        let mut changed = BTreeSet::new();
        for place in places.iter().cloned() {
            if self.runs(&place, number) {
                continue;
            }
            if self.locked(&place) && when_locked != WhenLocked::Ignore {
                self.picture.queue.insert(place, Link::To(number));
            } else {
                changed.insert(place.1.clone());
                self.point(place, number);
            }
        }
        for app in changed {
            self.picture.clean_up(&app, self.limit);
        }
    }

    fn point(&mut self, place: Place, number: Number) {
        let manifest = &self.picture.releases[&place.1][&number][&place.0];
        let applied = if manifest.is_empty() { " " } else { manifest }.to_owned();
        self.picture.queue.remove(&place);
        if !self.picture.keeps_manifest(&place) {
            self.picture.applied.insert(place.clone(), applied);
        }
        self.picture.runs.insert(place, Link::To(number));
    }

    fn unlock(&mut self, on: Locked, id: Option<&str>, keep: KeepQueue) -> Verdict {
        let mut opened = Vec::new();
        for scope in self.scopes(on)? {
            let goes =
                |(of, lock): &&(Scope, String)| *of == scope && id.is_none_or(|id| id == lock);
            let gone: Vec<_> = self.picture.locks.iter().filter(goes).cloned().collect();
            self.picture.locks.retain(|lock| !gone.contains(lock));
            opened.extend((!gone.is_empty()).then_some(scope));
        }
        if id.is_some() && opened.is_empty() {
            return Err(Refused);
        }
        for scope in &opened {
            if let Scope::Manifest(name, app) = scope {
                self.apply_again((name.clone(), app.clone()));
            }
        }
        if keep == KeepQueue::Yes {
            return Ok(());
        }
        let covered = |place: &Place| {
            opened.iter().any(|scope| match scope {
                Scope::Environment(name) => *name == place.0,
                Scope::App(name, app) => (name, app) == (&place.0, &place.1),
                Scope::Team(name, team) => {
                    *name == place.0 && self.picture.teams.get(&place.1) == Some(team)
                }
                Scope::Manifest(..) => false,
            })
        };
        let waiting = self
            .picture
            .queue
            .iter()
            .filter(|(place, _)| covered(place));
        let waiting: Vec<_> = waiting
            .map(|(place, link)| (place.clone(), link.clone()))
            .collect();
        for (place, link) in waiting {
            self.settle(place, &link);
        }
        Ok(())
    }

    /// Applies the manifest of the release that runs, unless a lock keeps it.
    fn apply_again(&mut self, place: Place) {
        let Some(Link::To(number)) = self.picture.runs.get(&place) else {
            return;
        };
        let manifest = self.picture.releases[&place.1][number].get(&place.0);
        if let Some(manifest) = manifest.filter(|_| !self.picture.keeps_manifest(&place)) {
            let applied = if manifest.is_empty() { " " } else { manifest }.to_owned();
            self.picture.applied.insert(place, applied);
        }
    }

    fn settle(&mut self, place: Place, waits: &Link) {
        let Link::To(number) = *waits else {
            unreachable!("a sound repository has sound links");
        };
        if self.runs(&place, number) {
            self.picture.queue.remove(&place);
        } else if !self.locked(&place) {
            self.bring(&[place], number, WhenLocked::Ignore);
        }
    }

    fn train(&mut self, journey: Journey) -> Verdict {
        let environments = match journey.kind {
            TargetKind::Environment => self.environment(journey.target)?,
            TargetKind::Group => self.group(journey.target)?,
            TargetKind::Unknown => self
                .group(journey.target)
                .or_else(|_| self.environment(journey.target))?,
        };
        let owns = |team: &str| self.picture.teams.values().any(|known| known == team);
        if journey.team.is_some_and(|team| !owns(team)) {
            return Err(Refused);
        }
        let before = self.clone();
        let mut changed = BTreeSet::new();
        for name in environments {
            let source = before.environments[name].0;
            let lock = Scope::Environment(name.to_owned());
            if source == Source::Nowhere {
                continue;
            }
            if before.stands(&lock) {
                fail(journey)?;
                continue;
            }
            for (app, number) in before.offered(source, journey.team) {
                if self.board(&before, journey, (name.to_owned(), app.clone()), number)? {
                    changed.insert(app);
                }
            }
        }
        for app in changed {
            self.picture.clean_up(&app, self.limit);
        }
        Ok(())
    }

    /// Takes one app along, if nothing speaks against it in the state before the train.
    fn board(
        &mut self,
        before: &Self,
        journey: Journey,
        place: Place,
        number: Number,
    ) -> Result<bool, Refused> {
        let app_locked = before.stands(&Scope::App(place.0.clone(), place.1.clone()));
        let meant = before.picture.releases[&place.1][&number].contains_key(&place.0);
        if before.runs(&place, number) || (!app_locked && !meant) {
            return Ok(false);
        }
        if before.locked(&place) {
            fail(journey)?;
            if journey.on_lock == OnLock::Queue && meant {
                self.picture.queue.insert(place, Link::To(number));
            }
            return Ok(false);
        }
        self.point(place, number);
        Ok(true)
    }

    /// What a source offers of the apps of a team, or of all.
    fn offered(&self, source: Source, team: Option<&str>) -> BTreeMap<String, Number> {
        let mut offered: BTreeMap<String, Number> = match source {
            Source::Nowhere => BTreeMap::new(),
            Source::Latest => {
                let apps = self.picture.releases.iter();
                apps.filter_map(|(app, releases)| {
                    Some((app.clone(), *releases.keys().next_back()?))
                })
                .collect()
            }
            Source::Environment(upstream) => {
                let runs = self
                    .picture
                    .runs
                    .iter()
                    .filter(|(place, _)| place.0 == upstream);
                runs.filter_map(|((_, app), link)| {
                    Some((app.clone(), self.picture.leads(app, link)?))
                })
                .collect()
            }
        };
        let owner = |app: &String| self.picture.teams.get(app).map(String::as_str);
        offered.retain(|app, _| team.is_none() || owner(app) == team);
        offered
    }

    fn runs(&self, place: &Place, number: Number) -> bool {
        self.picture.runs.get(place) == Some(&Link::To(number))
    }

    fn stands(&self, scope: &Scope) -> bool {
        self.picture.locks.iter().any(|(of, _)| of == scope)
    }

    fn locked(&self, place: &Place) -> bool {
        !self.picture.in_force(place).is_empty()
    }

    fn environment(&self, name: &str) -> Result<Vec<&'static str>, Refused> {
        let known = self.environments.keys().find(|known| **known == name);
        known.map(|name| vec![*name]).ok_or(Refused)
    }

    fn group(&self, group: &str) -> Result<Vec<&'static str>, Refused> {
        let members = self
            .environments
            .iter()
            .filter(|(_, setup)| setup.1 == Some(group));
        let members: Vec<_> = members.map(|(name, _)| *name).collect();
        if members.is_empty() {
            Err(Refused)
        } else {
            Ok(members)
        }
    }

    /// Fails unless the app or the team to be locked exists.
    fn may_lock(&self, on: Locked) -> Verdict {
        let known = match on {
            Locked::App(_, app) | Locked::Manifest(_, app) => {
                self.picture.releases.contains_key(app)
            }
            Locked::Team(_, team) => self.picture.teams.values().any(|known| known == team),
            Locked::Environment(_) | Locked::Group(_) => true,
        };
        known.then_some(()).ok_or(Refused)
    }

    fn scopes(&self, on: Locked) -> Result<Vec<Scope>, Refused> {
        let environment = |name: &str| Ok(self.environment(name)?[0].to_owned());
        Ok(match on {
            Locked::Environment(name) => vec![Scope::Environment(environment(name)?)],
            Locked::App(name, app) => vec![Scope::App(environment(name)?, app.to_owned())],
            Locked::Team(name, team) => vec![Scope::Team(environment(name)?, team.to_owned())],
            Locked::Manifest(name, app) => {
                vec![Scope::Manifest(environment(name)?, app.to_owned())]
            }
            Locked::Group(name) => {
                let members = self.group(name)?.into_iter();
                members
                    .map(|name| Scope::Environment(name.to_owned()))
                    .collect()
            }
        })
    }
}

/// The lines of manifests that make a difference.
fn counting(manifests: &BTreeMap<String, String>) -> BTreeMap<&str, Vec<&str>> {
    let each = manifests.iter().map(|(name, text)| {
        let lines = text.lines().filter(|line| !line.starts_with("build:"));
        (name.as_str(), lines.collect())
    });
    each.collect()
}

/// A train that must not meet a lock has met one.
fn fail(journey: Journey) -> Verdict {
    match journey.on_lock {
        OnLock::Fail => Err(Refused),
        OnLock::Queue | OnLock::Skip => Ok(()),
    }
}
