//! Everything else that is typed: lock ids, versions, commits, authors, links, messages.

use super::{Row, check};
use crate::shop::{shop, tell};

const RELEASE: &str = "release -a basket --manifests ../scratch/next";

fn check_all(rows: &[(String, &str)]) {
    let rows: Vec<Row> = rows
        .iter()
        .map(|(line, error)| (line.as_str(), 2, *error, ""))
        .collect();
    check(&shop(), &rows);
}

#[test]
fn a_lock_id_is_one_harmless_file_name() {
    let length = "is no valid lock id: 2 to 99 bytes are allowed";
    let letters = "is no valid lock id: `/` and control characters are not allowed";
    let git = "names that begin with `.git` are not allowed";
    let ids = [
        (String::new(), length),
        ("a".to_owned(), length),
        (".".to_owned(), length),
        ("a".repeat(100), length),
        ("\u{e4}".repeat(50), length),
        ("a".repeat(10_000), length),
        ("..".to_owned(), git),
        (".git".to_owned(), git),
        (".GIT".to_owned(), git),
        (".gitmodules".to_owned(), git),
        ("git~1".to_owned(), git),
        ("a/b".to_owned(), letters),
        ("/etc".to_owned(), letters),
        ("../../.git/config".to_owned(), letters),
        ("a\nb".to_owned(), letters),
        ("a\x1b]0;pwned\x07".to_owned(), letters),
        ("a\u{85}b".to_owned(), letters),
    ];
    let rows = ids.iter().flat_map(|(id, error)| {
        let commands = ["lock -e staging -m x", "unlock -g prod"];
        commands.map(|command| (format!("{command} --lock-id='{id}'"), *error))
    });
    check_all(&rows.collect::<Vec<_>>());
}

#[test]
fn every_other_lock_id_is_taken_and_the_command_to_remove_it_works() {
    let world = shop();
    let longest = "x".repeat(99);
    for id in [
        "it's",
        "-x",
        "--all",
        "...",
        "load test",
        "\u{dc}bung",
        "$(id)",
        longest.as_str(),
    ] {
        let lock = [
            "lock",
            "-e",
            "staging",
            "-m",
            "x",
            &format!("--lock-id={id}"),
        ];
        let answer = world.run_words(&lock);
        assert_eq!(answer.code, 0, "{id}\n{answer}");
        let (_, command) = answer
            .stdout
            .split_once("to remove it: trainyard ")
            .unwrap();
        // A quote within quotes is the one thing that our splitting of lines does as a shell does it.
        world.ok(command.trim_end());
    }
    assert_eq!(
        tell(&world, &["unlock -e staging --all"]),
        "$ trainyard unlock -e staging --all\nthere is no lock on staging\nnothing changed\n"
    );
}

#[test]
fn a_version_is_a_whole_number_from_one_on() {
    let versions = [
        "0",
        "1.0",
        "v1",
        "v1..v2",
        "version",
        "HEAD",
        "@",
        "v1^{}",
        "9007199254740992",
        "18446744073709551616",
        "",
    ];
    let rows = versions.iter().flat_map(|version| {
        let release = format!("{RELEASE} --version='{version}'");
        let deploy = format!("deploy -a basket -e staging --version='{version}'");
        [release, deploy].map(|line| {
            (
                line,
                "is no valid version: a whole number from 1 to 9007199254740991 is needed",
            )
        })
    });
    check_all(&rows.collect::<Vec<_>>());
}

