//! What the page says, with its script and without.

use super::{Page, apps, page_of, shop_page, tab};
use crate::shop::{point, shop};
use crate::views::ugly;
use crate::world::{Tree, World, text};

/// All that must be there to be read.
#[track_caller]
fn assert_readable(tab: &super::Tab) {
    assert_eq!(apps(tab), ["basket", "courier"]);
    assert_eq!(
        tab.texts("#apps thead th"),
        [
            "group staging",
            "group prod",
            "App team",
            "development from latest",
            "load-test from latest",
            "staging from development 1 behind",
            "prod-ca from staging locked 1 behind",
            "prod-de from staging 2 behind",
        ]
    );
    assert_eq!(
        tab.texts("#apps tbody tr"),
        [
            "basket day-shift 2 manifest locked 1 1 behind queued 2 locked 1 none 1 behind",
            "courier night-shift 2 locked 2 none 2 behind queued 1 none 2 behind team locked",
        ]
    );
    assert_eq!(
        tab.texts("#attention h3"),
        [
            "5 locks",
            "2 versions wait in the queue",
            "4 deployments behind"
        ]
    );
}

#[test]
fn everything_is_there_with_the_script_and_without() {
    let Some(tab) = tab() else { return };
    let page = shop_page();
    page.open(&tab, "");
    assert_readable(&tab);
    assert_eq!(tab.text("#shown"), "2 of 2 apps");
    assert!(tab.texts("noscript").is_empty());
    tab.without_scripts();
    page.open(&tab, "");
    assert_readable(&tab);
    assert!(tab.texts("#filter").is_empty());
    assert!(
        tab.text("footer")
            .contains("Search and filters need a script")
    );
    // The sheet of an app opens without a script, too.
    tab.click("#apps tbody th button");
    let sheet = tab.text(".app");
    assert!(
        sheet.starts_with(
            "basket of team day-shift development: 2 since 2026-03-01 13:00 UTC by Grace Points"
        ),
        "{sheet}"
    );
    assert!(sheet.contains("staging: 1 since 2026-03-01 13:00 UTC by Grace Points, 1 behind development (2); 2 is queued app lock leak: memory leak"), "{sheet}");
    assert_eq!(tab.complaints(), [""; 0]);
}

#[test]
fn locks_queue_and_trains_are_listed() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    let locks = tab.texts("section:has(#locks) tbody tr td:first-child");
    assert_eq!(
        locks,
        [
            "development, app courier",
            "staging, app basket",
            "prod-ca",
            "prod-de, team night-shift",
            "development, app basket",
        ]
    );
    let why = tab.texts("section:has(#locks) tbody td:nth-child(3)");
    assert_eq!(why[1], "memory leak: *see* @ops, #7 | <b>");
    let queue = tab.texts("section:has(#queue) tbody tr");
    assert_eq!(queue.len(), 2);
    assert!(
        queue[0].starts_with("basket 2 staging 1 2026-03-02 08:05 UTC "),
        "{queue:?}"
    );
    assert!(
        queue[1].starts_with("courier 1 prod-ca nothing 2026-03-02 08:06 UTC ")
            && queue[1].contains(" environment lock sale: sale until Sunday (Ada Signal"),
        "{queue:?}"
    );
    let trains = tab.texts("section:has(#trains) tbody td:nth-child(2)");
    assert_eq!(
        trains,
        ["release train to group staging: 1 deployed, 1 queued"]
    );
    tab.click("section:has(#trains) summary");
    let effects = tab.texts("section:has(#trains) tbody li");
    assert!(
        effects.iter().any(|effect| effect.contains("courier")),
        "{effects:?}"
    );
}

#[test]
fn ages_are_those_of_the_moment_and_an_old_page_says_so() {
    let Some(tab) = tab() else { return };
    let page = shop_page();
    tab.without_scripts();
    page.open(&tab, "");
    let ages = "section:has(#locks) .age";
    assert_eq!(tab.texts(ages)[0], "7 min ago");
    drop(tab);
    let Some(tab) = super::tab() else { return };
    tab.set_clock("2026-03-02T09:30:00Z");
    page.open(&tab, "");
    assert_eq!(tab.texts(ages)[0], "1 h ago");
    assert!(tab.texts("#stale").is_empty());
    tab.set_clock("2026-03-05T09:30:00Z");
    page.open(&tab, "");
    assert_eq!(tab.texts(ages)[0], "3 days ago");
    assert_eq!(
        tab.text("#stale"),
        "This page is 3 days old: is it still being made?"
    );
}

