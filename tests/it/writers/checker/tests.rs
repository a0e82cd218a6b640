//! The checker finds every fault that is planted in a sound run.

use std::sync::{Arc, OnceLock};

use super::super::ask::{Ask, Place, What};
use super::super::evidence::{Commit, Ending, Evidence, Kept, Node, Stands};
use super::super::script::{Actor, Befalls, Script, Shape, Step, Task, mark};
use super::super::stage::Stage;
use super::super::{Quiet, look, quiet, remote, run};
use super::faults;
use super::history::trailer;

fn on(environment: &str) -> Place {
    Place::Environment(environment.to_owned())
}

/// What happens in the sound run, one after the other.
fn asks() -> Vec<Ask> {
    let deploy = |place: &str, version| Ask::Deploy {
        app: "web".to_owned(),
        place: on(place),
        version,
        on_lock: "queue".to_owned(),
    };
    let manifests =
        ["dev", "staging", "prod-a"].map(|name| (name.to_owned(), format!("at: {name}\n")));
    vec![
        Ask::Release {
            app: "web".to_owned(),
            version: None,
            team: None,
            manifests: manifests.into(),
            source: Some("1".repeat(40)),
        },
        Ask::Lock {
            place: on("staging"),
            what: What::App("web".to_owned()),
            id: "freeze".to_owned(),
        },
        deploy("staging", 2),
        deploy("dev", 2),
        Ask::Train {
            target: "prod".to_owned(),
            team: None,
            on_lock: "queue".to_owned(),
            tag: Some("first".to_owned()),
        },
        deploy("prod-a", 7),
    ]
}

const RELEASE: usize = 0;
const LOCK: usize = 1;
const QUEUE: usize = 2;
const NOTHING: usize = 3;
const REFUSED: usize = 5;

fn sound() -> Evidence {
    static SOUND: OnceLock<Evidence> = OnceLock::new();
    let made = || {
        let steps = asks().into_iter().enumerate().map(|(step, ask)| {
            Step::Run(Box::new(Task {
                mark: mark(0, step),
                second: i64::try_from(step).unwrap(),
                ask,
                befalls: Befalls::Nothing,
                again: None,
            }))
        });
        run(&script(steps.collect()))
    };
    SOUND.get_or_init(made).clone()
}

fn script(steps: Vec<Step>) -> Script {
    Script {
        commit_data: true,
        combine: "false",
        clones: vec![Shape::Plain],
        actors: vec![Actor {
            clone: 0,
            alone: true,
            steps,
        }],
    }
}

/// The commit of an operation.
fn commit(evidence: &mut Evidence, step: usize) -> &mut Commit {
    let mark = mark(0, step);
    evidence
        .commits
        .iter_mut()
        .find(|commit| commit.author == mark)
        .unwrap()
}

/// A file of the last tree, as it is from there on.
fn write(evidence: &mut Evidence, path: &str, mode: &str, text: &str) {
    let bytes = Arc::new(text.as_bytes().to_vec());
    let node = Node {
        mode: mode.to_owned(),
        bytes,
    };
    let last = evidence.commits.last_mut().unwrap();
    last.tree.insert(path.to_owned(), node);
}

/// The last commit once more, with another message.
fn again(evidence: &mut Evidence, step: usize, message: impl Fn(&str) -> String) {
    let last = evidence.commits.last().unwrap().clone();
    let first = commit(evidence, step).clone();
    evidence.commits.push(Commit {
        id: "f".repeat(40),
        parents: vec![last.id],
        message: message(&first.message),
        tree: last.tree,
        ..first
    });
}

/// The push of an operation as a journal keeps it.
fn kept(evidence: &mut Evidence, step: usize) -> Kept {
    let commit = commit(evidence, step);
    Kept {
        operation: trailer(commit, "Trainyard-Operation-Id")
            .unwrap()
            .to_owned(),
        instant: commit.instant,
        stands: Stands::Alone,
    }
}

/// A commit as if it had never landed.
fn lose(evidence: &mut Evidence, step: usize) {
    let id = commit(evidence, step).id.clone();
    let place = evidence
        .commits
        .iter()
        .position(|each| each.id == id)
        .unwrap();
    evidence.commits.remove(place);
    let before = evidence.commits[place - 1].id.clone();
    evidence.commits[place].parents = vec![before];
}

