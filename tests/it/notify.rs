//! `--notify-argocd`: Argo CD hears of each push, and a release never fails for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::shop::shop;
use crate::world::World;

/// What a server was sent: the request line, the headers in lower case, and the body.
struct Heard {
    line: String,
    headers: Vec<String>,
    body: Value,
}

/// A server on this machine that gives these answers, one to each request.
struct Server {
    url: String,
    heard: mpsc::Receiver<Heard>,
}

impl Server {
    fn answering(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                sender.send(hear(&stream)).unwrap();
                let text =
                    format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                (&stream).write_all(text.as_bytes()).unwrap();
            }
        });
        Self { url, heard }
    }

    fn heard(&self) -> Heard {
        self.heard.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[track_caller]
    fn assert_silence(&self) {
        assert!(self.heard.try_recv().is_err(), "it heard something");
    }
}

fn hear(stream: &TcpStream) -> Heard {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let line = lines.remove(0);
    let headers: Vec<_> = lines.iter().map(|line| line.to_lowercase()).collect();
    let length = headers
        .iter()
        .find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Heard {
        line,
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

/// Runs a line that lands all the same; returns what is said on stderr.
#[track_caller]
fn lands(world: &World, line: &str) -> String {
    let commits = world.commits();
    let answer = world.run(line);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.commits(), commits + 1, "{answer}");
    answer.stderr
}

#[test]
fn a_push_is_told_as_github_tells_it() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id leak -m x");
    world.git(&[
        "config",
        "remote.origin.url",
        &format!("ssh://git@h.example:22{}", world.remote().display()),
    ]);
    world.git(&[
        "config",
        &format!("url.{}.insteadOf", world.remote().display()),
        &format!("ssh://git@h.example:22{}", world.remote().display()),
    ]);
    let server = Server::answering(&["200 OK"]);
    let before = world.head();
    let url = &server.url;
    let said = lands(
        &world,
        &format!("--notify-argocd {url} unlock -e staging -a basket --all"),
    );
    assert!(!said.contains("warning"), "{said}");
    let heard = server.heard();
    assert_eq!(heard.line, "POST /api/webhook HTTP/1.1");
    for header in ["x-github-event: push", "content-type: application/json"] {
        assert!(
            heard.headers.iter().any(|each| each == header),
            "{:?}",
            heard.headers
        );
    }
    let folder = "environments/staging/applications/basket/locks/leak";
    let gone = [
        "created_at",
        "created_by_email",
        "created_by_name",
        "message",
    ];
    let gone: Vec<_> = gone.iter().map(|name| format!("{folder}/{name}")).collect();
    let page = format!(
        "https://h.example{}",
        world.remote().with_extension("").display()
    );
    let expected = json!({
        "ref": "refs/heads/main",
        "before": before,
        "after": world.head(),
        "repository": { "html_url": page, "default_branch": "main" },
        "commits": [{ "id": world.head(), "added": [], "modified": [], "removed": gone }],
    });
    assert_eq!(heard.body, expected);
}

#[test]
fn every_path_is_told_as_added_modified_or_removed() {
    let world = shop();
    let server = Server::answering(&["200 OK"]);
    lands(
        &world,
        &format!("--notify-argocd {} release-train staging", server.url),
    );
    let heard = server.heard();
    let parent = world.remote_git(&["rev-parse", "main^"]);
    assert_eq!(heard.body["before"], parent);
    for (key, filter) in [("added", "A"), ("modified", "M"), ("removed", "D")] {
        let filter = format!("--diff-filter={filter}");
        let paths = world.remote_git(&[
            "diff",
            "--no-renames",
            "--name-only",
            &filter,
            "main^",
            "main",
        ]);
        let told = heard.body["commits"][0][key].as_array().unwrap();
        let told: Vec<_> = told.iter().map(|path| path.as_str().unwrap()).collect();
        assert_eq!(told, paths.lines().collect::<Vec<_>>(), "{key}");
    }
}

