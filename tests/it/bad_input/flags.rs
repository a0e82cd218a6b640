//! Flags that contradict each other, are missing, or name what is not there.

use super::check;
use crate::shop::shop;

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let both =
        |one: &str, other: &str| format!("the argument '{one}' cannot be used with '{other}'");
    let place = both("--environment <ENV>", "--environment-group <GROUP>");
    let kind = both("--application <APP>", "--team <TEAM>");
    check(
        &shop(),
        &[
            (
                "deploy -a basket -e staging -g prod --version 1",
                2,
                &place,
                "",
            ),
            ("lock -e staging -g prod -m x", 2, &place, ""),
            ("lock -e staging -a basket -t day-shift -m x", 2, &kind, ""),
            (
                "lock -g prod -a basket -m x",
                2,
                &both("--environment-group <GROUP>", "--application <APP>"),
                "",
            ),
            (
                "lock -g prod -t day-shift -m x",
                2,
                &both("--environment-group <GROUP>", "--team <TEAM>"),
                "",
            ),
            (
                "unlock -e staging -a basket -t day-shift --all",
                2,
                &kind,
                "",
            ),
            (
                "unlock -e staging --lock-id one --all",
                2,
                &both("--lock-id <ID>", "--all"),
                "",
            ),
            (
                "release-train prod --target-environment staging",
                2,
                &both("[TARGET]", "--target-environment <TARGET>"),
                "",
            ),
            ("-q -v prognosis prod", 2, &both("--quiet", "--verbose"), ""),
        ],
    );
}

#[test]
fn a_flag_that_is_missing_is_named_with_every_way_to_give_it() {
    let place = "<--environment <ENV>|--environment-group <GROUP>>";
    check(
        &shop(),
        &[
            ("deploy -a basket --version 1", 2, place, ""),
            ("deploy -a basket -e staging", 2, "--version <N>", ""),
            (
                "deploy -e staging --version 1",
                2,
                "--application <APP>",
                "",
            ),
            ("lock -m x", 2, place, ""),
            ("lock -a basket -m x", 2, place, ""),
            ("lock -e staging", 2, "--message <MESSAGE>", ""),
            ("unlock -e staging", 2, "<--lock-id <ID>|--all>", ""),
            ("unlock --all", 2, place, ""),
            (
                "release-train",
                2,
                "<TARGET|--target-environment <TARGET>>",
                "",
            ),
            ("prognosis", 2, "<TARGET|--target-environment <TARGET>>", ""),
            (
                "release --manifests ../scratch/next",
                2,
                "--application <APP>",
                "",
            ),
        ],
    );
}

#[test]
fn a_word_that_is_no_choice_is_refused_with_the_choices() {
    check(
        &shop(),
        &[
            (
                "-o xml prognosis prod",
                2,
                "[possible values: text, json, yaml, markdown, kuberpult, html]",
                "",
            ),
            (
                "--color sometimes prognosis prod",
                2,
                "[possible values: auto, always, never]",
                "",
            ),
            (
                "deploy -a basket -e staging --version 1 --on-lock skip",
                2,
                "[possible values: queue, fail, ignore]",
                "",
            ),
            (
                "release-train prod --on-lock ignore",
                2,
                "[possible values: queue, skip, fail]",
                "",
            ),
            (
                "release-train prod --target-type cluster",
                2,
                "[possible values: environment, environment-group, unknown]",
                "",
            ),
            ("frobnicate", 2, "unrecognized subcommand 'frobnicate'", ""),
            (
                "lock -e staging -m x extra",
                2,
                "unexpected argument 'extra' found",
                "",
            ),
            (
                "lock -e staging -m x --nope",
                2,
                "unexpected argument '--nope' found",
                "",
            ),
        ],
    );
}

#[test]
fn kuberpults_form_is_for_a_prognosis_only() {
    let only = "`-o kuberpult` is for `prognosis` only";
    check(
        &shop(),
        &[
            (
                "-o kuberpult release -a basket --manifests ../scratch/next",
                2,
                only,
                "",
            ),
            (
                "-o kuberpult deploy -a basket -e staging --version 2",
                2,
                only,
                "",
            ),
            ("-o kuberpult lock -e staging -m x", 2, only, ""),
            ("-o kuberpult unlock -e staging --all", 2, only, ""),
            ("-o kuberpult release-train staging", 2, only, ""),
        ],
    );
}

#[test]
fn an_instant_that_is_none_is_refused_with_the_name_of_its_variable() {
    let world = shop();
    let before = world.snapshot();
    for (name, value) in [
        ("TRAINYARD_NOW", "yesterday"),
        ("TRAINYARD_NOW", "2026-13-01T00:00:00Z"),
        ("TRAINYARD_NOW", "2026-03-01T00:00:00"),
        ("TRAINYARD_NOW", "99999999999999"),
        ("TRAINYARD_NOW", "\x1b[2J"),
        ("SOURCE_DATE_EPOCH", "soon"),
        ("SOURCE_DATE_EPOCH", "1.5"),
    ] {
        let line = "lock -e staging -m x";
        let variables = [("TRAINYARD_NOW", None), (name, Some(value))];
        let answer = world.run_with(line, &variables);
        let error = format!("{name}: `");
        super::assert_refused(&(line, 2, &error, ""), &answer);
        world.assert_untouched(&before);
    }
}

#[test]
fn a_remote_and_a_branch_are_there_or_named_as_missing() {
    let world = shop();
    world.git(&["branch", "local-only"]);
    check(
        &world,
        &[
            (
                "--remote nope lock -e staging -m x",
                2,
                "there is no remote `nope`",
                "choose one: `--remote origin`",
            ),
            (
                "--remote '' lock -e staging -m x",
                2,
                "there is no remote ``",
                "choose one: `--remote origin`",
            ),
            (
                "--remote=--upload-pack=id lock -e staging -m x",
                2,
                "there is no remote `--upload-pack=id`",
                "`--remote origin`",
            ),
            (
                "--branch a..b lock -e staging -m x",
                2,
                "`a..b` is no valid branch name",
                "",
            ),
            (
                "--branch=-x lock -e staging -m x",
                2,
                "`-x` is no valid branch name",
                "",
            ),
            (
                "--branch '' lock -e staging -m x",
                2,
                "`` is no valid branch name",
                "",
            ),
            (
                "--branch 'a b' lock -e staging -m x",
                2,
                "`a b` is no valid branch name",
                "",
            ),
            (
                "--branch 'main~1' lock -e staging -m x",
                2,
                "`main~1` is no valid branch name",
                "",
            ),
        ],
    );
    world.git(&["checkout", "-q", "--detach"]);
    check(
        &world,
        &[(
            "lock -e staging -m x",
            2,
            "no branch is checked out (HEAD is detached)",
            "`--branch main`",
        )],
    );
}
