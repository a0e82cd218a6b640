//! An environment as it is, or as it was at a point in the history: `staging`, `staging@v1.2.0`.

use std::fmt;
use std::str::FromStr;

use super::{EnvName, InvalidName, SourceRef};

/// An environment at a point in the history of the manifest repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EnvPoint {
    /// The environment.
    pub(crate) environment: EnvName,
    /// When; `None`: now.
    pub(crate) at: Option<SourceRef>,
}

impl FromStr for EnvPoint {
    type Err = InvalidName;

    /// What follows the first `@` is the point, since no environment has one in its name but git's names of commits may.
    /// A point holds no `..`, so that two of them can stand around one.
    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let (environment, at) = match value.split_once('@') {
            Some((environment, at)) => (environment, Some(at)),
            None => (value, None),
        };
        if let Some(range) = at.filter(|at| at.contains("..")) {
            let rule = "one tag, branch or commit id is needed, and `..` makes it two";
            return Err(InvalidName::new("point in the history", range, rule));
        }
        Ok(Self {
            environment: environment.parse()?,
            at: at.map(str::parse).transpose()?,
        })
    }
}

impl fmt::Display for EnvPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environment, at } = self;
        match at {
            Some(at) => write!(formatter, "{environment}@{at}"),
            None => write!(formatter, "{environment}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_stands_before_the_point_and_is_written_as_it_was_read() {
        for (text, environment, at) in [
            ("staging", "staging", None),
            ("staging@v1.2.0", "staging", Some("v1.2.0")),
            ("prod-de@main~3", "prod-de", Some("main~3")),
            ("dev@main@{1}", "dev", Some("main@{1}")),
        ] {
            let point: EnvPoint = text.parse().unwrap();
            let at = at.map(|at| at.parse().unwrap());
            assert_eq!((point.environment.as_ref(), &point.at), (environment, &at));
            assert_eq!(point.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_environment_or_no_single_point_is_refused() {
        for text in [
            "",
            "@v1",
            "staging@",
            "Staging@v1",
            "staging@-x",
            "staging@a b",
            "staging@v1..v2",
            "staging..prod",
        ] {
            assert!(text.parse::<EnvPoint>().is_err(), "{text:?}");
        }
    }
}