#[test]
fn what_is_told_about_the_source_is_checked() {
    let zeros = "0".repeat(39);
    let fields = [
        (
            "--display-version 1234567890123456".to_owned(),
            "is no valid display version: 1 to 15 bytes",
        ),
        (
            "--display-version ''".to_owned(),
            "is no valid display version",
        ),
        (
            "--display-version 'v\x1b[2J'".to_owned(),
            r"`v\u{1b}[2J` is no valid display version",
        ),
        (
            "--source-commit-id abc".to_owned(),
            "`abc` is no valid commit id: 40 hexadecimal digits are needed",
        ),
        (
            format!("--source-commit-id {zeros}g"),
            "is no valid commit id",
        ),
        (
            format!("--source-commit-id {zeros}00"),
            "is no valid commit id",
        ),
        (
            "--source-commit-id HEAD".to_owned(),
            "is no valid commit id",
        ),
        ("--source-commit-id ''".to_owned(), "is no valid commit id"),
        (
            format!("--previous-commit-id {zeros}0"),
            "--source-commit-id <SHA>",
        ),
        (
            format!("--source-commit-id {zeros}0 --previous-commit-id x"),
            "`x` is no valid commit id",
        ),
        (
            "--source-author 'Jane <jane@x'".to_owned(),
            r#""Jane <jane@x" is no author"#,
        ),
        ("--source-author '<jane@x>'".to_owned(), "is no author"),
        ("--source-author 'Jane <jane>'".to_owned(), "is no author"),
        (
            "--source-author 'Jane\nJoe'".to_owned(),
            r#""Jane\nJoe" is no author"#,
        ),
        (
            "--source-author 'Jane\x1b[2J'".to_owned(),
            r#""Jane\u{1b}[2J" is no author"#,
        ),
        (
            format!("--source-author {}", "x".repeat(1001)),
            "is no author",
        ),
        (
            "--ci-link ftp://ci.example/1".to_owned(),
            r#""ftp://ci.example/1" is no link: an http or https URL is needed"#,
        ),
        ("--ci-link javascript:alert".to_owned(), "is no link"),
        ("--ci-link https://".to_owned(), "is no link"),
        (
            "--ci-link 'https://ci.example/a b'".to_owned(),
            "is no link",
        ),
        (
            "--ci-link 'https://ci.example/\x1b[2J'".to_owned(),
            r"\u{1b}[2J",
        ),
    ];
    let rows = fields.map(|(field, error)| (format!("{RELEASE} {field}"), error));
    check_all(&rows);
}

#[test]
fn a_lock_has_a_reason() {
    let needed = "a lock needs a reason: `--message 'load test until Friday'`";
    check(
        &shop(),
        &[
            ("lock -e staging -m ''", 2, needed, ""),
            ("lock -e staging -m ' \n\t'", 2, needed, ""),
        ],
    );
}

#[test]
fn a_message_has_at_most_64_kib() {
    let (most, more) = ("x".repeat(64 * 1024), "x".repeat(64 * 1024 + 1));
    check_all(&[
        (
            format!("lock -e staging -m {more}"),
            "the message must be at most 64 KiB",
        ),
        (
            format!("{RELEASE} --source-message {more}"),
            "the source message must be at most 64 KiB",
        ),
    ]);
    let world = shop();
    world.ok(&format!("lock -e staging --lock-id most -m {most}"));
    world.ok(&format!("{RELEASE} --source-message {most}"));
    let tree = world.tree();
    for path in [
        "environments/staging/locks/most/message",
        "applications/basket/releases/3/source_message",
    ] {
        assert_eq!(tree[path], crate::world::text(&most), "{path}");
    }
}

#[test]
fn an_author_is_a_name_and_a_mail_address_on_one_line() {
    check(
        &shop(),
        &[
            (
                "--author-name '' lock -e staging -m x",
                2,
                "\"\" is no name or mail address of an author",
                "",
            ),
            (
                "--author-email '' lock -e staging -m x",
                2,
                "\"\" is no name or mail address of an author",
                "",
            ),
            (
                "--author-name 'a <b>' lock -e staging -m x",
                2,
                "\"a <b>\" is no name",
                "",
            ),
            (
                "--author-name 'a\nb' lock -e staging -m x",
                2,
                r#""a\nb" is no name"#,
                "",
            ),
            (
                "--author-email 'a\x1b[2J' lock -e staging -m x",
                2,
                r#""a\u{1b}[2J" is no name"#,
                "",
            ),
        ],
    );
}
