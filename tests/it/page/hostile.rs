//! A repository that means no good: whatever it holds is text on the page, and even markup could do nothing there.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::{Page, Tab, page_of, shop_page, tab};
use crate::shop::{environments, point, release_link, store};
use crate::world::{Node, World, text};

/// Markup that does something wherever it gets on a page as it is.
fn payloads(server: &str) -> [String; 6] {
    [
        "<script>window.pwned = 1</script>".to_owned(),
        format!("\"><img src='{server}/image' onerror='window.pwned = 2'>"),
        "'-window.pwned=3-'</title></style></script><svg onload=window.pwned=3></svg>".to_owned(),
        format!(
            "<link rel=stylesheet href={server}/style><iframe src={server}/frame></iframe><base href={server}>"
        ),
        format!(
            "<meta http-equiv=refresh content='0;url={server}/gone'><form action={server}><button id=go>x</button></form>"
        ),
        "<a id=js href='javascript:void(window.pwned = 4)'>x</a>".to_owned(),
    ]
}

/// A server that nobody may ask for anything, and that answers nobody.
struct Trap {
    address: SocketAddr,
    asked: Arc<AtomicBool>,
}

impl Trap {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicBool::new(false));
        let trap = Self {
            address,
            asked: Arc::clone(&asked),
        };
        std::thread::spawn(move || {
            for caller in listener.incoming() {
                asked.store(true, Ordering::SeqCst);
                drop(caller);
            }
        });
        trap
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A shop in which every text that is not checked at the door is hostile.
fn hostile(server: &str) -> World {
    let evil = payloads(server).concat();
    let long = format!("{evil}{}", "lorem ".repeat(1700));
    let mut tree = environments();
    tree.insert("applications/basket/team".into(), text(&evil));
    for (version, link) in [
        (1, "javascript:window.pwned=5"),
        (2, "data:text/html,<script>window.pwned=5</script>"),
    ] {
        store(&mut tree, "basket", version);
        let folder = format!("applications/basket/releases/{version}");
        for (field, content) in [
            ("display_version", evil.as_str()),
            ("source_author", &evil),
            ("source_message", &long),
            ("source_commit_id", &evil),
            ("ci_link", link),
        ] {
            tree.insert(format!("{folder}/{field}"), text(content));
        }
    }
    point(&mut tree, "development", "basket", 2);
    point(&mut tree, "staging", "basket", 1);
    let development = "environments/development/applications/basket";
    tree.insert(format!("{development}/deployed_by"), text(&long));
    tree.insert(
        "environments/prod-de/applications/basket/version".into(),
        Node::Link(evil.replace('\0', "")),
    );
    tree.insert(
        "environments/staging/applications/basket/queued_version".into(),
        Node::Link(release_link("basket", 2)),
    );
    let id = "\"><img src=x onerror=window.pwned=6>";
    for (place, message) in [
        ("environments/staging", evil.as_str()),
        (development, &long),
        (
            "environments/staging/applications/basket",
            "\u{202e}evil is this\u{2066}, שלום",
        ),
        (
            "environments/staging/teams/<b onclick=window.pwned=7>",
            &evil,
        ),
    ] {
        for (file, content) in [
            ("message", message),
            ("created_by_name", &evil),
            ("created_by_email", &evil),
            ("created_at", &evil),
        ] {
            tree.insert(format!("{place}/locks/{id}/{file}"), text(content));
        }
    }
    // A long text is shown in another way than a short one.
    for (number, short) in payloads(server).iter().enumerate() {
        let lock = format!("environments/prod-ca/locks/short-{number}");
        tree.insert(format!("{lock}/message"), text(short));
        tree.insert(format!("{lock}/created_by_name"), text(short));
    }
    let config = json!({ "upstream": { "environment": evil }, "environmentGroup": evil });
    tree.insert(
        "environments/lost/config.json".into(),
        text(&config.to_string()),
    );
    tree.insert(
        "environments/broken/config.json".into(),
        text(&format!("{{ \"upstream\": {} }}", json!(evil))),
    );
    // Names that are none.
    tree.insert(
        "environments/<script>window.pwned=8</config.json".into(),
        text("{}"),
    );
    tree.insert(
        "applications/<img src=x onerror=window.pwned=8>/team".into(),
        text("x"),
    );
    let world = World::with_files(&tree);
    let message = format!(
        "{evil}\n\n- {evil}\n\nTrainyard-Operation: release-train\nTrainyard-Target: {evil}\n"
    );
    let author = format!("--author={} <x@y>", evil.replace(['<', '>'], ""));
    world.git(&["commit", "-q", "--allow-empty", &author, "-m", &message]);
    let branch = "x\"><svg/onload=window.pwned=9>";
    world.git(&["checkout", "-q", "-b", branch]);
    let link = world.room().join("<img src=x onerror=window.pwned=9>");
    symlink(world.remote(), &link).unwrap();
    world.git(&["remote", "set-url", "origin", link.to_str().unwrap()]);
    world.git(&["push", "-q", "origin", branch]);
    world
}

