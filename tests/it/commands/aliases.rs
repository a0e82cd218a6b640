//! Short flags and kuberpult-client's spelling: each means the same as the long flag.

use crate::shop::shop;

const NOW: [(&str, Option<&str>); 1] = [("TRAINYARD_NOW", Some("2026-03-02T09:00:00Z"))];

/// Lines that mean the same: the long flags first, then every other spelling.
const SAME: [&[&str]; 11] = [
    &[
        "--dry-run release --application kiosk --team ops --environment staging --manifest ../scratch/next/staging.yaml",
        "-n release -a kiosk -t ops -e staging -f ../scratch/next/staging.yaml",
        "release --app kiosk --team ops --manifest staging=../scratch/next/staging.yaml --dry-run",
        "release --application=kiosk --team=ops --environment=staging --manifest=../scratch/next/staging.yaml -n",
    ],
    &[
        "-n deploy --application basket --environment staging --version 2",
        "-n deploy -a basket -e staging --version 2",
        "-n deploy --app basket -estaging --version=2",
        "-n deploy -a basket -e staging --version 2 --on-lock queue",
    ],
    &[
        "-n deploy --application basket --environment-group prod --version 2",
        "-n deploy -a basket -g prod --version 2",
        "-n deploy -a basket --group prod --version 2",
    ],
    &[
        "-n lock --environment staging --application basket --lock-id leak --message x",
        "-n lock -e staging -a basket --lockID leak -m x",
        "-n lock -e staging --app basket --lock-id=leak -mx",
    ],
    &[
        "-n lock --environment staging --team day-shift --lock-id leak --message x",
        "-n lock -e staging -t day-shift --lockID leak -m x",
    ],
    &[
        "-n lock --environment-group prod --lock-id leak --message x",
        "-n lock -g prod --lockID leak -m x",
        "-n lock --group prod --lock-id leak -m x",
    ],
    &[
        "-n unlock --environment staging --lock-id freeze",
        "-n unlock -e staging --lockID freeze",
        "-n unlock -e staging --all",
    ],
    &[
        "-n unlock --environment-group staging --lock-id freeze",
        "-n unlock -g staging --lockID freeze",
        "-n unlock --group staging --all",
    ],
    &[
        "-n release-train prod --target-type unknown --team day-shift --on-lock queue",
        "-n release-train --target-environment prod -t day-shift",
        "release-train -n -t day-shift prod --target-type environment-group",
        "release-train -n -t day-shift prod --target-type ENVIRONMENTGROUP",
    ],
    &[
        "prognosis prod --output json",
        "prognosis --target-environment prod -o json",
        "-o json prognosis prod --color never",
        "--output=json prognosis prod -q",
    ],
    &[
        "--repo . prognosis prod",
        "-C . prognosis prod",
        "prognosis prod -C ../checkout",
        "prognosis prod -C environments/staging",
        "prognosis prod --remote origin --branch main",
        "prognosis prod",
    ],
];

#[test]
fn every_spelling_of_a_flag_means_the_same() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m x");
    world.ok("deploy -a basket -e staging --version 2");
    let before = world.snapshot();
    for spellings in SAME {
        let [first, rest @ ..] = spellings else {
            unreachable!("a line and others")
        };
        let expected = world.run_with(first, &NOW);
        assert_eq!(expected.code, 0, "{first}\n{expected}");
        for line in rest {
            let answer = world.run_with(line, &NOW);
            assert_eq!(
                (answer.stdout.as_str(), answer.code),
                (expected.stdout.as_str(), 0),
                "{line}\n{answer}"
            );
        }
    }
    world.assert_untouched(&before);
}

#[test]
fn what_kuberpult_spells_with_underscores_is_stored_like_what_has_hyphens() {
    let world = shop();
    let (commit, previous) = ("a".repeat(40), "b".repeat(40));
    let line = |underscores: bool| {
        let line = format!(
            "--author-name Jane --author-email jane@shop.example release -a kiosk --version 1 --manifests ../scratch/next \
             --source-commit-id {commit} --previous-commit-id {previous} --source-author Jane --source-message fix \
             --display-version v1 --ci-link https://ci.example/1"
        );
        let names = [
            "author-name",
            "author-email",
            "source-commit-id",
            "previous-commit-id",
            "source-author",
            "source-message",
            "display-version",
            "ci-link",
        ];
        names
            .iter()
            .filter(|_| underscores)
            .fold(line, |line, name| {
                line.replace(
                    &format!("--{name} "),
                    &format!("--{} ", name.replace('-', "_")),
                )
            })
    };
    assert!(line(true).contains("--author_name Jane") && line(true).contains("--ci_link "));
    world.ok(&line(true));
    let author = world.git(&["log", "-1", "--format=%an <%ae>"]);
    assert_eq!(author, "Jane <jane@shop.example>");
    let said = world.ok(&line(false));
    assert_eq!(
        said,
        "kiosk 1 is stored already, with the same content; nothing changed\n"
    );
    let fields = world.tree().into_keys().filter(|path| {
        path.starts_with("applications/kiosk/releases/1/") && !path.contains("/environments/")
    });
    assert_eq!(fields.count(), 7);
}
