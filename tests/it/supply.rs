//! What other people's code is in the program: under which licences, from where, how often; and the list of it that a release carries.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::world::skipped;

fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What cargo says of every package on this kind of machine.
fn metadata() -> Value {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(project(""));
    command.args(["metadata", "--locked", "--offline", "--format-version=1"]);
    let output = command.args(["--filter-platform", &target]).output();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The texts in a list of `.ci/deny.toml`, or the crates that it names.
fn allowed(list: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(project(".ci/deny.toml")).unwrap();
    let begin = format!("\n{list} = [\n");
    let (_, lines) = text.split_once(&begin).unwrap();
    let lines = lines.lines().take_while(|line| *line != "]");
    let quoted = lines.filter_map(|line| line.split('"').nth(1));
    let quoted: BTreeSet<_> = quoted.map(str::to_owned).collect();
    assert!(!quoted.is_empty());
    quoted
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The packages that are reached from our own one by dependencies of these kinds.
fn reached<'a>(metadata: &'a Value, kinds: &[Value]) -> BTreeMap<&'a str, &'a Value> {
    let list = |value: &'a Value| value.as_array().unwrap().iter();
    let nodes: BTreeMap<_, _> = list(&metadata["resolve"]["nodes"])
        .map(|node| (text(node, "id"), node))
        .collect();
    let packages: BTreeMap<_, _> = list(&metadata["packages"])
        .map(|package| (text(package, "id"), package))
        .collect();
    let mut found = BTreeMap::new();
    let mut open = vec![text(&metadata["resolve"], "root")];
    while let Some(id) = open.pop() {
        if found.insert(id, packages[id]).is_none() {
            let used = list(&nodes[id]["deps"]);
            let used = used
                .filter(|used| list(&used["dep_kinds"]).any(|each| kinds.contains(&each["kind"])));
            open.extend(used.map(|used| text(used, "pkg")));
        }
    }
    found
}

#[test]
fn every_package_is_one_that_may_be_passed_on() {
    let licences = allowed("allow");
    let metadata = metadata();
    let mut unused = licences.clone();
    // What is for tests only is passed on by nobody.
    for package in reached(&metadata, &[Value::Null, "build".into()]).values() {
        let name = text(package, "name");
        let licence = spdx::Expression::parse_mode(text(package, "license"), spdx::ParseMode::LAX);
        let licence = licence.unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_allowed = licence.evaluate(|one| licences.contains(&one.to_string()));
        assert!(is_allowed, "{name} is under {licence}");
        unused.retain(|one| {
            !licence
                .requirements()
                .any(|each| each.req.to_string() == *one)
        });
    }
    assert!(unused.is_empty(), "nothing is under {unused:?}");
}

#[test]
fn every_package_comes_from_the_registry_and_is_known_by_its_checksum() {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    for (lock, of_ours) in [
        ("Cargo.lock", &["trainyard"][..]),
        ("tests/fuzz/Cargo.lock", &["trainyard", "trainyard-fuzz"]),
    ] {
        let text = fs::read_to_string(project(lock)).unwrap();
        let packages: Vec<_> = text.split("\n[[package]]\n").skip(1).collect();
        assert!(packages.len() > 100);
        for package in packages {
            let field = |name: &str| {
                let line = package
                    .lines()
                    .find_map(|line| line.strip_prefix(&format!("{name} = ")));
                line.map(|value| value.trim_matches('"'))
            };
            let name = field("name").unwrap();
            if of_ours.contains(&name) {
                assert_eq!(field("source"), None, "{name}");
                continue;
            }
            assert_eq!(field("source"), Some(REGISTRY), "{name} in {lock}");
            let checksum = field("checksum").unwrap_or_default();
            assert!(checksum.len() == 64, "{name} in {lock}");
        }
    }
}

#[test]
fn no_package_is_there_twice_without_a_reason() {
    let metadata = metadata();
    let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for package in reached(&metadata, &[Value::Null, "build".into()]).values() {
        let version = text(package, "version");
        versions
            .entry(text(package, "name"))
            .or_default()
            .insert(version);
    }
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let known = allowed("skip");
    let name = |package: &str| package.split('@').next().unwrap().to_owned();
    let mut reasons: BTreeSet<_> = known.iter().map(|package| name(package)).collect();
    for (package, versions) in twice {
        let excused = versions
            .iter()
            .filter(|version| known.contains(&format!("{package}@{version}")));
        assert_eq!(
            excused.count() + 1,
            versions.len(),
            "{package} {versions:?}"
        );
        reasons.remove(*package);
    }
    assert!(reasons.is_empty(), "no longer twice: {reasons:?}");
}

/// What CycloneDX 1.5 asks of such a list, as far as we use it.
fn check_form(list: &Value) {
    assert_eq!(text(list, "bomFormat"), "CycloneDX");
    assert_eq!(text(list, "specVersion"), "1.5");
    assert_eq!(list["version"], 1);
    let only = |value: &Value, known: &[&str]| {
        let keys = value.as_object().unwrap().keys();
        let unknown: Vec<_> = keys.filter(|key| !known.contains(&key.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?} in {value}");
    };
    let known = [
        "bomFormat",
        "specVersion",
        "version",
        "metadata",
        "components",
        "dependencies",
    ];
    only(list, &known);
    let ours = &list["metadata"]["component"];
    assert_eq!(text(ours, "type"), "application");
    for component in list["components"].as_array().unwrap().iter().chain([ours]) {
        only(
            component,
            &[
                "type",
                "bom-ref",
                "name",
                "version",
                "description",
                "hashes",
                "licenses",
                "purl",
                "externalReferences",
            ],
        );
        assert!(["library", "application"].contains(&text(component, "type")));
        assert!(!text(component, "name").is_empty() && !text(component, "bom-ref").is_empty());
        let licences = component["licenses"].as_array().unwrap();
        match licences[0].get("expression") {
            Some(licence) => {
                assert_eq!(licences.len(), 1, "an expression stands alone");
                spdx::Expression::parse(licence.as_str().unwrap()).unwrap();
            }
            None => assert!(!text(&licences[0]["license"], "name").is_empty()),
        }
        for hash in component
            .get("hashes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            assert_eq!(text(hash, "alg"), "SHA-256");
        }
    }
}

#[test]
fn a_release_carries_a_list_of_all_that_is_linked() {
    if Command::new("jq").arg("--version").output().is_err() {
        skipped("jq is missing");
        return;
    }
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = Command::new(project(".ci/sbom"));
    let output = command
        .arg(&target)
        .env("CARGO_NET_OFFLINE", "true")
        .output();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();

    check_form(&list);
    let is_macro = |package: &Value| {
        let targets = package["targets"].as_array().unwrap();
        let kinds = targets
            .iter()
            .flat_map(|each| each["kind"].as_array().unwrap());
        kinds.into_iter().any(|kind| kind == "proc-macro")
    };
    let metadata = metadata();
    let mut linked = reached(&metadata, &[Value::Null]);
    // What macros use is used while they run, which is at build time; so count what is left without them.
    let all = linked.len();
    let macros: BTreeSet<_> = linked
        .iter()
        .filter(|(_, package)| is_macro(package))
        .map(|(id, _)| (*id).to_owned())
        .collect();
    linked.retain(|id, _| !macros.contains(*id));
    let components = list["components"].as_array().unwrap();
    let names: BTreeSet<_> = components.iter().map(|each| text(each, "name")).collect();
    for name in [
        "git2",
        "libgit2",
        "libdeflate",
        "zlib",
        "ring",
        "serde_yaml",
    ] {
        assert!(names.contains(name), "{name}");
    }
    for name in [
        "proptest",
        "insta",
        "arbitrary",
        "syn",
        "maud_macros",
        "cc",
        "vt100",
    ] {
        assert!(!names.contains(name), "{name}");
    }
    let crates = components.iter().filter(|each| each["purl"].is_string());
    let known: BTreeSet<_> = linked
        .values()
        .map(|package| {
            format!(
                "pkg:cargo/{}@{}",
                text(package, "name"),
                text(package, "version")
            )
        })
        .collect();
    let mut count = 0;
    for component in crates {
        let place = text(component, "purl");
        assert!(known.contains(place), "{place}");
        assert_eq!(
            text(&component["hashes"][0], "content").len(),
            64,
            "{place}"
        );
        count += 1;
    }
    assert!(count > 90 && count < all, "{count} of {all}");
    let references: BTreeSet<_> = components
        .iter()
        .map(|each| text(each, "bom-ref"))
        .collect();
    assert_eq!(references.len(), components.len());
    for each in list["dependencies"].as_array().unwrap() {
        for other in each["dependsOn"].as_array().unwrap() {
            let other = other.as_str().unwrap();
            assert!(references.contains(other), "{other}");
        }
    }
}
