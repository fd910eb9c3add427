//! The outputs of a small run, as files to look at and as a page to take apart.

mod golden;
mod page;

#[path = "../fixture/mod.rs"]
mod fixture;
