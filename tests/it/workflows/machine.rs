//! The machine that a workflow runs on: its folders, what stands in for checkouts and caches, and programs in place of those that would
//! reach out into the world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::world::World;

/// A machine in the room of a world.
pub(super) struct Machine<'w> {
    pub(super) world: &'w World,
    /// The remotes by the names that workflows use.
    remotes: BTreeMap<&'static str, PathBuf>,
    /// What the token of the job may write.
    may_write: RefCell<Vec<String>>,
    /// What is kept when the job is over: the place in the store, and the folder.
    to_keep: RefCell<Vec<(PathBuf, PathBuf)>>,
}

/// A stand-in for `gh`, which keeps comments and issues in a folder, and knows the calls of our workflows only.
const GH: &str = r#"
cd "$STORE"
[ -n "${GH_TOKEN:-}" ] || { echo 'gh: no token' >&2; exit 4; }
case "$1 $2 $3" in
  'api --paginate '*/comments)
    [ "$#" = 5 ] && [ "$4" = --jq ] || exit 64
    mark='<!-- trainyard prognosis -->'
    [ "$5" = ".[] | select(.user.login == \"github-actions[bot]\" and (.body | startswith(\"$mark\"))) | .id" ] || exit 64
    mkdir -p "$3"
    for comment in "$3"/*; do
      [ -d "$comment" ] || continue
      [ "$(cat "$comment/login")" = 'github-actions[bot]' ] && [ "$(head -n 1 "$comment/body")" = "$mark" ] && basename "$comment"
    done
    exit 0 ;;
  'api --silent --method')
    [ "$#" = 7 ] && [ "$6" = --field ] && [ "${7%%@*}" = body= ] || exit 64
    case "$4 $5" in
      'POST repos/'*/comments) comment=$5/$((101 + $(ls "$5" | wc -l))) ;;
      'PATCH repos/'*/issues/comments/*) comment=$(echo repos/*/*/issues/[0-9]*/comments/"${5##*/}") ;;
      *) exit 64 ;;
    esac
    [ "$4" = POST ] || [ -d "$comment" ] || exit 1
    mkdir -p "$comment"
    echo "$4 $5" >>calls
    printf 'github-actions[bot]' >"$comment/login"
    cp "${7#*@}" "$comment/body" ;;
  'issue create --repo')
    [ "$#" = 8 ] && [ "$5" = --title ] && [ "$7" = --body-file ] || exit 64
    { echo "$6"; cat "$8"; } >issue ;;
  'release create '*) echo "$*" >>calls ;;
  'release edit '*) echo "$*" >>calls ;;
  'release upload '*)
    [ "$4 $5" = '--repo example/trainyard' ] || exit 64
    mkdir -p "releases/$3"
    tag=$3
    shift 5
    (cd "$WORKSPACE" && cp "$@" "$STORE/releases/$tag/") ;;
  *) exit 64 ;;
esac
"#;

/// A stand-in for `curl`, which has the releases of a folder.
const CURL: &str = r#"
while [ $# -gt 0 ]; do
  case $1 in
    --fail|--silent|--show-error|--location) ;;
    --retry|--max-time|--proto) shift ;;
    --output) shift; output=$1 ;;
    --url) shift; url=$1 ;;
    *) exit 2 ;;
  esac
  shift
done
case $url in
  https://github.com/example/trainyard/releases/download/*) cp "$STORE/releases/${url##*/download/}" "$output" ;;
  *) exit 6 ;;
esac
"#;

