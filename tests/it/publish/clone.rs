//! Shapes of checkout that come from how it was cloned: all of them work.

use std::fs;

use crate::world::{LOCK, Node, RELEASE, TRAIN, Tree, World, differences, files_below, text};

/// Releases, locks and runs a train; after each the checkout is in step and still has its shape.
#[track_caller]
fn assert_works(world: &World, shape: impl Fn(&World)) {
    for line in [RELEASE, LOCK, TRAIN, "unlock -e dev --lock-id freeze"] {
        let (before, commits) = (world.head(), world.commits());
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "trainyard {line}\n{answer}");
        assert!(
            !answer.stderr.contains("warning"),
            "trainyard {line}\n{answer}"
        );
        assert_eq!(world.remote_git(&["rev-parse", "main^"]), before);
        assert_eq!(world.commits(), commits + 1);
        world.assert_in_step();
        shape(world);
    }
    let version = "environments/staging/applications/web/version";
    assert!(world.holds(version));
}

/// A yard with folders that a sparse checkout leaves out, on a server that filters.
fn wide() -> World {
    let files = ["docs/deep/page.md", "docs/index.md", "tools/run.sh"];
    let tree: Tree = files.map(|path| (path.to_owned(), text(path))).into();
    let world = World::yard_with(tree);
    world.remote_git(&["config", "uploadpack.allowFilter", "true"]);
    world.remote_git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    world
}

#[test]
fn a_full_clone() {
    assert_works(&World::yard(), |_| {});
}

#[test]
fn a_shallow_clone_stays_shallow() {
    let world = wide();
    world.file("more", "1");
    let shallow = world.clone_with("shallow", &["--depth=1"]);
    assert_works(&shallow, |shallow| {
        assert!(shallow.checkout().join(".git/shallow").exists());
    });
    // The remote moves on by several commits, which a shallow clone has to fetch.
    let shallow = world.clone_with("again", &["--depth=1"]);
    world.ok(LOCK);
    world.ok("unlock -e dev --lock-id freeze");
    shallow.ok(LOCK);
    shallow.assert_in_step();
    // And here its own commits and theirs go apart.
    shallow.git(&["commit", "-q", "--allow-empty", "-m", "mine"]);
    world.git(&["pull", "-q"]);
    world.ok("unlock -e dev --lock-id freeze");
    let before = shallow.snapshot();
    shallow.fails(LOCK, 3);
    shallow.assert_untouched(&before);
}

#[test]
fn a_clone_of_a_single_branch() {
    let world = wide();
    let single = world.clone_with("single", &["--single-branch"]);
    assert_works(&single, |_| {});
}

#[test]
fn a_clone_of_another_branch_alone_knows_nothing_of_ours() {
    let world = wide();
    world.remote_git(&["branch", "side"]);
    let side = world.clone_with("side", &["--single-branch", "--branch=side"]);
    let local = side.git(&["rev-parse", "HEAD"]);
    side.ok(&format!("--branch main {RELEASE}"));
    assert_eq!(world.subjects()[0], "release web 1");
    assert_eq!(side.git(&["rev-parse", "HEAD"]), local);
    assert_eq!(
        side.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]),
        "refs/heads/side"
    );
    side.assert_tidy();
}

#[test]
fn a_partial_clone_without_blobs() {
    let world = wide();
    world.ok(RELEASE);
    let partial = world.clone_with("partial", &["--filter=blob:none", "--no-checkout"]);
    partial.git(&["sparse-checkout", "set", "--no-cone", "/docs/"]);
    partial.git(&["checkout", "-q", "main"]);
    for line in [TRAIN, LOCK] {
        partial.ok(line);
        partial.assert_in_step();
    }
    assert!(!partial.checkout().join("environments").exists());
}

#[test]
fn partial_clones_of_every_kind() {
    for filter in [
        "--filter=blob:none",
        "--filter=tree:0",
        "--filter=blob:limit=10",
    ] {
        let world = wide();
        let partial = world.clone_with("partial", &[filter]);
        assert_works(&partial, |partial| {
            assert_eq!(partial.git(&["config", "remote.origin.promisor"]), "true");
        });
    }
}

#[test]
fn what_a_partial_clone_lacks_is_fetched_at_once_and_not_one_by_one() {
    let world = wide();
    for number in 0..20 {
        world.ok(&RELEASE.replace("-a web", &format!("-a web-{number}")));
    }
    // A walk through 22 commits asks for 1, 2, 4, 8 and 16 of them, for folders and for files.
    for (filter, line, told, most) in [
        ("--filter=blob:none", "prognosis staging", "20 to deploy", 8),
        ("--filter=tree:0", "prognosis staging", "20 to deploy", 9),
        ("--filter=blob:none", "history --limit 0", "web-19", 6),
        ("--filter=tree:0", "history --limit 0", "web-19", 12),
    ] {
        let partial = world.clone_with("bare-partial", &[filter, "--bare"]);
        let trace = world.room().join("trace");
        let line = format!("-C . {line}");
        let answer = partial.run_with(&line, &[("GIT_TRACE", trace.to_str())]);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stdout.contains(told), "{answer}");
        let trace = fs::read_to_string(trace).unwrap();
        let fetches = trace
            .lines()
            .filter(|line| line.contains("built-in: git fetch"));
        let fetches = fetches.count();
        assert!((1..=most).contains(&fetches), "{fetches} fetches\n{trace}");
        fs::remove_file(world.room().join("trace")).unwrap();
        fs::remove_dir_all(partial.checkout()).unwrap();
    }
}

