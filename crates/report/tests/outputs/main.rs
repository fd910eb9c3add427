//! The outputs of a small run, as files to look at and as a page to take apart.

mod chromium;
mod golden;
mod page;

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../fixture/mod.rs"]
mod fixture;
