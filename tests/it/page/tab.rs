//! A tab of the browser: what a person does with a page, and what can be seen of it.

use std::sync::MutexGuard;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

use serde_json::{Value, json};

use super::browser::{Browser, PATIENCE};

pub(super) const TAB: char = '\u{e004}';
pub(super) const ENTER: char = '\u{e007}';
pub(super) const ESCAPE: char = '\u{e00c}';
pub(super) const END: char = '\u{e010}';
pub(super) const HOME: char = '\u{e011}';
pub(super) const UP: char = '\u{e013}';
pub(super) const DOWN: char = '\u{e015}';

/// A tab that nobody else uses, closed at its end.
pub(super) struct Tab {
    browser: MutexGuard<'static, Browser>,
    /// The tab that is always there.
    home: Value,
}

impl Tab {
    pub(super) fn open(browser: MutexGuard<'static, Browser>) -> Self {
        let home = browser.get("/window");
        let own = browser.post("/window/new", &json!({ "type": "tab" }));
        browser.post("/window", &json!({ "handle": own["handle"] }));
        let tab = Self { browser, home };
        // What other tabs have said is not of this one.
        tab.log("browser");
        tab.log("performance");
        tab
    }

    /// Goes to an address, and waits until the page is there.
    #[track_caller]
    pub(super) fn go(&self, url: &str) {
        self.browser.post("/url", &json!({ "url": url }));
    }

    /// Where the tab is.
    pub(super) fn address(&self) -> String {
        let address = self.browser.get("/url");
        address.as_str().unwrap().to_owned()
    }

    /// Runs a function body in the page, and returns what it returns.
    #[track_caller]
    pub(super) fn ask(&self, body: &str) -> Value {
        let arguments = json!({ "script": body, "args": [] });
        self.browser.post("/execute/sync", &arguments)
    }

    /// The texts that an expression over an element `it` gives, for every element that a selector finds and a person can see.
    #[track_caller]
    pub(super) fn each(&self, selector: &str, expression: &str) -> Vec<String> {
        let found = self.ask(&format!(
            "return [...document.querySelectorAll({})].filter(it => it.checkVisibility()).map(it => String({expression}))",
            json!(selector)
        ));
        serde_json::from_value(found).unwrap()
    }

    /// The texts of every element that a selector finds and a person can see, in one line each.
    #[track_caller]
    pub(super) fn texts(&self, selector: &str) -> Vec<String> {
        self.each(selector, r"it.innerText.replace(/\s+/g, ' ').trim()")
    }

    /// The text of the one element that a selector finds.
    #[track_caller]
    pub(super) fn text(&self, selector: &str) -> String {
        let mut texts = self.texts(selector);
        assert_eq!(texts.len(), 1, "`{selector}`: {texts:?}");
        texts.remove(0)
    }

    /// Waits until an expression is true in the page.
    #[track_caller]
    pub(super) fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; const look = () => ({expression}) ? done(true) : requestAnimationFrame(look); look()"
        );
        let arguments = json!({ "script": script, "args": [] });
        self.browser.post("/execute/async", &arguments);
    }

    /// Presses one key after the other.
    pub(super) fn press(&self, keys: impl IntoIterator<Item = char>) {
        let strokes = keys.into_iter().flat_map(|key| {
            ["keyDown", "keyUp"].map(|action| json!({ "type": action, "value": key.to_string() }))
        });
        let keyboard =
            json!({ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() });
        self.browser
            .post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// Types a text.
    pub(super) fn write(&self, text: &str) {
        self.press(text.chars());
    }

    /// Clicks on the first element that a selector finds.
    #[track_caller]
    pub(super) fn click(&self, selector: &str) {
        let asked = json!({ "using": "css selector", "value": selector });
        let element = self.browser.post("/element", &asked);
        let id = element.as_object().unwrap().values().next().unwrap();
        let command = format!("/element/{}/click", id.as_str().unwrap());
        self.browser.post(&command, &json!({}));
    }

    /// A command of the protocol that developer tools speak.
    #[track_caller]
    fn tool(&self, command: &str, parameters: &Value) -> Value {
        let arguments = json!({ "cmd": command, "params": parameters });
        self.browser.post("/goog/cdp/execute", &arguments)
    }

    /// Switches off the scripts of pages, as from the next one on.
    pub(super) fn without_scripts(&self) {
        self.switch_scripts_off(true);
    }

    /// Switches them on again.
    pub(super) fn with_scripts(&self) {
        self.switch_scripts_off(false);
    }

    fn switch_scripts_off(&self, off: bool) {
        let command = "Emulation.setScriptExecutionDisabled";
        self.tool(command, &json!({ "value": off }));
    }

    /// Lets the scripts of pages, as from the next one on, believe that it is this instant.
    pub(super) fn set_clock(&self, at: &str) {
        let at: jiff::Timestamp = at.parse().unwrap();
        let source = format!("Date.now = () => {}", at.as_millisecond());
        let command = "Page.addScriptToEvaluateOnNewDocument";
        self.tool(command, &json!({ "source": source }));
    }

    /// Shows pages as on a device that prefers something: `prefers-color-scheme`, `dark`.
    pub(super) fn prefer(&self, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        self.tool(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
    }

    /// Shows pages as they are printed.
    pub(super) fn as_printed(&self) {
        self.tool("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    }

    /// Gives the tab a size in pixels.
    pub(super) fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.tool("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// What the tab shows, as the bytes of a PNG.
    pub(super) fn picture(&self) -> Vec<u8> {
        let picture = self.browser.get("/screenshot");
        BASE64.decode(picture.as_str().unwrap()).unwrap()
    }

    /// What the page has complained about.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.log("browser")
    }

    /// What the page complains about, up to the last of these, which may come late.
    pub(super) fn complaints_up_to(&self, awaited: &[&str]) -> String {
        let start = Instant::now();
        let mut said = String::new();
        loop {
            said += &self.complaints().join("\n");
            if awaited.iter().all(|each| said.contains(each)) || start.elapsed() > PATIENCE {
                return said;
            }
            // A frame later.
            self.until("true");
        }
    }

    /// Every address that was asked for since the tab was opened.
    pub(super) fn requests(&self) -> Vec<String> {
        let events = self.log("performance");
        let events = events.iter().filter_map(|event| {
            let event: Value = serde_json::from_str(event).unwrap();
            let event = &event["message"];
            let asked = event["method"] == "Network.requestWillBeSent";
            asked.then(|| {
                event["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        });
        events.collect()
    }

    fn log(&self, kind: &str) -> Vec<String> {
        let entries = self.browser.post("/se/log", &json!({ "type": kind }));
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.browser.delete("/window");
        self.browser
            .post("/window", &json!({ "handle": self.home }));
    }
}
