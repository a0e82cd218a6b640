//! `verify`: each fault in a real repository, what it says of it, and the command that mends it.

mod advice;
mod killed;
mod lost;
mod meant;
mod mending;
mod usage;
