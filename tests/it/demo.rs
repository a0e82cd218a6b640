//! `trainyard demo`: the whole story on a shop made on the spot, whatever the machine is like.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shop::transcript;
use crate::world::{Answer, Node, Tree, World, files_below};

/// A world is more than a demo needs, but it keeps this machine out.
fn world() -> World {
    World::with_files(&Tree::new())
}

/// Runs the demo in a new folder; the folder, and what was said.
fn demo(world: &World, variables: &[(&str, Option<&str>)]) -> (PathBuf, Answer) {
    let folder = world.checkout().parent().unwrap().join("demo");
    let answer = world.run_with("demo ../demo", variables);
    assert_eq!(answer.code, 0, "{variables:?}\n{answer}");
    (folder, answer)
}

/// The version that each app runs on each environment, and what waits.
fn versions(tree: &Tree) -> Vec<String> {
    let links = tree.iter().filter_map(|(path, node)| match node {
        Node::Link(target) if path.ends_with("version") => {
            let parts: Vec<_> = path.split('/').collect();
            let version = target.rsplit('/').next().unwrap();
            Some(format!("{} {} {} {version}", parts[1], parts[3], parts[4]))
        }
        _ => None,
    });
    links.collect()
}

/// The story came to its end: version 2 everywhere, nothing queued, nothing locked, and the remote knows it.
#[track_caller]
fn assert_told(world: &World, folder: &Path) {
    let tree = files_below(&folder.join("checkout"));
    let mut expected = Vec::new();
    for environment in ["development", "prod-ca", "prod-de", "staging"] {
        for app in ["cart", "catalogue", "frontend", "payments"] {
            expected.push(format!("{environment} {app} version 2"));
        }
    }
    assert_eq!(versions(&tree), expected);
    assert!(!tree.keys().any(|path| path.contains("/locks/")));
    let git = |line: &str| {
        world.git(
            &[
                &["-C", folder.to_str().unwrap()],
                &line.split(' ').collect::<Vec<_>>()[..],
            ]
            .concat(),
        )
    };
    assert_eq!(
        git("-C checkout rev-parse HEAD"),
        git("--git-dir remote.git rev-parse main")
    );
    assert_eq!(git("-C checkout status --porcelain"), "");
    assert_eq!(git("-C checkout rev-list --count HEAD"), "21");
    git("--git-dir remote.git fsck --strict");
    let checkout = folder.join("checkout").display().to_string();
    let verified = world.run_words(&["--repo", &checkout, "verify", "--strict"]);
    assert_eq!(verified.code, 0, "{verified}");
}

#[test]
fn the_story_is_told_the_queue_is_used_and_the_shop_stays() {
    let world = world();
    let (folder, answer) = demo(&world, &[]);
    assert_told(&world, &folder);
    let names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in [
        "remote.git/HEAD",
        "checkout/.git/HEAD",
        "manifests/cart-v1/staging.yaml",
        "manifests/payments-v2/prod-de.yaml",
    ] {
        assert!(folder.join(name).exists(), "{name}");
    }
    let told = transcript(&world, &answer);
    let (story, log) = told.split_once("$ git log --oneline\n").unwrap();
    let story: Vec<_> = story
        .lines()
        .filter(|line| !line.starts_with("! "))
        .collect();
    insta::assert_snapshot!("story", story.join("\n"));
    // The ids differ with every run, as the clock does.
    let subjects: Vec<_> = log
        .lines()
        .take(21)
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    insta::assert_snapshot!("log", subjects.join("\n"));
    assert_queue_was_used(&world, &folder);
}

/// What waited for a lock went into the queue and out of it again.
#[track_caller]
fn assert_queue_was_used(world: &World, folder: &Path) {
    let checkout = folder.join("checkout");
    let checkout = checkout.to_str().unwrap();
    let log = world.git(&["-C", checkout, "log", "--format=", "--name-status"]);
    for queued in ["staging/applications/cart", "prod-de/applications/payments"] {
        for change in ["A", "D"] {
            let line = format!("{change}\tenvironments/{queued}/queued_version");
            assert!(log.lines().any(|each| each == line), "{line}\n{log}");
        }
    }
}

#[test]
fn without_a_folder_and_even_a_home_it_makes_a_folder_and_names_it() {
    let world = world();
    let temporary = world.scratch("tmp/here", "");
    let temporary = Path::new(&temporary).parent().unwrap().to_owned();
    let variables = [
        ("TMPDIR", temporary.to_str()),
        ("HOME", None),
        ("GIT_CONFIG_GLOBAL", None),
    ];
    let answer = world.run_with("demo", &variables);
    assert_eq!(answer.code, 0, "{answer}");
    let (_, rest) = answer.stdout.rsplit_once("The shop stays in ").unwrap();
    let folder = PathBuf::from(rest.strip_suffix(" for playing on.\n").unwrap());
    assert_eq!(folder.parent(), Some(temporary.as_path()));
    assert!(
        folder
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("trainyard-demo-")
    );
    assert_told(&world, &folder);
}

