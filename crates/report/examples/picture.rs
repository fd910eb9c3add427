//! A picture of an HTML page, such as a run's report, as a browser shows it:
//!
//! ```sh
//! cargo run --release -p annbench-report --example picture -- runs/default/latest/report.html report.png
//! ```
//!
//! Further arguments: width and height of the window in pixels (1280 900), and `dark`. A picture of
//! the whole page needs a window as high as that.

#![expect(clippy::print_stderr, reason = "an example prints")]

use std::{env, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

#[expect(dead_code, reason = "tests do more with a page")]
#[path = "../tests/browser/mod.rs"]
mod browser;

/// Comes to true as soon as every chart is drawn.
const DRAWN: &str = "new Promise(done => { \
     const all = () => \
     document.querySelectorAll('figure:not(.drawn):not([hidden])').length === 0; \
     if (all()) done(true); \
     new MutationObserver(() => all() && done(true)) \
         .observe(document.body, { attributes: true, subtree: true }); })";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [page, picture, rest @ ..] = args.as_slice() else {
        return Err("give a page and the PNG to write".into());
    };
    let size = [number(rest.first(), 1280)?, number(rest.get(1), 900)?];
    let dark = rest.iter().any(|arg| arg == "dark");
    let Some(chromium) = browser::chromium() else {
        return Err("no Chromium here; install it, or name it with CHROMIUM".into());
    };
    let page = fs::canonicalize(Path::new(page))?;
    let mut page = browser::Page::open(&chromium, &page, size, dark)?;
    page.evaluate(DRAWN)?;
    let told = page.call("Page.captureScreenshot", json!({ "format": "png" }))?;
    let png = BASE64_STANDARD.decode(told["data"].as_str().unwrap_or_default())?;
    fs::write(picture, png)?;
    eprintln!("wrote {picture}");
    Ok(())
}

fn number(arg: Option<&String>, default: u32) -> Result<u32, std::num::ParseIntError> {
    arg.map_or(Ok(default), |arg| arg.parse())
}
