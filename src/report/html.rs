//! The page: one file with the whole board, which needs no network, and no script to be read.
//!
//! Everything that comes from a repository is text for the templates, which escape it; [`words`] makes it harmless to look at,
//! too. And the page allows no style and no script but its own, by their hashes.

mod app;
mod attention;
mod lists;
mod policy;
mod table;
mod words;

use anyhow::{Result, bail};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Fate;
use crate::plan::view::View;
use crate::plan::view::page::{Origin, Page};
use crate::plan::{Done, Outcome};
use crate::state::{Moment, plain};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Fails if the outcome is no page.
pub(super) fn render(outcome: &Outcome, fate: &Fate) -> Result<String> {
    let Done::Viewed(View::Page(page)) = &outcome.done else {
        bail!("`-o html` is for `status`");
    };
    Ok(document(page, &outcome.warnings, fate.now).into_string() + "\n")
}

fn document(page: &Page, warnings: &[String], now: Moment) -> Markup {
    let origin = &page.origin;
    let name = words::repository_name(&origin.repository);
    let branch = plain(&origin.branch);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy::policy(STYLE, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta name="generator" content=(concat!("trainyard ", env!("CARGO_PKG_VERSION")));
                title { (name) " · " (branch) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(&name, origin, now))
                main {
                    (attention::attention(&page.board, warnings, now))
                    (table::board(&page.board))
                    (lists::locks(&page.board, now))
                    (lists::queue(&page.board, now))
                    (lists::trains(&page.trains, now))
                    (app::apps(&page.board, now))
                }
                footer {
                    "Made by trainyard " (env!("CARGO_PKG_VERSION")) " from the manifest repository alone."
                    noscript { " Search and filters need a script; everything there is to know is on the page without it." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn header(name: &str, origin: &Origin, now: Moment) -> Markup {
    html! {
        header {
            h1 { (name) }
            p {
                "Branch " b { bdi { (plain(&origin.branch)) } }
                ", commit " code title=(origin.commit) { (words::short(&origin.commit)) }
                ", as it was on " (words::time(now, Some("made"))) " (" (words::age(Some(now), now)) ")"
                @if !origin.repository.is_empty() { " · " bdi.faint { (plain(&origin.repository)) } }
            }
            p #stale hidden { "This page is " b {} " old: is it still being made?" }
            nav aria-label="On this page" {
                ul {
                    li { a href="#board" { "Board" } }
                    li { a href="#locks" { "Locks" } }
                    li { a href="#queue" { "Queue" } }
                    li { a href="#trains" { "Last trains" } }
                }
            }
        }
    }
}