#[test]
fn a_folder_that_is_not_empty_is_refused() {
    let world = world();
    let room = world.checkout().parent().unwrap().to_owned();
    world.scratch("full/.hidden", "x");
    world.scratch("file", "x");
    let before = files_below(&room.join("scratch"));
    for (folder, code, told) in [
        (".", 2, "error: the folder `.` is not empty\n".to_owned()),
        (
            "../scratch/full",
            2,
            "error: the folder `../scratch/full` is not empty\n".to_owned(),
        ),
        (
            "../scratch/file",
            1,
            "error: making the folder `../scratch/file`: File exists (os error 17)\n".to_owned(),
        ),
    ] {
        let answer = world.fails(&format!("demo {folder}"), code);
        assert_eq!((answer.stdout.as_str(), answer.stderr), ("", told));
    }
    assert_eq!(before, files_below(&room.join("scratch")));
}

/// A config of git that gets in the way wherever it can, and hooks that refuse everything.
fn hostile_config(world: &World) -> String {
    for hook in [
        "pre-commit",
        "commit-msg",
        "pre-push",
        "pre-receive",
        "update",
        "reference-transaction",
        "post-checkout",
    ] {
        for folder in ["hooks", "template/hooks"] {
            let path = world.scratch(
                &format!("{folder}/{hook}"),
                "#!/bin/sh\necho nobody passes >&2\nexit 1\n",
            );
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
    }
    let scratch = world.checkout().parent().unwrap().join("scratch");
    let scratch = scratch.display();
    format!(
        "[init]\n defaultBranch = master\n templateDir = {scratch}/template\n[commit]\n gpgSign = true\n[tag]\n gpgSign = true\n\
         [gpg]\n program = /bin/false\n[push]\n gpgSign = true\n default = nothing\n followTags = true\n\
         [core]\n hooksPath = {scratch}/hooks\n fsmonitor = /bin/false\n[clone]\n defaultRemoteName = up\n\
         [user]\n useConfigOnly = true\n name = Mallory\n email = mallory@evil.example\n[transfer]\n fsckObjects = true\n"
    )
}

#[test]
fn a_hostile_home_does_not_get_in_the_way() {
    let world = world();
    let config = hostile_config(&world);
    let home = world.checkout().parent().unwrap().join("home");
    fs::write(home.join(".gitconfig"), config).unwrap();
    let nobody = [
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
        "GIT_CONFIG_GLOBAL",
    ];
    let nobody: Vec<_> = nobody.iter().map(|name| (*name, None)).collect();
    let (folder, _) = demo(&world, &nobody);
    fs::remove_file(home.join(".gitconfig")).unwrap();
    assert_told(&world, &folder);
    let checkout = folder.join("checkout");
    let authors = world.git(&[
        "-C",
        checkout.to_str().unwrap(),
        "log",
        "--format=%an <%ae>",
    ]);
    assert!(
        authors
            .lines()
            .all(|author| author == "Demo <demo@example.com>"),
        "{authors}"
    );
}

#[test]
fn an_empty_folder_is_taken_and_variables_for_other_checkouts_do_not_reach_it() {
    let world = world();
    fs::create_dir(world.checkout().parent().unwrap().join("demo")).unwrap();
    let (folder, answer) = demo(
        &world,
        &[
            ("TRAINYARD_REPO", Some("/nowhere")),
            ("TRAINYARD_REMOTE", Some("up")),
            ("TRAINYARD_BRANCH", Some("release")),
            ("TRAINYARD_NO_PUSH", Some("1")),
            ("TRAINYARD_DRY_RUN", Some("1")),
            ("TRAINYARD_OUTPUT", Some("json")),
            ("GIT_DIR", Some("/nowhere")),
            ("GIT_INDEX_FILE", Some("/nowhere")),
            ("GIT_WORK_TREE", Some("/nowhere")),
        ],
    );
    assert_told(&world, &folder);
    assert!(answer.stdout.contains("\nreleased cart 1\n"), "{answer}");
}

#[test]
fn it_is_as_quiet_and_as_colourful_as_asked_with_a_home_that_is_not_there() {
    let world = world();
    let variables = [("HOME", Some("/nonexistent")), ("GIT_CONFIG_GLOBAL", None)];
    let answer = world.run_with("-q --color always demo ../demo", &variables);
    assert_eq!((answer.stderr.as_str(), answer.code), ("", 0), "{answer}");
    assert!(
        answer.stdout.contains("\x1b[32mreleased\x1b[0m"),
        "{answer}"
    );
    let mut lines = answer.stdout.lines();
    let last = lines.rfind(|line| line.contains("git log")).unwrap();
    assert!(last.starts_with("\x1b["), "{last:?}");
}