#[test]
fn where_nothing_needs_attention_the_page_says_so() {
    let Some(tab) = tab() else { return };
    let world = shop();
    world.ok("release-train staging");
    world.ok("release-train prod");
    Page::of(&page_of(&world)).open(&tab, "");
    let calm = tab.text("#attention");
    assert_eq!(
        calm,
        "Nothing Nothing is locked, nothing waits in the queue, nothing is behind."
    );
    Page::of(&page_of(&ugly::empty())).open(&tab, "");
    assert_eq!(tab.text("#attention"), calm);
    assert_eq!(tab.text("#shown"), "There are no apps.");
}

/// A world of ten environments in a row, with so many apps that differ everywhere.
fn wide_world(apps: usize) -> World {
    let mut tree = Tree::new();
    for place in 0..10 {
        let upstream = match place {
            0 => r#"{"latest": true}"#.to_owned(),
            _ => format!(r#"{{"environment": "environment-{}"}}"#, place - 1),
        };
        let config = format!(r#"{{"upstream": {upstream}}}"#);
        let path = format!("environments/environment-{place}/config.json");
        tree.insert(path, text(&config));
    }
    for app in (0..apps).map(|app| format!("application-{app:03}")) {
        tree.insert(format!("applications/{app}/team"), text("team-of-the-app"));
        for version in 102..=104 {
            let folder = format!("applications/{app}/releases/{version}");
            for (field, content) in [
                ("created_at", "2026-03-01T12:00:00Z"),
                ("display_version", "2026.3.1-104"),
                ("source_author", "Somebody Longname <somebody@shop.example>"),
                (
                    "source_message",
                    "Mend what was broken since the last release of all (#1234)",
                ),
                (
                    "source_commit_id",
                    "0123456789abcdef0123456789abcdef01234567",
                ),
                ("ci_link", "https://ci.shop.example/runs/1234567890"),
            ] {
                tree.insert(format!("{folder}/{field}"), text(content));
            }
            for place in 0..10 {
                let path = format!("{folder}/environments/environment-{place}/manifests.yaml");
                tree.insert(path, text("a: 1\n"));
            }
        }
        for place in 0..10 {
            point(
                &mut tree,
                &format!("environment-{place}"),
                &app,
                104 - place / 4,
            );
        }
    }
    World::with_files(&tree)
}

#[test]
fn a_thousand_apps_on_ten_environments_are_a_file_of_less_than_3_mb() {
    let [few, many] = [4, 8].map(|apps| page_of(&wide_world(apps)).len());
    let thousand = few + (many - few) / 4 * 996;
    assert!(thousand < 3_000_000, "{thousand} bytes");
}

#[test]
fn tables_are_tables_for_those_who_cannot_see_them() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    let faults = tab.ask(
        "const faults = [];
        for (const table of document.querySelectorAll('table')) if (!table.caption) faults.push(`no caption: ${table.id}`);
        for (const th of document.querySelectorAll('th')) if (!th.scope) faults.push(`no scope: ${th.textContent}`);
        for (const row of document.querySelectorAll('#apps tbody tr')) if (row.cells.length !== 6) faults.push('a row is short');
        for (const field of document.querySelectorAll('input, select')) if (!field.labels.length) faults.push(`no label: ${field.name}`);
        const ids = [...document.querySelectorAll('[id]')].map(it => it.id);
        if (new Set(ids).size !== ids.length) faults.push('an id stands twice');
        for (const link of document.querySelectorAll('a[href^=\"#\"]')) if (!document.querySelector(link.hash)) faults.push(link.hash);
        for (const it of document.querySelectorAll('[popovertarget]')) if (!document.getElementById(it.getAttribute('popovertarget'))) faults.push(it.outerHTML);
        for (const it of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(it.getAttribute('aria-labelledby'))) faults.push(it.outerHTML);
        return faults",
    );
    assert_eq!(faults, serde_json::json!([]));
}
