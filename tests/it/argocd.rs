//! The files that Argo CD reads: valid for Argo CD, true to the config, and written only where something changed.

mod configs;
pub(crate) mod rendering;
mod schema;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{Node, Tree, World, test_data, text};
use configs::{everything, namespaces, three_clusters};
use rendering::{Cluster, assert_renders, documents};
use schema::Judge;

const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\n";
const REPO_URL: &str = "https://git.shop.example/manifests.git";

#[test]
fn argo_cd_accepts_every_file() {
    let Some(data) = test_data() else { return };
    let judge = Judge::from(&data);
    let mut environments = vec![
        ("all", json!({ "argocd": everything() })),
        ("bare", json!({ "argocd": { "destination": {} } })),
        ("aa", json!({ "argocdConfigs": three_clusters() })),
    ];
    for (name, argocd, _) in namespaces() {
        environments.push((name, json!({ "argocd": argocd })));
    }
    let world = world_with(&environments);
    release(
        &world,
        "web",
        "storefront",
        "all bare aa both own projects apps none",
    );
    release(&world, "till", "", "all aa");

    let tree = world.tree();
    let files: Vec<_> = tree
        .iter()
        .filter(|(path, _)| path.starts_with("argocd/"))
        .collect();
    assert_eq!(files.len(), 10, "{files:?}");
    for (path, node) in files {
        let Node::File(file) = node else {
            panic!("{path} is a link")
        };
        for document in documents(file) {
            let complaints = judge.complaints(&document);
            assert!(
                complaints.is_empty(),
                "{path}: {complaints:#?}\n{document:#}"
            );
        }
    }
}

#[test]
fn the_judge_refuses_what_argo_cd_would_refuse_or_pass_over() {
    let Some(data) = test_data() else { return };
    let judge = Judge::from(&data);
    let project = |access: Value| {
        json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": { "name": "all" },
            "spec": { "clusterResourceWhitelist": [access] } })
    };
    let good = good_application();
    assert_eq!(judge.complaints(&good), Vec::<String>::new());
    let core_group = project(json!({ "group": "", "kind": "Namespace" }));
    assert_eq!(judge.complaints(&core_group), Vec::<String>::new());

    let spoil: [(&str, Value); 11] = [
        ("/apiVersion", json!("argoproj.io/v1")),
        ("/kind", json!("ApplicationSet")),
        ("/metadata/name", json!("Web_1")),
        ("/metadata/annotations", json!({ "paths": true })),
        ("/metadata/annotations", json!({ "two words": "" })),
        ("/metadata/labels", json!({ "team": "the team" })),
        ("/spec", json!({ "destination": {} })),
        ("/spec/destination", json!({ "cluster": "all" })),
        ("/spec/source/repoURL", json!(null)),
        ("/spec/syncPolicy/automated/prune", json!("true")),
        ("/spec/ignoreDifferences", json!([{ "group": "apps" }])),
    ];
    for (place, value) in spoil {
        let mut broken = good.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert!(!judge.complaints(&broken).is_empty(), "{place}: {broken:#}");
    }
    let without_group = project(json!({ "kind": "Namespace" }));
    assert!(!judge.complaints(&without_group).is_empty());
}

#[test]
fn a_file_says_what_the_config_says() {
    let world = world_with(&[("all", json!({ "argocd": everything() }))]);
    release(&world, "web", "storefront", "all");
    release(&world, "till", "", "all");
    let argocd = everything();
    assert_renders(
        &file(&world, "all"),
        &cluster("all", &argocd),
        &two_apps(),
        REPO_URL,
    );
}

#[test]
fn every_namespace_goes_where_it_belongs() {
    let configs = namespaces().map(|(name, argocd, _)| (name, json!({ "argocd": argocd })));
    let world = world_with(&configs);
    release(&world, "web", "storefront", "both own projects apps none");
    for (name, _, [of_project, of_application]) in namespaces() {
        let found = documents(&file(&world, name));
        let project = &found[0]["spec"]["destinations"][0];
        let application = &found[1]["spec"]["destination"];
        assert_eq!(
            project["namespace"].as_str(),
            of_project,
            "project of {name}"
        );
        assert_eq!(
            application["namespace"].as_str(),
            of_application,
            "application of {name}"
        );
        assert_eq!(project["server"], "https://shop.example", "{name}");
    }
}

#[test]
fn an_active_active_environment_has_a_file_for_every_cluster() {
    let world = world_with(&[("shop", json!({ "argocdConfigs": three_clusters() }))]);
    release(&world, "web", "storefront", "shop");
    release(&world, "till", "", "shop");
    assert_three_clusters(&world);
}

