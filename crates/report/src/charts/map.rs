//! The vectors in two dimensions, the hard queries marked.

use annbench_store::results::{PointRow, QueryFacts, VectorMap};

use super::{Chart, Choice, Dimension, Extent, Kind, Line, Mark, exactly};
use crate::{
    Run,
    numbers::{Quantity, count, percent, share},
    run::point_name,
    tail::{Recalls, query_name},
};

/// Series of the marks: by their colours and shapes.
const BASE: usize = 5;
const EASY: usize = 0;
const HARD: usize = 1;

/// More marks than this are no longer read one by one.
const MOST_HARD: usize = 200;

/// Characters of a text that are told where there is little room.
const TEXT_CHARS: usize = 60;

/// None of a run without a map.
pub(super) fn map(run: &Run) -> Option<Chart> {
    let map = run.details.map.as_ref()?;
    let recalls = Recalls::of(run);
    let hardest = recalls.as_ref().map_or_else(Vec::new, hardest);
    let mut lines = vec![
        cloud("base", BASE, map.base.iter()),
        cloud("queries", EASY, easy(map, &hardest)),
    ];
    lines.extend(recalls.map(|recalls| hard(run, map, &recalls, &hardest)));
    let axis = |at: usize| Dimension {
        title: format!(
            "component {}: {} of the variance",
            at + 1,
            percent(map.variance_shares[at])
        ),
        extent: Extent::Plain,
        quantity: Quantity::Share,
        named: Vec::new(),
    };
    Some(Chart {
        name: "map".to_owned(),
        title: format!(
            "{} base vectors and {} queries by their first two principal components",
            count(map.base.len()),
            count(map.queries.len())
        ),
        x: axis(0),
        y: axis(1),
        lines: lines
            .into_iter()
            .filter(|line| !line.marks.is_empty())
            .collect(),
        choice: Choice::default(),
    })
}

fn cloud<'m>(name: &str, series: usize, places: impl Iterator<Item = &'m [f32; 2]>) -> Line {
    Line {
        name: name.to_owned(),
        kind: Kind::Cloud,
        series,
        marks: places.map(|place| mark(*place, String::new())).collect(),
    }
}

fn mark(place: [f32; 2], text: String) -> Mark {
    let [x, y] = place.map(rounded);
    Mark {
        x: exactly(x),
        y: exactly(y),
        tier: None,
        text,
    }
}

/// To four digits that count: more would only make the page longer.
fn rounded(value: f32) -> f64 {
    format!("{value:.3e}").parse().unwrap_or_default()
}

/// The numbers of the hardest queries; none where that is not known.
fn hardest(recalls: &Recalls<'_>) -> Vec<usize> {
    let parts = recalls.tenths();
    let mut hardest = parts.map_or_else(Vec::new, |mut parts| parts.swap_remove(0));
    hardest.truncate(MOST_HARD);
    hardest
}

fn easy<'m>(map: &'m VectorMap, hardest: &[usize]) -> impl Iterator<Item = &'m [f32; 2]> {
    let places = map.queries.iter().enumerate();
    let easy = places.filter(|(query_idx, _)| !hardest.contains(query_idx));
    easy.map(|(_, place)| place)
}

fn hard(run: &Run, map: &VectorMap, recalls: &Recalls<'_>, hardest: &[usize]) -> Line {
    let best = recalls.best();
    let placed = hardest.iter().filter_map(|&query_idx| {
        let place = map.queries.get(query_idx)?;
        let facts = run.details.queries.get(query_idx);
        Some(mark(*place, told(query_idx, facts, recalls, &best)))
    });
    Line {
        name: "hardest tenth of the queries".to_owned(),
        kind: Kind::Rings,
        series: HARD,
        marks: placed.collect(),
    }
}

/// `query q-17, contrast 1.31, recall 0.900 of hnsw m=32 ef_search=64: how do whales sleep?`
fn told(
    query_idx: usize,
    facts: Option<&QueryFacts>,
    recalls: &Recalls<'_>,
    best: &[&PointRow],
) -> String {
    let mut text = format!("query {}", query_name(query_idx, facts));
    if let Some(facts) = facts {
        text.push_str(&format!(", contrast {:.2}", facts.contrast));
    }
    for point in best {
        if let Some(recall) = recalls.of_point(point).get(query_idx) {
            let (recall, name) = (share(*recall), point_name(point));
            text.push_str(&format!(", recall {recall} of {name}"));
        }
    }
    let words = facts.and_then(|facts| facts.row.text.as_deref());
    text + &words.map_or_else(String::new, |words| format!(": {}", short(words)))
}

fn short(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn hard_queries_are_marked_and_told_by_their_names() {
        let run = fixture::run();
        let chart = map(&run).unwrap();
        let n_queries = run.details.queries.len();
        let counts: Vec<usize> = chart.lines.iter().map(|line| line.marks.len()).collect();
        assert_eq!(counts[1] + counts[2], n_queries);
        assert_eq!(counts[2], n_queries / 10);
        let text = &chart.lines[2].marks[0].text;
        assert!(
            text.starts_with("query q-") && text.contains("recall 0."),
            "{text}"
        );
    }

    #[test]
    fn a_run_without_a_map_has_none_and_a_map_needs_no_facts() {
        let mut run = fixture::run();
        run.details.queries.clear();
        assert_eq!(map(&run).unwrap().lines.len(), 2);
        run.details.map = None;
        assert_eq!(map(&run), None);
    }
}
