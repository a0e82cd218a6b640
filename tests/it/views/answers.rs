//! Exit codes of views, and what they say of names that are not there.

use super::busy_shop;
use crate::shop::{environments, point, store};
use crate::world::{World, text};

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

#[test]
fn who_may_be_missing_from_a_group_is_told() {
    let mut tree = environments();
    store(&mut tree, "basket", 1);
    point(&mut tree, "prod-de", "basket", 1);
    tree.insert("environments/prod-ca/config.json".to_owned(), text("{"));
    let world = World::with_files(&tree);
    let doubt = "whether `prod-ca` belongs to `prod` is unknown";
    for line in [
        "status -g prod",
        "locks -g prod",
        "queue -g prod",
        "history -g prod",
        "diff staging prod",
        "changelog prod..staging",
    ] {
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.contains(doubt), "{line}\n{answer}");
        let answer = world.run(&format!("{line} -o json"));
        let warning = answer.json()["warnings"][0].to_string();
        assert!(warning.contains(doubt), "{line}\n{answer}");
    }
    for line in ["status", "queue -e prod-de", "diff staging prod-de"] {
        let answer = world.run(line);
        assert_eq!(answer.stderr, "", "{line}");
    }
}
