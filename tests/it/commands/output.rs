//! stdout is the answer, stderr is everything else; colours, `-q` and `-v`.

use super::{assert_told, told};
use crate::shop::{shop, transcript};

/// A transcript in which the beginning of a colour can be seen.
fn in_colours(lines: &[&str]) -> String {
    let world = shop();
    let told = lines.iter().map(|line| {
        let answer = world.run(line);
        format!("$ trainyard {line}\n{}", transcript(&world, &answer))
    });
    told.collect::<Vec<_>>().join("\n").replace('\x1b', "␛")
}

#[test]
fn colours_are_put_in_when_asked() {
    let told = in_colours(&[
        "--color always lock -e staging -a basket --lock-id leak -m 'memory leak'",
        "--color always deploy -a basket -e staging --version 2",
        "--color always deploy -a courier -e staging --version 2",
        "--color always deploy -a courier -e moon --version 2",
        "--color always unlock -e staging -a basket --lock-id leak --keep-queue",
        "--color always lock -e prod-ca --lock-id sale -m x",
        "--color always -n release-train prod",
        "--color always prognosis development",
        "--color always unlock -e prod-ca --all",
    ]);
    insta::assert_snapshot!("colours", told);
}

#[test]
fn no_colour_is_put_in_where_nobody_would_see_it() {
    let world = shop();
    let line = "prognosis prod";
    for (flags, variables) in [
        ("", vec![]),
        ("--color auto", vec![]),
        ("--color never", vec![("CLICOLOR_FORCE", Some("1"))]),
        ("", vec![("NO_COLOR", Some("1"))]),
        ("", vec![("TERM", Some("dumb"))]),
        ("--color always -o json", vec![]),
        ("--color always -o yaml", vec![]),
        ("--color always -o markdown", vec![]),
        ("--color always -o kuberpult", vec![]),
    ] {
        let answer = world.run_with(&format!("{flags} {line}"), &variables);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(
            !answer.stdout.contains('\x1b'),
            "{flags} {variables:?}\n{answer}"
        );
    }
    let answer = world.run_with(
        &format!("--color always {line}"),
        &[("NO_COLOR", Some("1"))],
    );
    assert!(
        answer.stdout.contains('\x1b'),
        "the flag counts more\n{answer}"
    );
}

#[test]
fn quiet_leaves_errors_and_nothing_else_on_stderr() {
    let world = shop();
    world.file("environments/README.md", "stray");
    assert_told!(
        &world,
        "quiet",
        [
            "release-train staging",
            "--quiet release-train prod",
            "-q lock -e staging --lock-id freeze -m x",
            "-q deploy -a basket -e moon --version 1",
        ],
    );
}

#[test]
fn verbose_tells_each_step() {
    let world = shop();
    let quiet = told(&world, "-n lock -e staging --lock-id freeze -m x");
    assert!(!quiet.contains("! "), "{quiet}");
    for flag in ["-v", "--verbose"] {
        let loud = world.run(&format!("{flag} lock -e staging --lock-id freeze -m x"));
        assert!(loud.stderr.contains("git push "), "{loud}");
        assert!(loud.stderr.contains("pushed "), "{loud}");
        assert!(loud.stdout.starts_with("locked staging"), "{loud}");
    }
}
