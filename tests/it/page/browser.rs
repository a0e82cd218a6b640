//! A real browser, driven by the WebDriver protocol: one for all tests, and a tab for each.
//!
//! A shell beside it waits for the end of the tests on a pipe, however they end, and then takes away the browser and its folder.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Body;
use ureq::http::Response;

use super::tab::Tab;
use crate::world::skipped;

/// No command takes that long; one that does hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const FLAGS: [&str; 12] = [
    "--headless",
    // It sees nothing but our own pages, and its sandbox needs what a container does not give.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-breakpad",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en",
];

/// The browser, as a session of its driver.
pub(super) struct Browser {
    agent: ureq::Agent,
    session: String,
    _processes: (Child, Child, BufReader<ChildStdout>),
}

/// A new tab of the browser, which no other test uses meanwhile; without a browser, a word that there is none.
pub(super) fn tab() -> Option<Tab> {
    static BROWSER: OnceLock<Option<Mutex<Browser>>> = OnceLock::new();
    let browser = BROWSER.get_or_init(|| Browser::start().map(Mutex::new));
    // A test that failed has left nothing but its tab, and that is closed.
    let browser = browser.as_ref()?.lock();
    Some(Tab::open(browser.unwrap_or_else(PoisonError::into_inner)))
}

impl Browser {
    fn start() -> Option<Self> {
        let Some((program, driver)) = programs() else {
            skipped("there is no Chromium with its chromedriver");
            return None;
        };
        let folder = TempDir::new().unwrap().keep();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            // What the browser keeps about itself, and its folders for a while, go with the rest.
            .env("HOME", &folder)
            .env("XDG_CONFIG_HOME", &folder)
            .env("TMPDIR", &folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed alone, the driver would leave the browser behind, which is of its group.
        let script = r#"read end; kill -KILL "-$1"; rm -rf -- "$2" || rm -rf -- "$2""#;
        let guard = Command::new("sh")
            .args(["-c", script, "guard", &driver.id().to_string()])
            .arg(&folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let mut browser = Self {
            agent: agent(),
            session: format!("http://127.0.0.1:{}/session", port(&mut said)),
            _processes: (driver, guard, said),
        };
        browser.begin(&program, &folder);
        Some(browser)
    }

    /// Begins the session in which everything is done.
    fn begin(&mut self, program: &Path, folder: &Path) {
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", folder.display()));
        let options = json!({ "binary": program, "args": flags });
        let asked = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        }}});
        let begun = self.post("", &asked);
        let id = begun["sessionId"].as_str().unwrap();
        self.session = format!("{}/{id}", self.session);
    }

    /// A command of the protocol with its arguments; returns what it answers.
    #[track_caller]
    pub(super) fn post(&self, command: &str, arguments: &Value) -> Value {
        let url = self.session.clone() + command;
        let answer = self.agent.post(&url).send(arguments.to_string());
        read(command, answer)
    }

    /// A question of the protocol.
    #[track_caller]
    pub(super) fn get(&self, command: &str) -> Value {
        read(
            command,
            self.agent.get(self.session.clone() + command).call(),
        )
    }

    /// Closes what is asked for.
    #[track_caller]
    pub(super) fn delete(&self, command: &str) -> Value {
        let answer = self.agent.delete(self.session.clone() + command).call();
        read(command, answer)
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(PATIENCE));
    ureq::Agent::new_with_config(config.build())
}

#[track_caller]
fn read(command: &str, answer: Result<Response<Body>, ureq::Error>) -> Value {
    let mut answer = answer.unwrap_or_else(|error| panic!("{command}: {error}"));
    let body = answer.body_mut().with_config().limit(u64::MAX);
    let mut body: Value = serde_json::from_slice(&body.read_to_vec().unwrap()).unwrap();
    let value = body["value"].take();
    assert!(answer.status().is_success(), "{command}: {value:#}");
    value
}

/// Where the driver listens, which it says on a line of its own.
fn port(said: &mut BufReader<ChildStdout>) -> u16 {
    let mut lines = said.lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("started successfully on port"));
    let line = line.expect("the driver says where it listens");
    let port = line.trim_end_matches('.').rsplit(' ').next().unwrap();
    port.parse().unwrap()
}

/// A browser and its driver, where this machine has them.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let browser = BROWSERS.iter().find_map(|name| on_path(name))?;
    // The machines of GitHub Actions have the driver in a folder of its own.
    let own = std::env::var_os("CHROMEWEBDRIVER").map(PathBuf::from);
    let own = own.map(|folder| folder.join("chromedriver"));
    let driver = own.filter(|driver| driver.exists());
    Some((browser, driver.or_else(|| on_path("chromedriver"))?))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}
