use clap::CommandFactory as _;

use super::bash::Typed;
use super::candidates::{Answer, Candidate};
use super::value::Value;
use super::*;
use crate::cli::Cli;
use crate::plan::names::Noun;

/// Every argument of every command, each with the words that lead to it.
fn arguments(name: &str, command: &Command) -> Vec<(String, clap::Arg)> {
    let own = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set());
    let mut all: Vec<_> = own
        .map(|argument| (format!("{name} {argument}"), argument.clone()))
        .collect();
    for below in command.get_subcommands() {
        all.extend(arguments(&format!("{name} {}", below.get_name()), below));
    }
    all
}

fn built() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

#[test]
fn whatever_is_called_like_a_name_of_the_repository_is_completed_as_one() {
    let mut count = 0;
    for (place, argument) in arguments("trainyard", &built()) {
        let placeholder = argument
            .get_value_names()
            .map_or("", |names| names[0].as_str());
        let names = [
            argument.get_id().as_str(),
            argument.get_long().unwrap_or_default(),
            placeholder,
        ];
        let is_any = |words: &[&str]| names.iter().any(|name| words.contains(name));
        let noun = if is_any(&["app", "application", "APP"]) {
            Noun::App
        } else if is_any(&["environment", "env", "ENV"]) && argument.get_long() != Some("upstream")
        {
            Noun::Environment
        } else if is_any(&["group", "environment_group", "environment-group", "GROUP"]) {
            Noun::Group
        } else if is_any(&["team", "TEAM"]) {
            Noun::Team
        } else if is_any(&["lock_id", "lock-id", "ID"]) {
            Noun::LockId
        } else if is_any(&["target", "TARGET", "ENV[@POINT]"]) {
            Noun::Target
        } else if names[0] == "version" && argument.get_action().takes_values() {
            Noun::Version
        } else {
            continue;
        };
        assert_eq!(Value::of(&argument), Some(Value::Noun(noun)), "{place}");
        count += 1;
    }
    assert!(count > 40, "{count}");
}

/// What is offered in place of the last word of a line.
fn offered(line: &str) -> Vec<String> {
    let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
    let current = words.pop().unwrap();
    match complete(Cli::command(), &words, &current) {
        Answer::Files => vec!["FILE".to_owned()],
        Answer::Folders => vec!["FOLDER".to_owned()],
        Answer::Values(candidates) => candidates.into_iter().map(|each| each.word).collect(),
    }
}

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    assert_eq!(offered(line), expected, "{line}");
}

#[test]
fn the_value_of_an_option_is_found_however_it_is_written() {
    let when = ["queue", "fail", "ignore"];
    check("deploy --on-lock ", &when);
    check("deploy -n -o json --on-lock ", &when);
    check("-o yaml deploy -aweb --on-lock ", &when);
    check(
        "deploy --on-lock=",
        &when
            .map(|when| format!("--on-lock={when}"))
            .each_ref()
            .map(String::as_str),
    );
    check(
        "environment create x --clear upstream,",
        &offered("environment create x --clear=upstream,")
            .iter()
            .map(|word| &word["--clear=".len()..])
            .collect::<Vec<_>>(),
    );
    assert!(
        offered("environment create x --clear access,up").contains(&"access,argocd".to_owned())
    );
    check("deploy -no", &[]);
    assert!(offered("deploy -ojs").contains(&"-ojson".to_owned()));
    assert!(offered("deploy -o=js").contains(&"-o=json".to_owned()));
    check("-C ", &["FOLDER"]);
    check("apply -f ", &["FILE"]);
    check("release --manifests=", &["FOLDER"]);
    check("lock -m ", &[]);
    check("deploy --nonsense=", &[]);
}

#[test]
fn commands_stand_where_a_command_can_stand() {
    assert!(offered("").contains(&"deploy".to_owned()));
    assert!(offered("-C x ").contains(&"deploy".to_owned()));
    check("app ", &["delete", "remove-environment"]);
    check("completions ", &["bash", "zsh", "fish"]);
    check("kuberpult-client ", &[]);
    check("kuberpult-client -", &[]);

    assert!(!offered("").contains(&"complete".to_owned()));
}

#[test]
fn options_are_offered_once_unless_they_can_be_given_again() {
    let has = |line: &str, option: &str| offered(line).contains(&option.to_owned());
    assert!(has("release -", "--application") && has("release --", "--environment"));
    assert!(!has("release -a web -", "--application"));
    assert!(has("release -e staging -", "--environment"));
    assert!(!has("release --no-push -", "--no-push"));
    // Nothing else can stand there.
    assert!(has("deploy ", "--application"));
    assert!(!has("deploy -", "--lockID"));
}

