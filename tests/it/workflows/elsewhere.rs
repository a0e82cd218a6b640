//! The examples for GitLab CI and for cron, run as those run them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::machine::Machine;
use super::runner::document;
use crate::shop::{linked, shop};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/ci")
        .join(name)
}

type Variables = BTreeMap<String, String>;

/// A pipeline of GitLab CI in the project of an app.
struct Pipeline<'a> {
    machine: &'a Machine<'a>,
    variables: Variables,
}

impl Pipeline<'_> {
    /// Runs the jobs whose rules hold, and returns the exit codes of all tries by job.
    fn run(&self) -> BTreeMap<String, Vec<i32>> {
        let file = document(&example("gitlab-ci.yml"));
        let mut codes = BTreeMap::new();
        for (name, job) in file.as_object().unwrap() {
            if ["stages", "variables"].contains(&name.as_str()) || name.starts_with('.') {
                continue;
            }
            let job = extended(&file, job);
            let mut variables = self.variables.clone();
            for around in [&file["variables"], &job["variables"]] {
                for (name, value) in around.as_object().unwrap() {
                    variables.insert(
                        name.clone(),
                        expanded(value.as_str().unwrap(), &self.variables),
                    );
                }
            }
            let rules = job["rules"].as_array().unwrap();
            if rules
                .iter()
                .any(|rule| holds(rule["if"].as_str().unwrap(), &variables))
            {
                codes.insert(name.clone(), self.tries(&job, &variables));
            }
        }
        codes
    }

    fn tries(&self, job: &Value, variables: &Variables) -> Vec<i32> {
        let [before, script] =
            ["before_script", "script"].map(|part| job[part].as_array().unwrap());
        let lines: Vec<_> = before
            .iter()
            .chain(script)
            .map(|line| line.as_str().unwrap())
            .collect();
        let again: Vec<_> = job["retry"]["exit_codes"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::as_i64)
            .collect();
        let most = job["retry"]["max"].as_u64().unwrap();
        let mut codes = Vec::new();
        for _ in 0..=most {
            let folder = self.machine.workspace();
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("deploy")).unwrap();
            for environment in ["development", "staging", "prod-ca", "prod-de"] {
                let manifest = "kind: ConfigMap\nmetadata:\n  name: IMAGE_TAG\n";
                fs::write(folder.join(format!("deploy/{environment}.yaml")), manifest).unwrap();
            }
            let mut bash = self.machine.command("bash", &[]);
            bash.args(["-eo", "pipefail", "-c", &lines.join("\n")])
                .current_dir(folder);
            let output = bash.envs(variables).output().unwrap();
            let code = output.status.code().unwrap();
            codes.push(code);
            if !again.contains(&Some(i64::from(code))) {
                assert_eq!(code, 0, "{}", String::from_utf8_lossy(&output.stderr));
                break;
            }
        }
        codes
    }
}

/// A job with what it takes over from another one. What is not known here is an error.
fn extended(file: &Value, job: &Value) -> Value {
    let mut whole = file[job["extends"].as_str().unwrap()].clone();
    for (key, value) in job.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let known = [
        "extends",
        "stage",
        "image",
        "variables",
        "before_script",
        "script",
        "rules",
        "retry",
    ];
    for key in whole.as_object().unwrap().keys() {
        assert!(known.contains(&key.as_str()), "`{key}` is not known");
    }
    whole
}

fn expanded(text: &str, variables: &Variables) -> String {
    match text.strip_prefix('$') {
        Some(name) => variables[name].clone(),
        None => {
            assert!(!text.contains('$'), "{text} is not known");
            text.to_owned()
        }
    }
}

