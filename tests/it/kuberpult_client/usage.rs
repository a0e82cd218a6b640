//! What cannot be meant ends with 2, in the words of that client, and changes nothing.

mod locks;
mod release;

use super::stamp;
use crate::shop::shop;
use crate::world::World;

const URL: &str = "--url https://kuberpult.example";

/// Runs lines of which each ends with 2 and the last line of stderr is the time and this message.
#[track_caller]
fn check<Line: AsRef<str>, Message: AsRef<str>>(
    world: &World,
    prefix: &str,
    during: &str,
    cases: &[(Line, Message)],
) {
    let before = world.snapshot();
    for (line, message) in cases {
        let (line, message) = (line.as_ref(), message.as_ref());
        let answer = world.client(&format!("{prefix} {line}"));
        let wanted = format!("{} {during}{message}\n", stamp(&answer));
        assert_eq!(answer.code, 2, "{line}\n{answer}");
        assert_eq!(answer.stdout, "", "{line}");
        let of_flags = ["flag", "invalid boolean value"];
        let flags = of_flags.iter().any(|words| message.contains(words))
            && !message.contains("with the --");
        if flags {
            assert!(answer.stderr.ends_with(&wanted), "{line}\n{wanted}{answer}");
            assert!(answer.stderr.contains("Usage of "), "{line}\n{answer}");
        } else {
            assert_eq!(answer.stderr, wanted, "{line}");
        }
    }
    world.assert_untouched(&before);
}

#[test]
fn what_stands_before_the_subcommand() {
    let reading = "error while parsing command line arguments, error: error while reading command line arguments, error: ";
    let flag_error = |message: &str| format!("{reading}{message}");
    let creating = "error while creating kuberpult client parameters, error: ";
    let wrong = |message: &str| format!("{creating}{message}");
    let integer = |name: &str| {
        flag_error(&format!(
            "invalid value \"x\" for flag -{name}: the provided value \"x\" is not an integer"
        ))
    };
    let cases = [
        (
            "--url a --url b help",
            wrong("the --url arg must be set exactly once"),
        ),
        (
            "--author_name a --author_name b help",
            wrong("the --author_name arg must be set at most once"),
        ),
        (
            "--author_email a --author_email b help",
            wrong("the --author_email arg must be set at most once"),
        ),
        (
            "--client_uuid a --client_uuid b help",
            wrong("the --client_uuid arg must be set at most once"),
        ),
        (
            "--retries 1 --retries 2 help",
            wrong("the --retries arg must be set at most once"),
        ),
        (
            "--timeout 1 --timeout 2 help",
            wrong("the --timeout arg must be set at most once"),
        ),
        (
            "--retries 0 help",
            wrong("--retries arg value must be positive"),
        ),
        (
            "--timeout -1 help",
            wrong("--timeout arg value must be positive"),
        ),
        ("--retries x help", integer("retries")),
        ("--timeout x help", integer("timeout")),
        (
            "--moon help",
            flag_error("flag provided but not defined: -moon"),
        ),
        ("-h", flag_error("flag: help requested")),
        ("--url", flag_error("flag needs an argument: -url")),
    ];
    let world = shop();
    check(
        &world,
        "",
        "error while parsing command line arguments, error: ",
        &cases,
    );
    check(
        &world,
        "",
        "",
        &[
            ("", "a subcommand must be specified"),
            (URL, "a subcommand must be specified"),
            ("--url a explode now", "unknown subcommand explode"),
            ("--url a 'ex\nplode'", "unknown subcommand ex\\nplode"),
        ],
    );
}

#[test]
fn release_train() {
    let during = "error while parsing command line args, error: error while reading command line arguments for running a release train error: ";
    check(
        &shop(),
        &format!("{URL} release-train"),
        during,
        &[
            ("", "the --target-environment arg must be set exactly once"),
            (
                "--target-environment a --target-environment b",
                "the --target-environment arg must be set exactly once",
            ),
            (
                "--target-environment a --team b --team c",
                "the --team arg must be set at most once",
            ),
            (
                "--target-environment a --ci_link b --ci_link c",
                "the --ci_link arg must be set at most once",
            ),
            (
                "--target-environment a b",
                "these arguments are not recognised: \"b\"",
            ),
            (
                "--moon",
                "error while parsing command line arguments, error: flag provided but not defined: -moon",
            ),
        ],
    );
}

#[test]
fn questions_and_the_end_of_an_environment() {
    let world = shop();
    let during = "error while parsing command line args, error: ";
    let flag_error =
        "error while parsing command line arguments, error: flag provided but not defined: -moon";
    check(
        &world,
        "get-commit-deployments",
        during,
        &[
            ("", "the commit hash must be set with the --commit flag"),
            (
                "--commit ''",
                "the commit hash must be set with the --commit flag",
            ),
            ("--commit abc", "the commit hash: abc is invalid"),
            (
                "--commit gggggggggggggggggggggggggggggggggggggggg",
                "the commit hash: gggggggggggggggggggggggggggggggggggggggg is invalid",
            ),
            (
                "--commit abc rest",
                "these arguments are not recognised: \"rest\"",
            ),
            ("--moon", flag_error),
        ],
    );
    check(
        &world,
        "get-deployment-commit",
        during,
        &[
            (
                "",
                "the environment name must be set with the --environment flag",
            ),
            (
                "--application a",
                "the environment name must be set with the --environment flag",
            ),
            (
                "--environment a",
                "the application name must be set with the --application flag",
            ),
            ("rest", "these arguments are not recognised: \"rest\""),
            ("--moon", flag_error),
        ],
    );
    check(
        &world,
        "delete-environment",
        "error while parsing command line args, error: error while reading command line arguments for deleting an environment, error: ",
        &[
            ("", "the --environment arg must be set exactly once"),
            (
                "--environment a --environment b",
                "the --environment arg must be set exactly once",
            ),
            ("rest", "these arguments are not recognised: \"rest\""),
            ("--moon", flag_error),
        ],
    );
}

#[test]
fn all_flags_of_a_subcommand_are_listed_as_go_lists_them() {
    let world = shop();
    let lines = [
        "-h",
        "release -h",
        "release-train -h",
        "create-env-lock -h",
        "create-app-lock -h",
        "create-team-lock -h",
        "create-group-lock -h",
        "delete-env-lock -h",
        "delete-app-lock -h",
        "delete-team-lock -h",
        "delete-group-lock -h",
        "get-commit-deployments -h",
        "get-deployment-commit -h",
        "delete-environment -h",
        "help",
    ];
    insta::assert_snapshot!("flags", super::tell(&world, &lines));
}
