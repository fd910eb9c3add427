//! The browser in which tests look at reports: wanted, not needed.

use std::env;

use super::{
    Options, install,
    packages::{Manager, Need},
};
use crate::process::{self, Failure, Outcome};

/// What the tests try, in the order they do; the variable `CHROMIUM` names another.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Installs one where there is none and nobody has to be asked; else says that its tests are skipped.
pub(crate) fn browser(options: Options) {
    if is_there() {
        return;
    }
    if let Err(why) = fetch(options) {
        println!("skipped: the tests in a browser, for there is no Chromium; {why}");
    }
}

fn is_there() -> bool {
    let named = env::var_os("CHROMIUM").is_some();
    named || NAMES.iter().any(|name| process::find(name).is_some())
}

fn fetch(options: Options) -> Outcome {
    // Homebrew's is an application, which is on no search path.
    let manager = Manager::of_system().filter(|manager| *manager != Manager::Brew);
    let Some(manager) = manager else {
        return Err(Failure::new(Need::Browser.remedy()));
    };
    if !install::asks_nobody(manager) {
        let by_hand = manager.by_hand(&[Need::Browser]);
        return Err(Failure::new(format!("install it with\n  {by_hand}")));
    }
    install::install(manager, &[Need::Browser], options)?;
    match is_there() {
        true => Ok(()),
        false => Err(Failure::new(Need::Browser.remedy())),
    }
}
