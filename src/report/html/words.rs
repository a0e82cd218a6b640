//! Small things on the page: what people typed, instants, links, locks.

use maud::{Markup, html};

use crate::state::{Actor, FreeText, Lock, Moment, PlacedLock, plain};

/// What is longer is folded up.
const LONG: usize = 300;
const BEGINNING: usize = 120;

/// What somebody typed, in full. Its direction is its own, and a long one has to be opened.
pub(super) fn typed(text: &FreeText) -> Markup {
    let text = plain(text.raw());
    html! {
        @if text.chars().count() > LONG {
            details { summary { bdi { (beginning(&text)) } } bdi { (text) } }
        } @else {
            bdi { (text) }
        }
    }
}

/// The beginning of what somebody typed.
pub(super) fn brief(text: &FreeText) -> Markup {
    html! { bdi { (beginning(&plain(text.raw()))) } }
}

fn beginning(text: &str) -> String {
    if text.chars().count() <= BEGINNING {
        return text.to_owned();
    }
    text.chars().take(BEGINNING).chain(['…']).collect()
}

/// An instant to the minute.
pub(super) fn time(at: Moment, id: Option<&str>) -> Markup {
    html! { time id=[id] datetime=(at.to_seconds()) { (minute(at)) } }
}

/// An instant in words.
pub(super) fn minute(at: Moment) -> String {
    let exact = at.to_seconds();
    let minute = exact.get(..16).unwrap_or(&exact);
    format!("{} UTC", minute.replace('T', " "))
}

/// How long ago something was; the script keeps that in step.
pub(super) fn age(at: Option<Moment>, now: Moment) -> Markup {
    html! {
        @match at {
            Some(at) => time.age datetime=(at.to_seconds()) title=(minute(at)) { (at.age(now)) },
            None => "at an unknown time",
        }
    }
}

/// An instant, and how long ago it was.
pub(super) fn aged(at: Option<Moment>, now: Moment) -> Markup {
    html! {
        @if let Some(at) = at { (time(at, None)) " " small { (age(Some(at), now)) } }
        @else { span.faint { "unknown" } }
    }
}

/// Who did something.
pub(super) fn person(actor: &Actor) -> Markup {
    html! { bdi { (beginning(&actor.to_string())) } }
}

/// The beginning of the id of a commit.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// A lock behind which something waits, or that somebody should know of.
pub(super) fn lock(placed: &PlacedLock, now: Moment) -> Markup {
    let Lock {
        message,
        created_by,
        created_at,
    } = &placed.lock;
    html! {
        (placed.scope.kind()) " lock " code { bdi { (placed.id) } }
        @if !message.is_empty() { ": " (brief(message)) }
        " (" (person(created_by)) ", " (age(*created_at, now)) ")"
    }
}

/// A link to where a release was built, if it leads to the web; else what it says.
pub(super) fn ci_link(link: &FreeText) -> Markup {
    let text = plain(link.raw());
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .filter(|host| !host.is_empty() && text == link.raw());
    html! {
        @match host {
            Some(host) => a href=(text) { "built at " bdi { (beginning(host)) } },
            None => { "built at " (brief(link)) },
        }
    }
}

/// The last two parts of the address of a repository: what people call it.
pub(super) fn repository_name(address: &str) -> String {
    let address = plain(address);
    let path = address.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let parts: Vec<_> = path
        .split(['/', ':'])
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        [.., owner, name] => format!("{owner}/{name}"),
        [name] => (*name).to_owned(),
        [] => "Manifest repository".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_web_or_nowhere() {
        let shown = |link: &str| ci_link(&FreeText(link.to_owned())).into_string();
        let link = shown("https://ci.example/run?a=1&b=\"2\"");
        assert!(
            link.starts_with("<a href=\"https://ci.example/run?a=1&amp;b=&quot;2&quot;\""),
            "{link}"
        );
        for other in [
            "javascript:alert(1)//https://x.y",
            " https://x.y",
            "data:text/html,x",
            "https://",
            "//x.y",
            "https://x.y/\u{202e}",
            "java\nscript:x",
        ] {
            assert!(!shown(other).contains("<a"), "{other}");
        }
    }

    #[test]
    fn a_repository_is_called_by_the_end_of_its_address() {
        for (address, name) in [
            (
                "https://git.example/group/shop/manifests.git",
                "shop/manifests",
            ),
            ("ssh://git@git.example:22/shop/manifests/", "shop/manifests"),
            ("git@git.example:shop/manifests.git", "shop/manifests"),
            ("https://git.example", "git.example"),
            ("/srv/git/remote.git", "git/remote"),
            ("", "Manifest repository"),
        ] {
            assert_eq!(repository_name(address), name);
        }
    }

    #[test]
    fn a_long_text_is_folded_up_and_a_short_one_is_not() {
        let short = typed(&FreeText("no <b>changes</b>\n".into())).into_string();
        assert_eq!(short, "<bdi>no &lt;b&gt;changes&lt;/b&gt;\\n</bdi>");
        let long = typed(&FreeText("ä".repeat(10_000))).into_string();
        assert!(long.starts_with(&format!(
            "<details><summary><bdi>{}…</bdi></summary>",
            "ä".repeat(120)
        )));
    }
}
