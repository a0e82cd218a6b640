use super::*;

fn set() -> FlagSet {
    FlagSet {
        name: "flag set",
        flags: vec![
            flag("team", Takes::Text, "the team"),
            flag("out", Takes::LastText, "a file"),
            flag("version", Takes::Integer, "the number"),
            flag("dry-run", Takes::Switch, "only show"),
        ],
    }
}

fn parse(line: &str) -> Result<Parsed, Misuse> {
    let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
    set().parse(&words)
}

#[test]
fn a_flag_has_one_hyphen_or_two_and_its_value_behind_it_or_after_an_equals_sign() {
    for line in [
        "-team a",
        "--team a",
        "-team=a",
        "--team=a",
        "--team=a --",
        "--team a -- --team b",
        "--team a rest --team b",
        "--team a - --team b",
    ] {
        assert_eq!(parse(line).unwrap().all("team"), ["a"], "{line}");
    }
    assert_eq!(parse("--team --team").unwrap().all("team"), ["--team"]);
    assert_eq!(parse("--team= -team=a=b").unwrap().all("team"), ["", "a=b"]);
    assert_eq!(parse("--team a x --y").unwrap().rest, ["x", "--y"]);
    assert_eq!(parse("-- --team a").unwrap().rest, ["--team", "a"]);
}

#[test]
fn a_switch_takes_a_value_only_after_an_equals_sign() {
    for (line, on) in [
        ("x", false),
        ("--dry-run", true),
        ("-dry-run=T", true),
        ("--dry-run=0", false),
        ("--dry-run --dry-run=False", false),
    ] {
        assert_eq!(parse(line).unwrap().is_on("dry-run"), on, "{line}");
    }
    assert_eq!(parse("--dry-run false").unwrap().rest, ["false"]);
}

#[test]
fn what_cannot_be_a_flag_is_told_with_all_flags() {
    let usage = "Usage of flag set:\n  -dry-run\n    \tonly show\n  -out string\n    \ta file\n  -team value\n    \tthe team\n  \
                 -version value\n    \tthe number\n";
    for (line, message) in [
        ("--moon a", "flag provided but not defined: -moon"),
        ("--team a --moon=1", "flag provided but not defined: -moon"),
        ("--team", "flag needs an argument: -team"),
        ("---team a", "bad flag syntax: ---team"),
        ("--=a", "bad flag syntax: --=a"),
        ("-=a", "bad flag syntax: -=a"),
        (
            "--version one",
            "invalid value \"one\" for flag -version: the provided value \"one\" is not an integer",
        ),
        (
            "--version 9223372036854775808",
            "invalid value \"9223372036854775808\" for flag -version: the provided value \"9223372036854775808\" is not an integer",
        ),
        (
            "--dry-run=maybe",
            "invalid boolean value \"maybe\" for -dry-run: parse error",
        ),
    ] {
        let misuse = parse(line).unwrap_err();
        assert_eq!(misuse.message, message, "{line}");
        assert_eq!(misuse.flags, Some(format!("{message}\n{usage}")), "{line}");
    }
    for line in ["-h", "--help", "--team a -h"] {
        let misuse = parse(line).unwrap_err();
        assert_eq!(misuse.message, "flag: help requested", "{line}");
        assert_eq!(misuse.flags.as_deref(), Some(usage), "{line}");
    }
}
