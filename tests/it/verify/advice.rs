//! What `verify` advises after damage: it brings back the very state of before, in whatever way that went; nothing else goes along, and no
//! fix follows the damage.

use super::lost::{APPLIED, commit, found, kinds, yard};
use crate::shop::linked;
use crate::world::World;

/// Damages that are commits one after the other, and what is named at first. `$manifest` is what runs on staging, in `$release`.
const DAMAGES: &[(&[&str], &[&str])] = &[
    // A release whose manifest was spoiled before it was taken away: what is applied is neither.
    (
        &["echo 'a: [' > $manifest", "rm -r $release"],
        &["release-gone"],
    ),
    (
        &["rm -r $release/environments", "rm -r $release"],
        &["release-gone"],
    ),
    // What came in its place was never stored.
    (
        &["rm $manifest", "echo 'kind: Wrong' > $manifest"],
        &["release-changed"],
    ),
    // With an app goes its team, and what that holds back.
    (&["rm -r applications/courier"], &["release-gone"]),
    (&["rm -r applications/courier/releases"], &["release-gone"]),
    (&["rm -r environments/staging"], &["environment-gone"]),
    (
        &["rm -r environments/staging/applications/courier"],
        &["deployment-gone"],
    ),
    (
        &[
            "rm -r environments/staging/applications/courier/version environments/staging/applications/courier/manifests",
        ],
        &["deployment-gone"],
    ),
    // Applying what the release has now would apply the damage.
    (
        &["echo 'kind: Wrong' > $manifest; rm $applied"],
        &["applied-manifest-missing"],
    ),
    (
        &[
            "echo '{' > environments/staging/config.json",
            "rm environments/staging/config.json",
        ],
        &["config-missing"],
    ),
    (
        &["rm -r environments/prod-ca/applications environments/prod-ca/config.json"],
        &["environment-gone"],
    ),
    (&["rm -r environments/pair"], &["environment-gone"]),
    // What waits for it stays in its queue.
    (&["rm -r applications/basket/releases/2"], &["release-gone"]),
    // Something else came in the place of a folder, of one above it, or of a file.
    (&["rm -r $place; echo x > $place"], &["deployment-gone"]),
    (
        &["rm -r $place; ln -s ../../development/applications/courier $place"],
        &["deployment-gone"],
    ),
    (
        &["rm -r environments/staging/applications; echo x > environments/staging/applications"],
        &["deployment-gone"],
    ),
    (
        &["rm -r environments/staging; echo x > environments/staging"],
        &["environment-gone"],
    ),
    (&["rm -r $release; echo x > $release"], &["release-gone"]),
    (
        &["rm -r applications/courier; echo x > applications/courier"],
        &["release-gone"],
    ),
    (
        &["rm -r $release/environments; echo x > $release/environments"],
        &["release-gone"],
    ),
    (&["ln -sf elsewhere $manifest"], &["release-gone"]),
    (
        &["rm $manifest; mkdir $manifest; echo x > $manifest/x"],
        &["release-gone"],
    ),
    // A name under which nothing runs is no other name of it.
    (
        &["git mv environments/staging environments/Staging"],
        &["environment-gone", "environment-name"],
    ),
    (
        &["git mv $place $place.bak"],
        &["deployment-gone", "app-name"],
    ),
    // What the link says now is nothing to go by, nor what might be deployed.
    (
        &["ln -sfn ../../../../applications/courier/releases/99 $place/version; rm $applied"],
        &["broken-link"],
    ),
    (
        &[
            "ln -sfn ../../../../applications/basket/releases/1 $place/version; echo 'a: 1' > $applied",
        ],
        &["broken-link"],
    ),
    (
        &["rm $place/version; echo x > $place/version; echo 'a: 1' > $applied"],
        &["deployment-gone"],
    ),
    // Argo CD is still told of it.
    (
        &["echo '{}' > environments/staging/config.json"],
        &["config-without-argocd"],
    ),
    (
        &["rm -r applications; echo x > applications"],
        &["release-gone"],
    ),
    (
        &["rm -r argocd/v1alpha1; echo x > argocd/v1alpha1"],
        &["wrong-kind"],
    ),
    // What was wrong besides stays told.
    (
        &["rm -r $release; sed -i 's/prune: true/prune: false/' argocd/v1alpha1/staging.yaml"],
        &["release-gone", "argocd-differs"],
    ),
    // What is applied was gone before what ran.
    (
        &[
            "echo 'kind: Wrong' > $manifest",
            "rm $place/version",
            "rm $applied",
        ],
        &["deployment-gone"],
    ),
];

