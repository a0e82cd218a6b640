//! What the benchmark was asked for.

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shape::{ALL, Shape};

pub(crate) const USAGE: &str = "\
usage: cargo bench -- [--quick] [--large] [--runs N] [--goal N]…
       cargo bench -- --generate SHAPE FOLDER

  --quick     20,000 files and 3 runs only: no goal is judged that is set for more
  --large     also 1.2 million files: about 20 GB of disk and an hour; TRAINYARD_BENCH_LARGE=1 says the same
  --runs N    measure everything N times (default 5)
  --goal N    only this goal, 1 to 10; 9 takes some minutes and runs only if it is named
  --generate  make a bare repository of that shape, measure nothing";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) large: bool,
    pub(crate) runs: usize,
    goals: BTreeSet<u8>,
    pub(crate) generate: Option<(Shape, PathBuf)>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let large = env::var_os("TRAINYARD_BENCH_LARGE").is_some_and(|value| value == "1");
        let mut options = Self {
            quick: false,
            large,
            runs: 0,
            goals: BTreeSet::new(),
            generate: None,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .with_context(|| format!("`{argument}` needs a value\n{USAGE}"))
            };
            match argument.as_str() {
                // cargo says so to every benchmark.
                "--bench" => {}
                "--quick" => options.quick = true,
                "--large" => options.large = true,
                "--runs" => options.runs = value()?.parse().context("`--runs` takes a number")?,
                "--goal" => options
                    .goals
                    .extend([value()?.parse::<u8>().context("`--goal` takes a number")?]),
                "--generate" => options.generate = Some((shape(&value()?)?, value()?.into())),
                _ => bail!("`{argument}` is unknown\n{USAGE}"),
            }
        }
        if options.runs == 0 {
            options.runs = if options.quick { 3 } else { 5 };
        }
        Ok(options)
    }

    /// Tells whether this goal was asked for by its number.
    pub(crate) fn names(&self, goal: u8) -> bool {
        self.goals.contains(&goal)
    }

    /// Tells whether this goal was asked for; without `--goal`, all are.
    pub(crate) fn wants(&self, goal: u8) -> bool {
        self.goals.is_empty() || self.goals.contains(&goal)
    }
}

fn shape(name: &str) -> Result<Shape> {
    let known = || ALL.map(|shape| format!("`{}`", shape.name)).join(", ");
    let found = ALL.into_iter().find(|shape| shape.name == name);
    found.with_context(|| format!("there is no shape `{name}`, only {}", known()))
}
