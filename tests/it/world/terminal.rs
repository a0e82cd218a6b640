//! The program in front of a person: in a terminal of its own, which is read and typed on.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;

use indicatif::{InMemoryTerm, TermLike as _};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::process::signal;
use super::words::words;
use super::{PATIENCE, World, program_path};

const SIZE: Winsize = Winsize {
    ws_row: 50,
    ws_col: 100,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

/// A command in a terminal.
pub(crate) struct Watched {
    child: Child,
    keyboard: File,
    /// What comes from the terminal.
    parts: Receiver<Vec<u8>>,
    /// All that came.
    pub(crate) written: String,
}

impl World {
    /// Starts the program in a terminal with a line of arguments and more variables, and does not wait for it.
    pub(crate) fn watch(&self, line: &str, variables: &[(&str, &str)]) -> Watched {
        let controller =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        tcsetwinsize(&controller, SIZE).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let mut terminal = File::options();
        let terminal = terminal
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let mut program = Command::new(program_path());
        program
            .env_clear()
            .envs(self.surroundings())
            .env("TERM", "xterm")
            .envs(variables.iter().copied())
            .env("TRAINYARD_NOW", self.next_minute().to_string())
            .current_dir(self.checkout())
            .args(words(line))
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal);
        let take_terminal = || {
            rustix::process::setsid()?;
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
            Ok(())
        };
        #[expect(unsafe_code, reason = "a session begins in the new process only")]
        // SAFETY: it makes two system calls and nothing else.
        unsafe {
            program.pre_exec(take_terminal);
        }
        let child = program.spawn().unwrap();
        // Its copies of the terminal would keep that open.
        drop(program);
        let keyboard = File::from(controller);
        Watched {
            child,
            parts: read(keyboard.try_clone().unwrap()),
            keyboard,
            written: String::new(),
        }
    }
}

/// Reads a terminal until nobody has it open any longer.
fn read(mut screen: File) -> Receiver<Vec<u8>> {
    let (sender, parts) = channel();
    spawn(move || {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = screen.read(&mut part) {
            if sender.send(part[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    parts
}

impl Watched {
    /// Waits until these words are written, once more than before.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) {
        let read = self.written.len();
        while !self.written[read..].contains(words) {
            let part = self.parts.recv_timeout(PATIENCE);
            let part = part.unwrap_or_else(|_| panic!("no `{words}`: {:?}", self.written));
            self.written += &String::from_utf8_lossy(&part);
        }
    }

    /// Types on the keyboard.
    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, &[self.child.id()]);
    }

    /// Waits for the end of the program, and ends what it has started: that dies with its terminal, unless whoever runs the tests has
    /// SIGHUP ignored.
    pub(crate) fn dies(&mut self) {
        self.child.wait().unwrap();
        let group = Pid::from_child(&self.child);
        // Mostly there is none left.
        let _ = kill_process_group(group, Signal::KILL);
    }

    /// What a person sees now.
    pub(crate) fn screen(&self) -> String {
        let screen = InMemoryTerm::new(SIZE.ws_row, SIZE.ws_col);
        screen.write_str(&self.written).unwrap();
        screen.contents()
    }

    /// Waits for the end, also that of all it started. Returns its exit code, or the number of the signal that ended it below
    /// zero, and all that was written.
    pub(crate) fn wait(mut self) -> (i32, Self) {
        let status = self.child.wait().unwrap();
        while let Ok(part) = self.parts.recv_timeout(PATIENCE) {
            self.written += &String::from_utf8_lossy(&part);
        }
        let code = status.code();
        (code.unwrap_or_else(|| -status.signal().unwrap_or(1)), self)
    }
}