/// `$A == "b" && $C`
fn holds(rule: &str, variables: &Variables) -> bool {
    let value = |word: &str| match (word.strip_prefix('$'), word.strip_prefix('"')) {
        (Some(name), _) => variables.get(name).cloned().unwrap_or_default(),
        (None, Some(text)) => text.trim_end_matches('"').to_owned(),
        (None, None) => panic!("`{word}` is not known"),
    };
    rule.split(" && ")
        .all(|part| match part.split_once(" == ") {
            Some((left, right)) => value(left) == value(right),
            None => !value(part).is_empty(),
        })
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A machine of GitLab's, on which the address of the manifest repository leads to the remote of the world.
fn prepare(machine: &Machine) {
    let remote = machine.world.remote();
    let config = format!(
        "[url \"file://{}\"]\n  insteadOf = https://gitlab.example.com/shop/manifests.git\n",
        remote.display()
    );
    fs::write(machine.home().join(".gitconfig"), config).unwrap();
}

#[test]
fn gitlab_releases_what_is_merged_and_sends_a_train_on_schedule() {
    let world = shop();
    let machine = Machine::new(&world);
    prepare(&machine);
    machine.release("0.1.0");
    let commit = "0123456789012345678901234567890123456789";
    let pipeline = |more: &[(&str, &str)]| Pipeline {
        machine: &machine,
        variables: [
            variables(&[
                ("CI_COMMIT_BRANCH", "main"),
                ("CI_DEFAULT_BRANCH", "main"),
                ("CI_COMMIT_SHA", commit),
                ("CI_COMMIT_AUTHOR", "Ada <ada@shop.example>"),
                ("CI_COMMIT_MESSAGE", "it's \"done\"; $(touch harm)\n\nmore"),
                ("CI_PIPELINE_IID", "7"),
                (
                    "CI_PIPELINE_URL",
                    "https://gitlab.example.com/shop/cart/-/pipelines/7",
                ),
                ("GITLAB_USER_NAME", "Grace Points"),
                ("GITLAB_USER_EMAIL", "grace@shop.example"),
                ("MANIFESTS_TOKEN", "secret"),
            ]),
            variables(more),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    let merged = pipeline(&[("CI_PIPELINE_SOURCE", "push")]);
    assert_eq!(merged.run(), [("release".to_owned(), vec![0])].into());
    let file = |name: &str| {
        world.remote_git(&["show", &format!("main:applications/cart/releases/7/{name}")])
    };
    assert_eq!(file("source_commit_id"), commit);
    assert_eq!(
        file("source_message"),
        "it's \"done\"; $(touch harm)\n\nmore"
    );
    assert_eq!(
        world.remote_git(&["log", "-1", "--format=%an", "main"]),
        "Grace Points"
    );
    let elsewhere = pipeline(&[
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BRANCH", "topic"),
    ]);
    assert_eq!(elsewhere.run(), BTreeMap::new());
    let scheduled = pipeline(&[("CI_PIPELINE_SOURCE", "schedule"), ("TRAIN", "staging")]);
    assert_eq!(scheduled.run(), [("train".to_owned(), vec![0])].into());
    assert_eq!(linked(&world, "staging", "cart", "version").unwrap(), "7");
    // No token in any file of the checkout.
    let config = fs::read_to_string(machine.workspace().join("manifests/.git/config")).unwrap();
    assert!(!config.contains("secret"), "{config}");
}

#[test]
fn gitlab_sends_a_train_again_that_could_not_go_for_others() {
    let world = shop();
    let machine = Machine::new(&world);
    prepare(&machine);
    machine.program("[ -e \"$HOME/7\" ] && exec \"$TRAINYARD\" \"$@\"; touch \"$HOME/7\"; exit 7");
    machine.release("0.1.0");
    let scheduled = Pipeline {
        machine: &machine,
        variables: variables(&[
            ("CI_PIPELINE_SOURCE", "schedule"),
            ("TRAIN", "staging"),
            ("GITLAB_USER_NAME", "x"),
            ("GITLAB_USER_EMAIL", "x"),
            ("MANIFESTS_TOKEN", "x"),
        ]),
    };
    assert_eq!(scheduled.run(), [("train".to_owned(), vec![7, 0])].into());
    assert_eq!(linked(&world, "staging", "basket", "version").unwrap(), "2");
}

#[test]
fn cron_says_nothing_unless_somebody_must_hear_of_it() {
    let world = shop();
    let machine = Machine::new(&world);
    let crontab = fs::read_to_string(example("cron/crontab")).unwrap();
    let line = crontab
        .lines()
        .find(|line| line.starts_with(|letter: char| letter.is_ascii_digit()))
        .unwrap();
    let (_, command) = line.split_once("  ").unwrap();
    assert_eq!(line.split_whitespace().take(5).count(), 5);
    let command = command.replace("/opt/trainyard", example("cron").to_str().unwrap());
    let command = command.replace("/srv/manifests", world.checkout().to_str().unwrap());
    machine.stand_in("sleep", "echo \"$1\" >>\"$STORE/slept\"");
    world.git(&["config", "user.name", "Nightly train"]);
    world.git(&["config", "user.email", "trains@shop.example"]);

    // The codes with which the program ends one after the other; then it is the real one.
    let run = |codes: &str| {
        fs::write(machine.store("codes"), codes).unwrap();
        fs::write(machine.store("slept"), "").unwrap();
        machine.stand_in(
            "trainyard",
            "read -r code <\"$STORE/codes\" || exec \"$STORE/trainyard\" \"$@\"\n\
             sed -i 1d \"$STORE/codes\"; echo \"it ended with $code\" >&2; exit $code",
        );
        let (said, success) = machine.finish(machine.command("sh", &[]).args(["-c", &command]));
        (
            said,
            success,
            fs::read_to_string(machine.store("slept")).unwrap(),
        )
    };
    assert_eq!(run("4\n7\n"), (String::new(), true, "5\n15\n".to_owned()));
    assert_eq!(linked(&world, "staging", "basket", "version").unwrap(), "2");
    let (said, success, slept) = run("3\n");
    assert_eq!((success, slept.as_str()), (false, ""));
    assert_eq!(
        said,
        "the train to staging did not go (exit code 3):\nit ended with 3\n"
    );
    let (said, success, slept) = run(&"7\n".repeat(9));
    assert_eq!((success, slept.as_str()), (false, "5\n15\n60\n180\n"));
    assert!(said.contains("(exit code 7)"), "{said}");
    assert_eq!(run(""), (String::new(), true, String::new()));
}

#[test]
fn cron_puts_the_page_into_its_place_as_a_whole() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.stand_in("trainyard", "exec \"$STORE/trainyard\" \"$@\"");
    let crontab = fs::read_to_string(example("cron/crontab")).unwrap();
    let (_, command) = crontab
        .lines()
        .filter(|line| line.contains("-o html"))
        .find_map(|line| line.split_once("  "))
        .unwrap();
    let command = command.replace("/srv/manifests", world.checkout().to_str().unwrap());
    let command = command.replace("/srv/www", world.room().to_str().unwrap());
    let run = || machine.finish(machine.command("sh", &[]).args(["-c", &command]));
    assert_eq!(run(), (String::new(), true));
    let place = world.room().join("trainyard.html");
    let page = fs::read_to_string(&place).unwrap();
    assert!(page.contains("basket"), "{page}");
    machine.stand_in("trainyard", "echo half; exit 1");
    assert!(!run().1);
    assert_eq!(fs::read_to_string(&place).unwrap(), page);
}
