//! Charts of what an index costs to build and to hold against how fast it answers well.

use annbench_store::results::{BuildRow, Load, PointRow};

use super::{
    Chart, Choice, Dimension, Extent, Kind, Line, Mark, all_series, exactly, height::Height,
    mark_front,
};
use crate::{
    Constraints, Run,
    numbers::{Quantity, alone},
    run::{load_name, point_name},
};

/// The recall@k at which the speed of indexes is compared.
const RECALL: f64 = 0.95;

/// A cost of an index.
struct Cost {
    word: &'static str,
    title: &'static str,
    quantity: Quantity,
    of: fn(&BuildRow) -> Option<f64>,
}

const COSTS: [Cost; 2] = [
    Cost {
        word: "build",
        title: "build time",
        quantity: Quantity::Seconds,
        of: |build| Some(build.build_s()),
    },
    Cost {
        word: "memory",
        title: "resident memory",
        quantity: Quantity::Bytes,
        of: |build| build.memory.rss_bytes.map(|bytes| bytes as f64),
    },
];

/// A chart a cost, where at least two indexes meet the recall under the first main load.
pub(super) fn costs(run: &Run) -> Vec<Chart> {
    let load = run.main_loads().into_iter().next();
    let charts = load.map(|load| COSTS.iter().filter_map(move |cost| chart(run, load, cost)));
    charts.into_iter().flatten().collect()
}

fn chart(run: &Run, load: Load, cost: &Cost) -> Option<Chart> {
    let mut lines = lines(run, load, cost);
    let mut marks: Vec<&mut Mark> = lines.iter_mut().flat_map(|line| &mut line.marks).collect();
    if marks.len() < 2 {
        return None;
    }
    mark_front(&mut marks, |mark| (-mark.x.value, mark.y.value));
    let recall = format!("recall@{} >= {RECALL}", run.k());
    let (title, load) = (cost.title, load_name(load));
    Some(Chart {
        name: format!("{}-qps", cost.word),
        title: format!("{title} and queries a second at {recall}, {load}: up and left is better"),
        x: Dimension {
            title: title.to_owned(),
            extent: Extent::Log,
            quantity: cost.quantity,
            named: Vec::new(),
        },
        y: Height::Qps.dimension(),
        lines,
        choice: Choice::default(),
    })
}

/// The indexes of each type.
fn lines(run: &Run, load: Load, cost: &Cost) -> Vec<Line> {
    let all = all_series(run).into_iter().enumerate();
    let types = all.map(|(series, backend)| Line {
        name: backend.to_owned(),
        kind: Kind::Points,
        series,
        marks: marks(run, load, cost, backend),
    });
    types.filter(|line| !line.marks.is_empty()).collect()
}

fn marks(run: &Run, load: Load, cost: &Cost, backend: &str) -> Vec<Mark> {
    let of_type = run.whole_builds().filter(|build| build.backend == backend);
    let drawn = of_type.filter_map(|build| {
        let fastest = fastest(run, load, build)?;
        let x = (cost.of)(build).filter(|cost| *cost > 0.0)?;
        let y = Height::Qps.of(fastest)?;
        let (name, speed) = (point_name(fastest), Height::Qps.text(y.value));
        Some(Mark {
            x: exactly(x),
            y,
            tier: None,
            text: format!(
                "{name}: {speed}, {} {}",
                cost.title,
                alone(cost.quantity, x)
            ),
        })
    });
    drawn.collect()
}

/// The fastest point of an index that meets the recall.
fn fastest<'a>(run: &'a Run, load: Load, build: &BuildRow) -> Option<&'a PointRow> {
    let points = run.measured(load).filter(|row| row.build == build.build);
    let speed = |row: &&PointRow| row.qps.map_or(f64::NEG_INFINITY, |qps| qps.value);
    points
        .filter(|row| Constraints::recall(RECALL).are_met(run, row))
        .max_by(|a, b| speed(a).total_cmp(&speed(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn an_index_stands_where_its_fastest_point_that_meets_the_recall_does() {
        let charts = costs(&fixture::run());
        let texts: Vec<&str> = charts[0].marks().map(|mark| mark.text.as_str()).collect();
        assert_eq!(charts.len(), 2);
        assert!(
            texts[0].starts_with("flat: 150 qps, build time "),
            "{texts:?}"
        );
        let hnsw = texts.iter().find(|text| text.starts_with("hnsw")).unwrap();
        assert!(
            hnsw.starts_with("hnsw m=32 ef_search=64: 5,154 qps"),
            "{hnsw}"
        );
    }

    #[test]
    fn an_index_that_another_beats_in_cost_and_speed_is_not_on_the_front() {
        let mut run = fixture::run();
        let on_front = |run: &Run| -> Vec<String> {
            let chart = costs(run).swap_remove(0);
            let front = chart.marks().filter(|mark| mark.tier.is_some());
            let names = front.filter_map(|mark| mark.text.split(' ').next());
            names
                .map(|name| name.trim_end_matches(':').to_owned())
                .collect()
        };
        assert_eq!(on_front(&run), ["flat", "hnsw"]);
        let flat = run.builds.iter_mut().find(|build| build.is_exact).unwrap();
        flat.add_s += 100.0;
        assert_eq!(on_front(&run), ["hnsw"]);
    }

    #[test]
    fn one_index_alone_makes_no_chart() {
        let mut run = fixture::run();
        run.builds.truncate(1);
        assert!(costs(&run).is_empty());
    }
}
