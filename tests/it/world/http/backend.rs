//! `git http-backend`, run as a server runs a CGI program.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process_group};

use super::wire::{Reply, Request};

/// git's own server of repositories below a folder.
pub(super) struct Backend {
    root: PathBuf,
    home: PathBuf,
    /// Those that are at work, by their process numbers; `None` once nothing may be started any more.
    children: Mutex<Option<BTreeMap<u32, Child>>>,
}

impl Backend {
    pub(super) fn new(root: &Path, home: &Path) -> Self {
        Self {
            root: root.to_owned(),
            home: home.to_owned(),
            children: Mutex::new(Some(BTreeMap::new())),
        }
    }

    /// Lets git answer a request.
    pub(super) fn serve(&self, request: &Request, body: &[u8]) -> Reply {
        let Some((number, mut stdin, mut stdout)) = self.begin(request, body.len()) else {
            return Reply::new("503 Service Unavailable", "closing\n");
        };
        let body = body.to_owned();
        // A git that ends early closes its input; its answer tells why.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&body)));
        let mut answer = Vec::new();
        drop(stdout.read_to_end(&mut answer));
        drop(feeder.join());
        let mut children = self.children.lock().unwrap();
        let child = children
            .as_mut()
            .and_then(|children| children.remove(&number));
        drop(children);
        // Not there any more: it was ended with the server.
        drop(child.map(|mut child| child.wait()));
        reply(&answer)
    }

    fn begin(
        &self,
        request: &Request,
        length: usize,
    ) -> Option<(u32, std::process::ChildStdin, std::process::ChildStdout)> {
        let mut children = self.children.lock().unwrap();
        let children = children.as_mut()?;
        let mut command = Command::new("git");
        command.arg("http-backend").env_clear();
        let path = std::env::var_os("PATH").unwrap_or_default();
        for (name, value) in [
            ("PATH", path.as_os_str()),
            ("HOME", self.home.as_os_str()),
            ("GIT_PROJECT_ROOT", self.root.as_os_str()),
        ] {
            command.env(name, value);
        }
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_HTTP_EXPORT_ALL", "1"),
            ("LC_ALL", "C"),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            // Whoever is let in may push.
            ("REMOTE_USER", "clerk"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("REQUEST_METHOD", &request.method),
            ("PATH_INFO", &request.path),
            ("QUERY_STRING", &request.query),
            ("CONTENT_LENGTH", &length.to_string()),
        ] {
            command.env(name, value);
        }
        for (variable, header) in [
            ("CONTENT_TYPE", "content-type"),
            ("HTTP_CONTENT_ENCODING", "content-encoding"),
            ("HTTP_ACCEPT_ENCODING", "accept-encoding"),
            ("GIT_PROTOCOL", "git-protocol"),
        ] {
            if let Some(value) = request.header(header) {
                command.env(variable, value);
            }
        }
        #[expect(
            clippy::zombie_processes,
            reason = "whoever takes it out of the map waits for it"
        )]
        let mut child = command
            .current_dir(&self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // With its hooks, so that none of them outlives the server.
            .process_group(0)
            .spawn()
            .unwrap();
        let pipes = (child.stdin.take()?, child.stdout.take()?);
        let number = child.id();
        children.insert(number, child);
        Some((number, pipes.0, pipes.1))
    }

    /// Ends all that are at work, and starts no more.
    pub(super) fn end(&self) {
        let children = self.children.lock().unwrap().take().unwrap_or_default();
        for (number, mut child) in children {
            let group = i32::try_from(number).ok().and_then(Pid::from_raw);
            if let Some(group) = group {
                // It may have ended in this very moment.
                let _ = kill_process_group(group, Signal::KILL);
            }
            drop(child.wait());
        }
    }
}

/// What a CGI program said: its headers, an empty line, and the body.
fn reply(said: &[u8]) -> Reply {
    let mut rest = said;
    let mut reply = Reply {
        status: "200 OK".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
        rest = &rest[end + 1..];
        match line.split_once(": ") {
            Some(("Status", status)) => status.clone_into(&mut reply.status),
            Some((name, value)) => reply.headers.push((name.to_owned(), value.to_owned())),
            None => {
                rest.clone_into(&mut reply.body);
                return reply;
            }
        }
    }
    Reply::new("500 Internal Server Error", "git said nothing\n")
}