#[test]
fn the_repository_may_name_the_server_and_the_flag_comes_first() {
    let world = shop();
    let server = Server::answering(&["204 No Content", "200 OK"]);
    let options = |url: &str| format!("argocd: {{notifyUrl: \"{url}\"}}\n");
    world.file(
        "trainyard.yaml",
        options(&format!("{}/api/webhook", server.url)),
    );
    lands(&world, "lock -e staging -m x");
    assert_eq!(server.heard().line, "POST /api/webhook HTTP/1.1");
    world.file("trainyard.yaml", options("http://127.0.0.1:1"));
    lands(
        &world,
        &format!("--notify-argocd {} lock -e staging -m y", server.url),
    );
    server.heard();
    world.file("trainyard.yaml", options("ftp://me:secret@h.example"));
    let said = lands(&world, "lock -e staging -m z");
    assert!(
        said.contains("warning: `ftp://h.example` is no URL of Argo CD"),
        "{said}"
    );
}

#[test]
fn a_server_that_fails_is_tried_three_times_and_is_a_warning() {
    let world = shop();
    let server = Server::answering(&[
        "500 Oops", "503 Busy", "200 OK", "502 A", "502 B", "502 C", "200 OK",
    ]);
    let said = lands(
        &world,
        &format!("--notify-argocd {} lock -e staging -m x", server.url),
    );
    assert!(!said.contains("warning"), "{said}");
    let answer = world.run(&format!(
        "--notify-argocd {} -o json lock -e staging -m y",
        server.url
    ));
    assert_eq!(answer.code, 0, "{answer}");
    let told = format!(
        "Argo CD at `{}/api/webhook` could not be notified: it answers 502",
        server.url
    );
    assert!(
        answer.stderr.contains(&format!("warning: {told}")),
        "{answer}"
    );
    assert!(
        answer.json()["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with(&told),
        "{answer}"
    );
    for _ in 0..6 {
        server.heard();
    }
    server.assert_silence();
}

#[test]
fn what_the_server_refuses_is_not_tried_again_and_is_a_warning() {
    for answers in [
        &["404 Not Found"][..],
        &["401 Unauthorized"],
        &["302 Found\r\nLocation: http://127.0.0.1:1/"],
    ] {
        let world = shop();
        let server = Server::answering(answers);
        let url = server.url.replace("http://", "http://me:secret@");
        let said = lands(
            &world,
            &format!("--notify-argocd {url} lock -e staging -m x"),
        );
        assert!(said.contains("could not be notified: it answers"), "{said}");
        assert!(!said.contains("secret"), "{said}");
        server.heard();
        server.assert_silence();
    }
    let world = shop();
    let said = lands(
        &world,
        "--notify-argocd http://127.0.0.1:1 lock -e staging -m x",
    );
    assert!(
        said.contains("warning: Argo CD at `http://127.0.0.1:1/api/webhook`"),
        "{said}"
    );
}

#[test]
fn nobody_hears_of_what_did_not_reach_the_remote() {
    let world = shop();
    let server = Server::answering(&["200 OK"]);
    let url = &server.url;
    world.ok(&format!("--notify-argocd {url} -n lock -e staging -m x"));
    world.ok(&format!(
        "--notify-argocd {url} deploy -a basket -e staging --version 1"
    ));
    world.ok(&format!("--notify-argocd {url} prognosis staging"));
    world.fails(
        &format!("--notify-argocd {url} deploy -a basket -e moon --version 1"),
        3,
    );
    world.ok(&format!(
        "--notify-argocd {url} --no-push lock -e staging -m x"
    ));
    server.assert_silence();
    for bad in ["argocd.example", "file:///etc/passwd", "http://"] {
        let answer = world.fails(&format!("--notify-argocd {bad} lock -e staging -m x"), 2);
        assert!(answer.stderr.contains("is no URL of Argo CD"), "{answer}");
    }
}
