//! The most memory that a program and the programs below it held, by the kernel's own high-water marks.
//!
//! `ru_maxrss` cannot tell the two apart: a forked child begins with its parent's peak, and a waited-for child counts
//! as the one who waited. `VmHWM` belongs to one program from its `exec` on, but goes when that exits, so it is read
//! again and again: what a program takes in the last quarter of a millisecond of its life may be missed.

use std::fs;
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};

const BETWEEN_LOOKS: Duration = Duration::from_micros(250);
/// Finding a process's children means to look at every process, so it is done only every so many looks.
const LOOKS_PER_CENSUS: usize = 8;

/// Peaks in the kernel's kB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peak {
    pub(crate) own: u32,
    /// The largest among the programs that were started by the program, or by those.
    pub(crate) largest_child: u32,
}

/// Runs the program to its end and returns its peak; anything but exit 0 is an error.
pub(crate) fn peak(command: &mut Command) -> Result<Peak> {
    // Nobody reads along, so what it prints must not fill a pipe.
    let mut words = tempfile::tempfile()?;
    let mut child = command
        .stdout(Stdio::null())
        .stderr(words.try_clone()?)
        .spawn()?;
    let mut peak = Peak::default();
    for look in 0.. {
        peak.own = peak
            .own
            .max(high_water_mark(child.id()).unwrap_or_default());
        if look % LOOKS_PER_CENSUS == 0 {
            peak.largest_child = peak.largest_child.max(largest_below(child.id()));
        }
        if let Some(status) = child.try_wait()? {
            let mut text = String::new();
            words.rewind()?;
            words.read_to_string(&mut text)?;
            ensure!(
                status.success(),
                "the watched program failed ({status}): {}",
                text.trim()
            );
            break;
        }
        sleep(BETWEEN_LOOKS);
    }
    ensure!(
        peak.own > 0,
        "the kernel told no peak in `/proc/<pid>/status`"
    );
    Ok(peak)
}

/// Returns the largest peak of all programs below this one.
fn largest_below(ancestor: u32) -> u32 {
    let program = fs::read_link(format!("/proc/{ancestor}/exe")).ok();
    let family = descendants(ancestor);
    // A child that has not yet become another program still shows its parent's memory.
    let others = family
        .into_iter()
        .filter(|id| fs::read_link(format!("/proc/{id}/exe")).ok() != program);
    others.filter_map(high_water_mark).max().unwrap_or_default()
}

/// Returns the processes below this one.
fn descendants(ancestor: u32) -> Vec<u32> {
    let names = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    let processes = names.filter_map(|name| name.to_str()?.parse().ok());
    let parents: Vec<(u32, u32)> = processes
        .filter_map(|process| Some((process, status_number(process, "PPid:")?)))
        .collect();
    let mut found = vec![ancestor];
    for next in 0.. {
        let Some(&parent) = found.get(next) else {
            break;
        };
        found.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(process, _)| process),
        );
    }
    found.split_off(1)
}

fn high_water_mark(process: u32) -> Option<u32> {
    status_number(process, "VmHWM:")
}

/// Returns a number from the process's status, if it still has one.
fn status_number(process: u32, field: &str) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let rest = status.lines().find_map(|line| line.strip_prefix(field))?;
    rest.split_whitespace().next()?.parse().ok()
}
