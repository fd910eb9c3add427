//! A line a point and load: all that was recorded of it.

use annbench_store::results::{ColdStart, Estimate, LatencyUs, Repay, Settled, Spread, Tier};

use super::spec::{Spec, tabulate};
use crate::{
    Cell, Column, Quantity, Run, Table, Value,
    builds::Memory,
    lines::{Line, by_row},
    notes,
    repay::queries_cell,
    run::params_text,
    tiers::Tiers,
};

/// The table programs read: the same columns whatever the run.
pub(crate) fn for_machines(run: &Run) -> Table {
    let tiers = Tiers::of(run);
    let mut specs = identity(run);
    specs.extend(measured(run.k()));
    specs.extend(repay());
    specs.push(Spec::row_words("tier", |row| {
        tiers.of_point(row).map_or("", tier_name).to_owned()
    }));
    specs.push(Spec::row_words("settled", |row| {
        row.settled.map_or("", settled_name).to_owned()
    }));
    specs.extend(spread());
    specs.extend(conditions());
    specs.extend(costs());
    specs.push(Spec::words("warnings", notes::in_one_text));
    tabulate(&specs, &by_row(run))
}

fn identity(run: &Run) -> Vec<Spec<'_>> {
    let record = &run.record;
    vec![
        Spec::words("experiment", |_| record.experiment.clone()),
        Spec::words("run_id", |_| record.run_id.clone()),
        Spec::words("dataset", |_| record.dataset.name.clone()),
        count("point", |line| Some(line.rows.first()?.point)),
        count("build", |line| Some(line.group())),
        Spec::index(),
        Spec::build_words("backend", |build| build.backend.clone()),
        Spec::build_words("build_params", |build| params_text(&build.effective)),
        Spec::row_words("search_params", |row| params_text(&row.effective)),
        Spec::row_words("mode", |row| row.mode.name().to_owned()),
        count("threads", |line| Some(line.rows.first()?.threads)),
        Spec::row_number("rate_qps", Quantity::PerSecond, |row| {
            row.rate_qps.map(|rate| rate as f64)
        }),
        Spec::row_number("slo_p99_us", Quantity::Micros, |row| {
            row.slo_p99_us.map(|slo| slo as f64)
        }),
        count("distinct_queries", |line| {
            line.rows.first()?.distinct_queries
        }),
        count("n", |line| Some(line.rows.first()?.n)),
        count("k", |line| Some(line.rows.first()?.k)),
        Spec::words("status", |line| status(line).to_owned()),
    ]
}

fn measured<'a>(k: usize) -> Vec<Spec<'a>> {
    let qps = |key, pick: fn(Estimate) -> f64| {
        Spec::row_number(key, Quantity::PerSecond, move |row| row.qps.map(pick))
    };
    let latency = |key, pick: fn(LatencyUs) -> Option<f64>| {
        Spec::row_number(key, Quantity::Micros, move |row| pick(row.latency_us?))
    };
    vec![
        Spec::recall(k),
        qps("qps", |qps| qps.value),
        qps("qps_low", |qps| qps.low),
        qps("qps_high", |qps| qps.high),
        latency("latency_mean_us", |l| Some(l.mean)),
        latency("latency_std_us", |l| Some(l.std)),
        latency("latency_p50_us", |l| Some(l.p50)),
        latency("latency_p95_us", |l| l.p95),
        latency("latency_p99_us", |l| l.p99),
        count("n_queries", |line| Some(line.rows.first()?.n_queries)),
        count("rounds", |line| Some(line.rows.first()?.rounds_s.len())),
    ]
}

fn spread<'a>() -> [Spec<'a>; 3] {
    let share = |key, pick: fn(Spread) -> Option<f64>| {
        Spec::row_number(key, Quantity::Count, move |row| pick(row.spread))
    };
    [
        share("spread_builds", |spread| spread.builds),
        share("spread_rounds", |spread| spread.rounds),
        share("spread_queries", |spread| spread.queries),
    ]
}

/// What the row ran on, and what the start took in mode cold.
fn conditions<'a>() -> Vec<Spec<'a>> {
    let cold = |key, quantity, pick: fn(ColdStart) -> Option<f64>| {
        Spec::row_number(key, quantity, move |row| row.cold.and_then(pick))
    };
    vec![
        Spec::row_words("cpus", |row| in_words(&row.in_force.cpus)),
        count("openmp_threads", |line| {
            line.rows.first()?.in_force.openmp_threads
        }),
        count("blas_threads", |line| {
            line.rows.first()?.in_force.blas_threads
        }),
        cold("load_s", Quantity::Seconds, |cold| Some(cold.load_s)),
        cold("first_query_us", Quantity::Micros, |cold| {
            Some(cold.first_query_us)
        }),
        cold("load_read_bytes", Quantity::Bytes, |cold| {
            cold.read_bytes.map(|bytes| bytes as f64)
        }),
    ]
}

fn in_words(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    numbers.join(" ")
}

/// Queries that repay the build; `inf` where none do.
fn repay<'a>() -> [Spec<'a>; 3] {
    let queries = |key, pick: fn(Repay) -> Option<f64>| {
        Spec::new(Column::numbers(key, key, Quantity::Count), move |line| {
            let repay = line.rows.first().and_then(|row| row.repay);
            repay.map_or_else(
                || Value::Missing.into(),
                |repay| queries_cell(pick(repay), "inf"),
            )
        })
    };
    [
        queries("repay_queries", |repay| repay.queries),
        queries("repay_queries_low", |repay| repay.low),
        queries("repay_queries_high", |repay| repay.high),
    ]
}

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Front => "front",
        Tier::Tied => "tied",
        Tier::Beaten => "beaten",
    }
}

fn settled_name(settled: Settled) -> &'static str {
    match settled {
        Settled::Target => "target",
        Settled::Budget => "budget",
        Settled::Rounds => "rounds",
    }
}

fn costs<'a>() -> Vec<Spec<'a>> {
    let mut specs = vec![
        Spec::build_seconds("build_s", |build| build.build_s()),
        Spec::build_seconds("train_s", |build| build.train_s),
        Spec::build_seconds("add_s", |build| build.add_s),
    ];
    specs.push(Spec::build_words("from_cache", |build| {
        build.from_cache.to_string()
    }));
    specs.extend(Memory::ALL.map(Spec::memory));
    specs
}

fn count<'a>(key: &'static str, pick: fn(&Line<'_>) -> Option<usize>) -> Spec<'a> {
    Spec::new(Column::numbers(key, key, Quantity::Count), move |line| {
        Cell::number(pick(line).map(|count| count as f64))
    })
}

fn status(line: &Line<'_>) -> &'static str {
    if line.has_failed() { "failed" } else { "ok" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn there_is_a_line_for_every_row_and_for_every_index_without_one() {
        let mut run = fixture::run();
        assert_eq!(for_machines(&run).rows.len(), run.points.len() + 1);
        run.points.clear();
        assert_eq!(for_machines(&run).rows.len(), run.builds.len());
    }

    #[test]
    fn columns_stay_the_same_whatever_the_run() {
        let mut run = fixture::run();
        let columns = for_machines(&run).columns;
        run.points.truncate(1);
        run.points[0].latency_us = None;
        assert_eq!(for_machines(&run).columns, columns);
    }
}
