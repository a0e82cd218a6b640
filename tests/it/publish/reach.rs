//! A remote that does not answer, or that does not let us in.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::world::{Answer, LOCK, RELEASE, TRAIN, World, program_path, skipped, words};

/// Every command ends with this code and these words, and nothing has changed.
#[track_caller]
fn assert_fails(world: &World, code: i32, words: &str) -> Answer {
    let before = world.snapshot();
    for line in ["prognosis staging", "-n lock -e dev -m x", RELEASE] {
        let answer = world.fails(line, code);
        assert_eq!(answer.stdout, "");
        assert!(answer.stderr.contains(words), "{words}\n{answer}");
    }
    world.assert_untouched(&before);
    assert_eq!(world.left_lying(), [""; 0]);
    world.fails(RELEASE, code)
}

#[test]
fn a_remote_that_is_not_there_ends_with_1() {
    for address in [
        "../nowhere.git",
        "../scratch",
        "https://127.0.0.1:1/r.git",
        "git://127.0.0.1:1/r.git",
        "odd://r",
    ] {
        let world = World::yard();
        world.git(&["remote", "set-url", "origin", address]);
        let answer = assert_fails(&world, 1, "the remote `origin` cannot be reached");
        assert!(
            answer.stderr.contains("see that `git fetch origin` works"),
            "{answer}"
        );
        let view = world.fails("status", 1);
        assert!(view.stderr.contains("`--no-push`"), "{view}");
        let local = world.ok("status --no-push");
        assert!(local.contains("2 environments"), "{local}");
    }
}

#[test]
fn a_remote_that_comes_back_is_used_again() {
    let world = World::yard();
    let away = world.remote().with_extension("away");
    fs::rename(world.remote(), &away).unwrap();
    world.fails(RELEASE, 1);
    fs::rename(away, world.remote()).unwrap();
    world.ok(RELEASE);
    world.assert_in_step();
}

/// Takes the place of ssh: runs on this machine what should run on the other, unless it is one of those that fail.
fn ssh(world: &World, failing: &str, words: &str) -> String {
    let log = world.room().join("ssh.log");
    world.git(&[
        "remote",
        "set-url",
        "origin",
        &format!("git@h.example:{}", world.remote().display()),
    ]);
    world.script(
        "ssh",
        &format!(
            "echo \"$@\" >> {}\nfor last; do :; done\ncase \"$last\" in {failing}*) echo '{words}' >&2; exit 255;; esac\n\
             case \"$1\" in -G) exit 1;; esac\neval \"$last\"",
            log.display()
        ),
    )
}

#[test]
fn a_key_that_is_not_accepted_ends_with_5() {
    let world = World::yard();
    let ssh = ssh(
        &world,
        "git-",
        "git@h.example: Permission denied (publickey).",
    );
    world.git(&["config", "core.sshCommand", &ssh]);
    assert_fails(&world, 5, "git@h.example: Permission denied (publickey).");
}

#[test]
fn a_key_that_may_only_read_ends_with_5() {
    for words in [
        "ERROR: The key you are authenticating with has been marked as read only.",
        "ERROR: This deploy key does not have write access to this project.",
        "ERROR: Permission to acme/manifests.git denied to deploy-bot.",
        "remote: GitLab: You are not allowed to push code to this project.",
    ] {
        let world = World::yard();
        let ssh = ssh(&world, "git-receive-pack", words);
        world.git(&["config", "core.sshCommand", &ssh]);
        let before = world.snapshot();
        let answer = world.fails(RELEASE, 5);
        assert!(answer.stderr.contains(words), "{answer}");
        world.assert_untouched(&before);
        assert_eq!(world.left_lying(), [""; 0]);
        world.ok("prognosis staging");
    }
}

#[test]
fn a_host_that_ssh_does_not_reach_ends_with_1() {
    let world = World::yard();
    let ssh = ssh(
        &world,
        "git-",
        "ssh: connect to host h.example port 22: Connection refused",
    );
    world.git(&["config", "core.sshCommand", &ssh]);
    assert_fails(&world, 1, "Connection refused");
}

