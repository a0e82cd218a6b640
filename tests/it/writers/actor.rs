//! An actor at work: runs what its script says, kills it in time, repeats what was interrupted, and keeps what it saw.

use std::fs;
use std::io::Read as _;
use std::iter::successors;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::evidence::{Attempt, Ending, Kept, Stands};
use super::script::{Actor, Befalls, Edit, Shape, Since, Step, Task};
use super::stage::{Stage, author, instant, put};

/// What an actor leaves behind: what it saw of each process, and which edits must still be in its checkout.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) attempts: Vec<Attempt>,
    /// Lines of `git status --porcelain`.
    pub(super) edits: Vec<String>,
    /// What became of the edits in the way: nobody may write over them.
    pub(super) faults: Vec<String>,
}

/// A file that operations touch, changed by the user.
struct InTheWay {
    path: &'static str,
    words: String,
    before: String,
}

const TOUCHED: &str = "environments/dev/applications/web/deployed_by_email";

/// How often it is looked whether one that is to be killed in line has come there.
const LOOK: Duration = Duration::from_millis(5);

/// Does all that stands in the script of an actor.
pub(super) fn act(stage: &Stage, actor: &Actor) -> Seen {
    let mut seen = Seen::default();
    let mut in_the_way = None;
    // A person edits when the command before has come to an end.
    let mut settled = true;
    let checkout = stage.clones[actor.clone].world.checkout();
    for (number, step) in actor.steps.iter().enumerate() {
        match step {
            Step::Run(task) => settled = run(stage, actor, task, &mut seen),
            Step::Edit(edit) if settled => {
                let world = &stage.clones[actor.clone].world;
                match edit {
                    Edit::New => {
                        let name = format!("new-{number}.txt");
                        fs::write(checkout.join(&name), "mine\n").unwrap();
                        seen.edits.push(format!("?? {name}"));
                    }
                    Edit::Aside => {
                        fs::write(checkout.join("README.md"), format!("Mine, {number}.\n"))
                            .unwrap();
                        seen.edits.push(" M README.md".to_owned());
                    }
                    Edit::Staged => {
                        let name = format!("staged-{number}.txt");
                        fs::write(checkout.join(&name), "mine\n").unwrap();
                        world.git(&["add", &name]);
                        seen.edits.push(format!("A  {name}"));
                    }
                    Edit::InTheWay => {
                        let before = fs::read_to_string(checkout.join(TOUCHED)).ok();
                        if let (None, Some(before)) = (&in_the_way, before) {
                            let words = format!("mine-{number}@yard.example");
                            fs::write(checkout.join(TOUCHED), &words).unwrap();
                            in_the_way = Some(InTheWay {
                                path: TOUCHED,
                                words,
                                before,
                            });
                        }
                    }
                }
            }
            Step::Edit(_) => {}
            Step::TakeBack => {
                if let Some(edit) = in_the_way.take() {
                    edit.take_back(stage, actor, &mut seen);
                }
            }
        }
    }
    seen.edits.sort();
    seen.edits.dedup();
    seen
}

impl InTheWay {
    /// The edit is still there, and goes.
    fn take_back(self, stage: &Stage, actor: &Actor, seen: &mut Seen) {
        let world = &stage.clones[actor.clone].world;
        let there = fs::read_to_string(world.checkout().join(self.path)).unwrap_or_default();
        if there != self.words {
            let path = self.path;
            let (clone, words, before) = (actor.clone, &self.words, &self.before);
            let fault = format!(
                "clone {clone}: the user's edit of `{path}` is lost: {before:?}, {words:?}, {there:?}"
            );
            seen.faults.push(fault);
            return;
        }
        // Nobody could have brought the checkout past a change of that file, so that what was there is what belongs there.
        fs::write(world.checkout().join(self.path), self.before).unwrap();
    }
}

/// Runs an operation, and again as long as its end is not known and its script says so. Tells whether the end is known.
fn run(stage: &Stage, actor: &Actor, task: &Task, seen: &mut Seen) -> bool {
    let folder = stage.folder(&task.mark);
    let (mut words, files) = task.ask.words(&folder);
    put(&files);
    let common = ["-v".to_owned(), "-o".to_owned(), "json".to_owned()];
    words.splice(0..0, common);
    let mut befalls = task.befalls;
    for turn in 0..4 {
        let at = format!("{}.{turn}", task.mark);
        let tip_before = stage.tip();
        let second = task.second + i64::from(turn);
        let mut program = stage.program(actor.clone, (second, &task.mark, turn), befalls);
        program.args(author(&task.mark)).args(&words);
        program.stdin(Stdio::null());
        let output = [("out", 0), ("err", 0)].map(|(name, _)| {
            let path = stage.world.room().join(format!("{at}.{name}"));
            (fs::File::create(&path).unwrap(), path)
        });
        let [(out, out_path), (err, err_path)] = output;
        let mut child = program.stdout(out).stderr(err).spawn().unwrap();
        let waits = || {
            let kept = kept(&stage.clones[actor.clone].git_folder);
            let now = instant(second).as_second();
            let mut own = kept.iter().filter(|kept| kept.instant == now);
            own.any(|kept| kept.stands != Stands::Alone)
        };
        let ending = end(&mut child, befalls, waits);
        let [stdout, stderr] = [out_path, err_path].map(|path| {
            let mut text = String::new();
            let mut file = fs::File::open(&path).unwrap();
            file.read_to_string(&mut text).unwrap_or_default();
            let _ = fs::remove_file(path);
            text
        });
        seen.attempts.push(Attempt {
            mark: task.mark.clone(),
            clone: actor.clone,
            alone: actor.alone,
            turn,
            ask: task.ask.clone(),
            befalls,
            ending,
            answer: serde_json::from_str(&stdout).ok(),
            stderr,
            kept: kept(&stage.clones[actor.clone].git_folder),
            instant: instant(second).as_second(),
            tip_before,
            tip_after: stage.tip(),
        });
        match (ending, task.again) {
            (Ending::Killed | Ending::Exit(4), None) => return false,
            (Ending::Killed | Ending::Exit(4), Some(next)) => {
                befalls = if turn < 2 { next } else { Befalls::Nothing };
            }
            (Ending::Exit(_), _) => return true,
        }
    }
    false
}

