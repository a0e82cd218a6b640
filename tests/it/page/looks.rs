//! How the page looks: on a telephone, in the dark, on paper, and on a repository that no page is made for.

use serde_json::json;

use super::{Page, Tab, page_of, shop_page, tab};
use crate::views::ugly::ugly;

/// Every text that can be seen has a contrast of at least 4.5 to what is behind it, as WCAG's level AA demands.
const FAINT: &str = "
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const light = ([red, green, blue]) => [red, green, blue]
  .map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
const behind = (it) => {
  for (; it; it = it.parentElement) {
    const [red, green, blue, alpha = 1] = numbers(getComputedStyle(it).backgroundColor);
    if (alpha === 1) return [red, green, blue];
  }
  return [255, 255, 255];
};
const faint = [];
for (const it of document.querySelectorAll('body *')) {
  const speaks = [...it.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!speaks || !it.checkVisibility()) continue;
  const pair = [light(numbers(getComputedStyle(it).color)), light(behind(it))].sort();
  const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  if (contrast < 4.5) faint.push(`${it.outerHTML}: ${contrast.toFixed(2)}`);
}
return faint";

/// Whether the page can be scrolled to the side.
fn is_too_wide(tab: &Tab) -> bool {
    let widths =
        tab.ask("const root = document.documentElement; return [root.scrollWidth, innerWidth]");
    widths[0].as_u64() > widths[1].as_u64()
}

#[test]
fn a_telephone_is_wide_enough() {
    let Some(tab) = tab() else { return };
    tab.resize(360, 740);
    for page in [shop_page(), Page::of(&page_of(&ugly()))] {
        for script in [true, false] {
            if !script {
                tab.without_scripts();
            }
            page.open(&tab, "");
            assert!(!is_too_wide(&tab));
            // The board alone is wider, and the names of the apps stay in sight.
            let place = tab.ask(
                "const region = document.querySelector('#region'); region.scrollLeft = 300;
                const name = document.querySelector('#apps tbody th').getBoundingClientRect();
                return [region.scrollLeft, Math.round(name.left - region.getBoundingClientRect().left), document.querySelector('#apps tbody th').offsetWidth]",
            );
            assert_eq!((&place[0], &place[1]), (&json!(300), &json!(1)), "{place}");
            assert!(place[2].as_u64() < Some(160), "{place}");
        }
        tab.with_scripts();
    }
    // What is a row elsewhere is a card, which names the heads of its columns.
    let shown = tab.ask("return getComputedStyle(document.querySelector('.list td')).display");
    assert_eq!(shown, "block");
    let head =
        tab.ask("return getComputedStyle(document.querySelector('.list td'), '::before').content");
    assert!(head.as_str().unwrap().starts_with("\"Where"), "{head}");
    // What a list is about takes the whole width.
    let widths = tab.ask(
        "const list = document.querySelector('.list');
        return [list.caption.offsetWidth, list.offsetWidth]",
    );
    assert_eq!(widths[0], widths[1]);
    tab.click("#apps tbody th button");
    assert!(!is_too_wide(&tab));
}

#[test]
fn no_app_is_seen_through_the_head_of_the_board() {
    let Some(tab) = tab() else { return };
    tab.resize(1200, 300);
    Page::of(&page_of(&ugly())).open(&tab, "");
    let through = tab.ask(
        "const region = document.querySelector('#region'); region.scrollTop = 500; region.scrollLeft = 3000;
        const corner = document.querySelector('#apps thead tr').cells[0];
        const cells = [...document.querySelectorAll('#apps thead :is(th, td)')];
        const clear = cells.filter((cell) => getComputedStyle(cell).backgroundColor === 'rgba(0, 0, 0, 0)');
        const left = corner.getBoundingClientRect().left - region.getBoundingClientRect().left;
        return [cells.length > 40, clear.length, Math.round(left)]",
    );
    assert_eq!(through, json!([true, 0, 1]));
}

#[test]
fn a_forty_column_board_scrolls_in_its_frame_below_its_head() {
    let Some(tab) = tab() else { return };
    tab.resize(1200, 300);
    Page::of(&page_of(&ugly())).open(&tab, "");
    assert!(!is_too_wide(&tab));
    let place = tab.ask(
        "const region = document.querySelector('#region'); region.scrollTop = 1000; region.scrollLeft = 3000;
        const frame = region.getBoundingClientRect();
        const head = document.querySelector('#apps thead').getBoundingClientRect();
        const name = document.querySelector('#apps tbody th').getBoundingClientRect();
        return [region.scrollTop > 100, region.scrollLeft, Math.round(head.top - frame.top), Math.round(name.left - frame.left)]",
    );
    assert_eq!(place, json!([true, 3000, 1, 1]));
}

#[test]
fn everything_can_be_read_in_the_light_and_in_the_dark() {
    let Some(tab) = tab() else { return };
    let page = shop_page();
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        tab.prefer("prefers-color-scheme", scheme);
        page.open(&tab, "");
        tab.click("#apps tbody tr:first-child td:nth-child(3)");
        assert_eq!(tab.ask(FAINT), json!([]), "{scheme}");
        papers.push(tab.ask("return getComputedStyle(document.body).backgroundColor"));
    }
    assert_eq!(papers, ["rgb(255, 255, 255)", "rgb(20, 23, 28)"]);
}

#[test]
fn on_paper_there_is_the_whole_board_and_nothing_to_press() {
    let Some(tab) = tab() else { return };
    shop_page().open(&tab, "");
    tab.as_printed();
    assert!(tab.texts("#filter").is_empty());
    let region = tab.ask("const style = getComputedStyle(document.querySelector('#region')); return [style.maxHeight, style.overflowY]");
    assert_eq!(region, json!(["none", "visible"]));
}