fn filled(text: &str, release: &str, manifest: &str) -> String {
    text.replace("$manifest", manifest)
        .replace("$release", release)
        .replace("$applied", APPLIED)
        .replace("$place", "environments/staging/applications/courier")
}

/// Runs what is named for what is more than a note, one after the other, until there is no more of it.
fn follow(world: &World) {
    for _ in 0..5 {
        let Some([.., command]) = found(world).into_iter().next() else {
            return;
        };
        match command.strip_prefix("trainyard ") {
            Some(line) => drop(world.ok(line)),
            None => world.shell(&command),
        }
    }
    panic!("{:#?}", found(world));
}

/// Runs all that is named at once, as somebody would who does not look again in between, and then the rest.
fn follow_blindly(world: &World) {
    for [.., command] in found(world) {
        match command.strip_prefix("trainyard ") {
            Some(line) => drop(world.run(line)),
            None => world.shell(&format!("({command}) || git pull -q")),
        }
    }
    follow(world);
}

#[test]
fn what_is_advised_leads_back_to_the_state_of_before() {
    for (damages, expected) in DAMAGES {
        let (world, release, manifest) = yard();
        pair(&world);
        let before = world.tree();
        for damage in *damages {
            commit(&world, &filled(damage, &release, &manifest));
        }
        let mut named = kinds(&world);
        named.retain(|kind| !["upstream", "group-name"].contains(&kind.as_str()));
        assert_eq!(named, *expected, "{damages:?}");
        let damaged = world.tree();
        world.run("verify --fix");
        assert_eq!(world.tree(), damaged, "{damages:?}: a fix follows it");
        if damages.len() == 1 {
            follow_blindly(&world);
        } else {
            follow(&world);
        }
        assert_eq!(world.tree(), before, "{damages:?}");
    }
}

#[test]
fn a_link_is_not_what_was_lost_if_it_is_its_release() {
    let (world, release, _) = yard();
    let link = "environments/staging/applications/courier/version";
    // It was led away once, long ago, and led back.
    commit(&world, &format!("ln -sfn /etc/passwd {link}"));
    follow(&world);
    world.ok("release -a courier --manifest staging=../scratch/next/staging.yaml");
    world.ok("deploy -a courier -e staging --version 3");
    let before = world.tree();
    commit(&world, &format!("rm -r {}", release.replace('2', "3")));
    assert_eq!(kinds(&world), ["release-gone"]);
    follow(&world);
    // It comes back before its release does.
    commit(
        &world,
        "rm -r environments/staging/applications/courier applications/courier",
    );
    assert_eq!(kinds(&world), ["deployment-gone", "release-gone"]);
    follow(&world);
    assert_eq!(world.tree(), before);
}

#[test]
fn nothing_else_goes_along() {
    let (world, release, _) = yard();
    let before = world.tree();
    commit(&world, &format!("rm -r {release}"));
    world.edit(APPLIED, "kind: Unfinished\n");
    world.edit("notes.md", "mine\n");
    world.git(&["add", "-A"]);
    let [[.., command]] = &found(&world)[..] else {
        panic!("{:#?}", found(&world));
    };
    world.shell(command);
    assert_eq!(world.tree(), before);
    assert_eq!(
        world.git(&["diff", "--cached", "--name-only"]),
        format!("{APPLIED}\nnotes.md")
    );
}

#[test]
fn what_came_beside_it_since_stays() {
    let (world, ..) = yard();
    let lock = "lock -e staging -a courier --lock-id since -m 'all is gone'";
    let folder = "environments/staging/applications/courier";
    commit(&world, &format!("rm -r {folder}"));
    world.ok(lock);
    let locks = |world: &World| {
        let tree = world.tree().into_iter();
        let locks = tree.filter(|(path, _)| path.starts_with(&format!("{folder}/locks/")));
        locks.collect::<Vec<_>>()
    };
    let since = locks(&world);
    assert!(!since.is_empty());
    follow(&world);
    assert!(linked(&world, "staging", "courier", "version").is_some());
    assert_eq!(locks(&world), since);
}

