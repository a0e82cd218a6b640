//! A web server for tests: git's own `http-backend` behind HTTP/1.1, which asks for credentials and fails as a test wants it to.

mod backend;
mod wire;

use std::io::{ErrorKind, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{World, skipped};
use backend::Backend;
use wire::Connection;
pub(crate) use wire::{Reply, Request, Wish};

/// A server on this machine, which ends when it is dropped, with all that it started.
pub(crate) struct HttpServer {
    address: SocketAddr,
    house: Arc<House>,
    porter: Option<JoinHandle<()>>,
}

/// How a request is met.
#[derive(Clone, Debug)]
pub(crate) enum Conduct {
    /// As git's own server does.
    Serve,
    /// Something goes wrong.
    Fail(When, How),
}

/// How far a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Its body is not read.
    BeforeReading,
    /// It is read, and git hears nothing of it.
    BeforeServing,
    /// git has begun with it, and goes on whatever becomes of the connection.
    WhileServing,
    /// git has done all that it asks for.
    AfterServing,
    /// That, and half of the answer was sent.
    MidAnswer,
}

/// What happens then.
#[derive(Clone, Debug)]
pub(crate) enum How {
    /// The connection ends.
    HangUp,
    /// Nothing is said any more, and the connection stays open.
    Stall,
    /// This is said.
    Say(Reply),
}

type Script = dyn Fn(&Request) -> Conduct + Send + Sync;

/// What all connections share.
struct House {
    backend: Backend,
    /// What an `Authorization` header must say.
    password: Mutex<Option<String>>,
    script: Mutex<Arc<Script>>,
    heard: Mutex<Vec<Request>>,
    connections: Mutex<Vec<(TcpStream, JoinHandle<()>)>>,
    /// What goes on without its connection.
    left_alone: Mutex<Vec<JoinHandle<()>>>,
    closing: (Mutex<bool>, Condvar),
}

impl World {
    /// Serves the remote of this world, and lets this checkout fetch and push there. `None`, with a word about it, if this git
    /// cannot do that.
    pub(crate) fn serve(&self) -> Option<HttpServer> {
        let programs = PathBuf::from(self.git(&["--exec-path"]));
        for program in ["git-http-backend", "git-remote-http"] {
            if !programs.join(program).exists() {
                skipped(&format!("this git has no `{program}`"));
                return None;
            }
        }
        let home = self.room().join("home");
        let server = HttpServer::start(self.room(), &home);
        self.git(&["remote", "set-url", "origin", &server.url("remote.git")]);
        Some(server)
    }

    /// Leaves the credentials of a server in the git folder of this checkout, as `actions/checkout` does.
    pub(crate) fn leave_header(&self, server: &HttpServer, user: &str, password: &str) {
        let header = format!("AUTHORIZATION: basic {}", encoded(user, password));
        let key = format!("http.{}.extraheader", server.url(""));
        self.git(&["config", "--local", &key, &header]);
    }
}

impl HttpServer {
    /// Serves every repository below a folder.
    pub(crate) fn start(root: &Path, home: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let house = Arc::new(House {
            backend: Backend::new(root, home),
            password: Mutex::new(None),
            script: Mutex::new(Arc::new(|_: &Request| Conduct::Serve)),
            heard: Mutex::default(),
            connections: Mutex::default(),
            left_alone: Mutex::default(),
            closing: Default::default(),
        });
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&house);
        let porter = std::thread::spawn(move || shared.receive(&listener));
        Self {
            address,
            house,
            porter: Some(porter),
        }
    }

    /// The address of a repository below the folder.
    pub(crate) fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// The address of a repository, with credentials in it.
    pub(crate) fn url_with(&self, credentials: &str, repository: &str) -> String {
        format!("http://{credentials}@{}/{repository}", self.address)
    }

    /// From now on only this user is let in.
    pub(crate) fn demand(&self, user: &str, password: &str) {
        *self.house.password.lock().unwrap() = Some(encoded(user, password));
    }

    /// From now on each request is met as the script says.
    pub(crate) fn meet(&self, script: impl Fn(&Request) -> Conduct + Send + Sync + 'static) {
        *self.house.script.lock().unwrap() = Arc::new(script);
    }

    /// From now on everything goes well again.
    pub(crate) fn recover(&self) {
        self.meet(|_| Conduct::Serve);
    }

    /// Every request so far, and forgets them.
    pub(crate) fn heard(&self) -> Vec<Request> {
        std::mem::take(&mut *self.house.heard.lock().unwrap())
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        *self.house.closing.0.lock().unwrap() = true;
        self.house.closing.1.notify_all();
        // Wakes the porter.
        drop(TcpStream::connect(self.address));
        if let Some(porter) = self.porter.take() {
            drop(porter.join());
        }
        self.house.backend.end();
        let connections = std::mem::take(&mut *self.house.connections.lock().unwrap());
        for (stream, _) in &connections {
            drop(stream.shutdown(Shutdown::Both));
        }
        let left_alone = std::mem::take(&mut *self.house.left_alone.lock().unwrap());
        let threads = connections.into_iter().map(|(_, thread)| thread);
        for thread in threads.chain(left_alone) {
            drop(thread.join());
        }
    }
}