const VERSION: &str = "environments/dev/applications/web/version";
const WAITS: &str = "environments/dev/applications/web/queued_version";
const APPLIED: &str = "environments/dev/applications/web/manifests/manifests.yaml";

#[test]
fn a_sound_run_has_no_faults() {
    let found = faults(&sound());
    assert!(found.is_empty(), "{found:#?}");
    let landed = sound().commits.len() - sound().begun;
    assert_eq!(landed, asks().len() + 2 - [NOTHING, REFUSED].len());
}

type Plant = fn(&mut Evidence);

#[test]
fn a_fault_of_the_history_is_found() {
    let plants: [(&str, Plant); 21] = [
        ("which is not in the history", |run| lose(run, LOCK)),
        ("in the history twice", |run| {
            again(run, LOCK, str::to_owned);
        }),
        ("2 commits, of which 1 were told", |run| {
            again(run, LOCK, |message| {
                message.replace("Operation-Id: ", "Operation-Id: 1")
            });
        }),
        ("has no operation id", |run| {
            let commit = commit(run, LOCK);
            commit.message = commit.message.replace("Operation-Id: ", "Other: ");
        }),
        ("1 commits, of which 0 were told", |run| {
            run.attempts[LOCK].ending = Ending::Exit(3);
        }),
        ("1 commits, of which 0 were told", |run| {
            run.attempts[RELEASE].ending = Ending::Exit(5);
        }),
        ("of before is lost", |run| {
            run.commits.truncate(run.begun - 1);
        }),
        ("history is not linear", |run| {
            let other = run.commits[0].id.clone();
            commit(run, QUEUE).parents.push(other);
        }),
        ("history is not linear", |run| {
            let other = run.commits[0].id.clone();
            commit(run, QUEUE).parents = vec![other];
        }),
        ("nobody asked for commit", |run| {
            commit(run, LOCK).author = "x@yard.example".to_owned();
        }),
        ("which is of", |run| {
            let other = commit(run, QUEUE).id.clone();
            run.attempts[LOCK].answer.as_mut().unwrap()["commit"] = other.into();
        }),
        ("which landed only later", |run| {
            let first = run.commits[0].id.clone();
            run.attempts[LOCK].tip_after = first;
        }),
        ("which was there before", |run| {
            let last = run.commits.last().unwrap().id.clone();
            run.attempts[LOCK].tip_before = last;
        }),
        ("there was nothing to do, but there was", |run| {
            run.attempts[NOTHING].ask = run.attempts[REFUSED].ask.clone();
        }),
        ("ended with 101", |run| {
            run.attempts[REFUSED].ending = Ending::Exit(101);
        }),
        ("without a cause", |run| {
            run.attempts[REFUSED].ending = Ending::Exit(5);
        }),
        ("without a cause", |run| {
            run.attempts[REFUSED].ending = Ending::Exit(4);
            run.attempts[REFUSED].stderr = NOT_AGAIN.to_owned();
        }),
        ("panicked", |run| {
            run.attempts[REFUSED].stderr.push_str("thread panicked");
        }),
        ("3 times in the history", |run| {
            for number in ["1", "2"] {
                again(run, RELEASE, |message| {
                    message.replace("Operation-Id: ", &format!("Operation-Id: {number}"))
                });
            }
            let mut first = run.attempts[RELEASE].clone();
            first.ending = Ending::Killed;
            run.attempts[RELEASE].turn = 1;
            first.kept.push(kept(run, RELEASE));
            run.attempts.insert(RELEASE, first);
        }),
        ("is of the run before it, of which it knew", |run| {
            let mut first = run.attempts[LOCK].clone();
            first.ending = Ending::Killed;
            first.kept.push(kept(run, LOCK));
            let again = &mut run.attempts[LOCK];
            (again.turn, again.ending) = (1, Ending::Exit(3));
            again.instant += 1;
            run.attempts.insert(LOCK, first);
        }),
        ("is of that run", |run| {
            let mut first = run.attempts[LOCK].clone();
            first.ending = Ending::Killed;
            first.instant -= 1;
            let again = &mut run.attempts[LOCK];
            (again.turn, again.ending) = (1, Ending::Exit(3));
            run.attempts.insert(LOCK, first);
        }),
    ];
    assert_found(&plants);
}

