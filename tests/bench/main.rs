//! The speed goals, measured: `trainyard` against plain git on the same work, in one run, as ratios.
//!
//! `cargo bench` needs about ten minutes, `cargo bench -- --quick` about one. It judges nothing: it exits with 0 unless
//! something could not be run.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark is there to print"
)]

mod arrival;
mod checkout;
mod crowd;
mod figures;
mod folder;
mod generate;
mod goals;
mod memory;
mod options;
mod program;
mod shape;
mod touched;
mod yard;

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::arrival::Arrival;
use crate::checkout::Checkout;
use crate::figures::{HEADINGS, Line};
use crate::goals::Stake;
use crate::options::Options;
use crate::program::{Programs, answer};
use crate::shape::Shape;
use crate::yard::Yard;

fn main() -> ExitCode {
    if env::args().any(|argument| argument == "--help") {
        println!("{}", options::USAGE);
        return ExitCode::SUCCESS;
    }
    match Options::parse(env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("{failures} could not be run");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Measures what was asked for, and returns how much of it could not be run.
fn run(options: &Options) -> Result<usize> {
    let folder = tempfile::Builder::new()
        .prefix("trainyard-bench-")
        .tempdir()?;
    let programs = Programs::at_home(folder.path().join("home"))?;
    if let Some((shape, place)) = &options.generate {
        let start = Instant::now();
        generate::generate(&programs, shape, place)?;
        println!(
            "{}, in {:.1} s",
            describe(shape),
            start.elapsed().as_secs_f64()
        );
        return Ok(0);
    }
    print_header(&programs, options.runs)?;
    let mut bench = Bench {
        options,
        programs: &programs,
        folder: folder.path(),
        failures: 0,
    };
    bench.trains(
        shape::SMALL,
        if options.quick {
            &[1, 2, 4, 6, 7, 8, 10]
        } else {
            &[1, 2, 10]
        },
    );
    if !options.quick {
        bench.trains(shape::MEDIUM, &[1, 2, 4, 6, 7, 8, 10]);
        if options.large {
            bench.trains(shape::LARGE, &[2]);
        }
        bench.growth(if options.large {
            shape::TEN_OF_1200K
        } else {
            shape::TEN_OF_220K
        });
    }
    bench.start();
    bench.crowd();
    Ok(bench.failures)
}

fn print_header(programs: &Programs, runs: usize) -> Result<()> {
    let cores = available_parallelism().context("counting cores")?;
    let git = answer(programs.git().arg("--version"))?;
    let ours = answer(programs.trainyard().arg("--version"))?;
    println!("{ours} against plain git, on {cores} cores, with {git}");
    println!(
        "ours and the rival in turn, {runs} runs each after one that does not count: median (least–most)\n"
    );
    println!("{HEADINGS}");
    Ok(())
}

fn describe(shape: &Shape) -> String {
    let Shape {
        name,
        applications,
        environments,
        releases,
        behind,
    } = shape;
    let files = shape.files();
    format!(
        "{name}: {applications} applications × {environments} environments × {releases} releases, {files} files; \
         a train of {behind}"
    )
}

/// One run of the benchmark.
struct Bench<'run> {
    options: &'run Options,
    programs: &'run Programs,
    folder: &'run Path,
    failures: usize,
}

impl<'run> Bench<'run> {
    /// Measures these goals on whole trains in that shape, as far as they were asked for.
    fn trains(&mut self, shape: Shape, goals: &[u8]) {
        let goals: Vec<u8> = goals
            .iter()
            .copied()
            .filter(|goal| self.options.wants(*goal))
            .collect();
        if !goals.is_empty() {
            let outcome = self.try_trains(shape, &goals);
            self.note(outcome, &format!("the trains of shape {}", shape.name));
        }
    }

    fn try_trains(&mut self, shape: Shape, goals: &[u8]) -> Result<()> {
        let yard = self.lay(shape)?;
        let arrival = Arrival::wait(&yard).context("running the train without a push")?;
        let checkout = Checkout::of(&yard)?;
        let runs = self.options.runs;
        // The goals that have no shape in their name are set for M.
        let stake = if shape.name == shape::SMALL.name {
            Stake::Informs
        } else {
            Stake::Promised
        };
        for goal in goals {
            match goal {
                1 => self.print(
                    goals::plan_and_commit(&checkout, &arrival, runs, stake).map(|line| [line]),
                ),
                2 => {
                    self.print(goals::end_to_end_bare(&yard, &arrival, runs).map(|line| [line]));
                    self.print(goals::end_to_end_checkout(&checkout, &arrival, runs));
                }
                4 => self.print(goals::prognosis(&checkout, runs, stake).map(|line| [line])),
                7 => self.print(goals::board(&checkout, runs, stake)),
                8 => self.print(goals::completion(&checkout, runs, stake)),
                10 => self.print(goals::verify(&checkout, runs, stake).map(|line| [line])),
                _ => self.print(goals::memory(&checkout, runs, stake)),
            }
        }
        Ok(())
    }

    /// Measures goal 3 between the small shape and that one.
    fn growth(&mut self, many: Shape) {
        if self.options.wants(3) {
            let yards = self
                .lay(shape::TEN_OF_20K)
                .and_then(|few| Ok((self.lay(many)?, few)));
            let line = yards.and_then(|(many, few)| goals::growth(&many, &few, self.options.runs));
            self.print(line.map(|line| [line]));
        }
    }

    /// Measures goal 5.
    fn start(&mut self) {
        if self.options.wants(5) {
            self.print(goals::start(self.programs, self.options.runs).map(|line| [line]));
        }
    }

    /// Measures goal 9, which takes its time.
    fn crowd(&mut self) {
        if self.options.names(9) {
            let yard = self.lay(shape::SMALL);
            self.print(yard.and_then(|yard| crowd::crowd(&yard)));
        }
    }

    fn lay(&self, shape: Shape) -> Result<Yard<'run>> {
        let start = Instant::now();
        let yard = Yard::lay(self.programs, shape, self.folder)
            .with_context(|| format!("laying {}", shape.name))?;
        let packed = yard.remote.packed()?;
        let took = start.elapsed().as_secs_f64();
        println!(
            "-- {}; {} kB packed, laid in {took:.1} s",
            describe(&shape),
            packed / 1_000
        );
        Ok(yard)
    }

    fn print<const N: usize>(&mut self, lines: Result<[Line; N]>) {
        let printed = lines.map(|lines| lines.iter().for_each(|line| println!("{line}")));
        self.note(printed, "a goal");
    }

    fn note(&mut self, outcome: Result<()>, what: &str) {
        if let Err(error) = outcome {
            eprintln!("error: {what} could not be run: {error:#}");
            self.failures += 1;
        }
    }
}
