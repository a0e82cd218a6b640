//! The command lines that the double understands.

use git2::Oid;

/// What git is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// Where refs stand that fit one of these patterns.
    List(Vec<String>),
    /// Refs as (there, here), where a `*` at both ends stands for anything.
    Fetch(Vec<(String, String)>),
    Push(PushLine),
}

/// A push.
#[derive(Clone, Debug)]
pub(crate) struct PushLine {
    pub(crate) atomic: bool,
    pub(crate) refs: Vec<RefLine>,
}

/// What shall become of a ref.
#[derive(Clone, Debug)]
pub(crate) struct RefLine {
    pub(crate) name: String,
    /// Where it goes; `None`: away.
    pub(crate) new: Option<Oid>,
    pub(crate) lease: Lease,
}

/// Where a ref must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// There, or nowhere.
    At(Option<Oid>),
    /// Anywhere below where it goes.
    FastForward,
    /// Anywhere.
    Anywhere,
}

impl Line {
    /// Reads a command line; any other than ours is an error of the test.
    pub(crate) fn read(arguments: &[&str]) -> Self {
        let split = arguments.iter().position(|argument| *argument == "--");
        let Some(split) = split else {
            unknown(&arguments.join(" "))
        };
        let (options, rest) = arguments.split_at(split);
        let wanted = rest.get(2..).unwrap_or_default();
        let only = |known: &[&str]| {
            let strange = options[1..].iter().find(|option| !known.contains(option));
            if let Some(strange) = strange {
                unknown(strange);
            }
        };
        match options[0] {
            "ls-remote" => {
                only(&["--quiet", "--refs", "--heads"]);
                let heads = options.contains(&"--heads");
                let all = if heads {
                    vec!["refs/heads/*"]
                } else {
                    Vec::new()
                };
                let patterns = wanted.iter().copied().chain(all);
                Self::List(patterns.map(str::to_owned).collect())
            }
            "fetch" => {
                only(&[
                    "--quiet",
                    "--no-tags",
                    "--no-write-fetch-head",
                    "--no-recurse-submodules",
                    "--refmap=",
                ]);
                let refspec = |each: &&str| {
                    let sides = each.strip_prefix('+').and_then(|each| each.split_once(':'));
                    let (from, to) = sides.unwrap_or_else(|| unknown(each));
                    (from.to_owned(), to.to_owned())
                };
                Self::Fetch(wanted.iter().map(refspec).collect())
            }
            "push" => Self::Push(PushLine::read(&options[1..], wanted)),
            other => unknown(other),
        }
    }
}

impl PushLine {
    fn read(options: &[&str], refspecs: &[&str]) -> Self {
        let id = |text: &str| (!text.is_empty()).then(|| Oid::from_str(text).unwrap());
        let mut leases = Vec::new();
        for option in options {
            match option.strip_prefix("--force-with-lease=") {
                Some(lease) => {
                    leases.push(lease.split_once(':').unwrap_or_else(|| unknown(option)));
                }
                None if [
                    "--porcelain",
                    "--no-follow-tags",
                    "--recurse-submodules=no",
                    "--atomic",
                ]
                .contains(option) => {}
                None => unknown(option),
            }
        }
        let refs = refspecs.iter().map(|refspec| {
            let forced = refspec.starts_with('+');
            let refspec = refspec.trim_start_matches('+');
            let (new, name) = refspec.split_once(':').unwrap_or_else(|| unknown(refspec));
            let lease = leases.iter().find(|(leased, _)| *leased == name);
            RefLine {
                name: name.to_owned(),
                new: id(new),
                lease: match lease {
                    Some((_, at)) => Lease::At(id(at)),
                    None if forced => Lease::Anywhere,
                    None => Lease::FastForward,
                },
            }
        });
        Self {
            atomic: options.contains(&"--atomic"),
            refs: refs.collect(),
        }
    }
}

fn unknown(what: &str) -> ! {
    panic!("the double of git does not know `{what}`")
}