#[test]
fn an_active_active_environment_may_be_spelled_as_kuberpults_api_spells_it() {
    let config = three_clusters();
    let clusters = config["ArgoCdConfigurations"].as_array().unwrap().iter();
    let clusters = clusters.map(|cluster| {
        let mut cluster = cluster.clone();
        let name = cluster.as_object_mut().unwrap().remove("name");
        cluster["concrete_env_name"] = name.unwrap();
        cluster
    });
    let config = json!({ "configs": clusters.collect::<Vec<_>>(), "common_env_prefix": "aa" });
    let world = world_with(&[("shop", json!({ "argo_configs": config }))]);
    release(&world, "web", "storefront", "shop");
    release(&world, "till", "", "shop");
    assert_three_clusters(&world);
}

#[test]
fn a_single_config_in_a_list_makes_an_ordinary_file() {
    let argocd = everything();
    let configs = json!({ "ArgoCdConfigurations": [argocd], "CommonEnvPrefix": null });
    let world = world_with(&[("all", json!({ "argocdConfigs": configs }))]);
    release(&world, "web", "storefront", "all");
    release(&world, "till", "", "all");
    assert_renders(
        &file(&world, "all"),
        &cluster("all", &argocd),
        &two_apps(),
        REPO_URL,
    );
}

#[test]
fn an_environment_without_argo_cd_has_no_file() {
    let world = world_with(&[
        ("plain", json!({})),
        ("all", json!({ "argocd": everything() })),
    ]);
    release(&world, "web", "storefront", "all plain");
    assert_eq!(
        files_of_argo_cd(&world.tree()),
        ["argocd/v1alpha1/all.yaml"]
    );
}

#[test]
fn a_hand_edit_stays_until_its_own_environment_changes() {
    let argocd = everything();
    let config = json!({ "argocd": argocd });
    let world = world_with(&[("all", config.clone()), ("more", config)]);
    release(&world, "web", "storefront", "all more");
    let edited = [&file(&world, "more")[..], b"# by hand\n"].concat();
    world.file("argocd/v1alpha1/more.yaml", &edited);

    release(&world, "web", "storefront", "all");
    release(&world, "till", "", "all");
    world.ok("lock -e more --lock-id calm -m 'nothing moves'");
    world.ok("unlock -e more --lock-id calm");
    assert_eq!(file(&world, "more"), edited);

    release(&world, "till", "", "more");
    let now = file(&world, "more");
    assert!(!String::from_utf8_lossy(&now).contains("by hand"));
    assert_renders(&now, &cluster("more", &argocd), &two_apps(), REPO_URL);
}

#[test]
fn the_next_deployment_brings_a_changed_config_along() {
    let world = world_with(&[(
        "all",
        json!({ "argocd": { "destination": { "name": "old" } } }),
    )]);
    release(&world, "web", "storefront", "all");
    release(&world, "till", "", "all");
    let argocd = everything();
    plant_config(&world, "all", &json!({ "argocd": argocd }));
    release(&world, "web", "storefront", "all");
    assert_renders(
        &file(&world, "all"),
        &cluster("all", &argocd),
        &two_apps(),
        REPO_URL,
    );
}

#[test]
fn a_new_owner_is_known_to_argo_cd_with_the_next_deployment() {
    let argocd = everything();
    let world = world_with(&[("all", json!({ "argocd": argocd }))]);
    release(&world, "web", "warehouse", "all");
    release(&world, "till", "", "all");
    release(&world, "web", "storefront", "all");
    assert_renders(
        &file(&world, "all"),
        &cluster("all", &argocd),
        &two_apps(),
        REPO_URL,
    );
}

#[test]
fn the_address_is_the_remotes_without_its_secret() {
    let addresses = [
        (
            "https://ada:s3cret@git.shop.example/manifests.git",
            REPO_URL,
        ),
        ("https://s3cret@git.shop.example/manifests.git", REPO_URL),
        (
            "git@git.shop.example:shop/manifests.git",
            "git@git.shop.example:shop/manifests.git",
        ),
    ];
    for (address, expected) in addresses {
        let world = world_with(&[("all", json!({ "argocd": everything() }))]);
        world.remove("trainyard.yaml");
        let remote = world.remote().display().to_string();
        world.git(&["remote", "set-url", "origin", address]);
        world.git(&["config", &format!("url.{remote}.insteadOf"), address]);
        release(&world, "web", "storefront", "all");
        let file = file(&world, "all");
        assert_eq!(documents(&file)[1]["spec"]["source"]["repoURL"], expected);
        assert!(!String::from_utf8(file).unwrap().contains("s3cret"));
    }
}

