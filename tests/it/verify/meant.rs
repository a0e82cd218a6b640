//! What somebody meant to go, to have another name or to be as it is now: `verify` does not bring it back.

use super::advice::pair;
use super::lost::{APPLIED, commit, found, kinds, yard};
use crate::shop::linked;

#[test]
fn who_led_a_link_back_by_hand_meant_it() {
    let (world, ..) = yard();
    let link = "environments/staging/applications/courier/version";
    let to = "../../../../applications/courier/releases/1";
    commit(&world, &format!("ln -sfn {to} {link}; rm {APPLIED}"));
    assert_eq!(kinds(&world), ["applied-manifest-missing"]);
    world.ok("verify --fix");
    assert_eq!(kinds(&world), [""; 0]);
    assert_eq!(
        linked(&world, "staging", "courier", "version").as_deref(),
        Some("1")
    );
}

#[test]
fn who_put_another_release_there_by_hand_meant_it() {
    let (world, ..) = yard();
    let place = "environments/staging/applications/courier";
    for step in [
        format!("rm {place}/version"),
        format!("rm -r {place}/manifests"),
        format!("ln -s ../../../../applications/courier/releases/1 {place}/version"),
    ] {
        commit(&world, &step);
    }
    assert_eq!(kinds(&world), ["applied-manifest-missing"]);
    world.ok("verify --fix");
    assert_eq!(kinds(&world), [""; 0]);
}

#[test]
fn who_gave_a_project_another_name_meant_it() {
    let (world, ..) = yard();
    pair(&world);
    commit(
        &world,
        "sed -i 's/\"CommonEnvPrefix\": \"aa\"/\"CommonEnvPrefix\": \"bb\"/' environments/pair/config.json",
    );
    assert_eq!(
        kinds(&world),
        [
            "argocd-missing",
            "argocd-missing",
            "argocd-orphan",
            "argocd-orphan"
        ]
    );
}

#[test]
fn what_has_another_name_now_is_not_lost() {
    for name in [
        "git mv environments/prod-ca environments/live
         for of in applications/*/releases/*/environments; do
           if [ -d $of/prod-ca ]; then git mv $of/prod-ca $of/live; fi
         done",
        "git mv applications/courier applications/rider
         for of in environments/*/applications; do
           if [ -d $of/courier ]; then git mv $of/courier $of/rider; fi
           for link in $of/rider/version $of/rider/queued_version; do
             if [ -L $link ]; then ln -sfn $(readlink $link | sed s/courier/rider/) $link; fi
           done
         done",
    ] {
        let (world, ..) = yard();
        commit(&world, name);
        let gone = kinds(&world)
            .into_iter()
            .find(|kind| kind.ends_with("-gone"));
        assert_eq!(gone, None, "{name}");
    }
}

#[test]
fn another_name_may_take_two_commits() {
    for [first, then] in [
        [
            "git mv environments/prod-ca environments/live",
            "for of in applications/*/releases/*/environments; do
               if [ -d $of/prod-ca ]; then git mv $of/prod-ca $of/live; fi
             done",
        ],
        [
            "git mv applications/courier applications/rider
             for of in environments/*/applications; do
               if [ -d $of/courier ]; then git mv $of/courier $of/rider; fi
             done",
            "for link in environments/*/applications/rider/*version; do
               if [ -L $link ]; then ln -sfn $(readlink $link | sed s/courier/rider/) $link; fi
             done",
        ],
    ] {
        let (world, ..) = yard();
        let is_gone = || kinds(&world).iter().any(|kind| kind.ends_with("-gone"));
        commit(&world, first);
        // What is applied says already what the links are to lead to.
        assert!(!is_gone() || first.contains("prod-ca"), "{first}");
        commit(&world, then);
        assert!(!is_gone(), "{then}");
    }
}

#[test]
fn what_a_command_cleared_in_a_config_stays_so() {
    let (world, ..) = yard();
    let before = world.head();
    world.ok("environment update prod-ca --clear argocd");
    commit(
        &world,
        &format!("git checkout -q {before} -- argocd/v1alpha1/prod-ca.yaml"),
    );
    assert_eq!(kinds(&world), ["argocd-orphan"]);
}

