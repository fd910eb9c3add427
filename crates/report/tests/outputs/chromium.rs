//! The HTML page in a real browser: what a parser cannot know.

use std::{fs, path::PathBuf};

use annbench_report::{Chart, Run, html};
use annbench_store::results::tables::{LatencyHistogram, latency_tag};
use serde_json::{Value, json};

use crate::{
    browser::{Page, chromium},
    fixture,
};

const DESK: [u32; 2] = [1280, 900];
const PHONE: [u32; 2] = [390, 844];

/// Runs `check` on the fixture's page; says so where there is no browser to run it in.
fn with_page(size: [u32; 2], dark: bool, check: impl FnOnce(&mut Page)) {
    with_page_of(&fixture::run(), size, dark, check);
}

fn with_page_of(run: &Run, size: [u32; 2], dark: bool, check: impl FnOnce(&mut Page)) {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: no Chromium on this machine; install it, or name it with CHROMIUM");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("report.html");
    fs::write(&path, html(run)).unwrap();
    let mut page = Page::open(&chromium, &path, size, dark).unwrap();
    page.evaluate(DRAWN).unwrap();
    check(&mut page);
}

/// Comes to true as soon as every chart is drawn.
const DRAWN: &str = "new Promise(done => { \
     const all = () => \
     document.querySelectorAll('figure:not(.drawn):not([hidden])').length === 0; \
     if (all()) done(true); \
     new MutationObserver(() => all() && done(true)) \
         .observe(document.body, { attributes: true, subtree: true }); })";

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

#[test]
fn the_page_draws_its_charts_without_complaint_and_without_a_request() {
    with_page(DESK, false, |page| {
        let run = fixture::run();
        let charts = [
            Chart::trade_offs(&run),
            Chart::latencies(&run),
            Chart::under_load(&run),
            Chart::difficulty(&run).into_iter().collect(),
            Chart::map(&run).into_iter().collect(),
        ];
        let charts = charts.concat().len();
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

/// The ids of the charts that are to be seen and drawn.
const SHOWN: &str = "[...document.querySelectorAll('figure[data-mode].drawn:not([hidden])')]\
     .filter(figure => figure.getBoundingClientRect().height > 100)\
     .map(figure => figure.querySelector('figcaption').id)";

fn shown(page: &mut Page) -> Vec<String> {
    page.evaluate(DRAWN).unwrap();
    serde_json::from_value(page.evaluate(SHOWN).unwrap()).unwrap()
}

#[test]
fn a_mode_and_a_number_of_answers_choose_the_charts() {
    with_page(DESK, false, |page| {
        let single = [
            "recall-qps-single",
            "recall-p99-single",
            "recall-p50-single",
        ];
        let spread = "latency-percentiles-single".to_owned();
        let all = shown(page);
        assert!(all.contains(&"recall-qps-batch".to_owned()), "{all:?}");
        page.click("document.querySelector('input[name=mode][value=single]')")
            .unwrap();
        let expected: Vec<String> = single
            .map(str::to_owned)
            .into_iter()
            .chain([spread.clone()])
            .collect();
        assert_eq!(shown(page), expected);
        page.click("document.querySelector('input[name=k][value=\"1\"]')")
            .unwrap();
        let fewer = single.map(|name| format!("{name}-at-1"));
        let expected: Vec<String> = fewer.into_iter().chain([spread]).collect();
        assert_eq!(shown(page), expected);
        let title = page
            .evaluate(
                "document.querySelector('#recall-qps-single-at-1').parentElement\
                 .querySelector('.live').layout.xaxis.title.text",
            )
            .unwrap();
        assert_eq!(title, "recall@1");
    });
}

#[test]
fn the_axis_of_recall_is_stretched_towards_one() {
    with_page(DESK, false, |page| {
        let plot = "document.querySelector('#recall-qps-single').parentElement\
             .querySelector('.live')";
        let places = format!(
            "(() => {{ const plot = {plot}; const flat = plot.data.find(t => t.name === 'flat'); \
             const all = plot.data.flatMap(t => t.x); \
             return [flat.x[0], Math.max(...all), ...[0.9, 0.99].map(r => -Math.log10(1 - r))]; }})()"
        );
        page.click("document.querySelector('input[value=stretched]')")
            .unwrap();
        page.evaluate(DRAWN).unwrap();
        let ticks = page
            .evaluate(&format!("{plot}.layout.xaxis.ticktext"))
            .unwrap();
        let ticks: Vec<String> = serde_json::from_value(ticks).unwrap();
        assert!(
            ["0.9", "0.99", "1"]
                .iter()
                .all(|tick| ticks.contains(&(*tick).to_owned())),
            "{ticks:?}"
        );
        let places = page.evaluate(&places).unwrap();
        let [exact, last, nine, ninety_nine]: [f64; 4] = serde_json::from_value(places).unwrap();
        assert_eq!(exact, last, "what is exact is the last");
        assert!((ninety_nine - nine - 1.0).abs() < 1e-9 && exact > ninety_nine);
        page.click("document.querySelector('input[value=even]')")
            .unwrap();
        page.evaluate(DRAWN).unwrap();
        let back = page.evaluate(&format!("{plot}.data.find(t => t.name === 'flat').x[0]"));
        assert_eq!(back.unwrap(), 1);
        let thrown: Vec<&Value> = page.told("Runtime.exceptionThrown").collect();
        assert!(thrown.is_empty(), "{thrown:?}");
    });
}

#[test]
fn the_arrow_keys_choose_too() {
    with_page(DESK, false, |page| {
        page.evaluate("document.querySelector('input[name=mode]').focus()")
            .unwrap();
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39 });
            page.call("Input.dispatchKeyEvent", key).unwrap();
        }
        let shown = shown(page);
        assert!(!shown.contains(&"recall-qps-batch".to_owned()), "{shown:?}");
    });
}