#[test]
fn no_text_turns_into_a_number_or_a_truth_value() {
    let texts = [
        "true",
        "yes",
        "off",
        "n",
        "null",
        "~",
        "012",
        "0x1f",
        "1e3",
        "1.10",
        "-1",
        "1_000",
        "12:30:45",
        "2001-01-01",
        "",
        " ",
        " a",
        "a ",
        "a: b",
        "a #b",
        "- a",
        "* * * * *",
        "{a}",
        "[a]",
        "!a",
        "%a",
        "&a",
        "'a",
        "\"a",
        "|",
        ">",
        "@a",
        "`a",
        "a\nb",
        "a\n",
        "\n",
        "a\tb",
        "a\u{7}b",
        "\\n",
        "Grüße 🚂",
        "#a",
        "?",
        "---",
        "...",
    ];
    let numbered = texts.iter().enumerate();
    let annotations: BTreeMap<String, &str> = numbered
        .map(|(number, text)| (format!("shop.example/text-{number}"), *text))
        .chain(
            [("yes", "on"), ("012", "1"), ("n", "y")].map(|(key, value)| (key.to_owned(), value)),
        )
        .collect();
    let argocd = json!({ "destination": { "name": "1e3" }, "applicationAnnotations": annotations });
    let world = world_with(&[("all", json!({ "argocd": argocd }))]);
    release(&world, "web", "off", "all");
    release(&world, "007", "1e3", "all");
    let apps =
        [("007", "1e3"), ("web", "off")].map(|(app, team)| (app.to_owned(), team.to_owned()));
    assert_renders(
        &file(&world, "all"),
        &cluster("all", &argocd),
        &apps.into(),
        REPO_URL,
    );
}

fn assert_three_clusters(world: &World) {
    let config = three_clusters();
    let clusters = config["ArgoCdConfigurations"].as_array().unwrap();
    for argocd in clusters {
        let name = format!("aa-shop-{}", argocd["name"].as_str().unwrap());
        let cluster = Cluster {
            name: &name,
            environment: "shop",
            argocd,
        };
        assert_renders(&file(world, &name), &cluster, &two_apps(), REPO_URL);
    }
    assert_eq!(files_of_argo_cd(&world.tree()).len(), clusters.len());
}

fn good_application() -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": { "name": "all-web", "annotations": { "shop.example/a": "" }, "labels": { "team": "" } },
        "spec": {
            "project": "all",
            "destination": { "name": "all" },
            "source": { "path": "a", "repoURL": REPO_URL, "targetRevision": "main" },
            "syncPolicy": { "automated": { "prune": true } },
            "ignoreDifferences": [{ "kind": "Secret" }],
        },
    })
}

/// What [`release`] with `web` and `till` in every test leads to.
fn two_apps() -> BTreeMap<String, String> {
    [("till", ""), ("web", "storefront")]
        .map(|(app, team)| (app.to_owned(), team.to_owned()))
        .into()
}

fn cluster<'config>(environment: &'config str, argocd: &'config Value) -> Cluster<'config> {
    Cluster {
        name: environment,
        environment,
        argocd,
    }
}

/// A world whose environments all take the newest version at once.
fn world_with(environments: &[(&str, Value)]) -> World {
    let options = format!("argocd:\n  repoUrl: {REPO_URL}\n");
    let mut tree = Tree::from([("trainyard.yaml".to_owned(), text(&options))]);
    for (name, config) in environments {
        let path = format!("environments/{name}/config.json");
        tree.insert(path, text(&with_upstream(config)));
    }
    World::with_files(&tree)
}

fn plant_config(world: &World, environment: &str, config: &Value) {
    let path = format!("environments/{environment}/config.json");
    world.file(&path, with_upstream(config));
}

fn with_upstream(config: &Value) -> String {
    let mut config = config.clone();
    config["upstream"] = json!({ "latest": true });
    format!("{config:#}\n")
}

/// Releases the next version of an app to these environments; no team if it is empty.
#[track_caller]
fn release(world: &World, app: &str, team: &str, environments: &str) {
    let file = world.scratch("manifest.yaml", MANIFEST);
    let environments = environments.split(' ');
    let manifests = environments.map(|environment| format!("--manifest {environment}={file}"));
    let manifests = manifests.collect::<Vec<_>>().join(" ");
    let line = format!("release -a {app} {manifests} --team {team}");
    world.ok(line.trim_end_matches(" --team "));
}

#[track_caller]
fn file(world: &World, name: &str) -> Vec<u8> {
    match world.tree().remove(&format!("argocd/v1alpha1/{name}.yaml")) {
        Some(Node::File(file)) => file,
        other => panic!("no file for {name}: {other:?}"),
    }
}

fn files_of_argo_cd(tree: &Tree) -> Vec<&str> {
    let paths = tree.keys().map(String::as_str);
    paths.filter(|path| path.starts_with("argocd/")).collect()
}
