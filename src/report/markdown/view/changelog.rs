//! The changelog as release notes: a heading for each app, and an item for each source commit.

use super::super::{cargo, escaped};
use crate::plan::view::changelog::{Changelog, Entry};
use crate::report::text::view::changelog::{title, told};

pub(super) fn lines(changelog: &Changelog) -> Vec<String> {
    let mut lines = Vec::new();
    for leg in &changelog.legs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut title = title(changelog, leg);
        title[..1].make_ascii_uppercase();
        lines.push(format!("## {}", escaped(&title)));
        for (app, entry) in &leg.apps {
            let told = escaped(&told(leg, entry));
            lines.extend([String::new(), format!("### {app} {told}")]);
            match entry {
                Entry::Moved { cargo, .. } => {
                    lines.push(String::new());
                    lines.extend(cargo::items(cargo));
                }
                Entry::Gone(_) | Entry::Unknown(_) => {}
            }
        }
    }
    lines
}
