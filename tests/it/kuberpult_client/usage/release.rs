//! `release`

use super::check;
use crate::shop::shop;

const DURING: &str = "error while parsing command line args, error: error while reading command line arguments, error: ";
const FLAGS: &str = "error while parsing command line arguments, error: ";
const HASH: &str = "abcdefabcdefabcdefabcdefabcdefabcdefabcd";
const STAGING: &str = "--environment staging --manifest ../scratch/next/staging.yaml";

/// A release that could be stored, and more flags.
fn with(flags: &str) -> String {
    format!("--skip_signatures --application basket {STAGING} {flags}")
}

#[test]
fn flags_that_are_given_too_often() {
    let commit = format!("--source_commit_id {HASH}");
    let mut cases = Vec::new();
    for name in [
        "team",
        "source_commit_id",
        "previous_commit_id",
        "source_author",
        "source_message",
        "version",
        "revision",
        "display_version",
        "ci_link",
    ] {
        let commit = if name == "previous_commit_id" {
            &commit
        } else {
            ""
        };
        let line = with(&format!("{commit} --{name} 1 -{name}=2"));
        cases.push((line, format!("the --{name} arg must be set at most once")));
    }
    for line in [
        with("--application courier"),
        format!("--skip_signatures {STAGING}"),
    ] {
        cases.push((
            line,
            "the --application arg must be set exactly once".to_owned(),
        ));
    }
    check(&shop(), "release", DURING, &cases);
}

#[test]
fn numbers_that_are_none() {
    let mut cases = Vec::new();
    for name in ["version", "revision"] {
        for number in ["0", "-3"] {
            let line = with(&format!("--{name}={number}"));
            cases.push((line, format!("the --{name} arg value must be positive")));
        }
        let why = "the provided value \"v1\" is not an integer";
        let message = format!("{FLAGS}invalid value \"v1\" for flag -{name}: {why}");
        cases.push((with(&format!("--{name} v1")), message));
    }
    check(&shop(), "release", DURING, &cases);
}

#[test]
fn the_order_of_environments_manifests_and_signatures() {
    let signature = "--signature ../scratch/next/staging.yaml";
    check(
        &shop(),
        "release --application basket",
        DURING,
        &[
            (
                "--environment staging".to_owned(),
                "all --environment args must have a --manifest arg set immediately afterwards",
            ),
            (
                "--manifest x".to_owned(),
                "all --manifest args must be set immediately after an --environment arg",
            ),
            (
                STAGING.to_owned(),
                "all --manifest args must have a --signature arg set immediately afterwards, unless --skip_signatures is set",
            ),
            (
                format!("{STAGING} {signature} {signature}"),
                "all --signature args must be set immediately after a --manifest arg",
            ),
            (
                format!("{STAGING} {signature} --skip_signatures"),
                "--signature args are not allowed when --skip_signatures or use_dex_auth are set",
            ),
            (
                format!("{STAGING} {signature} --use_dex_auth"),
                "--signature args are not allowed when --skip_signatures or use_dex_auth are set",
            ),
            (
                "--skip_signatures".to_owned(),
                "the args --environment and --manifest must be set at least once",
            ),
            (
                String::new(),
                "the args --environment and --manifest must be set at least once",
            ),
        ],
    );
}

#[test]
fn values_that_break_their_rule() {
    let cases = [
        (
            "--source_commit_id abc",
            "the --source_commit_id arg must be assigned a complete SHA1 commit hash in hexadecimal",
        ),
        (
            &format!("--previous_commit_id {HASH}"),
            "the --previous_commit_id arg can be set only if --source_commit_id is set",
        ),
        (
            &format!("--source_commit_id {HASH} --previous_commit_id abc"),
            "the --previous_commit_id arg must be assigned a complete SHA1 commit hash in hexadecimal",
        ),
        (
            "--source_author '<>'",
            r"the --source_author must be assigned a proper author identifier, matching the regex ^[^<\n]+( <[^@\n]+@[^>\n]+>)?$",
        ),
        (
            "--display_version 1234567890123456",
            "the --display_version arg must be at most 15 characters long",
        ),
        ("--ci_link ci", "provided invalid --ci_link value 'ci'"),
        (
            "potato tomato",
            "these arguments are not recognised: \"potato tomato\"",
        ),
        (
            "--moon",
            &format!("{FLAGS}flag provided but not defined: -moon"),
        ),
        ("-h", &format!("{FLAGS}flag: help requested")),
        (
            "--dry-run=2",
            &format!("{FLAGS}invalid boolean value \"2\" for -dry-run: parse error"),
        ),
    ];
    let cases = cases.map(|(flags, message)| (with(flags), message));
    check(&shop(), "release", DURING, &cases);
}

#[test]
fn the_files_of_a_release() {
    let world = shop();
    let m = "../scratch/next/staging.yaml";
    let during = "error while parsing command line args, error: error while creating /release endpoint params, error: ";
    let lines = [
        (
            "--manifest nowhere --skip_signatures".to_owned(),
            "error while reading the manifest file nowhere, error: open nowhere: no such file or directory",
        ),
        (
            "--manifest ../scratch --use_dex_auth".to_owned(),
            "error while reading the manifest file ../scratch, error: read ../scratch: is a directory",
        ),
        (
            format!("--manifest {m} --signature nowhere"),
            "error while reading the signature file nowhere, error: open nowhere: no such file or directory",
        ),
    ];
    check(
        &world,
        "release --application basket --environment staging",
        during,
        &lines,
    );
}