/// Opens all that can be opened, and clicks on all that can be clicked on.
fn try_everything(tab: &Tab) {
    tab.ask(
        "for (const it of document.querySelectorAll('details')) it.open = true;
        for (const it of document.querySelectorAll('[popover]')) { it.showPopover(); it.hidePopover(); }
        for (const it of document.querySelectorAll('body *')) for (const kind of ['click', 'mouseover', 'focus', 'error', 'load']) it.dispatchEvent(new Event(kind))",
    );
}

/// Nothing happened but that the page was opened.
#[track_caller]
fn assert_harmless(tab: &Tab, trap: &Trap) {
    assert_eq!(tab.ask("return window.pwned === undefined"), true);
    let foreign: Vec<_> = tab
        .requests()
        .into_iter()
        .filter(|url| !url.starts_with("file:///") && url != "about:blank")
        .collect();
    assert_eq!(foreign, [""; 0]);
    assert_eq!(
        tab.ask("return performance.getEntriesByType('resource').length"),
        0
    );
    assert!(!trap.was_asked());
}

#[test]
fn what_a_repository_holds_is_text_on_the_page() {
    let Some(tab) = tab() else { return };
    let trap = Trap::new();
    let page = Page::of(&page_of(&hostile(&trap.url())));
    for scripts in [true, false] {
        if !scripts {
            tab.without_scripts();
        }
        page.open(&tab, "#q=<script>window.pwned=10</script>");
        try_everything(&tab);
        assert_harmless(&tab, &trap);
        assert_eq!(tab.complaints(), [""; 0]);
    }
    // Nothing has become an element or a handler.
    let strange = tab.ask(
        "const known = 'a b bdi body br button caption code details div fieldset footer form h1 h2 h3 h4 head header html i input kbd label legend \
        li main mark meta nav noscript option output p script section select small span style summary table tbody td th thead time title tr ul'.split(' ');
        const strange = [];
        for (const it of document.querySelectorAll('*')) {
          if (!known.includes(it.localName)) strange.push(it.localName);
          for (const { name, value } of it.attributes) if (name.startsWith('on') || /^\\s*(javascript|data):/i.test(value)) strange.push(`${name}=${value}`);
        }
        if (document.scripts.length !== 1 || document.querySelectorAll('style').length !== 1) strange.push('another script or style');
        return strange",
    );
    assert_eq!(strange, json!([]));
    // It is there, though, to be read; and what turns round the direction of letters is spelled out.
    tab.with_scripts();
    page.open(&tab, "");
    let locks = tab.texts("section:has(#locks) td");
    assert!(
        locks
            .iter()
            .any(|cell| cell.starts_with("<script>window.pwned = 1</script>")),
        "{locks:?}"
    );
    assert!(
        locks
            .iter()
            .any(|cell| cell.contains("\\u{202e}evil is this\\u{2066}, שלום")),
        "{locks:?}"
    );
    assert_eq!(
        tab.ask(
            "return /[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.documentElement.textContent)"
        ),
        false
    );
    tab.resize(360, 740);
    let wide = tab.ask("return document.documentElement.scrollWidth > innerWidth");
    assert_eq!(wide, false);
}

/// Opens the page of the shop with raw markup in it, and clicks on the link that the markup holds.
fn open_with(tab: &Tab, markup: &str, change: impl Fn(&str) -> String) -> Page {
    let html = std::fs::read_to_string(shop_page().file()).unwrap();
    let page = Page::of(&change(&html.replace("<main>", &format!("<main>{markup}"))));
    page.open(tab, "");
    tab.click("#js");
    page
}

#[test]
fn even_markup_can_do_nothing_for_the_policy_forbids_it() {
    let Some(tab) = tab() else { return };
    let markup = payloads("http://127.0.0.1:9").concat();
    let markup = markup.replace("</title></style></script>", "");
    // No policy of a page can forbid that it goes elsewhere.
    let markup = markup.replace("http-equiv=refresh", "");
    let _page = open_with(&tab, &markup, str::to_owned);
    tab.ask("document.querySelector('#go').click()");
    assert_eq!(tab.ask("return window.pwned === undefined"), true);
    // Images are forbidden, too, but Chromium may ask for one ahead, before it has read the policy.
    let forbidden = [
        "Executing inline script violates",
        "Executing inline event handler violates",
        "Running the JavaScript URL violates",
        "Loading the stylesheet 'http://127.0.0.1:9/style' violates",
        "Framing 'http://127.0.0.1:9/' violates",
        "Setting the document's base URI to 'http://127.0.0.1:9/' violates",
        "Sending form data to 'http://127.0.0.1:9/?' violates",
    ];
    let said = tab.complaints_up_to(&forbidden);
    for each in forbidden {
        assert!(said.contains(each), "{each}: {said}");
    }
    assert_eq!(tab.text("#shown"), "2 of 2 apps");
}

#[test]
fn without_the_policy_the_same_markup_would_do_harm() {
    let Some(tab) = tab() else { return };
    let trap = Trap::new();
    let markup = payloads(&trap.url())[1].clone()
        + "<a id=js href='javascript:void(window.pwned = 4)'>x</a>";
    let _page = open_with(&tab, &markup, |html| {
        html.replace("Content-Security-Policy", "x-nothing")
    });
    tab.until("window.pwned !== undefined");
    assert!(trap.was_asked());
}
