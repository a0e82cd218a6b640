//! What somebody meant to go, to have another name or to be as it is now: `verify` does not bring it back.

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
fn what_has_another_name_now_is_not_lost() {
    for damage in [
        "git mv environments/prod-ca environments/live",
        "git mv environments/staging/applications/courier environments/staging/applications/rider",
    ] {
        let (world, ..) = yard();
        commit(&world, damage);
        let gone = kinds(&world)
            .into_iter()
            .find(|kind| kind.ends_with("-gone"));
        assert_eq!(gone, None, "{damage}");
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