/// A stand-in for `cargo`, which builds our program in no time.
const CARGO: &str = r#"
echo "$*" >>"$STORE/cargo"
[ "$1 $2 $3" = 'build --locked --release' ] || exit 64
target=target
while [ $# -gt 0 ]; do
  [ "$1" != --target-dir ] || target=$2
  shift
done
mkdir -p "$target/release"
cp "$STORE/trainyard" "$target/release/trainyard"
"#;

impl<'w> Machine<'w> {
    /// A machine with the manifest repository of the world, as `example/manifests`.
    pub(super) fn new(world: &'w World) -> Self {
        let machine = Self {
            world,
            remotes: [("example/manifests", world.remote())].into(),
            may_write: RefCell::default(),
            to_keep: RefCell::default(),
        };
        for folder in ["home", "temp", "store", "programs"] {
            fs::create_dir_all(machine.place(folder)).unwrap();
        }
        for (name, lines) in [("gh", GH), ("curl", CURL), ("cargo", CARGO)] {
            machine.stand_in(name, lines);
        }
        machine.program("exec \"$TRAINYARD\" \"$@\"");
        machine
    }

    /// What is built and released as trainyard; `$TRAINYARD` is the program under test.
    pub(super) fn program(&self, lines: &str) {
        let program = format!("TRAINYARD='{}'", env!("CARGO_BIN_EXE_trainyard"));
        write_program(&self.store("trainyard"), &format!("{program}\n{lines}"));
    }

    /// Takes a stand-in away.
    pub(super) fn without(&self, name: &str) {
        fs::remove_file(self.place("programs").join(name)).unwrap();
    }

    /// Another repository, with a commit on `main` of the files that are put into a folder; returns the commit.
    pub(super) fn repository(&mut self, name: &'static str, fill: impl Fn(&Path)) -> String {
        let remote = self.place(&format!("remotes/{name}.git"));
        let folder = self.place("draft");
        fs::create_dir_all(&remote).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fill(&folder);
        self.git(&remote, &["init", "-q", "--bare", "--initial-branch=main"]);
        self.git(&folder, &["init", "-q", "--initial-branch=main"]);
        self.git(&folder, &["add", "."]);
        let author = ["-c", "user.name=x", "-c", "user.email=x"];
        self.git(
            &folder,
            &[&author[..], &["commit", "-q", "-m", "begin"]].concat(),
        );
        self.git(&folder, &["push", "-q", remote.to_str().unwrap(), "main"]);
        self.remotes.insert(name, remote.clone());
        self.git(&remote, &["rev-parse", "main"])
    }

    /// Puts the archive of a release where `curl` finds it, packed as our own workflow packs it.
    pub(super) fn release(&self, version: &str) {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/trainyard/pack.sh");
        let folder = self.store(&format!("releases/v{version}"));
        let mut command = self.command("bash", &[]);
        let command = command
            .arg(pack)
            .arg(self.store("trainyard"))
            .arg(version)
            .arg(folder);
        let (printed, success) = self.finish(command);
        assert!(success, "{printed}");
    }

    /// Puts a program before all others of its name. `$STORE` and `$WORKSPACE` are folders of this machine.
    pub(super) fn stand_in(&self, name: &str, lines: &str) {
        let folders = format!(
            "STORE='{}' WORKSPACE='{}'",
            self.store("").display(),
            self.workspace().display()
        );
        write_program(
            &self.place("programs").join(name),
            &format!("{folders}\n{lines}"),
        );
    }

    fn place(&self, name: &str) -> PathBuf {
        self.world.room().join("machine").join(name)
    }

    pub(super) fn store(&self, name: &str) -> PathBuf {
        self.place("store").join(name)
    }

    pub(super) fn workspace(&self) -> PathBuf {
        self.place("workspace")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.place("home")
    }

    pub(super) fn temp(&self) -> PathBuf {
        self.place("temp")
    }

    /// A program on this machine, with nothing of ours around it; `path` comes first on the PATH, the last one before the others.
    pub(super) fn command(&self, program: &str, path: &[String]) -> Command {
        let mut folders: Vec<_> = path.iter().rev().cloned().collect();
        folders.push(self.place("programs").display().to_string());
        folders.push(std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", folders.join(":"))
            .env("HOME", self.place("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("CI", "true")
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("RUNNER_TEMP", self.temp())
            .env("TRAINYARD_NOW", self.world.next_minute().to_string())
            .current_dir(self.place("home"));
        command
    }

    /// Runs a command to its end; both its streams are one, as in a log.
    pub(super) fn finish(&self, command: &mut Command) -> (String, bool) {
        let log = self.place("log");
        let file = fs::File::create(&log).unwrap();
        let status = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .status()
            .unwrap();
        (fs::read_to_string(log).unwrap(), status.success())
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let mut git = self.command("git", &[]);
        let output = git.current_dir(folder).args(arguments).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {complaint}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    fn may_write(&self, what: &str) -> bool {
        self.may_write.borrow().iter().any(|may| may == what)
    }

    /// `actions/upload-pages-artifact`: takes a folder as the next page.
    pub(super) fn upload_page(&self, with: &BTreeMap<String, String>) -> Result<(), String> {
        if with.keys().ne(["path"]) {
            return Err(format!(
                "actions/upload-pages-artifact: {:?} is not known",
                with.keys()
            ));
        }
        copy(
            &self.workspace().join(&with["path"]),
            &self.store("artifact"),
        );
        Ok(())
    }

    /// `actions/deploy-pages`: publishes the page that was uploaded, if the token may.
    pub(super) fn deploy_page(&self) -> bool {
        let may = self.may_write("pages") && self.may_write("id-token");
        may && fs::rename(self.store("artifact"), self.store("pages")).is_ok()
    }

    /// An empty workspace, and a token with these permissions.
    pub(super) fn begin_job(&self, permissions: &Value) -> Result<(), String> {
        let _ = fs::remove_dir_all(self.workspace());
        let _ = fs::remove_dir_all(self.temp());
        fs::create_dir_all(self.workspace()).unwrap();
        fs::create_dir_all(self.temp()).unwrap();
        let permissions = permissions
            .as_object()
            .ok_or("permissions are not given one by one")?;
        let write = permissions.iter().filter(|(_, may)| *may == "write");
        *self.may_write.borrow_mut() = write.map(|(what, _)| what.clone()).collect();
        Ok(())
    }

    /// Keeps what is to be cached, if all went well.
    pub(super) fn end_job(&self, failed: bool) {
        for (kept, folder) in self.to_keep.take().into_iter().filter(|_| !failed) {
            copy(&folder, &kept);
        }
    }

    /// `actions/checkout`: one commit, with credentials that lie in the config of the checkout.
    pub(super) fn check_out(
        &self,
        with: &BTreeMap<String, String>,
        (home, reference): (&str, &(String, String)),
    ) -> Result<(), String> {
        let known = [
            "repository",
            "path",
            "ssh-key",
            "persist-credentials",
            "fetch-depth",
        ];
        if let Some(name) = with.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("actions/checkout: `{name}` is not known"));
        }
        let repository = with.get("repository").map_or(home, String::as_str);
        let remote = self
            .remotes
            .get(repository)
            .ok_or(format!("there is no repository `{repository}`"))?;
        let folder = self
            .workspace()
            .join(with.get("path").map_or("", String::as_str));
        fs::create_dir_all(&folder).unwrap();
        let git = |arguments: &[&str]| self.git(&folder, arguments);
        let main = ("refs/heads/main".to_owned(), "refs/heads/main".to_owned());
        let (name, commit) = if repository == home { reference } else { &main };
        git(&["init", "-q"]);
        git(&[
            "remote",
            "add",
            "origin",
            &format!("file://{}", remote.display()),
        ]);
        git(&["config", "--local", "gc.auto", "0"]);
        let persists = with
            .get("persist-credentials")
            .is_none_or(|persists| persists == "true");
        let key = with.get("ssh-key").is_some_and(|key| !key.is_empty());
        if persists && !key {
            let header = "http.https://github.com/.extraheader";
            git(&["config", "--local", header, "AUTHORIZATION: basic ***"]);
        }
        // The token is for this repository only. Whoever may not push can read all the same.
        let by_token = repository == home && persists && self.may_write("contents");
        if !key && !by_token {
            git(&[
                "config",
                "--local",
                "remote.origin.receivepack",
                "/no/permission",
            ]);
        }
        let depth = with.get("fetch-depth").map_or("1", String::as_str);
        let depth = format!("--depth={depth}");
        let fetch = [
            "-c",
            "protocol.version=2",
            "fetch",
            "-q",
            "--no-tags",
            "--prune",
            "--no-recurse-submodules",
            &depth,
            "origin",
        ];
        let fetched = |into: &str| {
            let wanted = format!("+{commit}:{into}");
            git(&[&fetch[..], &[wanted.as_str()]].concat());
        };
        match name.strip_prefix("refs/heads/") {
            Some(branch) => {
                let tracking = format!("refs/remotes/origin/{branch}");
                fetched(&tracking);
                git(&["checkout", "-q", "--force", "-B", branch, &tracking]);
            }
            None => {
                let tracking = name.replacen("refs/", "refs/remotes/", 1);
                fetched(&tracking);
                git(&["checkout", "-q", "--force", &tracking]);
            }
        }
        Ok(())
    }

    /// `actions/cache`: brings a folder back, or keeps it when the job is over.
    pub(super) fn cache(
        &self,
        with: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, String> {
        if with.keys().ne(["key", "path"]) {
            return Err(format!("actions/cache: {:?} is not known", with.keys()));
        }
        let (kept, folder) = (
            self.store("cache").join(&with["key"]),
            PathBuf::from(&with["path"]),
        );
        let hit = kept.is_dir();
        if hit {
            copy(&kept, &folder);
        } else {
            self.to_keep.borrow_mut().push((kept, folder));
        }
        Ok([("cache-hit".to_owned(), hit.to_string())].into())
    }
}

/// Copies what a folder holds. Not by ourselves: a program that some fork still holds open for writing cannot be run.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let status = Command::new("cp")
        .arg("-a")
        .arg(from.join("."))
        .arg(to)
        .status();
    assert!(status.unwrap().success(), "{}", from.display());
}

/// Writes a program in bash.
pub(super) fn write_program(path: &Path, lines: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // Made beside its place and moved there: a script that some fork still holds open for writing cannot be run.
    let draft = path.with_extension("draft");
    fs::write(&draft, format!("#!/usr/bin/env bash\nset -e\n{lines}\n")).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&draft, path).unwrap();
}
