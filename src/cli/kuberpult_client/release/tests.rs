use super::super::rules::is_author;
use super::*;

/// The release of ours that these words ask for, with the files `a` and `b` that nobody reads.
fn ours(words: &str) -> Result<Vec<String>, String> {
    let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
    let parsed = flags().parse_all(&words).map_err(|misuse| misuse.message)?;
    let with_signatures = !parsed.is_on("skip_signatures") && !parsed.is_on("use_dex_auth");
    let read = manifests(&parsed, with_signatures)
        .and_then(|given| check(&parsed, with_signatures).map(|()| given));
    let given = read.map_err(|misuse| misuse.message)?;
    match deed(&parsed, given).map_err(|misuse| misuse.message)? {
        Deed::Change(line, _) => Ok(line),
        Deed::Impossible(why) => Err(why.to_owned()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn a_release_is_told_in_our_own_words() {
    let plain = "--skip_signatures --application web --environment dev --manifest a";
    let line = ours(plain).unwrap();
    assert_eq!(
        line,
        [
            "release",
            "--application=web",
            "--environment=dev",
            "--manifest=a"
        ]
    );
    let all = format!(
        "{plain} -team shop --source_commit_id {0} --previous_commit_id={0} --source_author Jane --source_message=fix \
         --version +7 --display_version v7 --ci_link https://ci.example/7 -environment staging -manifest=-",
        "C".repeat(40)
    );
    let line = ours(&all).unwrap();
    let wanted = [
        "release",
        "--application=web",
        "--team=shop",
        &format!("--source-commit-id={}", "C".repeat(40)),
        &format!("--previous-commit-id={}", "C".repeat(40)),
        "--source-author=Jane",
        "--source-message=fix",
        "--display-version=v7",
        "--ci-link=https://ci.example/7",
        "--version=7",
        "--environment=dev",
        "--manifest=a",
        "--environment=staging",
        "--manifest=./-",
    ];
    assert_eq!(line, wanted);
}

#[test]
fn an_empty_text_says_nothing_and_the_last_manifest_of_an_environment_counts() {
    let line = ours(
        "--use_dex_auth --application web --team= --display_version= --environment dev --manifest a --environment=dev --manifest=b",
    );
    let wanted = [
        "release",
        "--application=web",
        "--environment=dev",
        "--manifest=b",
    ];
    assert_eq!(line.unwrap(), wanted);
}

#[test]
fn the_order_of_flags_is_that_of_their_names_however_they_are_written() {
    let environments =
        "all --environment args must have a --manifest arg set immediately afterwards";
    let manifests = "all --manifest args must be set immediately after an --environment arg";
    let unsigned = "all --manifest args must have a --signature arg set immediately afterwards, unless --skip_signatures is set";
    let signatures = "all --signature args must be set immediately after a --manifest arg";
    for (words, wanted) in [
        ("--environment dev", environments),
        ("--environment dev --team t --manifest a", environments),
        (
            "--environment dev --environment x --manifest a",
            environments,
        ),
        (
            "-environment=dev --skip_signatures -manifest=a",
            environments,
        ),
        ("--manifest a", manifests),
        ("--manifest a --environment dev", manifests),
        ("-environment dev -manifest a -manifest b", manifests),
        ("--environment dev --manifest a", unsigned),
        (
            "--environment=dev --manifest=a --team t --signature s",
            unsigned,
        ),
        (
            "--environment dev --manifest a --signature s --signature t",
            signatures,
        ),
        (
            "--signature s --environment dev --manifest a --signature t",
            signatures,
        ),
        (
            "--skip_signatures --application web --environment dev --manifest a --signature s",
            "--signature args are not allowed when --skip_signatures or use_dex_auth are set",
        ),
    ] {
        assert_eq!(ours(words).unwrap_err(), wanted, "{words}");
    }
}

#[test]
fn an_author_has_a_name_and_perhaps_a_mail_address() {
    for author in ["Jane", "Jane <j@x>", "J  <a@b@c>", " "] {
        assert!(is_author(author), "{author:?}");
    }
    for author in [
        "",
        "<",
        " <j@x>",
        "Jane<j@x>",
        "Jane <j>",
        "Jane <@x>",
        "Jane <j@>",
        "Jane <j@x> ",
        "Jane\n",
        "Jane <j@x>>",
    ] {
        assert!(!is_author(author), "{author:?}");
    }
}
