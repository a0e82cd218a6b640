//! A small runner of GitHub's workflows. It reads the files as they are, sets what GitHub sets, and really runs each step; checkouts and
//! caches are stand-ins, our own action is not. A feature that it does not know is an error, so that no step is passed over in silence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::expression::{Names, filled, holds};
use super::files::pairs;
use super::log::{Command, commands};
use super::machine::Machine;

/// Our action, as the examples name it.
const OURS: &str = "example/trainyard/.github/actions/trainyard@v0.1.0";

type Outcome<T> = Result<T, String>;

/// What happened, and what GitHub knows about it.
pub(super) struct Event {
    pub(super) name: &'static str,
    /// `OWNER/NAME`
    pub(super) repository: &'static str,
    /// The full name of the ref, and its commit.
    pub(super) reference: (String, String),
    pub(super) payload: Value,
    pub(super) inputs: Value,
    pub(super) secrets: Value,
}

/// A step that is over.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// `success`, `failure` or `skipped`.
    pub(super) outcome: &'static str,
    pub(super) outputs: BTreeMap<String, String>,
}

/// A job that is over.
#[derive(Debug, Default)]
pub(super) struct Job {
    pub(super) skipped: bool,
    pub(super) failed: bool,
    /// By id.
    pub(super) steps: BTreeMap<String, Ended>,
    /// What the steps printed.
    pub(super) log: String,
    pub(super) summary: String,
    /// What they told the runner in their lines.
    pub(super) commands: Vec<Command>,
}

impl Job {
    #[track_caller]
    pub(super) fn output(&self, step: &str, name: &str) -> &str {
        &self.steps[step].outputs[name]
    }
}

/// Fails if there is any key that the runner does not know.
fn only<'a>(what: &str, value: &'a Value, known: &[&str]) -> Outcome<&'a Map<String, Value>> {
    let map = value.as_object().ok_or(format!("{what} is no mapping"))?;
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{what}: `{key}` is not known")),
        None => Ok(map),
    }
}

fn text(value: &Value) -> Outcome<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(format!("{value} is no text")),
    }
}

/// Reads a file of YAML.
pub(super) fn document(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What the expressions of a job or an action see.
struct Scope<'a> {
    runner: &'a Runner<'a>,
    github: Value,
    inputs: Value,
    matrix: Value,
    /// Of the workflow, the job and what stands around the steps.
    env: BTreeMap<String, String>,
    steps: BTreeMap<String, Ended>,
    failed: bool,
}

impl Names for Scope<'_> {
    fn value(&self, path: &[&str]) -> Outcome<Value> {
        let unknown = || format!("nobody set `{}`", path.join("."));
        let below = |value: &Value, names: &[&str]| {
            let found = names.iter().try_fold(value, |value, name| value.get(name));
            found.cloned().ok_or_else(unknown)
        };
        match path {
            ["github", names @ ..] => below(&self.github, names),
            ["inputs", name] => below(&self.inputs, &[name]),
            ["matrix", name] => below(&self.matrix, &[name]),
            ["secrets", name] => below(&self.runner.event.secrets, &[name]),
            ["env", name] => self
                .env
                .get(*name)
                .map(|value| json!(value))
                .ok_or_else(unknown),
            ["steps", id, what @ ..] => {
                let step = self.steps.get(*id).ok_or_else(unknown)?;
                match what {
                    // An output that nobody set is empty.
                    ["outputs", name] => Ok(json!(step.outputs.get(*name))),
                    ["outcome"] => Ok(json!(step.outcome)),
                    _ => Err(unknown()),
                }
            }
            _ => Err(unknown()),
        }
    }

    fn status(&self, function: &str) -> Outcome<bool> {
        match function {
            "always" => Ok(true),
            "success" => Ok(!self.failed),
            "failure" => Ok(self.failed),
            "cancelled" => Ok(false),
            _ => Err(format!("there is no function `{function}`")),
        }
    }
}

impl Scope<'_> {
    fn filled(&self, value: &Value) -> Outcome<String> {
        filled(&text(value)?, self)
    }

    fn filled_map(&self, value: Option<&Value>) -> Outcome<BTreeMap<String, String>> {
        let map = match value {
            None => return Ok(BTreeMap::new()),
            Some(value) => value.as_object().ok_or("a mapping is needed")?,
        };
        let pairs = map
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.filled(value)?)));
        pairs.collect()
    }
}