#[test]
fn help_and_man_know_their_pages() {
    let has = |line: &str, page: &str| offered(line).contains(&page.to_owned());
    assert!(has("help ", "exit-codes") && has("help ", "deploy"));
    assert!(!has("man ", "exit-codes") && has("man ", "deploy"));
    assert_eq!(
        offered("help ")
            .iter()
            .filter(|page| *page == "locks")
            .count(),
        1
    );
    check("help app ", &["delete", "remove-environment"]);
    check("help nonsense ", &[]);
}

#[track_caller]
fn typed(line: &str, words: &[&str], current: &str) {
    let typed = Typed::read(line);
    assert_eq!(
        (typed.words, typed.current),
        (
            words.iter().map(|word| (*word).to_owned()).collect(),
            current.to_owned()
        ),
        "{line}"
    );
}

#[test]
fn a_line_of_bash_is_read_without_running_anything() {
    typed("trainyard deploy ", &["deploy"], "");
    typed("A=1 B='2 3' trainyard -a x", &["-a"], "x");
    typed(
        "trainyard lock -m 'load test' -e",
        &["lock", "-m", "load test"],
        "-e",
    );
    typed(
        r#"trainyard -m "a \" b \x $(c)" d"#,
        &["-m", r#"a " b \x $(c)"#],
        "d",
    );
    typed(r"trainyard -m load\ te", &["-m"], "load te");
    typed("trainyard -m ''  x", &["-m", ""], "x");
    typed("trainyard -m 'open", &["-m"], "open");
    typed("trainyard `a b", &["`a"], "b");
}

/// What bash is given in place of `replaced`, for candidates of these words.
fn quoted(line: &str, replaced: &str, words: &[&str]) -> Vec<String> {
    let candidates = words.iter().map(|word| Candidate {
        word: (*word).to_owned(),
        about: None,
    });
    match Typed::read(line).quoted(Answer::Values(candidates.collect()), replaced) {
        Answer::Values(candidates) => candidates.into_iter().map(|each| each.word).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bash_gets_words_that_mean_themselves() {
    let odd = ["load test", "$(x)", "it's", "a\"b", "!!", "a;b", "ä"];
    assert_eq!(
        quoted("trainyard --lock-id ", "", &odd),
        [
            r"load\ test",
            r"\$\(x\)",
            r"it\'s",
            r#"a\"b"#,
            r"\!\!",
            r"a\;b",
            "ä"
        ]
    );
    assert_eq!(
        quoted("trainyard --lock-id '", "", &odd),
        ["load test", "$(x)", "a\"b", "!!", "a;b", "ä"]
    );
    assert_eq!(
        quoted("trainyard --lock-id \"", "", &odd),
        ["load test", "it's", "a;b", "ä"]
    );
    assert_eq!(
        quoted(r"trainyard --lock-id load\ t", r"load\ t", &odd),
        [r"load\ test"]
    );
}

#[test]
fn bash_gets_the_end_of_a_word_if_that_is_what_it_replaces() {
    let words = ["--on-lock=queue", "--on-lock=fail"];
    assert_eq!(
        quoted("trainyard --on-lock=", "", &words),
        ["queue", "fail"]
    );
    assert_eq!(quoted("trainyard --on-lock=f", "f", &words), ["fail"]);
    assert_eq!(
        quoted("trainyard --on-lock=f", "--on-lock=f", &words),
        ["--on-lock=fail"]
    );
    assert_eq!(quoted("trainyard --on-lock='f", "f", &words), ["fail"]);
    assert_eq!(quoted("trainyard a:b:", "", &["a:b:c"]), ["c"]);
}

#[test]
fn an_answer_is_one_line_for_each_candidate_and_none_is_a_command_to_the_terminal() {
    let text = shown(&Answer::Values(vec![
        Candidate {
            word: "a".to_owned(),
            about: Some("b".to_owned()),
        },
        Candidate {
            word: "c".to_owned(),
            about: None,
        },
    ]));
    assert_eq!(text, "values\na\tb\nc\n");
    assert_eq!(shown(&Answer::Files), "files\n");
    assert_eq!(shown(&Answer::Folders), "folders\n");
}

#[test]
fn only_the_scripts_ask() {
    let ask = |words: &[&str]| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        answered(Cli::command, &words)
    };
    assert!(ask(&["trainyard", "complete", "bash"]));
    assert!(ask(&["trainyard", "complete", "a shell of tomorrow", "x"]));
    assert!(!ask(&["trainyard", "complete"]));
    assert!(!ask(&["trainyard", "deploy", "complete", "x"]));
}
