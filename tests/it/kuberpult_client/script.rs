//! A script as continuous integration has it, through a link that has the name of that client.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::shop::shop;
use crate::world::{World, differences, words};

/// Runs a shell that finds programs in these folders first.
#[track_caller]
fn run(world: &World, script: &str, folder: &Path, programs: &[&Path]) {
    let programs = programs.iter().map(|folder| folder.display().to_string());
    let path = std::env::var("PATH").unwrap();
    let path: Vec<_> = programs.chain([path]).collect();
    let mut shell = world.beside("sh");
    let shell = shell.env("PATH", path.join(":")).current_dir(folder);
    let output = shell.args(["-euc", script]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}\n{told}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

const SCRIPT: &str = r#"
client() { kuberpult-client --url "https://kuberpult.example" --author_name "CI" --author_email "ci@example.com" --retries 5 "$@"; }
commit=abcdefabcdefabcdefabcdefabcdefabcdefabcd
set -- --application basket --team day-shift --source_commit_id "$commit" --source_message "fix: it" --skip_signatures
for environment in development staging prod-ca prod-de; do
  set -- "$@" --environment "$environment" --manifest "../scratch/next/$environment.yaml"
done
client release "$@"
client create-app-lock --environment prod-ca --application basket --lockID sale --message "no changes"
client release-train --target-environment staging --team day-shift
client release-train --target-environment prod --use_env_group_target
client get-commit-deployments --commit "$commit" --out ../scratch/deployments.json
grep -q '"prod-ca":"PENDING","prod-de":"DEPLOYED"' ../scratch/deployments.json
client delete-app-lock --environment prod-ca --application basket --lockID sale
client get-deployment-commit --environment prod-ca --application basket | grep -q "$commit"
if client release-train --target-environment moon; then exit 9; fi
if client release-train; then exit 9; else test $? = 2; fi
"#;

const OURS: [&str; 5] = [
    "release -a basket -t day-shift --source-commit-id abcdefabcdefabcdefabcdefabcdefabcdefabcd --source-message 'fix: it' \
     --manifests ../scratch/next",
    "lock -e prod-ca -a basket --lock-id sale -m 'no changes'",
    "release-train staging -t day-shift",
    "release-train prod --target-type environment-group",
    "unlock -e prod-ca -a basket --lock-id sale",
];

#[test]
fn a_script_keeps_working_and_leaves_the_tree_of_our_own_commands() {
    let (theirs, ours) = (shop(), shop());
    let link = theirs.client_link();
    let bin = Path::new(&link).parent().unwrap();
    run(&theirs, SCRIPT, theirs.checkout(), &[bin]);
    let now = ours.next_minute();
    for line in OURS {
        let mut program = ours.program(now);
        let author = ["--author-name", "CI", "--author-email", "ci@example.com"];
        program.args(author).args(words(line)).assert().success();
    }
    let found = differences(&ours.tree(), &theirs.tree());
    assert!(found.is_empty(), "{found}");
    assert_eq!(theirs.head(), ours.head());
    theirs.assert_in_step();
}

#[test]
fn the_example_of_the_docs_works_as_it_stands() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kuberpult-client.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```sh\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let world = shop();
    let room = world.room();
    let (programs, home) = (room.join("programs"), room.join("home/bin"));
    for folder in [&programs, &home, &room.join("build")] {
        fs::create_dir_all(folder).unwrap();
    }
    symlink(env!("CARGO_BIN_EXE_trainyard"), programs.join("trainyard")).unwrap();
    symlink(world.checkout(), room.join("manifest-repository")).unwrap();
    fs::copy(
        room.join("scratch/next/staging.yaml"),
        room.join("build/staging.yaml"),
    )
    .unwrap();
    // `cd -P`, as a checkout that is no link would have it: the path of the manifest is beside the checkout.
    let example = example.replace("cd ", "cd -P ");
    run(&world, &example, room, &[&programs, &home]);
    assert!(world.holds("applications/cart/releases/1/environments/staging/manifests.yaml"));
}
