//! Minor releases: the lines of a manifest that make no difference, by the option `minorRegexes`.

use regex::Regex;
use serde::Deserialize;

use super::plain;

/// Lines that make no difference: those that some expression matches.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct MinorLines(Vec<Regex>);

impl MinorLines {
    /// Whether every line counts.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two manifests differ in nothing but such lines.
    pub(crate) fn same(&self, one: &str, other: &str) -> bool {
        one == other || self.counting(one).eq(self.counting(other))
    }

    fn counting<'a>(&'a self, manifest: &'a str) -> impl Iterator<Item = &'a str> {
        let counts = |line: &&str| !self.0.iter().any(|minor| minor.is_match(line));
        manifest.lines().filter(counts)
    }
}

impl TryFrom<Vec<String>> for MinorLines {
    type Error = String;

    fn try_from(expressions: Vec<String>) -> Result<Self, String> {
        let parsed = expressions.iter().map(|text| {
            Regex::new(text).map_err(|error| {
                // The message draws the expression over several lines; the last of them says what is wrong.
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default();
                let why = why.strip_prefix("error: ").unwrap_or(why);
                format!("`{}` is no regular expression: {}", plain(text), plain(why))
            })
        });
        Ok(Self(parsed.collect::<Result<_, _>>()?))
    }
}

impl PartialEq for MinorLines {
    fn eq(&self, other: &Self) -> bool {
        let texts = |lines: &Self| lines.0.iter().map(Regex::to_string).collect::<Vec<_>>();
        texts(self) == texts(other)
    }
}

impl Eq for MinorLines {}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(expressions: &[&str]) -> Result<MinorLines, String> {
        let owned = expressions.iter().map(|text| (*text).to_owned());
        MinorLines::try_from(owned.collect::<Vec<_>>())
    }

    #[track_caller]
    fn check(one: &str, other: &str, same: bool) {
        let minor = lines(&["^ *image: ", "built-at"]).unwrap();
        assert_eq!(minor.same(one, other), same, "{one:?} {other:?}");
        assert_eq!(minor.same(other, one), same, "{other:?} {one:?}");
    }

    #[test]
    fn lines_that_an_expression_matches_make_no_difference_and_every_other_does() {
        check("a: 1\n  image: x:1\n", "a: 1\n  image: x:2\n", true);
        check("a: 1\n", "a: 1\n# built-at noon\n", true);
        check("a: 1\n", "a: 1", true);
        check("a: 1\n", "a: 2\n", false);
        check("a: 1\nb: 2\n", "b: 2\na: 1\n", false);
        check("a: 1\nmy image: x:1", "a: 1\nmy image: x:2", false);
        check("a: 1\n", "a: 1\n\n", false);
    }

    #[test]
    fn what_is_no_expression_is_named_on_one_line() {
        let error = lines(&["fine", "[a"]).unwrap_err();
        assert_eq!(
            error,
            "`[a` is no regular expression: unclosed character class"
        );
    }
}
