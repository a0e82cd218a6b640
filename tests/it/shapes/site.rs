//! A yard and one way to its remote: what a shape of checkout is cloned from.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::cell::Cell;
use super::ssh::SshServer;
use crate::world::{HttpServer, Mould, RELEASE, Tree, World, text};

/// How a checkout reaches its remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Path,
    FileUrl,
    HttpHeader,
    HttpHelper,
    SshVariable,
    SshSetting,
    SshConfig,
}

impl Way {
    pub(super) const ALL: [Self; 7] = [
        Self::Path,
        Self::FileUrl,
        Self::HttpHeader,
        Self::HttpHelper,
        Self::SshVariable,
        Self::SshSetting,
        Self::SshConfig,
    ];

    pub(super) const BY_SSH: [Self; 3] = [Self::SshVariable, Self::SshSetting, Self::SshConfig];

    /// As the table calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::FileUrl => "`file://`",
            Self::HttpHeader => "http, `extraheader`",
            Self::HttpHelper => "http, credential helper",
            Self::SshVariable => "ssh, `GIT_SSH_COMMAND`",
            Self::SshSetting => "ssh, `core.sshCommand`",
            Self::SshConfig => "ssh, `~/.ssh/config`",
        }
    }
}

/// The user of the web server.
const USER: &str = "clerk";
const PASSWORD: &str = "T0KEN-of-the-yard";
/// The same as the header has it.
const IN_HEADER: &str = "Y2xlcms6VDBLRU4tb2YtdGhlLXlhcmQ=";

/// What is shared by all sites of a test.
pub(super) struct Ground {
    ssh: Result<SshServer, String>,
}

impl Ground {
    /// Everything.
    pub(super) fn whole() -> Self {
        let ssh = SshServer::start();
        Self { ssh }
    }

    /// Without what takes a server that is slow to start.
    pub(super) fn without_ssh() -> Self {
        let ssh = Err("not asked for".to_owned());
        Self { ssh }
    }
}

/// A yard, and how its remote is reached.
pub(super) struct Site {
    /// A full clone of its own, which moves the remote.
    pub(super) world: World,
    /// Where the remote is; ends in `remote.git`.
    pub(super) address: String,
    /// What a clone is configured with to get in.
    pub(super) settings: Vec<(String, String)>,
    /// What is around every git that has to get in.
    variables: Vec<(String, String)>,
    way: Way,
    server_kept: Option<HttpServer>,
}

impl Site {
    /// A yard with this way to its remote, or why there can be none.
    pub(super) fn open(ground: &Ground, way: Way) -> Result<Self, String> {
        let world = yard();
        let remote = world.remote();
        let path = remote.display().to_string();
        let mut site = Self {
            address: path.clone(),
            settings: Vec::new(),
            variables: Vec::new(),
            way,
            server_kept: None,
            world,
        };
        match way {
            Way::Path => {}
            Way::FileUrl => site.address = format!("file://{path}"),
            Way::HttpHeader | Way::HttpHelper => site.by_http(way)?,
            Way::SshVariable => {
                let server = ground.ssh.as_ref()?;
                site.address = server.url(&remote);
                site.variable("GIT_SSH_COMMAND", &server.bare_command());
            }
            Way::SshSetting => {
                let server = ground.ssh.as_ref()?;
                site.address = server.url(&remote);
                site.setting("core.sshCommand", &server.bare_command());
            }
            Way::SshConfig => {
                site.address = format!("ssh://yard{path}");
                let server = ground.ssh.as_ref()?;
                // ssh asks the list of users for its home, and not `HOME`: a file of ours stands in for `~/.ssh/config`.
                let line = format!(
                    "exec /usr/bin/env PATH=/usr/bin:/bin {} \"$@\"",
                    server.command()
                );
                let ssh = site.world.script("bin/ssh", &line);
                let bin = Path::new(&ssh).parent().unwrap().display().to_string();
                let path = std::env::var("PATH").unwrap_or_default();
                site.variable("PATH", &format!("{bin}:{path}"));
            }
        }
        Ok(site)
    }

    fn by_http(&mut self, way: Way) -> Result<(), String> {
        let server = self.world.serve().ok_or("there is no web server")?;
        // Only the cell goes there.
        let path = &self.address;
        self.world.git(&["remote", "set-url", "origin", path]);
        server.demand(USER, PASSWORD);
        self.address = server.url("remote.git");
        if way == Way::HttpHeader {
            let key = format!("http.{}.extraheader", server.url(""));
            self.setting(&key, &format!("AUTHORIZATION: basic {IN_HEADER}"));
        } else {
            let place = server.url_with(&format!("{USER}:{PASSWORD}"), "");
            let file = self.world.scratch("credentials", format!("{place}\n"));
            self.setting("credential.helper", &format!("store --file={file}"));
        }
        self.server_kept = Some(server);
        Ok(())
    }

    fn setting(&mut self, key: &str, value: &str) {
        self.settings.push((key.to_owned(), value.to_owned()));
    }

    fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn room(&self) -> &Path {
        self.world.room()
    }

    /// Where another repository of the room is.
    pub(super) fn address_of(&self, repository: &str) -> String {
        let place = self.address.strip_suffix("remote.git").unwrap();
        format!("{place}{repository}")
    }

    /// A full clone.
    pub(super) fn clone(&self) -> Cell {
        self.clone_with(&[])
    }

    /// A clone with these flags.
    pub(super) fn clone_with(&self, flags: &[&str]) -> Cell {
        self.clone_to("cell", flags)
    }

    /// A clone in this folder of the room, with these flags.
    pub(super) fn clone_to(&self, name: &str, flags: &[&str]) -> Cell {
        let settings = self.settings.iter();
        let settings: Vec<_> = settings
            .map(|(key, value)| format!("--config={key}={value}"))
            .collect();
        let mut words = vec!["clone", "-q", "--config=core.fsync=none"];
        words.extend(settings.iter().map(String::as_str));
        if self.way == Way::Path {
            // Else git makes a full copy, whatever the flags say.
            words.push("--no-local");
        }
        words.extend(flags);
        let place = self.room().join(name).display().to_string();
        words.extend(["--", &self.address, &place]);
        self.cell(".").git(&words);
        self.cell(name)
    }

    /// What lies in this folder of the room, as a cell.
    pub(super) fn cell(&self, name: &str) -> Cell {
        Cell {
            world: self.world.checkout_at(name),
            variables: self.variables.clone(),
            ours: Vec::new(),
            flags: String::new(),
        }
    }

    /// A folder of the room.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.room().join(name)
    }
}

/// What nobody may be shown.
pub(super) const SECRETS: [&str; 2] = [PASSWORD, IN_HEADER];

/// A yard with two apps, and with folders that a sparse checkout leaves out, on a server that filters.
fn yard() -> World {
    static YARD: OnceLock<Mould> = OnceLock::new();
    let mould = YARD.get_or_init(|| {
        let files = ["docs/deep/page.md", "docs/index.md", "tools/run.sh"];
        let tree: Tree = files.map(|path| (path.to_owned(), text(path))).into();
        let world = World::yard_with(tree);
        world.remote_git(&["config", "uploadpack.allowFilter", "true"]);
        world.remote_git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        world.remote_git(&["config", "http.receivepack", "true"]);
        world.ok(RELEASE);
        world.ok(&RELEASE.replace("-a web", "-a api"));
        world.mould()
    });
    mould.cast()
}