#[test]
fn the_user_s_own_ssh_is_used_however_it_is_named() {
    let world = World::yard();
    let ssh = ssh(&world, "nothing", "");
    let answer = world.run_with(RELEASE, &[("GIT_SSH_COMMAND", Some(&ssh))]);
    assert_eq!(answer.code, 0, "{answer}");
    let answer = world.run_with(TRAIN, &[("GIT_SSH", Some(&ssh))]);
    assert_eq!(answer.code, 0, "{answer}");
    world.git(&["config", "core.sshCommand", &format!("{ssh} -v")]);
    world.ok(LOCK);
    world.assert_in_step();
    // The variable counts more than the setting.
    let answer = world.run_with(
        "unlock -e dev --all",
        &[("GIT_SSH_COMMAND", Some(&format!("{ssh} -4")))],
    );
    assert_eq!(answer.code, 0, "{answer}");
    let log = fs::read_to_string(world.room().join("ssh.log")).unwrap();
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("-4 "), "{last}");
}

#[test]
fn ssh_is_told_to_ask_nobody_where_nobody_can_answer() {
    let world = World::yard();
    let ssh = ssh(&world, "nothing", "");
    let asked = world.room().join("asked");
    let spy = world.script(
        "spy",
        &format!(
            "echo \"$SSH_ASKPASS_REQUIRE\" > {}\nexec {ssh} \"$@\"",
            asked.display()
        ),
    );
    world.git(&["config", "core.sshCommand", &spy]);
    world.ok(RELEASE);
    assert_eq!(fs::read_to_string(asked).unwrap(), "force\n");
}

/// A web server that says the same to everybody; `None` if this git cannot speak HTTP.
fn web_server(world: &World, answer: &'static str) -> Option<String> {
    let programs = world.git(&["--exec-path"]);
    if !std::path::Path::new(&programs)
        .join("git-remote-http")
        .exists()
    {
        skipped("this git cannot speak HTTP");
        return None;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Ok(reading) = stream.try_clone() else {
                return;
            };
            let lines = BufReader::new(reading).lines().map_while(Result::ok);
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            // Who hangs up early has heard enough.
            let _ = write!(
                stream,
                "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    });
    Some(format!("http://clerk:s3cret@{address}/r.git"))
}

#[test]
fn a_web_server_that_asks_who_we_are_or_does_not_let_us_in_ends_with_5() {
    for answer in [
        "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"",
        "403 Forbidden",
    ] {
        let world = World::yard();
        let Some(address) = web_server(&world, answer) else {
            return;
        };
        world.git(&["remote", "set-url", "origin", &address]);
        let answer = assert_fails(&world, 5, "the remote `origin` refuses access");
        assert!(!answer.stderr.contains("s3cret"), "{answer}");
        world.git(&[
            "remote",
            "set-url",
            "origin",
            &address.replace("clerk:s3cret@", ""),
        ]);
        assert_fails(&world, 5, "the remote `origin` refuses access");
    }
}

#[test]
fn a_web_server_in_trouble_ends_with_1() {
    for answer in [
        "500 Internal Server Error",
        "404 Not Found",
        "502 Bad Gateway",
    ] {
        let world = World::yard();
        let Some(address) = web_server(&world, answer) else {
            return;
        };
        world.git(&["remote", "set-url", "origin", &address]);
        assert_fails(&world, 1, "the remote `origin` cannot be reached");
    }
}

#[test]
fn a_folder_that_may_not_be_written_ends_with_5() {
    let world = World::yard();
    let objects = world.remote().join("objects");
    let read_only = |on: bool| {
        world.shell(&format!(
            "chmod -R {} {}",
            if on { "a-w" } else { "u+w" },
            objects.display()
        ));
    };
    read_only(true);
    // Root may write everywhere, unless it gives that up.
    let humble = |program: &str, line: &str| {
        let mut command = world.beside("setpriv");
        if rustix::process::geteuid().is_root() {
            command.arg("--bounding-set=-dac_override");
        }
        command.arg(program).args(words(line)).output()
    };
    let probe = objects.join("probe").display().to_string();
    let writes = humble("touch", &probe).is_ok_and(|touch| touch.status.success());
    let runs = humble("true", "").is_ok_and(|output| output.status.success());
    if writes || !runs {
        read_only(false);
        return skipped("this user may write everywhere, and cannot give that up");
    }
    let before = world.snapshot();
    let output = humble(program_path(), RELEASE).unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    world.assert_untouched(&before);
    read_only(false);
}

#[test]
fn a_machine_without_git_is_told_what_is_missing() {
    let world = World::yard();
    let before = world.snapshot();
    let answer = world.run_with(RELEASE, &[("PATH", Some("/nowhere"))]);
    assert_eq!(answer.code, 1, "{answer}");
    assert!(
        answer.stderr.contains("install git 2.30 or later"),
        "{answer}"
    );
    world.assert_untouched(&before);
}
