//! In the hands of CI: the option `--github`.

mod files;
mod flag;
mod log;
