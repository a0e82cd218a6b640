//! Links as Go's `url.ParseRequestURI` takes them: an absolute URI, or an absolute path.

/// Whether that client takes this link. It is far from strict: whoever stores a link looks again.
pub(super) fn is_link(link: &str) -> bool {
    if link.is_empty() || link.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return false;
    }
    if link == "*" {
        return true;
    }
    let Some((scheme, rest)) = scheme(link) else {
        return false;
    };
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        return scheme.is_some();
    }
    match (scheme, rest.strip_prefix("//")) {
        (Some(_), Some(rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            is_authority(authority) && is_escaped_well(path)
        }
        _ => is_escaped_well(rest),
    }
}

/// The scheme, if there is one, and what follows; nothing if the scheme is missing before its colon.
fn scheme(link: &str) -> Option<(Option<&str>, &str)> {
    for (place, letter) in link.char_indices() {
        match letter {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if place > 0 => {}
            ':' if place > 0 => return Some((Some(&link[..place]), &link[place + 1..])),
            ':' => return None,
            _ => break,
        }
    }
    Some((None, link))
}

fn is_authority(authority: &str) -> bool {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host, port),
            None => return false,
        },
        None => host.split_at(host.rfind(':').unwrap_or(host.len())),
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_odd = |letter: char| " #%/?@\\^`{|}".contains(letter);
    is_port && !host.contains(is_odd)
}

/// Whether two hexadecimal digits follow each percent sign.
fn is_escaped_well(path: &str) -> bool {
    let mut parts = path.split('%');
    parts.next();
    let is_hex = |part: &str| {
        let digits = part.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    parts.all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_uris_and_absolute_paths_are_links() {
        for link in [
            "https://ci.example/jobs/1",
            "http://ci.example:8080/a%20b?x=%zz",
            "https://me:secret@ci.example",
            "https://[::1]:80/",
            "mailto:me",
            "/jobs/1",
            "//host/path",
            "*",
        ] {
            assert!(is_link(link), "{link}");
        }
        for link in [
            "",
            "ci.example/jobs",
            "jobs",
            "://ci.example",
            "https://ci example/",
            "https://ci.example:port/",
            "https://[::1/",
            "https://ci.example/%zz",
            "/%2",
            "https://ci.example/\n",
        ] {
            assert!(!is_link(link), "{link:?}");
        }
    }
}
