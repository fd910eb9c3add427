//! The HTML page, taken apart by a parser nobody here wrote.

use annbench_report::{Details, Run, html};
use annbench_store::results::Mode;
use scraper::{ElementRef, Html, Selector};

use crate::fixture;

fn page() -> (String, Html) {
    let text = html(&fixture::run());
    let parsed = Html::parse_document(&text);
    (text, parsed)
}

fn select<'p>(page: &'p Html, selector: &str) -> Vec<ElementRef<'p>> {
    // Every selector here is a constant of this file; one that is wrong finds nothing.
    let selector = Selector::parse(selector).ok();
    selector.map_or_else(Vec::new, |selector| page.select(&selector).collect())
}

fn count(page: &Html, selector: &str) -> usize {
    select(page, selector).len()
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let elements = select(page, selector).into_iter();
    elements.map(|element| element.text().collect()).collect()
}

#[test]
fn the_page_is_well_formed() {
    let (_, page) = page();
    assert!(page.errors.is_empty(), "{:?}", page.errors);
}

#[test]
fn names_never_become_markup() {
    let mut run = fixture::run();
    run.record.experiment = "</title><script>alert(2)</script>".into();
    run.record.experiment_toml = "</code></pre><script>alert(3)</script>".into();
    run.record.dataset.name = "<img src=x onerror=alert(4)>".into();
    run.points[2]
        .requested
        .insert("\"><script>".into(), "<svg onload=alert(5)>".into());
    run.builds[0].index_file = Some("\" onclick=\"alert(6)".into());
    let page = Html::parse_document(&html(&run));
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let own = html(&fixture::run());
    let own = count(&Html::parse_document(&own), "script");
    assert_eq!(count(&page, "script"), own, "the page's own");
    assert_eq!(count(&page, "img"), 0);
    assert_eq!(count(&page, "[onload], [onerror], [onclick]"), 0);
    assert_eq!(texts(&page, "h1"), ["</title><script>alert(2)</script>"]);
    let names = texts(&page, "td:first-child");
    assert!(
        names.iter().any(|name| name == fixture::HOSTILE),
        "{names:?}"
    );
}

#[test]
fn the_page_asks_nothing_of_any_other_place() {
    let (_, page) = page();
    let styles = texts(&page, "style").concat();
    assert!(!styles.contains("url(") && !styles.contains("@import"));
    assert_eq!(
        count(
            &page,
            "link, img, iframe, object, embed, source, [src], [srcset]"
        ),
        0
    );
    let links = select(&page, "[href]");
    assert!(!links.is_empty());
    for link in links {
        let target = link.attr("href").unwrap();
        assert!(target.starts_with("#note-"), "{target}");
        assert_eq!(count(&page, target), 1, "{target}");
    }
}

#[test]
fn the_policy_lets_the_pages_own_script_run_and_nothing_else() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    let (_, page) = page();
    let scripts = texts(&page, "script:not([type])");
    let hash = |script: &String| BASE64_STANDARD.encode(Sha256::digest(script));
    let allowed: Vec<String> = scripts.iter().map(hash).collect();
    let policy = Selector::parse("meta[http-equiv]").unwrap();
    let policy = page
        .select(&policy)
        .next()
        .unwrap()
        .attr("content")
        .unwrap();
    let listed = format!("script-src 'sha256-{}' 'sha256-{}'", allowed[0], allowed[1]);
    assert!(policy.ends_with(&listed), "{listed}");
    assert_eq!(allowed.len(), 2, "Plotly's and the page's own");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
}

#[test]
fn charts_hold_every_measured_point_with_its_name() {
    let (_, page) = page();
    let run = fixture::run();
    let measured = run.points.iter().filter(|p| p.status.is_ok());
    // A batch of fewer threads is told in a table alone.
    let measured = measured.filter(|p| p.mode != Mode::Batch || p.load() == fixture::BATCH);
    // In single mode also by p99, which the exact index does not have, and by p50; of each index
    // that meets a recall of 0.95 one more by what it costs to build and to hold.
    let (singles_with_p99, singles_with_p50, costs) = (6, 7, 2 * 2);
    // And a tenth of the 200 queries on the map, ten tenths of two points, and latencies.
    // Three lines to the 99th percentile, six marks a factor of ten.
    let spread = 3 * 13;
    let shown = "figure:not([hidden]) svg g.mark title";
    let titles = texts(&page, shown);
    assert_eq!(
        titles.len(),
        measured.count() + singles_with_p99 + singles_with_p50 + costs + 20 + 2 * 10 + spread
    );
    let expected = "hnsw m=32 ef_search=64: 5,154 qps, recall 0.990 ±0.003";
    assert!(titles.iter().any(|title| title == expected), "{titles:?}");
    let expected = "hnsw m=32 ef_search=64, concurrent, 2 clients: 9,600 qps";
    assert!(titles.iter().any(|title| title == expected), "{titles:?}");
}

