//! Exit codes of views, and what they say of names that are not there.

use super::busy_shop;

#[test]
fn can_deploy_answers_with_its_exit_code() {
    let world = busy_shop();
    let yes = world.ok("can-deploy courier staging");
    assert!(yes.starts_with("yes: courier 2 "), "{yes}");
    let no = world.fails("can-deploy basket staging", 3);
    assert!(no.stdout.starts_with("no: basket 2 "), "{no}");
    assert!(no.stdout.contains("`leak`"), "{no}");
    assert_eq!(no.stderr, "");
    let other = world.fails("can-deploy basket staging --version 9", 3);
    assert_eq!(other.stdout, "");
    assert!(other.stderr.contains("release 9"), "{other}");
}

#[test]
fn a_name_that_is_not_there_is_told_with_the_nearest() {
    let world = busy_shop();
    for (line, near) in [
        ("locks baskett", "did you mean `basket`?"),
        ("queue -e stagin", "did you mean `staging`?"),
        ("locks -g prot", "did you mean `prod`?"),
        ("queue --team night-shif", "did you mean `night-shift`?"),
        ("can-deploy bascet staging", "did you mean `basket`?"),
        ("status baskett", "did you mean `basket`?"),
        ("status -e stagin", "did you mean `staging`?"),
        ("status -g prot", "did you mean `prod`?"),
        ("status --team night-shif", "did you mean `night-shift`?"),
    ] {
        let answer = world.fails(line, 3);
        assert!(answer.stderr.contains(near), "{line}\n{answer}");
    }
}

#[test]
fn looking_changes_nothing() {
    let world = busy_shop();
    let head = world.head();
    for (_, line) in super::VIEWS {
        world.run(line);
    }
    assert_eq!(world.head(), head);
    world.assert_in_step();
}
