//! The course of a story: which command is given when.

use super::input::Input;
use super::model::{Model, Scope};

/// Commands that one run of a pipeline gives, on one clone.
pub(super) struct Step {
    pub(super) title: String,
    pub(super) deeds: Vec<Deed>,
}

/// One command.
pub(super) enum Deed {
    Release {
        app: String,
        number: u64,
    },
    Lock {
        on: Hold,
        id: &'static str,
        message: &'static str,
    },
    Unlock {
        on: Hold,
        id: &'static str,
    },
    Train {
        target: String,
    },
}

/// What a lock is put on.
#[derive(Clone)]
pub(super) enum Hold {
    Environment(String),
    Group(String),
    App(String, String),
    Team(String, String),
}

impl Hold {
    /// The flags that name it.
    pub(super) fn flags(&self) -> Vec<&str> {
        match self {
            Self::Environment(environment) => vec!["-e", environment],
            Self::Group(group) => vec!["-g", group],
            Self::App(environment, app) => vec!["-e", environment, "-a", app],
            Self::Team(environment, team) => vec!["-e", environment, "-t", team],
        }
    }

    /// The places where it keeps its locks.
    pub(super) fn scopes(&self, model: &Model) -> Vec<Scope> {
        match self.clone() {
            Self::Environment(environment) => vec![Scope::Environment(environment)],
            Self::Group(group) => {
                let members = model.members(&group).into_iter();
                members.map(Scope::Environment).collect()
            }
            Self::App(environment, app) => vec![Scope::App(environment, app)],
            Self::Team(environment, team) => vec![Scope::Team(environment, team)],
        }
    }
}

/// Who plays which part.
struct Cast {
    apps: Vec<String>,
    teams: Vec<&'static str>,
    /// Where the versions for staging come from.
    first_stop: String,
    staging: String,
    prod: [String; 2],
}

/// The whole course, for any number of versions from three on.
pub(super) fn steps(input: &Input) -> Vec<Step> {
    let cast = Cast::of(input);
    let mut steps = Vec::new();
    for number in 1..=input.versions.len() as u64 {
        let course = match number {
            1 => cast.apps_wait_on_their_very_first_stop(),
            2 => cast.an_app_and_a_team_wait(),
            3 => cast.environments_wait_and_all_catch_up(),
            _ => cast.a_group_waits_and_one_app_stays_behind(number),
        };
        steps.extend(course.into_iter().map(|(title, deeds)| Step {
            title: format!("version {number}: {title}"),
            deeds,
        }));
    }
    steps
}

