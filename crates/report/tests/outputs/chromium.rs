//! The HTML page in a real browser: what a parser cannot know.

use std::{fs, path::PathBuf};

use annbench_report::{Chart, html};
use serde_json::{Value, json};

use crate::{
    browser::{Page, chromium},
    fixture,
};

const DESK: [u32; 2] = [1280, 900];
const PHONE: [u32; 2] = [390, 844];

/// Runs `check` on the fixture's page; says so where there is no browser to run it in.
fn with_page(size: [u32; 2], dark: bool, check: impl FnOnce(&mut Page)) {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: no Chromium on this machine; install it, or name it with CHROMIUM");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("report.html");
    fs::write(&path, html(&fixture::run())).unwrap();
    let mut page = Page::open(&chromium, &path, size, dark).unwrap();
    page.evaluate(DRAWN).unwrap();
    check(&mut page);
}

/// Comes to true as soon as every chart is drawn.
const DRAWN: &str = "new Promise(done => { \
     const all = () => document.querySelectorAll('figure:not(.drawn)').length === 0; \
     if (all()) done(true); \
     new MutationObserver(() => all() && done(true)) \
         .observe(document.body, { attributes: true, subtree: true }); })";

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

#[test]
fn the_page_draws_its_charts_without_complaint_and_without_a_request() {
    with_page(DESK, false, |page| {
        let charts =
            Chart::trade_offs(&fixture::run()).len() + Chart::under_load(&fixture::run()).len();
        let drawn = page
            .evaluate("document.querySelectorAll('.live .main-svg').length")
            .unwrap();
        assert!(
            number(&drawn) as usize >= charts,
            "{drawn} for {charts} charts"
        );
        let thrown: Vec<&Value> = page.told("Runtime.exceptionThrown").collect();
        assert!(thrown.is_empty(), "{thrown:?}");
        let logged: Vec<&Value> = page.told("Log.entryAdded").collect();
        assert!(logged.is_empty(), "{logged:?}");
        let consoled: Vec<&Value> = page.told("Runtime.consoleAPICalled").collect();
        assert!(consoled.is_empty(), "{consoled:?}");
        let asked = page.told("Network.requestWillBeSent");
        let asked: Vec<&str> = asked
            .filter_map(|event| event["request"]["url"].as_str())
            .collect();
        let abroad = |url: &&&str| {
            !["file:", "data:", "blob:"]
                .iter()
                .any(|own| url.starts_with(own))
        };
        assert!(!asked.is_empty(), "the page itself");
        assert_eq!(asked.iter().find(abroad), None);
    });
}

#[test]
fn a_click_in_a_legend_hides_an_index_type() {
    with_page(DESK, false, |page| {
        page.evaluate(
            "window.plot = document.querySelector('figure .live'); \
             window.hidden = new Promise(done => plot.on('plotly_restyle', () => \
                 done(plot.data.filter(trace => trace.visible === 'legendonly')\
                     .map(trace => trace.legendgroup)))); 0",
        )
        .unwrap();
        page.click("plot.querySelectorAll('.legendtoggle')[1]")
            .unwrap();
        let hidden = page.evaluate("hidden").unwrap();
        assert_eq!(hidden, json!(["flat"]));
    });
}

#[test]
fn a_click_on_a_heading_sorts_the_table() {
    with_page(DESK, false, |page| {
        let heading = "[...document.querySelectorAll('th button')]\
             .find(button => button.textContent.startsWith('recall@'))";
        let recalls = "(() => { const h = HEADING.closest('th'); \
             return [...h.closest('table').tBodies[0].rows]\
             .map(row => row.cells[h.cellIndex].dataset.value).filter(value => value)\
             .map(Number); })()"
            .replace("HEADING", heading);
        page.click(heading).unwrap();
        let falling: Vec<f64> = serde_json::from_value(page.evaluate(&recalls).unwrap()).unwrap();
        assert!(
            falling.len() > 5 && falling.is_sorted_by(|a, b| a >= b),
            "{falling:?}"
        );
        page.click(heading).unwrap();
        let rising: Vec<f64> = serde_json::from_value(page.evaluate(&recalls).unwrap()).unwrap();
        assert!(rising.is_sorted(), "{rising:?}");
    });
}

#[test]
fn nothing_a_user_named_runs() {
    with_page(DESK, false, |page| {
        assert!(page.told("Page.javascriptDialogOpening").next().is_none());
        let text = page.evaluate("document.body.innerText").unwrap();
        assert!(
            text.as_str().unwrap().contains("<script>alert(1)</script>"),
            "told as text"
        );
    });
}

#[test]
fn on_a_phone_nothing_but_tables_is_wider_than_the_window() {
    with_page(PHONE, true, |page| {
        let width = page
            .evaluate("document.documentElement.scrollWidth")
            .unwrap();
        assert!(number(&width) <= u64::from(PHONE[0]), "{width}");
        let paper = page
            .evaluate("getComputedStyle(document.body).backgroundColor")
            .unwrap();
        assert_eq!(paper, "rgb(20, 23, 26)", "by night");
    });
}
