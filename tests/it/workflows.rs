//! In the hands of CI: the option `--github`, the action, and the example workflows of `docs/ci/`, each run as its service runs it.

mod action;
mod elsewhere;
mod examples;
mod expression;
mod files;
mod flag;
mod log;
mod machine;
mod runner;