/// What a command says whose earlier run has landed.
const NOT_AGAIN: &str = "error: an earlier run of this command has landed, others have moved on since, and it could not be done again: there is no app `web`";

#[test]
fn who_landed_and_could_not_be_done_again_ends_as_one_of_whom_nobody_knows() {
    let mut run = sound();
    let mut first = run.attempts[LOCK].clone();
    first.ending = Ending::Killed;
    first.kept.push(kept(&mut run, LOCK));
    let again = &mut run.attempts[LOCK];
    (again.turn, again.ending) = (1, Ending::Exit(4));
    again.instant += 1;
    NOT_AGAIN.clone_into(&mut again.stderr);
    run.attempts.insert(LOCK, first);
    assert_eq!(faults(&run), [""; 0]);
}

#[test]
fn a_fault_of_a_report_is_found() {
    let plants: [(&str, Plant); 6] = [
        ("reported success without an answer", |run| {
            run.attempts[LOCK].answer = None;
        }),
        ("reported locks", |run| {
            run.attempts[LOCK].answer.as_mut().unwrap()["locks"][0]["id"] = "thaw".into();
        }),
        ("reported {", |run| {
            run.attempts[QUEUE].answer.as_mut().unwrap()["deployments"]["staging"]["version"] =
                9.into();
        }),
        ("reported release web 9", |run| {
            run.attempts[RELEASE].answer.as_mut().unwrap()["version"] = 9.into();
        }),
        ("reported the tag", |run| {
            run.refs.remove("refs/tags/first");
        }),
        ("which is not in the history", |run| {
            run.refs
                .insert("refs/tags/stray".to_owned(), "e".repeat(40));
        }),
    ];
    assert_found(&plants);
}

#[test]
fn a_fault_of_a_commit_is_found() {
    let plants: [(&str, Plant); 6] = [
        ("is none of its business", |run| {
            commit(run, LOCK).tree.remove("README.md").unwrap();
        }),
        ("makes another yard", |run| {
            let path = "environments/staging/applications/web/queued_version";
            commit(run, QUEUE).tree.remove(path).unwrap();
        }),
        ("makes another yard", |run| {
            let tree = &mut commit(run, RELEASE).tree;
            let moved = tree
                .keys()
                .filter(|path| path.starts_with("applications/web/releases/2/"));
            for path in moved.cloned().collect::<Vec<_>>() {
                let node = tree.remove(&path).unwrap();
                tree.insert(path.replace("/2/", "/3/"), node);
            }
        }),
        ("it should have been refused", |run| {
            let refused = run.attempts[REFUSED].ask.clone();
            run.attempts[QUEUE].ask = refused;
        }),
        ("it changes nothing", |run| {
            let before = commit(run, LOCK).tree.clone();
            commit(run, QUEUE).tree = before;
        }),
        ("landed without its tag", |run| {
            run.refs
                .insert("refs/tags/first".to_owned(), run.commits[0].id.clone());
        }),
    ];
    assert_found(&plants);
}

#[test]
fn a_file_that_should_not_be_so_is_found() {
    const LINK: &str = "120000";
    const FILE: &str = "100644";
    let planted = [
        ("leads to", VERSION, LINK, "../../../../../../../etc"),
        (
            "leads to",
            VERSION,
            LINK,
            "../../../../applications/cart/releases/1",
        ),
        (
            "release 9 is not there",
            VERSION,
            LINK,
            "../../../../applications/web/releases/9",
        ),
        (
            "has the mode 100644",
            VERSION,
            FILE,
            "../../../../applications/web/releases/2",
        ),
        ("has the mode 100755", "README.md", "100755", "x"),
        (
            "what runs waits, too",
            WAITS,
            LINK,
            "../../../../applications/web/releases/2",
        ),
        (
            "is unknown",
            "environments/dev/applications/web/draft",
            FILE,
            "x",
        ),
        ("is unknown", "releases/web", FILE, "x"),
        (
            "is no release",
            "applications/web/releases/2a/created_at",
            FILE,
            "Z",
        ),
        (
            "is not the manifest of release 2",
            APPLIED,
            FILE,
            "at: night\n",
        ),
        (
            "what runs is",
            "argocd/v1alpha1/dev.yaml",
            FILE,
            "kind: AppProject\n",
        ),
        ("what runs is", "applications/web/team", FILE, "green"),
        ("is no JSON", "environments/dev/config.json", FILE, "{"),
        (
            "form a cycle",
            "environments/dev/config.json",
            FILE,
            "{\"upstream\": {\"environment\": \"staging\"}}",
        ),
        (
            "`moon` is not there",
            "environments/dev/config.json",
            FILE,
            "{\"upstream\": {\"environment\": \"moon\"}}",
        ),
    ];
    for (words, path, mode, text) in planted {
        let mut evidence = sound();
        write(&mut evidence, path, mode, text);
        assert_told(&evidence, words, path);
    }
}