/// The pushes that the journal of a clone keeps: they are under way, or were.
fn kept(git_folder: &Path) -> Vec<Kept> {
    let entries = fs::read_dir(git_folder.join("trainyard"));
    let mut kept = Vec::new();
    for entry in entries.into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with("push-") && name.ends_with(".json")) {
            continue;
        }
        // Who shares the clone may have removed it meanwhile.
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let journal: Value = serde_json::from_str(&text).unwrap_or_default();
        let first = Some(&journal).filter(|push| push.is_object());
        for push in successors(first, |push| push.get("earlier")) {
            let instant: Timestamp = push["instant"].as_str().unwrap().parse().unwrap();
            let waiting = &push["waiting"];
            kept.push(Kept {
                operation: push["operation"].as_str().unwrap().to_owned(),
                instant: instant.as_second(),
                stands: if waiting["arrived"] != true {
                    Stands::Alone
                } else if push["new"] == waiting["commit"] {
                    Stands::InLine
                } else {
                    Stands::AtTheHead
                },
            });
        }
    }
    kept
}

/// Waits for the end, or brings it about.
fn end(child: &mut Child, befalls: Befalls, waits: impl Fn() -> bool) -> Ending {
    if let Befalls::Killed {
        after, since, all, ..
    } = befalls
    {
        while since == Since::InLine && !waits() && child.try_wait().unwrap().is_none() {
            thread::sleep(LOOK);
        }
        thread::sleep(after);
        if child.try_wait().unwrap().is_none() {
            if all {
                kill_all(child.id());
            } else {
                child.kill().unwrap();
            }
        }
    }
    let status = child.wait().unwrap();
    match status.signal() {
        Some(9) => Ending::Killed,
        Some(other) => Ending::Exit(-other),
        None => Ending::Exit(status.code().unwrap()),
    }
}

/// Kills a process and all that it started, but not what has begun a session of its own, such as a server.
fn kill_all(first: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    let send = |id: u32, signal| {
        let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        // Who is gone already does not mind.
        let _ = kill_process(id, signal);
    };
    send(first, Signal::STOP);
    let mut all = vec![first];
    // Whoever is stopped starts no more children.
    loop {
        let more = crate::world::children_in_session(&all);
        if more.is_empty() {
            break;
        }
        for id in &more {
            send(*id, Signal::STOP);
        }
        all.extend(more);
    }
    for id in all {
        send(id, Signal::KILL);
    }
}

/// When nobody else is at work.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quiet {
    /// A command settles what others left.
    Soon,
    /// So late that nobody does any more what waits: a command finds it so.
    Late,
}

/// A command in a clone when nobody else is at work.
pub(super) fn quiet(stage: &Stage, clone: usize, when: Quiet) -> Attempt {
    let (id, second) = match when {
        Quiet::Soon => (format!("quiet-{clone}"), 800),
        Quiet::Late => (format!("late-{clone}"), 2000),
    };
    let mark = format!("{id}@yard.example");
    let second = second + i64::try_from(clone).unwrap();
    let ask = super::ask::Ask::Lock {
        place: super::ask::Place::Environment("dev".to_owned()),
        what: super::ask::What::All,
        id,
    };
    let (words, _) = ask.words(&stage.folder(&mark));
    let tip_before = stage.tip();
    let mut program = stage.program(clone, (second, &mark, 0), Befalls::Nothing);
    program
        .args(author(&mark))
        .args(["-v", "-o", "json"])
        .args(words);
    let output = program.output().unwrap();
    Attempt {
        mark,
        clone,
        alone: true,
        turn: 0,
        ask,
        befalls: Befalls::Nothing,
        ending: Ending::Exit(output.status.code().unwrap_or(-1)),
        answer: serde_json::from_slice(&output.stdout).ok(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        kept: Vec::new(),
        instant: instant(second).as_second(),
        tip_before,
        tip_after: stage.tip(),
    }
}

/// Whether a clone has files.
pub(super) fn has_files(shape: Shape) -> bool {
    match shape {
        Shape::Plain | Shape::General => true,
        Shape::Bare => false,
    }
}
