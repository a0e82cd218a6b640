//! The page without a mouse.

use super::tab::{DOWN, END, ENTER, ESCAPE, HOME, TAB, UP};
use super::{Tab, shop_page, tab};

/// What has the focus: its name, its id, or its text.
fn focus(tab: &Tab) -> String {
    let focus =
        tab.ask("const it = document.activeElement; return it.name || it.id || it.textContent");
    focus.as_str().unwrap().to_owned()
}

#[test]
fn everything_is_reached_with_the_tabulator() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    let mut reached = Vec::new();
    for _ in 0..16 {
        tab.press([TAB]);
        reached.push(focus(&tab));
    }
    let expected = [
        "Board",
        "Locks",
        "Queue",
        "Last trains",
        "5 locks",
        "2 versions",
        "q",
        "behind",
        "queued",
        "locked",
        "team",
        "group",
        "region",
        "basket",
        "courier",
    ];
    assert_eq!(reached[..expected.len()], expected);
    assert!(
        reached[expected.len()].starts_with("release train"),
        "{reached:?}"
    );
    // And it can be seen where one is.
    let outline = tab.ask("document.querySelector('#apps button').focus(); return getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid");
}

#[test]
fn a_slash_goes_to_the_search_and_is_a_slash_there() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    tab.press(['/']);
    assert_eq!(focus(&tab), "q");
    tab.write("a/b");
    let typed = "return document.forms[0].elements.q.value";
    assert_eq!(tab.ask(typed), "a/b");
    tab.press([ESCAPE]);
    assert_eq!((tab.ask(typed), focus(&tab)), ("".into(), "q".to_owned()));
}

#[test]
fn arrows_go_from_app_to_app_and_enter_opens_one() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    tab.ask("document.querySelector('#apps button').focus()");
    for (key, app) in [
        (DOWN, "courier"),
        (DOWN, "courier"),
        (UP, "basket"),
        (UP, "basket"),
        (END, "courier"),
        (HOME, "basket"),
    ] {
        tab.press([key]);
        assert_eq!(focus(&tab), app);
    }
    tab.press([ENTER]);
    assert!(tab.text(".app").starts_with("basket of team day-shift"));
    tab.press([ESCAPE]);
    assert!(tab.texts(".app").is_empty());
    assert_eq!(focus(&tab), "basket");
    // Rows that are not shown are passed over.
    tab.press(['/']);
    tab.write("courier");
    tab.ask("document.querySelectorAll('#apps tbody button')[1].focus()");
    tab.press([UP]);
    assert_eq!(focus(&tab), "courier");
}

#[test]
fn a_click_on_a_cell_opens_its_app_at_its_environment() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    tab.click("#apps tbody tr:nth-child(2) td:nth-child(5)");
    assert!(tab.text(".app").starts_with("courier of team night-shift"));
    assert!(
        tab.text(".app .here")
            .starts_with("prod-ca: nothing runs, 2 behind staging (2); 1 is queued")
    );
}