#[test]
fn latencies_lie_over_percentiles_and_their_legend_hides_a_point() {
    with_page(DESK, false, |page| {
        let plot = "document.querySelector('#latency-percentiles-single').parentElement\
             .querySelector('.live')";
        let ticks = page
            .evaluate(&format!("{plot}.layout.xaxis.ticktext"))
            .unwrap();
        assert_eq!(ticks, json!(["0 %", "50 %", "90 %", "99 %"]));
        page.evaluate(&format!(
            "window.plot = {plot}; window.hidden = new Promise(done => \
             plot.on('plotly_restyle', () => \
                 done(plot.data.filter(trace => trace.visible === 'legendonly').length))); 0"
        ))
        .unwrap();
        page.click("plot.querySelectorAll('.legendtoggle')[1]")
            .unwrap();
        assert_eq!(page.evaluate("hidden").unwrap(), 1);
    });
}

/// The fixture with more points on the front, whose names are long.
fn crowded() -> Run {
    let mut run = fixture::run();
    for number in 100..106 {
        let like = run
            .points
            .iter()
            .find(|row| row.point == 5 && row.load() == fixture::SINGLE);
        let mut row = like.unwrap().clone();
        row.point = number;
        row.label = format!("hnsw m=32 ef_construction=128 of the name {number}");
        run.details.latencies.push(LatencyHistogram {
            tag: latency_tag(number, fixture::SINGLE),
            counts: run.details.latencies[0].counts.clone(),
        });
        run.points.push(row);
    }
    run
}

/// Of each chart that has a legend: its name, where the title of its axis ends, where the legend
/// begins and ends, where the picture ends, and how high the plot is.
const LEGENDS: &str = "[...document.querySelectorAll('figure.drawn:not([hidden])')]\
     .filter(figure => figure.querySelector('.legend .traces'))\
     .map(figure => { const place = name => figure.querySelector(name).getBoundingClientRect(); \
         const legend = place('.legend'); \
         return [figure.querySelector('figcaption').id, place('.xtitle').bottom, legend.top, \
             legend.bottom, place('.main-svg').bottom, place('.nsewdrag').height]; })";

#[test]
fn legends_stand_below_their_axes_however_many_lines_there_are() {
    for size in [DESK, PHONE] {
        with_page_of(&crowded(), size, false, |page| {
            let found = page.evaluate(LEGENDS).unwrap();
            let found: Vec<(String, f64, f64, f64, f64, f64)> =
                serde_json::from_value(found).unwrap();
            let names: Vec<&str> = found.iter().map(|found| found.0.as_str()).collect();
            assert!(names.contains(&"latency-percentiles-single"), "{names:?}");
            for (name, title, top, bottom, end, plot) in &found {
                assert!(top >= title, "{name}: {found:?}");
                assert!(*bottom <= end + 1.0, "{name}: {found:?}");
                assert!(*plot > 150.0, "{name}: {found:?}");
            }
        });
    }
}

#[test]
fn the_map_shows_base_queries_and_the_hardest_of_them() {
    with_page(DESK, false, |page| {
        let counts = page
            .evaluate(
                "document.querySelector('#map').parentElement.querySelector('.live')\
                 .data.map(trace => [trace.name, trace.x.length])",
            )
            .unwrap();
        let expected = json!([
            ["base", 400],
            ["queries", 180],
            ["hardest tenth of the queries", 20]
        ]);
        assert_eq!(counts, expected);
    });
}

#[test]
fn a_table_is_downloaded_as_csv() {
    with_page(DESK, false, |page| {
        let folder = tempfile::tempdir().unwrap();
        let to =
            json!({ "behavior": "allow", "downloadPath": folder.path(), "eventsEnabled": true });
        page.call("Page.setDownloadBehavior", to).unwrap();
        page.click("document.querySelector('button[data-file]')")
            .unwrap();
        let path = folder.path().join("wordnet-operating-points.csv");
        page.wait_until("Page.downloadProgress", |told| told["state"] == "completed")
            .unwrap();
        let text = fs::read_to_string(path).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let heads = reader.headers().unwrap().clone();
        let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
        let (index, qps) = (at("index"), at("single_qps"));
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let hostile = rows.iter().find(|row| &row[index] == fixture::HOSTILE);
        assert!(hostile.is_some(), "{text}");
        assert!(
            rows.iter().any(|row| &row[qps] == "12147.3"),
            "unrounded: {text}"
        );
        let logged: Vec<&Value> = page.told("Log.entryAdded").collect();
        assert!(logged.is_empty(), "{logged:?}");
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
