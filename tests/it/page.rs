//! `status -o html` as a person sees it: in a real browser, with its script and without.

mod browser;
mod content;
mod filter;
mod hostile;
mod keyboard;
mod looks;
mod pictures;
mod tab;
mod usage;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::views::busy_shop;
use crate::world::World;
use browser::tab;
use tab::Tab;

/// A page in a file of its own.
struct Page {
    folder: TempDir,
}

impl Page {
    fn of(html: &str) -> Self {
        let page = Self {
            folder: TempDir::new().unwrap(),
        };
        fs::write(page.file(), html).unwrap();
        page
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("index.html")
    }

    /// Opens it in a tab, with this fragment.
    #[track_caller]
    fn open(&self, tab: &Tab, fragment: &str) {
        // From one fragment to another, a browser does not load it again.
        tab.go("about:blank");
        tab.go(&format!("file://{}{fragment}", self.file().display()));
    }
}

/// The page of a repository.
#[track_caller]
fn page_of(world: &World) -> String {
    let answer = world.run("status -o html");
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer}");
    answer.stdout
}

/// The page of the busy shop, made once.
fn shop_page() -> Page {
    static PAGE: OnceLock<String> = OnceLock::new();
    Page::of(PAGE.get_or_init(|| page_of(&busy_shop())))
}

/// The apps that are seen on the board.
fn apps(tab: &Tab) -> Vec<String> {
    tab.texts("#apps tbody th button")
}
