//! What else `-o html` is asked for.

use super::page_of;
use crate::shop::shop;
use crate::views::busy_shop;

#[test]
fn no_other_command_makes_a_page() {
    let world = shop();
    for line in [
        "locks",
        "prognosis staging",
        "lock -e staging -m x",
        "environment list",
    ] {
        let answer = world.fails(&format!("{line} -o html"), 2);
        assert_eq!(
            answer.stderr, "error: `-o html` is for `status` only\n",
            "{line}"
        );
        assert_eq!(answer.stdout, "", "{line}");
    }
}

#[test]
fn a_page_can_be_limited_as_the_table_can() {
    let page = |line: &str| busy_shop().ok(&format!("status -o html {line}"));
    assert!(page("").contains(">courier</button>"));
    let limited = page("-e staging -t day-shift");
    assert!(limited.contains(">basket</button>") && !limited.contains("courier</button>"));
    assert!(limited.contains("1 app on 1 environment"));
    let behind = page("--only behind -g prod");
    assert!(behind.contains("2 apps on 2 environments"), "{behind}");
    assert!(page("basket").contains("1 app on 5 environments"));
}

#[test]
fn the_same_state_and_instant_make_the_same_page() {
    let world = busy_shop();
    let at = world.now().to_string();
    let page = || {
        world
            .run_with("status -o html", &[("TRAINYARD_NOW", Some(&at))])
            .stdout
    };
    assert_eq!(page(), page());
    assert_ne!(page(), page_of(&world));
}
