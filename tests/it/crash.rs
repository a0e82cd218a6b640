//! Accidents: killed at any system call, disks that are full or may not be written, and what others left in the way.
//! `docs/reliability.md` tells what is promised and how to run all of it.

mod accident;
mod disk;
mod fault;
mod left;
mod matrix;
mod read_only;
mod route;
mod scene;
mod tally;
mod verdict;
