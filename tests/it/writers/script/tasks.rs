//! What can be asked for in the yard, mostly so that it can be done.

use std::collections::BTreeMap;

use super::super::ask::{Ask, Manifests, Place, What};
use super::super::dice::Dice;

/// The apps. `toy` runs on `dev` only, so that it can be deleted.
const APPS: [&str; 4] = ["web", "cart", "mail", "toy"];
const TEAMS: [&str; 2] = ["red", "blue"];
pub(crate) const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "prod-a", "prod-b"];
const ANNEXES: [&str; 2] = ["qa", "perf"];

/// The next operations, by what was asked for before.
pub(super) struct Tasks {
    seed: u64,
    /// How many releases there may be of each app.
    releases: BTreeMap<String, u64>,
    locks: Vec<(Place, What, String)>,
}

impl Tasks {
    pub(super) fn new(seed: u64) -> Self {
        let releases = APPS.map(|app| (app.to_owned(), 1));
        Self {
            seed,
            releases: releases.into(),
            locks: Vec::new(),
        }
    }

    pub(super) fn next(&mut self, dice: &mut Dice, id: (usize, usize)) -> Ask {
        if dice.chance(7) {
            let count = 2 + dice.below(2);
            let mut asks: Vec<_> = (0..count).map(|part| self.one(dice, (id, part))).collect();
            for ask in &mut asks {
                // A tag is for the commit of a single train.
                if let Ask::Train { tag, .. } = ask {
                    *tag = None;
                }
            }
            return Ask::Batch(asks);
        }
        self.one(dice, (id, 0))
    }

    fn one(&mut self, dice: &mut Dice, id: ((usize, usize), u64)) -> Ask {
        match dice.below(100) {
            0..24 => self.release(dice, id),
            24..26 => Ask::Undeploy {
                app: if dice.chance(70) { "toy" } else { app(dice) }.to_owned(),
            },
            26..29 => {
                let apps = ["web", "cart"].map(|app| {
                    *self.releases.get_mut(app).unwrap() += 1;
                    (app.to_owned(), self.manifests(dice, app, id))
                });
                Ask::Folder(apps.into())
            }
            29..44 => self.deploy(dice),
            44..59 => self.lock(dice, id),
            59..73 => self.unlock(dice),
            73..87 => Ask::Train {
                target: dice
                    .of(&["staging", "prod", "prod", "prod-a", "dev", "qa"])
                    .to_owned(),
                team: dice.chance(20).then(|| dice.of(&TEAMS).to_owned()),
                on_lock: on_lock(dice, "skip"),
                tag: dice.chance(25).then(|| {
                    if dice.chance(15) {
                        "common".to_owned()
                    } else {
                        format!("train-{}-{}-{}", id.0.0, id.0.1, id.1)
                    }
                }),
            },
            87..91 => Ask::CreateEnvironment {
                environment: dice.of(&ANNEXES).to_owned(),
                upstream: dice.of(&["latest", "dev", "staging"]).to_owned(),
            },
            91..93 => Ask::UpdateEnvironment {
                environment: environment(dice).to_owned(),
                annotation: format!("{}-{}", id.0.0, id.0.1),
            },
            93..95 => Ask::DeleteEnvironment {
                environment: dice.of(&ANNEXES).to_owned(),
            },
            95..97 => Ask::DeleteApp {
                app: if dice.chance(80) { "toy" } else { app(dice) }.to_owned(),
            },
            97..99 => Ask::RemoveApp {
                app: app(dice).to_owned(),
                environment: environment(dice).to_owned(),
            },
            _ => Ask::Render,
        }
    }

