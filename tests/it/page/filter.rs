//! Search and filters: each alone and together, and in the address.

use super::tab::ESCAPE;
use super::{Page, Tab, apps, page_of, shop_page, tab};
use crate::views::busy_shop;

/// Searches for something.
fn search(tab: &Tab, words: &str) {
    tab.press(['/']);
    tab.write(words);
}

/// The part of the address that says what is seen.
fn fragment(tab: &Tab) -> String {
    let address = tab.address();
    address
        .split_once('#')
        .map_or("", |(_, fragment)| fragment)
        .to_owned()
}

#[test]
fn what_is_typed_is_searched_for_in_the_names_of_apps_and_teams_and_in_the_lists() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    search(&tab, "Night cour");
    assert_eq!(apps(&tab), ["courier"]);
    assert_eq!(tab.text("#shown"), "1 of 2 apps");
    let locks = "section:has(#locks) tbody tr";
    tab.press([ESCAPE]);
    assert_eq!(apps(&tab), ["basket", "courier"]);
    assert_eq!(tab.texts(locks).len(), 5);
    tab.write("basket");
    assert_eq!(apps(&tab), ["basket"]);
    assert_eq!(tab.texts(locks).len(), 2);
    tab.write("zzz");
    assert!(tab.texts("section:has(#trains) table").is_empty());
    assert_eq!(
        tab.text("section:has(#trains) .none-such"),
        "None that is searched for."
    );
    assert_eq!(tab.text("#shown"), "No app is like that.");
    tab.click("#all");
    assert_eq!(apps(&tab), ["basket", "courier"]);
    assert_eq!(fragment(&tab), "");
}

#[test]
fn only_what_is_behind_locked_or_queued_is_shown_on_request() {
    let Some(tab) = tab() else { return };
    let world = busy_shop();
    world.ok("unlock -e prod-de -t night-shift --all");
    world.ok("unlock -e development -a courier --all");
    world.ok("unlock -e prod-ca --all");
    world.ok("deploy -a courier -e prod-ca --version 2");
    world.ok("deploy -a courier -e prod-de --version 2");
    Page::of(&page_of(&world)).open(&tab, "");
    for (state, left) in [
        ("behind", "basket"),
        ("queued", "basket"),
        ("locked", "basket"),
    ] {
        let field = format!("input[name={state}]");
        tab.click(&field);
        assert_eq!(apps(&tab), [left], "{state}");
        assert_eq!(fragment(&tab), format!("only={state}"));
        tab.click(&field);
        assert_eq!(apps(&tab), ["basket", "courier"], "{state}");
    }
    // Elsewhere it is behind, but not there.
    Page::of(&page_of(&world)).open(&tab, "#only=behind&group=development");
    assert!(apps(&tab).is_empty());
}

#[test]
fn a_team_or_the_environments_of_a_group_can_be_looked_at_alone() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    tab.ask("const it = document.forms[0].elements.team; it.value = 'day-shift'; it.dispatchEvent(new Event('input', { bubbles: true }))");
    assert_eq!(apps(&tab), ["basket"]);
    tab.ask("const it = document.forms[0].elements.group; it.value = 'prod'; it.dispatchEvent(new Event('input', { bubbles: true }))");
    assert_eq!(fragment(&tab), "team=day-shift&group=prod");
    let heads = tab.texts("#apps thead th");
    assert_eq!(
        heads,
        [
            "group prod",
            "App team",
            "prod-ca from staging locked 1 behind",
            "prod-de from staging 2 behind"
        ]
    );
    assert_eq!(
        tab.texts("#apps tbody tr"),
        ["basket day-shift 1 none 1 behind"]
    );
    let options =
        tab.ask("return [...document.forms[0].elements.group.options].map(it => it.text).join()");
    assert_eq!(options, "all,development,load-test,staging,prod");
}

#[test]
fn a_filtered_view_can_be_sent_to_somebody() {
    let Some(tab) = tab() else { return };
    let page = shop_page();
    page.open(
        &tab,
        "#q=courier&only=queued,behind&team=night-shift&group=prod",
    );
    assert_eq!(apps(&tab), ["courier"]);
    assert_eq!(tab.texts("#apps thead th").len(), 4);
    assert_eq!(
        tab.ask("return document.forms[0].elements.q.value"),
        "courier"
    );
    assert_eq!(
        tab.ask("return document.forms[0].elements.queued.checked"),
        true
    );
    // What nobody has ever heard of is no filter, and a place on the page neither.
    page.open(&tab, "#q=&only=constructor&team=nobody&group=__proto__&x=1");
    assert_eq!(apps(&tab).len(), 2);
    page.open(&tab, "#q=%3Cimg%20src=x%20onerror=alert(1)%3E");
    assert_eq!(tab.text("#shown"), "No app is like that.");
    page.open(&tab, "#locks");
    assert_eq!(apps(&tab).len(), 2);
    tab.ask("location.hash = 'q=basket'");
    tab.until("document.querySelector('#shown').textContent.startsWith('1 of')");
    assert_eq!(apps(&tab), ["basket"]);
    // A jump to a place leaves what is filtered as it is.
    tab.click("nav a[href='#queue']");
    assert_eq!(apps(&tab), ["basket"]);
}

#[test]
fn a_thousand_apps_are_filtered() {
    let Some(tab) = tab() else { return };
    let html = page_of(&busy_shop());
    let (before, rows) = html.split_once("<tbody>").unwrap();
    let (rows, after) = rows.split_once("</tbody>").unwrap();
    let many: String = (0..500)
        .map(|number| rows.replace("</button>", &format!("-{number}</button>")))
        .collect();
    Page::of(&format!("{before}<tbody>{many}</tbody>{after}")).open(&tab, "");
    assert_eq!(tab.text("#shown"), "1000 of 1000 apps");
    search(&tab, "basket-77");
    assert_eq!(apps(&tab), ["basket-77"]);
    tab.press([ESCAPE]);
    assert_eq!(apps(&tab).len(), 1000);
}