impl House {
    fn receive(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if *self.closing.0.lock().unwrap() {
                return;
            }
            let Ok(stream) = stream else { continue };
            let Ok(handle) = stream.try_clone() else {
                continue;
            };
            let house = Arc::clone(self);
            let thread = std::thread::spawn(move || house.attend(stream));
            let mut connections = self.connections.lock().unwrap();
            connections.retain(|(_, thread)| !thread.is_finished());
            connections.push((handle, thread));
        }
    }

    /// Meets one request after the other, until either side hangs up.
    fn attend(self: &Arc<Self>, stream: TcpStream) {
        let Ok(mut connection) = Connection::new(stream) else {
            return;
        };
        // A client that is killed hangs up, which is what some tests are about.
        while let Ok(Some(request)) = connection.request() {
            if !self.respond(&mut connection, &request).unwrap_or(false) {
                break;
            }
        }
        connection.end();
    }

    /// Whether the connection can go on.
    fn respond(
        self: &Arc<Self>,
        connection: &mut Connection,
        request: &Request,
    ) -> std::io::Result<bool> {
        self.heard.lock().unwrap().push(request.clone());
        let script = Arc::clone(&self.script.lock().unwrap());
        let conduct = script(request);
        let due = |now: When| match &conduct {
            Conduct::Fail(when, how) if *when == now => Some(how.clone()),
            Conduct::Fail(..) | Conduct::Serve => None,
        };
        if let Some(how) = due(When::BeforeReading) {
            return self.fail(connection, how);
        }
        let body = connection.body(request)?;
        if let Some(how) = due(When::BeforeServing) {
            return self.fail(connection, how);
        }
        if let Some(how) = due(When::WhileServing) {
            let (house, request) = (Arc::clone(self), request.clone());
            let thread = std::thread::spawn(move || drop(house.backend.serve(&request, &body)));
            self.left_alone.lock().unwrap().push(thread);
            return self.fail(connection, how);
        }
        let reply = match self.turned_away(request) {
            Some(reply) => reply,
            None => self.backend.serve(request, &body),
        };
        if let Some(how) = due(When::AfterServing) {
            return self.fail(connection, how);
        }
        let bytes = reply.bytes();
        if let Some(how) = due(When::MidAnswer) {
            connection.write_all(&bytes[..bytes.len() / 2])?;
            return self.fail(connection, how);
        }
        connection.write_all(&bytes)?;
        Ok(true)
    }

    fn fail(&self, connection: &mut Connection, how: How) -> std::io::Result<bool> {
        match how {
            How::HangUp => Ok(false),
            How::Stall => {
                let closing = self.closing.0.lock().unwrap();
                drop(self.closing.1.wait_while(closing, |closing| !*closing));
                Ok(false)
            }
            How::Say(reply) => {
                connection.write_all(&reply.bytes())?;
                // What was not read of the request would be taken for the next one.
                Err(ErrorKind::ConnectionAborted.into())
            }
        }
    }

    /// What somebody without the right credentials is told. Two of them at once are a fault, as on GitHub.
    fn turned_away(&self, request: &Request) -> Option<Reply> {
        let password = self.password.lock().unwrap().clone()?;
        let shown: Vec<_> = request.all("authorization").collect();
        let accepted = |header: &str| {
            let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
            scheme.eq_ignore_ascii_case("basic") && rest.trim() == password
        };
        match shown[..] {
            [one] if accepted(one) => None,
            [] | [_] => Some(Reply::unauthorized()),
            _ => Some(Reply::new("400 Bad Request", "two sets of credentials\n")),
        }
    }
}

fn encoded(user: &str, password: &str) -> String {
    BASE64_STANDARD.encode(format!("{user}:{password}"))
}

#[cfg(test)]
mod tests;
