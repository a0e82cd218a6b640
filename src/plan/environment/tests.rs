use super::*;
use crate::plan::world::{World, run};
use crate::state::config::Part;
use crate::tree::MemoryTree;

/// `dev` takes the latest, `staging` what runs there; the group `prod` is behind it.
fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev")])
        .group("prod", &[("ca", "staging"), ("de", "staging")])
        .release("web", 1, &["dev", "staging", "ca"])
        .runs("dev", "web", 1)
        .runs("staging", "web", 1)
}

fn request(name: &str, when: When) -> Configure {
    Configure {
        environment: name.parse().unwrap(),
        when,
        config: None,
        edit: ConfigEdit::default(),
    }
}

fn to(upstream: &str) -> ConfigEdit {
    ConfigEdit {
        upstream: Some(match upstream {
            "latest" => Upstream::Latest,
            name => Upstream::Environment(name.parse().unwrap()),
        }),
        ..ConfigEdit::default()
    }
}

fn document(text: &str) -> Document {
    Document::parse(text.as_bytes(), &"x".parse().unwrap()).unwrap()
}

/// The file of an environment afterwards, or what is refused.
#[track_caller]
fn configured(world: &mut World, request: &Configure) -> Result<String, String> {
    let before = world.0.clone();
    let result = run(&mut world.0, |draft, ground| {
        configure(draft, ground, request)
    });
    let path = format!("environments/{}/config.json", request.environment);
    let others = |tree: &MemoryTree| {
        let mut listing = tree.listing();
        listing.retain(|other, _| *other != path && !other.starts_with("argocd/"));
        listing
    };
    assert_eq!(others(&world.0), others(&before), "nothing else changes");
    match result {
        Ok(_) => Ok(world.0.listing().remove(&path).unwrap_or_default()),
        Err(error) => {
            assert_eq!(world.0, before, "a refusal changes nothing");
            Err(error.to_string())
        }
    }
}

#[track_caller]
fn refuses(world: &World, request: &Configure, expected: &str) {
    assert_eq!(
        configured(&mut world.clone(), request),
        Err(expected.to_owned())
    );
}

#[test]
fn a_new_environment_has_a_config_in_kuberpults_layout() {
    let mut new = request("load-test", When::New);
    new.edit = to("dev");
    new.edit.group = Some("tests".parse().unwrap());
    let text = configured(&mut world(), &new).unwrap();
    assert_eq!(
        text,
        "{\n  \"upstream\": {\n    \"environment\": \"dev\"\n  },\n  \"environmentGroup\": \"tests\"\n}\n"
    );
    let empty = request("load-test", When::Either);
    assert_eq!(configured(&mut world(), &empty).unwrap(), "{}\n");
}

#[test]
fn the_first_environment_needs_no_other() {
    let base = MemoryTree::default();
    let context = crate::plan::world::context();
    let ground = Ground::begin(&base, &context).unwrap();
    let mut draft = Draft::on(&base);
    let mut new = request("dev", When::New);
    new.edit = to("latest");
    configure(&mut draft, &ground, &new).unwrap();
    assert!(Ground::survey(&draft, &context).is_ok());
}

#[test]
fn what_exists_is_not_created_and_what_does_not_is_not_updated() {
    let world = world();
    refuses(
        &world,
        &request("dev", When::New),
        "environment `dev` exists already",
    );
    refuses(
        &world,
        &request("moon", When::Existing),
        "there is no environment `moon`",
    );
    // A folder without a config is an environment.
    let bare = world.clone().locked("bare", "l1");
    refuses(
        &bare,
        &request("bare", When::New),
        "environment `bare` exists already",
    );
    let file = world.file("environments/moon", "a file");
    let told = "`environments/moon`: it is no folder, as an environment is one";
    refuses(&file, &request("moon", When::New), told);
}