#[test]
fn what_was_changed_in_a_config_since_stays_so() {
    let (world, ..) = yard();
    let config = "environments/prod-ca/config.json";
    commit(&world, &format!("echo '{{}}' > {config}"));
    commit(
        &world,
        &format!("echo '{{\"upstream\":{{\"latest\":true}}}}' > {config}"),
    );
    let [[_, kind, path, command], ..] = &found(&world)[..] else {
        panic!("{:#?}", found(&world));
    };
    assert_eq!([kind.as_str(), path], ["config-without-argocd", config]);
    assert!(command.contains("--config FILE"), "{command}");
}

#[test]
fn what_is_applied_says_which_release_was_meant() {
    let (world, ..) = yard();
    let link = "environments/staging/applications/courier/version";
    let to = "../../../../applications/courier/releases/1";
    commit(&world, &format!("ln -sfn {to} {link}"));
    for gone in [format!("rm {link}"), format!("ln -sfn {to}00 {link}")] {
        commit(&world, &gone);
        world.ok("verify --fix");
        assert_eq!(kinds(&world), [""; 0]);
        assert_eq!(
            linked(&world, "staging", "courier", "version").as_deref(),
            Some("2")
        );
    }
}

#[test]
fn a_name_under_which_nothing_runs_is_no_other_name() {
    for (name, kind) in [
        (
            "git mv environments/staging environments/copy",
            "environment-gone",
        ),
        (
            "git mv environments/staging/applications/courier environments/staging/applications/rider",
            "deployment-gone",
        ),
    ] {
        let (world, ..) = yard();
        commit(&world, name);
        assert_eq!(kinds(&world)[0], kind, "{name}");
    }
}

#[test]
fn another_app_beside_one_that_is_gone_is_no_new_name_of_it() {
    let (world, ..) = yard();
    let places = "environments/staging/applications";
    commit(
        &world,
        &format!(
            "rm -r {places}/courier; mkdir -p {places}/rider/locks; cp -r environments/prod-ca/locks/sale {places}/rider/locks/hold"
        ),
    );
    assert!(
        kinds(&world).contains(&"deployment-gone".to_owned()),
        "{:?}",
        kinds(&world)
    );
}

#[test]
fn who_has_told_argo_cd_so_meant_it_to_go() {
    let (world, ..) = yard();
    let folder = "environments/staging/applications/courier";
    commit(&world, &format!("rm -r {folder}"));
    world.ok("render -e staging");
    assert_eq!(kinds(&world), [""; 0]);
    // A stray piece of it comes back.
    commit(
        &world,
        &format!("mkdir -p {folder}/manifests; echo 'a: 1' > {APPLIED}"),
    );
    assert_eq!(kinds(&world), ["missing-link"]);
}

#[test]
fn an_environment_that_was_taken_out_by_hand_stays_out() {
    for damage in [
        "git rm -q environments/prod-ca/config.json argocd/v1alpha1/prod-ca.yaml",
        "git mv environments/prod-ca/config.json environments/prod-us.json; mkdir environments/prod-us
         git mv environments/prod-us.json environments/prod-us/config.json
         git mv argocd/v1alpha1/prod-ca.yaml argocd/v1alpha1/prod-us.yaml",
    ] {
        let (world, ..) = yard();
        commit(&world, damage);
        let found = found(&world);
        let of_config = found.iter().find(|[_, kind, ..]| kind == "config-missing");
        let [severity, _, _, command] = of_config.unwrap_or_else(|| panic!("{found:#?}"));
        assert_eq!(severity, "warning", "{found:#?}");
        assert!(command.contains("--upstream ENV"), "{command}");
    }
}

#[test]
fn an_environment_that_a_command_deleted_stays_away() {
    let (world, ..) = yard();
    let files = "argocd/v1alpha1/prod-ca.yaml";
    let before = world.head();
    world.ok("environment delete prod-ca");
    commit(&world, &format!("git checkout -q {before} -- {files}"));
    assert_eq!(kinds(&world), ["argocd-orphan"]);
}

#[test]
fn a_lock_that_was_removed_does_not_come_back_with_its_folder() {
    let (world, ..) = yard();
    world.ok("unlock -e prod-ca --lock-id sale --keep-queue");
    let before = world.tree();
    commit(&world, "echo x > environments/prod-ca/locks");
    let found = found(&world);
    let [[_, kind, _, command]] = &found[..] else {
        panic!("{found:#?}");
    };
    assert_eq!(kind, "wrong-kind");
    world.shell(command);
    assert_eq!(world.tree(), before);
}
