//! Names that are well formed, and that nothing has.

use super::check;
use crate::shop::{environments, point, shop, store};
use crate::world::{World, text};

#[test]
fn an_unknown_name_is_refused_with_the_nearest_that_exist() {
    check(
        &shop(),
        &[
            (
                "deploy -a baskte -e staging --version 1",
                3,
                "there is no app `baskte`",
                "did you mean `basket`?",
            ),
            (
                "deploy -a window -e staging --version 1",
                3,
                "there is no app `window`",
                "these exist: `basket`, `courier`",
            ),
            (
                "lock -e staging -a curier -m x",
                3,
                "there is no app `curier`",
                "did you mean `courier`?",
            ),
            (
                "deploy -a basket -e stagign --version 1",
                3,
                "there is no environment `stagign`",
                "did you mean `staging`?",
            ),
            (
                "lock -e prod -m x",
                3,
                "there is no environment `prod`",
                "there is an environment group of this name",
            ),
            (
                "unlock -e prod-dee --all",
                3,
                "there is no environment `prod-dee`",
                "did you mean `prod-de` or `prod-ca`?",
            ),
            (
                "deploy -a basket -g prods --version 1",
                3,
                "there is no environment group `prods`",
                "did you mean `prod`?",
            ),
            (
                "lock -g development -m x",
                3,
                "there is no environment group `development`",
                "there is an environment of this name",
            ),
            (
                "lock -g west -m x",
                3,
                "there is no environment group `west`",
                "these exist: `prod`, `staging`",
            ),
            (
                "lock -e west -m x",
                3,
                "there is no environment `west`",
                "these exist: `development`, `load-test`, `prod-ca`, `prod-de`, `staging`",
            ),
            (
                "unlock -g prd --all",
                3,
                "there is no environment group `prd`",
                "did you mean `prod`?",
            ),
        ],
    );
}

#[test]
fn an_unknown_team_or_target_is_refused_with_the_nearest_that_exist() {
    check(
        &shop(),
        &[
            (
                "lock -e staging -t day-shfit -m x",
                3,
                "there is no team `day-shfit`: no app belongs to it",
                "did you mean `day-shift`?",
            ),
            (
                "lock -e staging -t platform -m x",
                3,
                "there is no team `platform`",
                "these exist: `day-shift`, `night-shift`",
            ),
            (
                "release-train staging -t day-shfit",
                3,
                "there is no team `day-shfit`: no app belongs to it",
                "did you mean `day-shift`?",
            ),
            (
                "prognosis prod --team platform",
                3,
                "there is no team `platform`",
                "these exist: `day-shift`, `night-shift`",
            ),
            (
                "release-train pord",
                3,
                "there is no environment or environment group `pord`",
                "did you mean `prod`?",
            ),
            (
                "prognosis nowhere",
                3,
                "there is no environment or environment group `nowhere`",
                "these exist: `development`",
            ),
            (
                "release-train prod --target-type environment",
                3,
                "there is no environment `prod`",
                "there is an environment group of this name",
            ),
            (
                "prognosis prod-de --target-type environment-group",
                3,
                "there is no environment group `prod-de`",
                "there is an environment of this name",
            ),
        ],
    );
}

#[test]
fn of_many_names_only_the_first_few_are_told() {
    let world = shop();
    for number in 1..=6 {
        let name = format!("environments/site-{number}/config.json");
        world.edit(&name, "{}");
    }
    world.shell("git add . && git commit -qm sites && git push -q origin main");
    let first = "these exist: `development`, `load-test`, `prod-ca`, `prod-de`, `site-1`, `site-2` and 5 more";
    let near = "did you mean `site-1` or `site-2` or `site-3`?";
    check(
        &world,
        &[
            (
                "lock -e moon -m x",
                3,
                "there is no environment `moon`",
                first,
            ),
            (
                "lock -e site -m x",
                3,
                "there is no environment `site`",
                near,
            ),
        ],
    );
}

#[test]
fn a_release_that_is_not_there_is_refused_with_the_nearest_that_are() {
    let world = shop();
    world.file("applications/bare/team", "day-shift");
    world.file("applications/kiosk/releases/1/created_at", "");
    world.file(
        "applications/kiosk/releases/1/environments/staging/manifests.yaml",
        "a: 1\n",
    );
    check(
        &world,
        &[
            (
                "deploy -a basket -e staging --version 7",
                3,
                "`basket` has no release 7",
                "the nearest releases are `1`, `2`",
            ),
            (
                "deploy -a kiosk -e staging --version 7",
                3,
                "`kiosk` has no release 7",
                "the nearest release is `1`",
            ),
            (
                "deploy -a bare -e staging --version 1",
                3,
                "`bare` has no release 1",
                "store one with `trainyard release`",
            ),
            (
                "deploy -a basket -e load-test --version 1",
                3,
                "release 1 of `basket` has no manifest for environment `load-test`",
                "it has manifests for `development`, `prod-ca`, `prod-de`, `staging`",
            ),
            (
                "deploy -a kiosk -g prod --version 1",
                3,
                "release 1 of `kiosk` has no manifest for environment `prod-ca`",
                "it has manifests for `staging`",
            ),
        ],
    );
}

