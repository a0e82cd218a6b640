//! Nobody reads what is said: the work is done all the same, and the exit code is true.

use crate::world::{LOCK, RELEASE, World, program_path};

#[test]
fn a_reader_that_has_gone_does_not_stop_the_work() {
    let program = program_path();
    for (output, more) in [
        ("> /dev/full", ""),
        (">&-", ""),
        ("2> /dev/full > /dev/full", ""),
        ("2>&- >&- <&-", ""),
        ("2>&1", "| head -c 0"),
        ("-v 2>&1", "| true"),
        ("-o json", "| head -c 1"),
    ] {
        let world = World::yard();
        let code = world.room().join("code");
        let line = format!(
            "({program} {RELEASE} {output}; echo $? > {}) {more} > /dev/null",
            code.display()
        );
        world.shell(&line);
        assert_eq!(
            std::fs::read_to_string(&code).unwrap(),
            "0\n",
            "{output} {more}"
        );
        assert_eq!(world.subjects()[0], "release web 1");
        world.assert_in_step();
    }
}

#[test]
fn a_failure_that_nobody_hears_of_is_still_one() {
    let program = program_path();
    for (line, wanted) in [
        ("unlock -e dev --lock-id none", "3\n"),
        ("lock -e nowhere", "2\n"),
        ("--help", "0\n"),
    ] {
        let world = World::yard();
        let code = world.room().join("code");
        world.shell(&format!("{program} {line} > /dev/full 2> /dev/full || true; {program} {line} >&- 2>&- || echo $? > {0}; [ -e {0} ] || echo 0 > {0}", code.display()));
        assert_eq!(std::fs::read_to_string(&code).unwrap(), wanted, "{line}");
        assert_eq!(world.commits(), 2);
    }
}

#[test]
fn stdout_is_the_answer_and_stderr_is_the_rest() {
    let world = World::yard();
    let answer = world.run(RELEASE);
    assert!(answer.stdout.starts_with("released web 1"), "{answer}");
    assert!(answer.stderr.starts_with("pushed "), "{answer}");
    let answer = world.run(&format!("-v -o json {LOCK}"));
    answer.json();
    assert!(answer.stderr.contains("git push"), "{answer}");
    let answer = world.run("deploy -a web -e nowhere --version 1");
    assert_eq!((answer.stdout.as_str(), answer.code), ("", 3), "{answer}");
}