#[test]
fn a_partial_clone_whose_remote_is_gone_says_so() {
    let world = wide();
    world.ok(RELEASE);
    let bare = world.clone_with("partial-bare", &["--filter=blob:none", "--bare"]);
    bare.git(&["remote", "set-url", "origin", "../nowhere.git"]);
    let answer = bare.fails(&format!("-C . --no-push {TRAIN}"), 1);
    assert!(
        answer
            .stderr
            .contains("this is a partial clone, and `origin`"),
        "{answer}"
    );
}

#[test]
fn a_treeless_clone_without_a_single_tree_fetches_what_it_needs() {
    let world = wide();
    world.ok(RELEASE);
    let bare = world.clone_with("treeless", &["--filter=tree:0", "--bare"]);
    let answer = bare.run(&format!("-C . {TRAIN}"));
    assert_eq!(answer.code, 0, "{answer}");
    assert!(world.holds("environments/staging/applications/web/version"));
}

fn assert_sparse(world: &World) {
    let root = world.checkout();
    assert!(!root.join("docs/deep").exists() && !root.join("tools").exists());
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let world = wide();
        let sparse = world.clone_with("sparse", &["--sparse"]);
        sparse.git(&["sparse-checkout", "init", "--cone", index]);
        sparse.git(&["sparse-checkout", "set", "environments", "applications"]);
        assert_works(&sparse, assert_sparse);
        assert!(
            sparse
                .checkout()
                .join("environments/staging/applications/web/version")
                .exists()
        );
    }
}

#[test]
fn a_sparse_checkout_does_not_get_the_folders_it_leaves_out() {
    let world = wide();
    let sparse = world.clone_with("sparse", &["--sparse"]);
    sparse.git(&["sparse-checkout", "set", "environments/dev"]);
    assert_works(&sparse, |sparse| {
        assert_sparse(sparse);
        assert!(!sparse.checkout().join("applications").exists());
        assert!(
            !sparse
                .checkout()
                .join("environments/staging/applications")
                .exists()
        );
    });
}

#[test]
fn a_linked_work_tree() {
    let world = wide();
    world.git(&["checkout", "-q", "--detach"]);
    let linked = world.linked("linked", &["main"]);
    assert_works(&linked, |_| {});
    assert_eq!(
        world.git(&["rev-parse", "HEAD"]),
        world.git(&["rev-parse", "main~4"])
    );
    assert_eq!(world.status(), "");
}

#[test]
fn a_repository_with_a_submodule_keeps_it() {
    let world = wide();
    let inner = world.script("unused", "");
    let inner = std::path::Path::new(&inner).with_file_name("inner");
    fs::create_dir(&inner).unwrap();
    let inner = inner.display().to_string();
    world.shell(&format!(
        "git -C {inner} init -q -b main && git -C {inner} commit -q --allow-empty -m inner\n\
         git -c protocol.file.allow=always submodule --quiet add {inner} parts/inner\n\
         git commit -q -m parts && git push -q"
    ));
    world.git(&["config", "submodule.recurse", "true"]);
    let pinned = world.git(&["rev-parse", "HEAD:parts/inner"]);
    assert_works(&world, |world| {
        assert_eq!(world.git(&["rev-parse", "HEAD:parts/inner"]), pinned);
    });
    // A submodule that was never fetched, as CI leaves it.
    let other = world.clone_to("other");
    other.ok(LOCK);
    other.assert_in_step();
}

#[test]
fn a_folder_below_the_top() {
    let world = wide();
    let below = world.checkout().join("docs/deep");
    let mut program = world.program(world.next_minute());
    let line = ["lock", "-e", "dev", "--lock-id", "freeze", "-m", "x"];
    program.current_dir(&below).args(line).assert().success();
    world.assert_in_step();
    assert!(world.holds("environments/dev/locks/freeze"));
    // By name, from far away, and through a link.
    let link = world.room().join("link");
    std::os::unix::fs::symlink(&below, &link).unwrap();
    for place in [below, link] {
        let mut program = world.program(world.next_minute());
        program
            .current_dir("/")
            .arg("-C")
            .arg(place)
            .args(line)
            .assert()
            .success();
        world.assert_in_step();
    }
}

#[test]
fn a_git_folder_that_lies_elsewhere() {
    let world = wide();
    let away = world.room().join("git-folder");
    world.git(&[
        "init",
        "-q",
        "--separate-git-dir",
        &away.display().to_string(),
    ]);
    assert!(world.checkout().join(".git").is_file());
    assert_works(&world, |_| {});
}

#[test]
fn a_work_tree_that_does_not_lead_back_is_refused() {
    let world = wide();
    world.shell("git clone -q . ../files && mkdir ../nothing");
    for place in ["files", "nothing"] {
        let place = world.room().join(place);
        world.git(&["config", "core.worktree", &place.display().to_string()]);
        let before = files_below(&place);
        let answer = world.fails(RELEASE, 6);
        assert!(
            answer.stderr.contains("which is no checkout of it"),
            "{answer}"
        );
        assert!(answer.stderr.contains("--unset core.worktree"), "{answer}");
        assert_eq!(differences(&before, &files_below(&place)), "");
    }
}

#[test]
fn links_of_a_large_yard_come_along_as_links() {
    let world = wide();
    world.ok(RELEASE);
    world.ok(TRAIN);
    let version = world
        .checkout()
        .join("environments/staging/applications/web/version");
    let target = fs::read_link(version).unwrap();
    let path = "environments/staging/applications/web/version";
    assert_eq!(world.tree()[path], Node::Link(target.display().to_string()));
}
