//! A model of many writers: planner and publisher as they are, on a real object database, with a double of git and of the network, a
//! clock that costs no time, and a scheduler whose every choice comes from a seed. `docs/reliability.md` has its figures.

mod chance;
mod check;
mod hand;
mod history;
mod shop;
mod stage;
mod tests;
