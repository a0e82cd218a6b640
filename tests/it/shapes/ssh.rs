//! A real sshd on this machine, with its own host key and its own list of who may come in.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tempfile::TempDir;

/// A server that ends when it is dropped, with all that it started.
pub(super) struct SshServer {
    address: SocketAddr,
    user: String,
    folder: Arc<TempDir>,
    closing: Arc<AtomicBool>,
    porter: Option<JoinHandle<()>>,
    children: Arc<Mutex<Vec<Child>>>,
}

impl SshServer {
    /// Starts a server, or says why there can be none.
    pub(super) fn start() -> Result<Self, String> {
        let sshd = program()?;
        let folder = Arc::new(TempDir::new().unwrap());
        let user = said(Command::new("id").arg("-un"))?;
        for key in ["host", "user"] {
            let path = folder.path().join(key);
            let mut keygen = Command::new("ssh-keygen");
            said(
                keygen
                    .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                    .arg(path),
            )?;
        }
        fs::rename(
            folder.path().join("user.pub"),
            folder.path().join("authorized"),
        )
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        configure(folder.path(), &user, address);
        let (closing, children) = (Arc::default(), Arc::default());
        let porter = Porter {
            listener,
            sshd,
            config: folder.path().join("sshd_config"),
            closing: Arc::clone(&closing),
            children: Arc::clone(&children),
        };
        let server = Self {
            address,
            user,
            folder,
            closing,
            porter: Some(std::thread::spawn(move || porter.receive())),
            children,
        };
        server.probe().map(|()| server)
    }

    /// Whether it lets us in.
    fn probe(&self) -> Result<(), String> {
        let words = format!("{} yard true", self.command());
        let mut ssh = Command::new("sh");
        said(ssh.args(["-c", &words])).map(drop)
    }

    /// An ssh that gets in, for `GIT_SSH_COMMAND` and its kin: it knows key, port and host as `~/.ssh/config` would tell them.
    pub(super) fn command(&self) -> String {
        format!("ssh -F {}", self.folder.path().join("config").display())
    }

    /// The same without what a config says: for an address with user and port.
    pub(super) fn bare_command(&self) -> String {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let (key, known) = (at("user"), at("known_hosts"));
        format!("ssh -F /dev/null -i {key} -o IdentitiesOnly=yes -o UserKnownHostsFile={known}")
    }

    /// The address of a folder of this machine.
    pub(super) fn url(&self, path: &Path) -> String {
        let (user, address, path) = (&self.user, self.address, path.display());
        format!("ssh://{user}@{address}{path}")
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes the porter.
        drop(TcpStream::connect(self.address));
        if let Some(porter) = self.porter.take() {
            drop(porter.join());
        }
        for mut child in self.children.lock().unwrap().drain(..) {
            // One that has ended already does not mind.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts an sshd for each connection, as inetd does: so the port is known, and nothing is left behind.
struct Porter {
    listener: TcpListener,
    sshd: PathBuf,
    config: PathBuf,
    closing: Arc<AtomicBool>,
    children: Arc<Mutex<Vec<Child>>>,
}

impl Porter {
    fn receive(self) {
        for stream in self.listener.incoming().flatten() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            let (input, output) = (stream.try_clone().unwrap(), stream);
            let child = Command::new(&self.sshd)
                .args(["-i", "-q", "-f"])
                .arg(&self.config)
                .stdin(OwnedFd::from(input))
                .stdout(OwnedFd::from(output))
                .stderr(Stdio::null())
                .spawn();
            let mut children = self.children.lock().unwrap();
            children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
            children.extend(child);
        }
    }
}

/// sshd has to be called by its whole path.
fn program() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut found = folders.map(|folder| folder.join("sshd"));
    let sshd = found.find(|sshd| sshd.is_file());
    let sshd = sshd.ok_or("this machine has no `sshd`")?;
    // Where it is started by a service, that makes the folder.
    if rustix::process::geteuid().is_root() {
        fs::create_dir_all("/run/sshd").map_err(|error| format!("`/run/sshd`: {error}"))?;
    }
    Ok(sshd)
}

fn configure(folder: &Path, user: &str, address: SocketAddr) {
    let at = |name: &str| folder.join(name).display().to_string();
    let (host, authorized) = (at("host"), at("authorized"));
    let server = format!(
        "HostKey {host}\nAuthorizedKeysFile {authorized}\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nKexAlgorithms curve25519-sha256\nSetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n"
    );
    fs::write(folder.join("sshd_config"), server).unwrap();
    let host_key = fs::read_to_string(folder.join("host.pub")).unwrap();
    let known = format!("[{}]:{} {host_key}", address.ip(), address.port());
    fs::write(folder.join("known_hosts"), known).unwrap();
    let (key, known) = (at("user"), at("known_hosts"));
    let client = format!(
        "Host yard\n  HostName {}\n  Port {}\n  User {user}\n  IdentityFile {key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {known}\n",
        address.ip(),
        address.port()
    );
    fs::write(folder.join("config"), client).unwrap();
}

/// What a program says that ends well; else what it says about that.
fn said(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("`{name}`: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{name}` failed: {}", words.trim()))
}