#[test]
fn what_was_done_beside_it_since_is_not_undone() {
    let (world, ..) = yard();
    world.ok("lock -e staging -a courier --lock-id before -m 'to be unlocked'");
    world.ok("release -a courier --manifest staging=../scratch/next/staging.yaml");
    world.ok("deploy -a courier -e staging --version 3");
    let folder = "environments/staging/applications/courier";
    let queue = |world: &World| linked(world, "staging", "courier", "queued_version");
    assert_eq!(queue(&world).as_deref(), Some("3"));
    commit(
        &world,
        &format!("rm -r {folder}/version {folder}/manifests {folder}/deployed_*"),
    );
    world.shell(&format!(
        "git rm -rq {folder}/locks {folder}/queued_version; git commit -qm since; git push -q"
    ));
    follow(&world);
    assert_eq!(
        linked(&world, "staging", "courier", "version").as_deref(),
        Some("2")
    );
    assert_eq!(queue(&world), None);
    assert!(!world.holds(&format!("{folder}/locks/before/message")));
}

#[test]
fn no_fix_writes_anew_what_argo_cd_is_told_while_something_is_lost() {
    let (world, ..) = yard();
    let before = world.tree();
    let places = "environments/staging/applications";
    commit(
        &world,
        &format!("rm -r {places}/courier; ln -sfn /etc/passwd {places}/basket/version"),
    );
    let damaged = world.tree();
    let answer = world.fails("verify --fix", 6);
    assert!(
        answer
            .stderr
            .contains("nothing is mended before what was lost is back"),
        "{answer}"
    );
    assert_eq!(world.tree(), damaged);
    assert_eq!(kinds(&world)[0], "deployment-gone");
    follow(&world);
    world.ok("verify --fix");
    assert_eq!(world.tree(), before);
}

#[test]
fn what_a_manifest_lock_keeps_says_nothing_of_what_runs() {
    let (world, ..) = yard();
    world.ok("release -a courier --manifest staging=../scratch/next/staging.yaml");
    world.ok("lock --kind manifest -e staging -a courier --lock-id keep -m 'as it is'");
    world.ok("deploy -a courier -e staging --version 3");
    let before = world.tree();
    commit(&world, "rm -r applications/courier/releases/3");
    assert_eq!(kinds(&world), ["release-gone"]);
    world.run("verify --fix");
    assert_eq!(
        linked(&world, "staging", "courier", "version").as_deref(),
        Some("3")
    );
    follow(&world);
    assert_eq!(world.tree(), before);
}

#[test]
fn a_link_that_was_lost_beside_a_manifest_of_its_own_is_no_reason_to_deploy_another() {
    for damage in ["rm $link", "rm $link; echo x > $link"] {
        let (world, ..) = yard();
        let link = "environments/staging/applications/courier/version";
        commit(&world, &format!("echo 'a: 1' > {APPLIED}"));
        let before = world.tree();
        commit(&world, &damage.replace("$link", link));
        assert_eq!(kinds(&world), ["deployment-gone"], "{damage}");
        let [.., command] = &found(&world)[0];
        world.shell(command);
        assert_eq!(world.tree(), before, "{damage}");
    }
}

#[test]
fn a_doubt_that_nobody_can_settle_keeps_no_fix_from_the_rest() {
    let (world, ..) = yard();
    commit(
        &world,
        &format!("echo 'a: 1' > {APPLIED}; echo x > environments/.DS_Store"),
    );
    let shallow = world.clone_with("shallow", &["--depth=1"]);
    let answer = shallow.run("verify");
    assert!(answer.stdout.contains("ends too early to tell"), "{answer}");
    shallow.ok("verify --fix");
    assert!(!world.holds("environments/.DS_Store"));
}

/// Adds an environment of which Argo CD has several projects, and on which something runs.
pub(super) fn pair(world: &World) {
    let config = r#"{"upstream":{"environment":"development"},"argocdConfigs":{"CommonEnvPrefix":"aa","ArgoCdConfigurations":[{"name":"one","destination":{"name":"x","server":"https://one.example"}},{"name":"two","destination":{"name":"y","server":"https://two.example"}}]}}"#;
    world.scratch("pair.json", config);
    world.ok("environment create pair --config ../scratch/pair.json");
    world.ok("release -a pair --manifest pair=../scratch/next/staging.yaml --manifest development=../scratch/next/development.yaml");
    world.ok("deploy -a pair -e pair --version 1");
    assert!(world.holds("argocd/v1alpha1/aa-pair-one.yaml"));
}