/// Runs the workflows of one event on one machine.
pub(super) struct Runner<'a> {
    pub(super) machine: &'a Machine<'a>,
    pub(super) event: Event,
}

impl Runner<'_> {
    /// Runs a workflow, and returns its jobs by name.
    #[track_caller]
    pub(super) fn run(&self, workflow: &Path) -> BTreeMap<String, Job> {
        match self.try_run(&document(workflow)) {
            Ok(jobs) => jobs,
            Err(error) => panic!("{}: {error}", workflow.display()),
        }
    }

    pub(super) fn try_run(&self, workflow: &Value) -> Outcome<BTreeMap<String, Job>> {
        let known = ["name", "on", "permissions", "concurrency", "jobs"];
        let workflow = only("workflow", workflow, &known)?;
        let triggers = workflow.get("on").ok_or("`on` is missing")?;
        let trigger = triggers
            .get(self.event.name)
            .ok_or(format!("nothing is done on {}", self.event.name))?;
        let inputs = self.inputs(trigger)?;
        let jobs = workflow["jobs"].as_object().ok_or("there are no jobs")?;
        let mut ended: BTreeMap<String, Job> = BTreeMap::new();
        let mut waiting: Vec<_> = jobs.iter().collect();
        while !waiting.is_empty() {
            let has_ended = |name: &Value| ended.contains_key(name.as_str().unwrap_or_default());
            let ready = |job: &Value| match &job["needs"] {
                Value::Null => true,
                Value::Array(names) => names.iter().all(has_ended),
                name => has_ended(name),
            };
            let place = waiting
                .iter()
                .position(|(_, job)| ready(job))
                .ok_or("jobs wait for each other")?;
            let (name, job) = waiting.remove(place);
            let permissions = job.get("permissions").or(workflow.get("permissions"));
            let permissions = permissions.ok_or("permissions are not limited")?;
            for matrix in matrices(job)? {
                let end = self.job(name, job, (permissions, &inputs, &matrix))?;
                let key = match matrix["system"].as_str() {
                    Some(system) => format!("{name} {system}"),
                    None => name.clone(),
                };
                ended.insert(key, end);
            }
            if ended.keys().all(|key| key != name) {
                // A job of several stands for all of them.
                let failed = ended
                    .iter()
                    .any(|(key, job)| key.starts_with(name.as_str()) && job.failed);
                ended.insert(
                    name.clone(),
                    Job {
                        failed,
                        ..Job::default()
                    },
                );
            }
        }
        Ok(ended)
    }

    /// The inputs of a form, with their defaults.
    fn inputs(&self, trigger: &Value) -> Outcome<Value> {
        let mut given = self.event.inputs.as_object().cloned().unwrap_or_default();
        let mut inputs = Map::new();
        for (name, input) in trigger["inputs"].as_object().into_iter().flatten() {
            let known = ["description", "type", "options", "default", "required"];
            let input = only(name, input, &known)?;
            let value = match given.remove(name) {
                Some(value) => value,
                None if input.contains_key("required") => {
                    return Err(format!("`{name}` is required"));
                }
                None => input.get("default").cloned().unwrap_or(json!("")),
            };
            let options = input.get("options").and_then(Value::as_array);
            if options.is_some_and(|options| !options.contains(&value)) {
                return Err(format!("{value} is no choice for `{name}`"));
            }
            inputs.insert(name.clone(), value);
        }
        match given.keys().next() {
            Some(name) => Err(format!("there is no input `{name}`")),
            None => Ok(Value::Object(inputs)),
        }
    }

    fn job(&self, name: &str, job: &Value, around: (&Value, &Value, &Value)) -> Outcome<Job> {
        let (permissions, inputs, matrix) = around;
        let known = [
            "if",
            "needs",
            "strategy",
            "runs-on",
            "timeout-minutes",
            "permissions",
            "environment",
            "steps",
        ];
        let job = only(name, job, &known)?;
        self.machine.begin_job(permissions)?;
        let mut scope = Scope {
            runner: self,
            github: self.github(name),
            inputs: inputs.clone(),
            matrix: matrix.clone(),
            env: BTreeMap::new(),
            steps: BTreeMap::new(),
            failed: false,
        };
        let mut ended = Job::default();
        if let Some(condition) = job.get("if")
            && !holds(&text(condition)?, &scope)?
        {
            ended.skipped = true;
            return Ok(ended);
        }
        scope.filled(job.get("runs-on").ok_or("`runs-on` is missing")?)?;
        let mut path = Vec::new();
        let steps = job["steps"].as_array().ok_or("there are no steps")?;
        self.steps(steps, &mut scope, (&mut ended, &mut path))?;
        self.machine.end_job(scope.failed);
        ended.failed = scope.failed;
        ended.steps = scope.steps;
        Ok(ended)
    }

    /// Runs steps one after the other. `path` is what they add to the PATH.
    fn steps(
        &self,
        steps: &[Value],
        scope: &mut Scope,
        told: (&mut Job, &mut Vec<String>),
    ) -> Outcome<()> {
        let (job, path) = told;
        let known = ["id", "name", "if", "uses", "with", "run", "shell", "env"];
        for (number, step) in steps.iter().enumerate() {
            let what = format!("step {}", number + 1);
            let step = only(&what, step, &known)?;
            let condition = step.get("if").map_or(Ok("success()".to_owned()), text)?;
            let mut ended = Ended {
                outcome: "skipped",
                ..Ended::default()
            };
            if holds(&condition, scope).map_err(|error| format!("{what}: {error}"))? {
                let done = self.step(step, scope, (job, path));
                let (success, outputs) = done.map_err(|error| format!("{what}: {error}"))?;
                scope.failed |= !success;
                let outcome = if success { "success" } else { "failure" };
                ended = Ended { outcome, outputs };
            }
            if let Some(id) = step.get("id") {
                scope.steps.insert(text(id)?, ended);
            }
        }
        Ok(())
    }

    fn step(
        &self,
        step: &Map<String, Value>,
        scope: &Scope,
        (job, path): (&mut Job, &mut Vec<String>),
    ) -> Outcome<(bool, BTreeMap<String, String>)> {
        let mut env = scope.env.clone();
        env.extend(scope.filled_map(step.get("env"))?);
        match (step.get("run"), step.get("uses")) {
            (Some(run), None) => {
                let script = scope.filled(run)?;
                // What people may have typed comes in variables only.
                if script != text(run)? {
                    return Err(format!("an expression becomes part of a script:\n{script}"));
                }
                self.script(&script, step.get("shell"), scope, (&env, job, path))
            }
            (None, Some(uses)) => {
                let with = scope.filled_map(step.get("with"))?;
                match text(uses)?.as_str() {
                    "actions/checkout@v4" => {
                        let home = (self.event.repository, &self.event.reference);
                        self.machine.check_out(&with, home)?;
                        Ok((true, BTreeMap::new()))
                    }
                    "actions/upload-pages-artifact@v3" => {
                        self.machine.upload_page(&with)?;
                        Ok((true, BTreeMap::new()))
                    }
                    "actions/deploy-pages@v4" => Ok((self.machine.deploy_page(), BTreeMap::new())),
                    "actions/cache@v4" => Ok((true, self.machine.cache(&with)?)),
                    OURS => self.composite(with, scope, (env, job, path)),
                    other => Err(format!("the action `{other}` is not known")),
                }
            }
            _ => Err("a step either runs or uses something".into()),
        }
    }

    /// Runs our own action.
    fn composite(
        &self,
        with: BTreeMap<String, String>,
        scope: &Scope,
        (env, job, path): (BTreeMap<String, String>, &mut Job, &mut Vec<String>),
    ) -> Outcome<(bool, BTreeMap<String, String>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/trainyard");
        let action = document(&folder.join("action.yml"));
        let action = only(
            "action",
            &action,
            &["name", "description", "inputs", "outputs", "runs"],
        )?;
        let runs = only("runs", &action["runs"], &["using", "steps"])?;
        if runs["using"] != "composite" {
            return Err("only a composite action is known".into());
        }
        let mut github = scope.github.clone();
        github["action_repository"] = json!("example/trainyard");
        let mut inner = Scope {
            runner: self,
            github,
            inputs: json!({}),
            matrix: Value::Null,
            env,
            steps: BTreeMap::new(),
            failed: false,
        };
        let mut given = with;
        for (name, input) in action["inputs"]
            .as_object()
            .ok_or("inputs are no mapping")?
        {
            let input = only(name, input, &["description", "default"])?;
            let value = match given.remove(name) {
                Some(value) => value,
                None => inner.filled(&input["default"])?,
            };
            inner.inputs[name] = json!(value);
        }
        if let Some(name) = given.keys().next() {
            return Err(format!("the action has no input `{name}`"));
        }
        // The steps within are of no repository: GitHub's runner takes it away from them.
        inner.github["action_repository"] = Value::Null;
        inner.github["action_path"] = json!(folder);
        let steps = runs["steps"].as_array().ok_or("there are no steps")?;
        if steps
            .iter()
            .any(|step| step.get("run").is_some() && step.get("shell").is_none())
        {
            return Err("a step of an action needs a shell".into());
        }
        self.steps(steps, &mut inner, (job, path))?;
        let outputs = action["outputs"]
            .as_object()
            .ok_or("outputs are no mapping")?;
        let outputs = outputs.iter().map(|(name, output)| {
            let output = only(name, output, &["description", "value"])?;
            Ok((name.clone(), inner.filled(&output["value"])?))
        });
        Ok((!inner.failed, outputs.collect::<Outcome<_>>()?))
    }

    /// Runs a script as the runner does: from a file, by a bash that stops at the first error.
    fn script(
        &self,
        script: &str,
        shell: Option<&Value>,
        scope: &Scope,
        (env, job, path): (&BTreeMap<String, String>, &mut Job, &mut Vec<String>),
    ) -> Outcome<(bool, BTreeMap<String, String>)> {
        let machine = self.machine;
        let file = machine.temp().join("script.sh");
        fs::write(&file, script).unwrap();
        let flags: &[&str] = match shell.map(text).transpose()?.as_deref() {
            None => &["-e"],
            Some("bash") => &["--noprofile", "--norc", "-eo", "pipefail"],
            Some(other) => return Err(format!("the shell `{other}` is not known")),
        };
        let mut told = BTreeMap::new();
        let mut command = machine.command("bash", path);
        command
            .args(flags)
            .arg(&file)
            .current_dir(machine.workspace());
        for (name, value) in scope.github.as_object().into_iter().flatten() {
            // What is no text is no variable, and the token is none.
            if let Value::String(value) = value
                && name != "token"
            {
                command.env(format!("GITHUB_{}", name.to_uppercase()), value);
            }
        }
        for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            let place = machine.temp().join(format!("told_{name}"));
            fs::write(&place, "").unwrap();
            command.env(format!("GITHUB_{name}"), &place);
            told.insert(name, place);
        }
        let (printed, success) = machine.finish(command.envs(env));
        let read = |name: &str| fs::read_to_string(&told[name]).unwrap();
        job.commands.extend(commands(&printed));
        job.log += &printed;
        let summary = read("STEP_SUMMARY");
        if summary.len() > 1024 * 1024 {
            return Err("the summary is too large".into());
        }
        job.summary += &summary;
        path.extend(read("PATH").lines().map(str::to_owned));
        if !read("ENV").is_empty() || !read("STATE").is_empty() {
            return Err("variables for later steps are not known".into());
        }
        Ok((success, pairs(&read("OUTPUT"))?))
    }

    /// The context `github`, of which the texts are variables too.
    fn github(&self, job: &str) -> Value {
        let Event {
            name,
            repository,
            reference,
            payload,
            ..
        } = &self.event;
        let (reference, commit) = reference;
        let short = reference.splitn(3, '/').last().unwrap_or_default();
        let workspace: PathBuf = self.machine.workspace();
        json!({
            "actions": "true",
            "event_name": name,
            "event": payload,
            "repository": repository,
            "repository_owner": "example",
            "ref": reference,
            "ref_name": short,
            "sha": commit,
            "actor": "octo-ada",
            "workflow": "workflow",
            "job": job,
            "run_id": "77",
            "run_number": "7",
            "server_url": "https://github.com",
            "api_url": "https://api.github.com",
            "workspace": workspace,
            "token": "a token",
            "action_repository": null,
        })
    }
}

/// The values of the one matrix that is known: systems.
fn matrices(job: &Value) -> Outcome<Vec<Value>> {
    let Some(strategy) = job.get("strategy") else {
        return Ok(vec![Value::Null]);
    };
    let matrix = &only("strategy", strategy, &["matrix"])?["matrix"];
    let systems = only("matrix", matrix, &["system"])?["system"].as_array();
    let systems = systems.ok_or("systems are no list")?.iter();
    Ok(systems.map(|system| json!({ "system": system })).collect())
}
