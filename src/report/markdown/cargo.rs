//! What comes with a move, as a list fit for release notes.

use super::escaped;
use crate::plan::cargo::{Cargo, Piece, Way};
use crate::report::text::cargo::{author, headline, missed, release, short};

/// An item for each source commit; of its message only the first line, since the rest is for who reads the code.
pub(super) fn items(cargo: &Cargo) -> Vec<String> {
    let mut lines = Vec::new();
    if cargo.way == Way::Back {
        lines.extend(["Going back takes these away:".to_owned(), String::new()]);
    }
    lines.extend(cargo.pieces.iter().map(item));
    if let Some(missing) = cargo.missing {
        lines.push(format!("- *{}*", escaped(&missed(missing))));
    }
    lines
}

fn item(piece: &Piece) -> String {
    let releases: Vec<_> = piece.releases.iter().map(release).collect();
    let releases = escaped(&releases.join(", "));
    if piece.commit.is_none() && piece.message.is_none() {
        return format!("- release {releases}: no source commit");
    }
    let mut about = Vec::new();
    about.extend(short(piece).map(|commit| format!("`{commit}`")));
    about.extend(author(piece).map(|author| escaped(&author)));
    if !releases.is_empty() {
        about.push(format!("release {releases}"));
    }
    let links = piece
        .releases
        .iter()
        .filter_map(|built| built.ci_link.as_ref());
    let mut links = links.filter_map(|link| target(link.raw()));
    about.extend(links.next().map(|link| format!("[CI]({link})")));
    let headline = begun(&headline(piece));
    if about.is_empty() {
        return format!("- {headline}");
    }
    format!("- {headline} ({})", about.join(", "))
}

/// Text at the beginning of an item: no list, line or heading within it.
fn begun(text: &str) -> String {
    let shown = escaped(text);
    let digits = shown.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = shown.len() - digits.len();
    if number > 0 && digits.starts_with(['.', ')']) {
        return format!("{}\\{digits}", &shown[..number]);
    }
    if shown.starts_with(['-', '+', '=']) {
        return format!("\\{shown}");
    }
    shown
}

/// The address of a web page, if it is one and has nothing in it that could end a link.
fn target(link: &str) -> Option<String> {
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| link.starts_with(scheme));
    let fits =
        |letter: char| letter.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'*+,;=%".contains(letter);
    (is_web && link.len() <= 2_000 && link.chars().all(fits)).then(|| {
        let safe = link
            .replace('[', "%5B")
            .replace(']', "%5D")
            .replace('&', "&amp;");
        format!("<{safe}>")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_nothing_within_its_item() {
        for (message, expected) in [
            ("- x", "\\- x"),
            ("+ x", "\\+ x"),
            ("--- x", "\\--- x"),
            ("1. x", "1\\. x"),
            ("22) x", "22\\) x"),
            ("22 x", "22 x"),
            ("# x", "#<!-- --> x"),
            ("", ""),
        ] {
            assert_eq!(begun(message), expected);
        }
    }

    #[test]
    fn a_link_leads_to_a_web_page_or_is_none() {
        for (link, expected) in [
            (
                "https://ci.example/run/7?a=b&c=d#x",
                Some("<https://ci.example/run/7?a=b&amp;c=d#x>"),
            ),
            (
                "https://ci.example/[x]",
                Some("<https://ci.example/%5Bx%5D>"),
            ),
            ("javascript:alert(1)", None),
            ("https://ci.example/) [x](y", None),
            ("https://ci.example/>", None),
            ("https://ci.example/\n# x", None),
            ("https://ci.example/ä", None),
            ("", None),
        ] {
            assert_eq!(target(link).as_deref(), expected, "{link:?}");
        }
    }
}
