//! The outputs of a small run, as files to look at and as a page to take apart.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod chromium;
mod golden;
mod page;

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../fixture/mod.rs"]
mod fixture;