#[test]
fn a_lock_that_is_not_there_is_refused_with_where_it_is_or_what_is_there() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m x");
    world.ok("lock -e staging --lock-id audit -m x");
    world.ok("lock -e prod-ca --lock-id sale -m x");
    let there = "there is one on staging: `trainyard unlock -e staging --lock-id freeze`";
    check(
        &world,
        &[
            (
                "unlock -e staging --lock-id freez",
                3,
                "there is no lock `freez` on `staging`",
                "did you mean `freeze`?",
            ),
            (
                "unlock -e staging --lock-id nonsense",
                3,
                "there is no lock `nonsense` on `staging`",
                "the locks there are `audit`, `freeze`",
            ),
            (
                "unlock -e prod-ca --lock-id nonsense",
                3,
                "there is no lock `nonsense` on `prod-ca`",
                "the lock there is `sale`",
            ),
            (
                "unlock -e prod-de --lock-id nonsense",
                3,
                "there is no lock `nonsense` on `prod-de`",
                "there is no lock at all in that place",
            ),
            (
                "unlock -e prod-ca --lock-id freeze",
                3,
                "there is no lock `freeze` on `prod-ca`",
                there,
            ),
            (
                "unlock -e prod-de --lock-id sale",
                3,
                "there is no lock `sale` on `prod-de`",
                "there is one on prod-ca: `trainyard unlock -e prod-ca --lock-id sale`",
            ),
            (
                "unlock -e staging -a basket --lock-id freeze",
                3,
                "there is no lock `freeze` on `basket on staging`",
                there,
            ),
            (
                "unlock -e staging -t day-shift --lock-id freeze",
                3,
                "there is no lock `freeze` on `team day-shift on staging`",
                there,
            ),
            (
                "unlock -g prod --lock-id freeze",
                3,
                "there is no lock `freeze` on `prod-ca`, `prod-de`",
                there,
            ),
        ],
    );
}

#[test]
fn a_key_that_nobody_knows_is_told_with_the_nearest() {
    let world = shop();
    for (options, meant) in [
        (
            "releaseVersionLimit: 5",
            "did you mean `releaseVersionsLimit`? mend",
        ),
        ("argocd: {repoURL: x}", "did you mean `repoUrl`? mend"),
        ("nonsense: 1", "hint: mend"),
    ] {
        world.file("trainyard.yaml", options);
        let answer = world.fails("release-train staging", 6);
        assert!(answer.stderr.contains(meant), "{options}\n{answer}");
    }
}

#[test]
fn a_release_that_differs_is_refused_with_every_field() {
    let world = shop();
    world.ok("release -a kiosk --manifests ../scratch/next --source-message first");
    let changed = world.scratch("changed.yaml", "kind: ConfigMap\n");
    let manifest = format!("release -a kiosk --version 1 --manifest staging={changed}");
    let different =
        |fields: &str| format!("release 1 of `kiosk` exists and differs in {fields}\n---");
    let immutable = "releases are immutable: leave `--version` out";
    check(
        &world,
        &[
            (
                "release -a kiosk --version 1 --manifests ../scratch/next --source-message second",
                3,
                &different("`source_message`"),
                immutable,
            ),
            (
                "release -a kiosk --version 1 --manifests ../scratch/next -t day-shift --display-version v1",
                3,
                &different("`display_version`, `team`"),
                immutable,
            ),
            (
                &manifest,
                3,
                &different("`manifest for staging`"),
                immutable,
            ),
        ],
    );
}

#[test]
fn a_release_that_the_clean_up_would_remove_at_once_is_refused() {
    let mut tree = environments();
    tree.insert(
        "trainyard.yaml".to_owned(),
        text("releaseVersionsLimit: 5\n"),
    );
    (12..=16).for_each(|version| store(&mut tree, "kiosk", version));
    point(&mut tree, "development", "kiosk", 16);
    let world = World::with_files(&tree);
    world.scratch("staging.yaml", "a: 1\n");
    let (error, hint) = (
        "release 11 of `kiosk` is too old",
        "numbers from 12 on are kept; `releaseVersionsLimit` in trainyard.yaml keeps more",
    );
    check(
        &world,
        &[(
            "release -a kiosk --version 11 --manifest staging=../scratch/staging.yaml",
            3,
            error,
            hint,
        )],
    );
}

#[test]
fn behind_the_last_number_there_is_no_next_release() {
    let world = shop();
    for number in ["9007199254740991", "18446744073709551615"] {
        let file = format!("applications/kiosk/releases/{number}/created_at");
        world.file(&file, "2026-03-01T12:00:00Z");
        check(
            &world,
            &[(
                "release -a kiosk --manifests ../scratch/next",
                3,
                &format!("`kiosk` has release {number}, and no number follows on that one"),
                "name a free number below it",
            )],
        );
    }
}