type Course = Vec<(&'static str, Vec<Deed>)>;

impl Cast {
    fn of(input: &Input) -> Self {
        let model = Model::new(&input.configs);
        let staging = model.members("staging").swap_remove(0);
        let upstream = &model.environments[&staging].parsed["upstream"]["environment"];
        let apps = input.apps();
        Self {
            first_stop: upstream.as_str().unwrap().to_owned(),
            staging,
            prod: model
                .members("prod")
                .try_into()
                .expect("prod has two members"),
            teams: apps.iter().map(|app| input.team(app)).collect(),
            apps: apps.into_iter().map(str::to_owned).collect(),
        }
    }

    fn apps_wait_on_their_very_first_stop(&self) -> Course {
        let first_stop = Hold::Environment(self.first_stop.clone());
        let mut known = self.release(1);
        let others = known.split_off(3);
        let opening_day = lock(&first_stop, "opening-day", "the others open at noon");
        vec![
            ("release of the apps that are first", known),
            ("the first stop closes", vec![opening_day]),
            ("release of the others", others),
            ("staging gets what is there", vec![train("staging")]),
            (
                "the first stop opens",
                vec![unlock(&first_stop, "opening-day")],
            ),
            (
                "all trains",
                vec![train("staging"), train("prod"), train("prod")],
            ),
        ]
    }

    fn an_app_and_a_team_wait(&self) -> Course {
        let [_, second] = &self.prod;
        let deeds = vec![
            lock(
                &self.hold_app(&self.staging, 0),
                "freeze",
                "one version is skipped: \"2\"",
            ),
            lock(&self.hold_team(second, 1), "audit", "Prüfung\nbis Freitag"),
            lock(&self.hold_app(second, 1), "audit-too", "the auditor's own"),
            lock(&self.hold_app(second, 1), "audit-too", "the auditors' own"),
        ];
        vec![
            ("locks", deeds),
            ("release", self.release(2)),
            ("staging", vec![train("staging")]),
            ("prod", vec![train("prod")]),
        ]
    }

    fn environments_wait_and_all_catch_up(&self) -> Course {
        let [first, second] = &self.prod;
        let first_stop = Hold::Environment(self.first_stop.clone());
        let incident = Hold::Environment(first.clone());
        let trains = || vec![train("staging"), train("prod")];
        let locks = vec![
            lock(&first_stop, "load-test", "load test until Friday"),
            lock(&incident, "incident", "#4711"),
        ];
        vec![
            ("locks", locks),
            ("release", self.release(3)),
            (
                "the first stop is locked for trains too",
                vec![train(&self.first_stop)],
            ),
            (
                "the app on staging may go",
                vec![unlock(&self.hold_app(&self.staging, 0), "freeze")],
            ),
            ("version 2 arrives", trains()),
            (
                "the first stop catches up",
                vec![unlock(&first_stop, "load-test")],
            ),
            (
                "the team may go, but for one app",
                vec![unlock(&self.hold_team(second, 1), "audit")],
            ),
            ("version 3 arrives", trains()),
            (
                "the last app may go",
                vec![unlock(&self.hold_app(second, 1), "audit-too")],
            ),
            (
                "nothing waits for the end of the incident",
                vec![unlock(&incident, "incident")],
            ),
            ("all in step", trains()),
        ]
    }

    fn a_group_waits_and_one_app_stays_behind(&self, number: u64) -> Course {
        let prod = Hold::Group("prod".to_owned());
        let slow = self.hold_app(&self.staging, 2);
        let trains = || vec![train("staging"), train("prod")];
        match number % 3 {
            1 => vec![
                (
                    "one app gets slow",
                    vec![lock(&slow, "slow", "slow since yesterday")],
                ),
                ("release", self.release(number)),
                ("both trains", trains()),
            ],
            2 => vec![
                ("prod closes", vec![lock(&prod, "closed", "inventory")]),
                ("release", self.release(number)),
                ("both trains", trains()),
            ],
            _ => vec![
                ("release", self.release(number)),
                ("both trains", trains()),
                ("prod opens", vec![unlock(&prod, "closed")]),
                ("prod", vec![train("prod")]),
                ("the slow app is fast again", vec![unlock(&slow, "slow")]),
                (
                    "one stays behind",
                    vec![lock(
                        &self.hold_app(&self.prod[0], 2),
                        "calm",
                        "quarter's end",
                    )],
                ),
                ("prod again", vec![train("prod")]),
            ],
        }
    }

    fn release(&self, number: u64) -> Vec<Deed> {
        let apps = self.apps.iter().cloned();
        apps.map(|app| Deed::Release { app, number }).collect()
    }

    fn hold_app(&self, environment: &str, app: usize) -> Hold {
        Hold::App(environment.to_owned(), self.apps[app].clone())
    }

    fn hold_team(&self, environment: &str, app: usize) -> Hold {
        Hold::Team(environment.to_owned(), self.teams[app].to_owned())
    }
}

fn lock(on: &Hold, id: &'static str, message: &'static str) -> Deed {
    let on = on.clone();
    Deed::Lock { on, id, message }
}

fn unlock(on: &Hold, id: &'static str) -> Deed {
    Deed::Unlock { on: on.clone(), id }
}

fn train(target: &str) -> Deed {
    Deed::Train {
        target: target.to_owned(),
    }
}