#[test]
fn an_upstream_exists_and_leads_to_no_cycle() {
    let world = world();
    let with = |name: &str, when, upstream: &str| {
        let mut request = request(name, when);
        request.edit = to(upstream);
        request
    };
    refuses(
        &world,
        &with("x", When::New, "moon"),
        "there is no environment `moon`",
    );
    // A group is no upstream.
    refuses(
        &world,
        &with("x", When::New, "prod"),
        "there is no environment `prod`",
    );
    let cycle = |name: &str, chain: &str| {
        format!("environment `{name}`: its upstreams form a cycle: {chain}")
    };
    refuses(&world, &with("x", When::New, "x"), &cycle("x", "x → x"));
    let chain = cycle("staging", "staging → ca → staging");
    refuses(&world, &with("staging", When::Existing, "ca"), &chain);
    configured(&mut world.clone(), &with("ca", When::Existing, "dev")).unwrap();

    let whole = |text: &str| Configure {
        config: Some(document(text)),
        ..request("x", When::New)
    };
    let both = "environment `x`: its upstream is both `latest` and an environment";
    refuses(
        &world,
        &whole(r#"{"upstream":{"latest":true,"environment":"dev"}}"#),
        both,
    );
    let neither = "environment `x`: its upstream is neither `latest` nor an environment";
    refuses(&world, &whole(r#"{"upstream":{}}"#), neither);
    let bad = whole(r#"{"environmentGroup":"The Group"}"#);
    let told = configured(&mut world.clone(), &bad).unwrap_err();
    assert!(
        told.starts_with("`The Group` is no valid group name"),
        "{told}"
    );
}

#[test]
fn an_old_fault_does_not_hinder_another_change() {
    let config = r#"{"upstream":{"environment":"gone"},"environmentGroup":"The Group"}"#;
    let mut world = world().config("x", config);
    let mut update = request("x", When::Existing);
    update.edit.argocd.sync_options = vec!["A=b".to_owned()];
    configured(&mut world, &update).unwrap();
    update.edit = to("dev");
    let text = configured(&mut world, &update).unwrap();
    assert!(text.contains("\"environment\": \"dev\""), "{text}");
}

#[test]
fn a_config_that_cannot_be_read_is_mended_by_a_whole_one_alone() {
    let mut world = world().config("x", "{");
    let mut update = request("x", When::Existing);
    update.edit = to("dev");
    let told = "`environments/x/config.json`: EOF while parsing an object at line 1 column 1";
    refuses(&world, &update, told);
    update.config = Some(document("{}"));
    assert!(configured(&mut world, &update).unwrap().contains("\"dev\""));
}

#[test]
fn only_what_is_given_changes() {
    let config = r#"{ "future": {"b": 1.10, "a": [1 , 2]}, "environment_group": "prod", "Upstream": {"latest": true, "weight": 3},
        "argocd": {"sync_options": ["A=b"], "destination": {"server": "https://a"}} } and the rest is passed over"#;
    let mut world = world().config("x", config);
    let mut update = request("x", When::Existing);
    update.edit = to("dev");
    let expected = r#"{
  "upstream": {
    "environment": "dev",
    "weight": 3
  },
  "argocd": {
    "destination": {
      "server": "https://a"
    },
    "syncOptions": [
      "A=b"
    ]
  },
  "environmentGroup": "prod",
  "future": {
    "b": 1.10,
    "a": [
      1,
      2
    ]
  }
}
"#;
    assert_eq!(configured(&mut world, &update).unwrap(), expected);
    assert_eq!(
        configured(&mut world, &update).unwrap(),
        expected,
        "twice is once"
    );
}

#[test]
fn a_change_that_changes_nothing_leaves_the_file_as_it_is() {
    let config = r#"{"environment_group":"p\u0072od","upstream":{"latest":true}}"#;
    let mut world = world().config("x", config);
    let mut update = request("x", When::Existing);
    update.edit = to("latest");
    update.edit.group = Some("prod".parse().unwrap());
    update.edit.clear = [Part::ArgoCd, Part::SyncWindows].into();
    assert_eq!(configured(&mut world, &update).unwrap(), config);
    update.config = Some(document(
        r#"{"upstream":{"latest":true},"environmentGroup":"prod"}"#,
    ));
    assert_eq!(configured(&mut world, &update).unwrap(), config);
}

#[track_caller]
fn check_delete(world: World, name: &str, expected: &[&str]) {
    let mut world = world;
    let name = name.parse().unwrap();
    let (changes, _) = world.changes(|draft, ground| delete(draft, ground, &name));
    assert_eq!(changes, expected);
    let left = world.0.listing().into_keys();
    let left = left.filter(|path| path.starts_with(&format!("environments/{name}/")));
    let deleted = expected.iter().all(|line| line.starts_with('-'));
    assert!(!deleted || left.count() == 0);
}

#[test]
fn an_environment_goes_with_all_that_is_on_it() {
    let world = world()
        .team("web", "red")
        .runs("ca", "web", 1)
        .queues("ca", "web", 1)
        .locked("ca", "l1")
        .locked("ca/teams/red", "l2")
        .locked("ca/applications/web", "l3")
        .file("environments/ca/notes/README", "anything");
    let gone = [
        "- ca has lock l1",
        "- ca queues web 1",
        "- ca runs web 1",
        "- team red on ca has lock l2",
        "- web on ca has lock l3",
    ];
    check_delete(world, "ca", &gone);
}

#[test]
fn an_upstream_is_not_deleted() {
    let refused = |names: &str| format!("environment `staging` is the upstream of {names}");
    check_delete(world(), "staging", &[&refused("`ca`, `de`")]);
    // Whatever else is wrong with it.
    let both = world().config(
        "ca",
        r#"{"upstream":{"latest":true,"environment":"staging"}}"#,
    );
    check_delete(both, "staging", &[&refused("`ca`, `de`")]);
    let alone = world().config("ca", "{}").config("de", "{}");
    check_delete(alone, "staging", &["- staging runs web 1"]);
    // Its own upstream is no other's.
    check_delete(World::of(&[("dev", "latest"), ("x", "x")]), "x", &[]);
    check_delete(world(), "moon", &["there is no environment `moon`"]);
}

#[test]
fn the_last_of_a_group_that_is_an_upstream_is_not_deleted() {
    let world = World::of(&[("dev", "latest"), ("x", "prod")])
        .group("prod", &[("ca", "dev"), ("de", "dev")]);
    let mut world = world;
    let delete_it = |world: &mut World, name: &str| {
        let name = name.parse().unwrap();
        let (changes, _) = world.changes(|draft, ground| delete(draft, ground, &name));
        changes
    };
    assert!(delete_it(&mut world, "ca").is_empty());
    let told = "environment `de` is the last one of group `prod`, which is the upstream of `x`";
    assert_eq!(delete_it(&mut world, "de"), [told]);
}

#[test]
fn nothing_is_deleted_while_nobody_knows_whose_upstream_it_is() {
    let world = world().config("de", "{");
    let told = "`environments/de/config.json`: EOF while parsing an object at line 1 column 1";
    check_delete(world.clone(), "ca", &[told]);
    check_delete(world, "de", &[]);
}

#[test]
fn created_and_deleted_again_nothing_is_left() {
    let mut new = request("x", When::New);
    new.edit = to("staging");
    new.edit.prefix = Some("aa".parse().unwrap());
    for concrete in ["one", "two"] {
        new.edit.concrete = Some(concrete.parse().unwrap());
        new.when = When::Either;
        let mut world = world();
        let before = world.0.clone();
        configured(&mut world, &new).unwrap();
        assert!(
            world
                .0
                .listing()
                .contains_key(&format!("argocd/v1alpha1/aa-x-{concrete}.yaml"))
        );
        let (_, outcome) = world.changes(|draft, ground| delete(draft, ground, &new.environment));
        assert!(outcome.is_some());
        assert_eq!(world.0, before);
    }
}

fn projects(world: &World) -> Vec<String> {
    let paths = world.0.listing().into_keys();
    let projects = paths.filter_map(|path| {
        let file = path.strip_prefix("argocd/v1alpha1/")?;
        Some(file.strip_suffix(".yaml")?.to_owned())
    });
    projects.collect()
}

fn server(text: &str) -> ConfigEdit {
    let mut edit = ConfigEdit::default();
    let field = crate::state::config::DestinationField::Server;
    edit.argocd.destination.insert(field, text.to_owned());
    edit
}

#[test]
fn each_concrete_environment_has_a_file_as_long_as_it_is_there() {
    let mut world = world();
    let mut update = request("ca", When::Existing);
    update.edit = server("https://one");
    let one = configured(&mut world, &update).unwrap();
    assert!(
        one.contains("\"name\": \"\",\n      \"server\": \"https://one\""),
        "{one}"
    );
    assert_eq!(projects(&world), ["ca"]);

    let concrete = |name: &str| {
        let mut edit = server(&format!("https://{name}"));
        edit.concrete = Some(name.parse().unwrap());
        edit
    };
    update.edit = concrete("west");
    let told = "environment `ca`: `west` cannot be a concrete environment: the environment has no common prefix";
    refuses(&world, &update, told);
    update.edit.prefix = Some("aa".parse().unwrap());
    let told = "environment `ca`: the config would have `argocd` and `argocdConfigs`, of which only one counts";
    refuses(&world, &update, told);
    update.edit.clear.insert(Part::ArgoCd);
    configured(&mut world, &update).unwrap();
    assert_eq!(projects(&world), ["aa-ca-west"]);

    update.edit = concrete("east");
    let text = configured(&mut world, &update).unwrap();
    assert!(text.find("east") < text.find("west"), "{text}");
    assert_eq!(projects(&world), ["aa-ca-east", "aa-ca-west"]);
    update.edit = server("https://both");
    let told =
        "environment `ca`: the environment is active/active, and its Argo CD configs are apart";
    refuses(&world, &update, told);

    update.edit = ConfigEdit::default();
    update.edit.remove_concrete.insert("west".parse().unwrap());
    configured(&mut world, &update).unwrap();
    assert_eq!(projects(&world), ["aa-ca-east"]);
    refuses(
        &world,
        &update,
        "environment `ca`: there is no concrete environment `west`",
    );
    update.edit = ConfigEdit::default();
    update.edit.prefix = Some("bb".parse().unwrap());
    configured(&mut world, &update).unwrap();
    assert_eq!(projects(&world), ["bb-ca-east"]);
    update.edit = ConfigEdit::default();
    update.edit.clear.insert(Part::ArgoCd);
    configured(&mut world, &update).unwrap();
    assert!(projects(&world).is_empty());
}

#[test]
fn no_two_configs_describe_one_project() {
    let mut world = world();
    let mut new = request("aa-x-one", When::New);
    new.edit = server("https://one");
    configured(&mut world, &new).unwrap();
    let mut update = request("x", When::New);
    update.edit = server("https://two");
    update.edit.prefix = Some("aa".parse().unwrap());
    update.edit.concrete = Some("one".parse().unwrap());
    let told = "two configs describe the Argo CD project `aa-x-one`, of `aa-x-one` and `x`";
    refuses(&world, &update, told);
}

#[test]
fn the_file_of_another_environment_stays_whoever_had_that_project_before() {
    let aa =
        r#"{"argocdConfigs":{"CommonEnvPrefix":"aa","ArgoCdConfigurations":[{"name":"one"}]}}"#;
    let mut world = world()
        .config("x", aa)
        .config("aa-x-one", r#"{"argocd":{}}"#)
        .file("argocd/v1alpha1/aa-x-one.yaml", "by hand\n");
    let mut update = request("x", When::Existing);
    update.edit.clear.insert(Part::ArgoCd);
    configured(&mut world, &update).unwrap();
    assert_eq!(
        world.0.listing()["argocd/v1alpha1/aa-x-one.yaml"],
        "by hand\n"
    );
}

#[test]
fn files_that_may_have_been_those_of_a_broken_config_are_named() {
    let mut world = world()
        .config("x", "{")
        .file("argocd/v1alpha1/x.yaml", "old")
        .file("argocd/v1alpha1/aa-x-one.yaml", "old")
        .file("argocd/v1alpha1/root.yaml", "by hand");
    let name = "x".parse().unwrap();
    let (_, outcome) = world.changes(|draft, ground| delete(draft, ground, &name));
    assert_eq!(projects(&world), ["aa-x-one", "root"]);
    let told = "`argocd/v1alpha1/aa-x-one.yaml` belongs to no environment; remove it if it was of this one";
    assert_eq!(outcome.unwrap().warnings, [told]);
}

#[test]
fn a_file_of_its_own_name_goes_with_an_environment_that_is_deleted() {
    let aa =
        r#"{"argocdConfigs":{"CommonEnvPrefix":"aa","ArgoCdConfigurations":[{"name":"one"}]}}"#;
    let mut world = world()
        .config("x", aa)
        .file("argocd/v1alpha1/x.yaml", "from before it had several")
        .file("argocd/v1alpha1/aa-x-one.yaml", "old")
        .file("argocd/v1alpha1/aa-x-two.yaml", "by hand");
    let name = "x".parse().unwrap();
    let (_, outcome) = world.changes(|draft, ground| delete(draft, ground, &name));
    assert_eq!(outcome.unwrap().warnings, [""; 0]);
    assert_eq!(projects(&world), ["aa-x-two"]);
}

#[test]
fn of_two_spellings_of_a_key_one_may_be_null() {
    for (config, expected) in [
        (
            r#"{"environment_group":null,"environmentGroup":"prod"}"#,
            Some("prod"),
        ),
        (r#"{"environmentGroup":null}"#, None),
    ] {
        assert_eq!(document(config).group().as_deref(), expected, "{config}");
    }
    let name = "x".parse().unwrap();
    let twice = r#"{"environment_group":"a","environmentGroup":"b"}"#;
    assert!(Document::parse(twice.as_bytes(), &name).is_err());
}

/// Each fault, as its path and what is said.
fn faults(world: &World) -> Vec<String> {
    let context = crate::plan::world::context();
    let ground = Ground::begin(&world.0, &context).unwrap();
    let checked = check(&world.0, &ground).unwrap();
    let faults = checked.faults.iter();
    faults
        .map(|fault| format!("{}: {fault}", fault.path()))
        .collect()
}

#[test]
fn a_sound_repository_has_no_faults() {
    assert_eq!(faults(&world()), [""; 0]);
    // An environment without an upstream may be meant.
    assert_eq!(faults(&world().config("bare", "{}")), [""; 0]);
}

#[test]
fn every_fault_is_found() {
    let to = |upstream: &str| format!(r#"{{"upstream":{{"environment":"{upstream}"}}}}"#);
    let aa = r#"{"argocdConfigs":{"CommonEnvPrefix":"aa","ArgoCdConfigurations":[{"name":"one"},{"name":"one"}]},"argocd":{}}"#;
    let world = World::of(&[("dev", "latest")])
        .config("a", "{")
        .config("b", &to("moon"))
        .config("c", &to("d"))
        .config("d", &to("c"))
        .config("e", r#"{"environmentGroup":"The Group"}"#)
        .config("f", aa)
        .config("g", r#"{"environmentGroup":"x","environment_group":"y"}"#)
        .group("far", &[("near", "dev"), ("further", "near")])
        .config("Bad_Name", "{}")
        .file("environments/.gitkeep", "");
    let expected = [
        "environments/.gitkeep: it is no environment and is passed over",
        "environments/Bad_Name: `Bad_Name` is no valid environment name: lower-case letters and digits, in words joined by single hyphens, are allowed; it is passed over",
        "environments/a/config.json: EOF while parsing an object at line 1 column 1",
        "environments/b/config.json: its upstream `moon` does not exist",
        "environments/c/config.json: its upstreams form a cycle: c → d → c",
        "environments/d/config.json: its upstreams form a cycle: d → c → d",
        "environments/e/config.json: `The Group` is no valid group name: lower-case letters and digits, in words joined by single hyphens, are allowed",
        "environments/f/config.json: it has `argocd` and `argocdConfigs`, of which only one counts",
        "environments/f/config.json: the Argo CD project `aa-f-one` is described twice: by `f` and `f`",
        "environments/further/config.json: the environments of group `far` are not equally far from the releases: further 2, near 1",
        "environments/g/config.json: `environmentGroup` stands there twice, and only one of them can be meant",
    ];
    assert_eq!(faults(&world), expected);
}

#[test]
fn environments_are_listed_by_distance_and_then_by_name() {
    let world = world()
        .config("a-cycle", r#"{"upstream":{"environment":"a-cycle"}}"#)
        .config("bare", "{}");
    let context = crate::plan::world::context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let views = list(&world.0, &ground).unwrap();
    let order: Vec<_> = views
        .iter()
        .map(|view| (view.name.as_ref(), view.distance))
        .collect();
    let expected = [
        ("dev", Some(0)),
        ("staging", Some(1)),
        ("ca", Some(2)),
        ("de", Some(2)),
        ("a-cycle", None),
        ("bare", None),
    ];
    assert_eq!(order, expected);
    let staging = &views[1];
    assert_eq!((staging.apps, staging.queued), (1, 0));
    let names: Vec<_> = staging.downstream.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["ca", "de"]);
}