#[test]
fn a_link_is_not_led_to_another_release_while_history_has_its_own() {
    let (world, ..) = yard();
    world.ok("unlock -e staging -a basket --lock-id leak");
    for _ in 0..2 {
        world.ok("release -a twin --manifest development=../scratch/next/development.yaml --manifest staging=../scratch/next/staging.yaml");
    }
    world.ok("deploy -a twin -e staging --version 2");
    let before = world.tree();
    let runs = linked(&world, "staging", "twin", "version").unwrap();
    assert_eq!(runs, "2");
    commit(&world, "rm -r applications/twin/releases/2");
    world.run("verify --fix");
    assert_eq!(linked(&world, "staging", "twin", "version").unwrap(), "2");
    follow(&world);
    assert_eq!(world.tree(), before);
}

#[test]
fn a_squashed_commit_of_ours_means_nothing_to_go_but_what_its_command_takes_away() {
    let (world, release, _) = yard();
    let before = world.tree();
    let message = "a pull request\n\nTrainyard-Operation: lock\nTrainyard-Operation-Id: 0198c1d8-7d2e-7c3b-8f0a-111111111111";
    world.shell(&format!(
        "rm -r {release}; git add -A; git commit -qm '{message}'; git push -q"
    ));
    assert_eq!(kinds(&world), ["release-gone"]);
    follow(&world);
    assert_eq!(world.tree(), before);
}

#[test]
fn a_shallow_clone_is_told_to_look_further_and_fixes_nothing_that_is_in_doubt() {
    for damage in [
        "rm -r $release",
        "echo 'kind: Wrong' > $manifest",
        "echo 'kind: Wrong' > $manifest; rm $applied",
    ] {
        let (world, release, manifest) = yard();
        commit(&world, &filled(damage, &release, &manifest));
        world.ok("lock -e staging --lock-id later -m 'one more commit'");
        let shallow = world.clone_with("shallow", &["--depth=1"]);
        let damaged = world.tree();
        let found = found(&shallow);
        assert!(!found.is_empty());
        for [.., command] in &found {
            assert_eq!(command, "git fetch --unshallow && trainyard verify");
        }
        shallow.run("verify --fix");
        assert_eq!(world.tree(), damaged);
        shallow.git(&["fetch", "-q", "--unshallow"]);
        let known = kinds(&shallow);
        let known = known.first().unwrap();
        assert!(
            [
                "release-gone",
                "release-changed",
                "applied-manifest-missing"
            ]
            .contains(&known.as_str()),
            "{known}"
        );
    }
}

#[test]
fn a_file_that_was_never_another_one_is_not_removed() {
    let (world, ..) = yard();
    let path = "applications/basket/releases/3/environments/staging/manifests.yaml";
    commit(
        &world,
        &format!(
            "cp -r applications/basket/releases/2 applications/basket/releases/3; echo 'a: [' > {path}"
        ),
    );
    let before = world.tree();
    let found = found(&world);
    let command = found.iter().find(|[_, _, at, _]| at == path);
    let [.., command] = command.unwrap_or_else(|| panic!("{found:#?}"));
    world.shell(&format!("! ({command}) >&2"));
    assert_eq!(world.tree(), before);
    assert_eq!(world.status(), "");
}

#[test]
fn a_name_with_a_wildcard_in_it_is_no_pattern() {
    let (world, ..) = yard();
    let before = world.tree();
    commit(&world, "echo x > 'applications/courier/tea*'");
    follow(&world);
    assert_eq!(world.tree(), before);
}

#[test]
fn where_a_command_would_not_work_it_is_said_what_comes_first() {
    let (world, release, _) = yard();
    let before = world.tree();
    commit(&world, &format!("rm -r {release}"));
    assert_eq!(hint(&world.run("verify").stderr), None);
    // Behind the remote, in another folder, on another branch.
    for away in ["git reset -q --hard HEAD^", "git switch -qc side"] {
        world.shell(away);
        let answer = world.run("-C environments verify --branch main");
        let first = hint(&answer.stderr).unwrap_or_else(|| panic!("{away}: {answer}"));
        world.shell(&first);
        assert_eq!(hint(&world.run("verify").stderr), None, "{away}");
    }
    let [[.., command]] = &found(&world)[..] else {
        panic!("{:#?}", found(&world));
    };
    world.shell(command);
    assert_eq!(world.tree(), before);
}

/// The line that a hint says comes first.
fn hint(stderr: &str) -> Option<String> {
    let line = stderr.lines().find(|line| line.contains("comes first"))?;
    line.split('`').nth_back(1).map(str::to_owned)
}