#[test]
fn a_file_that_is_missing_is_found() {
    let data = format!("commits/11/{}/applications/web/.gitkeep", "1".repeat(38));
    let planted = [
        (
            "holds",
            "environments/staging/applications/web/locks/freeze/created_at",
        ),
        ("holds", "environments/dev/applications/web/deployed_by"),
        ("holds", "applications/web/releases/2/created_at"),
        ("files for Argo CD", "argocd/v1alpha1/dev.yaml"),
        ("releases and data of source commits do not fit", &data),
    ];
    for (words, path) in planted {
        let mut evidence = sound();
        let last = evidence.commits.last_mut().unwrap();
        last.tree.remove(path).unwrap();
        assert_told(&evidence, words, path);
    }
}

#[track_caller]
fn assert_told(evidence: &Evidence, words: &str, what: &str) {
    let found = faults(evidence);
    let told = found.iter().any(|fault| fault.contains(words));
    assert!(told, "{what}: {words:?} is not among {found:#?}");
}

/// Each fault is found, and told with these words.
#[track_caller]
fn assert_found(plants: &[(&str, Plant)]) {
    for (place, (words, plant)) in plants.iter().enumerate() {
        let mut evidence = sound();
        plant(&mut evidence);
        assert_told(&evidence, words, &format!("fault {place}"));
    }
}

#[test]
fn what_is_left_in_a_clone_or_on_the_remote_is_found() {
    let stage = Stage::set(&script(Vec::new()));
    let clone = &stage.clones[0];
    let last = quiet(&stage, 0, Quiet::Late);
    let faults = || {
        let mut evidence = sound();
        evidence.checkouts = vec![look(clone, 0, Vec::new(), &last), remote(&stage)];
        faults(&evidence)
    };
    assert_eq!(faults(), [""; 0]);
    let here = |line: &str| clone.world.shell(line);
    let ours = ".git/trainyard";
    let there = stage.world.remote();
    let there = there.display();
    let planted = [
        (
            "push-1.json` is left",
            format!("echo > {ours}/push-1.json"),
            format!("rm {ours}/push-1.json"),
        ),
        (
            "HEAD.lock` is left",
            "echo > .git/HEAD.lock".to_owned(),
            "rm .git/HEAD.lock".to_owned(),
        ),
        (
            "refs/trainyard/x` is left",
            "git update-ref refs/trainyard/x HEAD".to_owned(),
            "git update-ref -d refs/trainyard/x".to_owned(),
        ),
        (
            "the remote: `refs/trainyard/",
            format!("git -C {there} update-ref refs/trainyard/inbox/x main"),
            format!("git -C {there} update-ref -d refs/trainyard/inbox/x"),
        ),
        (
            "main.lock` is left",
            format!("echo > {there}/refs/heads/main.lock"),
            format!("rm {there}/refs/heads/main.lock"),
        ),
        (
            "git status says",
            "echo mine >> README.md".to_owned(),
            "git checkout -q README.md".to_owned(),
        ),
        (
            "git status says",
            "echo mine > new.txt".to_owned(),
            "rm new.txt".to_owned(),
        ),
        (
            "has not come along",
            "git update-ref refs/heads/main HEAD~1".to_owned(),
            "git update-ref refs/heads/main origin/main".to_owned(),
        ),
        (
            "git fsck",
            format!("mv {there}/objects {there}/away; mkdir {there}/objects"),
            format!("rmdir {there}/objects; mv {there}/away {there}/objects"),
        ),
    ];
    for (words, plant, mend) in planted {
        here(&plant);
        let found = faults();
        assert!(
            found.iter().any(|fault| fault.contains(words)),
            "{words:?} is not among {found:#?}"
        );
        here(&mend);
        assert_eq!(faults(), [""; 0], "after {mend}");
    }
}
