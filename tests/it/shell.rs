//! In the shell: manual pages, and the pages of the help.

mod drive;
mod pages;