#[test]
fn tiers_can_be_seen_in_tables_and_charts() {
    let (_, page) = page();
    assert_eq!(count(&page, "td.tied"), 1);
    assert_eq!(count(&page, "svg path.shaded"), 1);
    assert!(count(&page, "td.front") > 10);
    assert_eq!(texts(&page, "td.tied"), ["○ 20,500"]);
}

#[test]
fn other_loads_have_a_section_with_charts_and_runs_without_have_none() {
    let mut run = fixture::run();
    let titles = |run: &Run| texts(&Html::parse_document(&html(run)), "h2");
    let title = "Under load".to_owned();
    assert!(titles(&run).contains(&title));
    let (_, page) = page();
    assert_eq!(count(&page, "#clients-qps, #arrivals-p99"), 2);
    let of_load = texts(&page, "figure:not([data-mode]) ol li");
    let of_difficulty = "ivf_flat nlist=256 nprobe=32";
    let loaded = "hnsw m=32 ef_search=64";
    assert_eq!(of_load, [of_difficulty, loaded, loaded, loaded]);
    run.points
        .retain(|row| [fixture::SINGLE, fixture::BATCH].contains(&row.load()));
    assert!(!titles(&run).contains(&title));
}

#[test]
fn single_queries_are_told_by_the_users_names_and_older_runs_have_none() {
    let (_, page) = page();
    let titles = texts(&page, "h2, h3");
    for title in [
        "Recall of single queries",
        "Worst queries",
        "By columns of your data",
        "Map",
    ] {
        assert!(titles.iter().any(|found| found == title), "{titles:?}");
    }
    let cells = texts(&page, "td");
    for cell in ["q-173", "<b>fr</b>", fixture::HOSTILE] {
        assert!(cells.iter().any(|found| found == cell), "{cell}");
    }
    let mut older = fixture::run();
    older.queries.clear();
    older.details = Default::default();
    older
        .points
        .iter_mut()
        .for_each(|row| row.recall_at.clear());
    let older = Html::parse_document(&html(&older));
    assert!(older.errors.is_empty(), "{:?}", older.errors);
    let titles = texts(&older, "h2");
    assert!(
        !titles
            .iter()
            .any(|title| title == "Map" || title == "Recall of single queries")
    );
    assert_eq!(count(&older, "figure[hidden], input[name=k]"), 0);
}

#[test]
fn charts_of_fewer_answers_wait_until_they_are_chosen() {
    let (_, page) = page();
    assert_eq!(count(&page, "figure[hidden][data-k=\"1\"]"), 4);
    assert_eq!(count(&page, "figure[hidden][data-k=\"10\"]"), 0);
    assert_eq!(count(&page, "input[name=k]"), 3);
    assert_eq!(count(&page, "input[name=k][checked][value=\"10\"]"), 1);
    assert_eq!(count(&page, "input[name=mode]"), 3);
}

#[test]
fn the_page_is_under_6_mb() {
    let (text, _) = page();
    assert!(text.len() < 6_000_000, "{}", text.len());
}

#[test]
fn every_index_type_has_a_colour() {
    let (text, page) = page();
    assert_eq!(count(&page, ".key li"), 4);
    for series in 0..6 {
        assert!(
            text.contains(&format!(".series-{series} {{ color")),
            "{series}"
        );
    }
}

#[test]
fn a_run_without_rows_is_a_page_that_says_so() {
    let mut run = fixture::run();
    run.points.clear();
    run.builds.clear();
    run.details = Details::default();
    let page = Html::parse_document(&html(&run));
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    assert_eq!(texts(&page, ".lead"), ["No operating point was measured."]);
    assert_eq!(count(&page, "svg"), 0);
}