    fn release(&mut self, dice: &mut Dice, id: ((usize, usize), u64)) -> Ask {
        let app = app(dice);
        let manifests = self.manifests(dice, app, id);
        let known = self.releases.get_mut(app).unwrap();
        *known += 1;
        let version = dice.chance(20).then(|| 1 + dice.below(*known + 2));
        *known = (*known).max(version.unwrap_or(0));
        let source = format!("{:02x}{:02x}{:02x}{:034x}", id.0.0, id.0.1, id.1, self.seed);
        Ask::Release {
            app: app.to_owned(),
            version,
            team: dice.chance(30).then(|| dice.of(&TEAMS).to_owned()),
            manifests,
            source: dice.chance(50).then_some(source),
        }
    }

    fn manifests(&self, dice: &mut Dice, app: &str, id: ((usize, usize), u64)) -> Manifests {
        let wanted = |environment: &&str| {
            *environment == "dev" || app != "toy" && dice.clone().below(10) != 9
        };
        let environments: Vec<_> = ENVIRONMENTS.into_iter().filter(wanted).collect();
        let annex = if app != "toy" && dice.chance(60) {
            Some("qa")
        } else {
            None
        };
        let ((actor, step), part) = id;
        let manifests = environments.into_iter().chain(annex).map(|environment| {
            let text = format!(
                "kind: ConfigMap\nmetadata:\n  name: {app}\ndata:\n  by: {}-{actor}-{step}-{part}\n  at: {environment}\n",
                self.seed
            );
            (environment.to_owned(), text)
        });
        manifests.collect()
    }

    fn deploy(&mut self, dice: &mut Dice) -> Ask {
        let app = app(dice);
        let known = self.releases[app];
        let version = known.saturating_sub(dice.below(4)).max(1);
        Ask::Deploy {
            app: app.to_owned(),
            place: if dice.chance(20) {
                Place::Group("prod".to_owned())
            } else {
                Place::Environment(environment(dice).to_owned())
            },
            version,
            on_lock: on_lock(dice, "ignore"),
        }
    }

    fn lock(&mut self, dice: &mut Dice, id: ((usize, usize), u64)) -> Ask {
        let place = if dice.chance(15) {
            Place::Group("prod".to_owned())
        } else {
            Place::Environment(environment(dice).to_owned())
        };
        let what = match (dice.below(10), &place) {
            (0..3, _) | (_, Place::Group(_)) => What::All,
            (3..7, _) => What::App(app(dice).to_owned()),
            (7..9, _) => What::Team(dice.of(&TEAMS).to_owned()),
            _ => What::Manifest(app(dice).to_owned()),
        };
        let name = if dice.chance(50) {
            format!("common-{}", dice.below(2))
        } else {
            format!("own-{}-{}-{}", id.0.0, id.0.1, id.1)
        };
        self.locks.push((place.clone(), what.clone(), name.clone()));
        Ask::Lock {
            place,
            what,
            id: name,
        }
    }

    /// Mostly of a lock that was asked for before, so that queues come to their end.
    fn unlock(&mut self, dice: &mut Dice) -> Ask {
        let all = dice.chance(40);
        let keep_queue = dice.chance(5);
        if self.locks.is_empty() {
            return Ask::Unlock {
                place: Place::Environment(environment(dice).to_owned()),
                what: What::All,
                id: None,
                keep_queue,
            };
        }
        let last = self.locks.len() as u64;
        let which = last - 1 - dice.below(last.min(8));
        let (place, what, id) = self.locks.remove(usize::try_from(which).unwrap());
        Ask::Unlock {
            place,
            what,
            id: (!all).then_some(id),
            keep_queue,
        }
    }
}

fn app(dice: &mut Dice) -> &'static str {
    dice.weighted(&APPS.map(|app| (if app == "toy" { 1 } else { 3 }, app)))
}

fn environment(dice: &mut Dice) -> &'static str {
    let places = ENVIRONMENTS.map(|environment| (4, environment));
    dice.weighted(&[places.as_slice(), &[(1, "qa")]].concat())
}

fn on_lock(dice: &mut Dice, third: &str) -> String {
    dice.weighted(&[(6, "queue"), (2, "fail"), (2, third)])
        .to_owned()
}
