//! Integration tests: the program in real checkouts, with a bare remote beside them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod architecture;
mod argocd;
mod readme;
mod story;
mod world;
