//! Integration tests: the program in real checkouts, with a bare remote beside them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod architecture;
mod argocd;
mod bad_input;
mod commands;
mod conformance;
mod crash;
mod demo;
mod known_bad;
mod kuberpult_client;
mod lossy;
mod malice;
mod notify;
mod page;
mod publish;
mod readme;
mod repeat;
mod settings;
mod shapes;
mod shell;
mod shop;
mod story;
mod supply;
mod verify;
mod views;
mod workflows;
mod world;
mod writers;
