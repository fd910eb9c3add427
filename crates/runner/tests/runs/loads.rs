//! Loads beyond one query after the other: the highest rate, few queries over and over, cold starts;
//! and where their threads run.

use annbench_runner::Finished;
use annbench_store::results::{Load, Mode, PointRow, Warning};
use libtest_mimic::Trial;

use crate::world::World;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        the_highest_rate_is_found_and_told_as_qps,
        a_latency_that_no_rate_keeps_is_told,
        few_queries_over_and_over_are_a_load_of_their_own,
        a_cold_start_is_timed_in_a_process_of_its_own,
        a_cold_start_that_ends_its_worker_fails_alone,
        threads_are_held_to_a_cpu_each_and_read_back,
        an_index_that_holds_nothing_is_told,
    ]
}

const INDEX: &str = "[[index]]\ntype = \"mock\"\nsearch.share = 1.0\n";

fn run(measure: &str) -> Finished {
    World::new().run(&format!(
        "[measure]\nrounds = 3\nbudget = \"10m\"\n{measure}\n{INDEX}"
    ))
}

fn of_mode(finished: &Finished, mode: Mode) -> &PointRow {
    let mut rows = finished.points.iter();
    rows.find(|row| row.mode == mode).unwrap()
}

fn the_highest_rate_is_found_and_told_as_qps() {
    let finished = run("modes = [\"open_loop\"]\nslo_p99 = [\"50ms\", \"40ms\"]");
    let slos: Vec<Option<u64>> = finished.points.iter().map(|row| row.slo_p99_us).collect();
    assert_eq!(slos, [Some(40_000), Some(50_000)]);
    for row in &finished.points {
        assert_eq!(row.recall.unwrap().value, 1.0);
        let qps = row.qps.unwrap();
        assert!(qps.low <= qps.value && qps.value <= qps.high && qps.value > 0.0);
        let p99 = row.latency_us.unwrap().p99.unwrap();
        assert!(p99 <= row.slo_p99_us.unwrap() as f64, "{p99}");
        let is_unmet = |warning: &Warning| matches!(warning, Warning::SloNotMet { .. });
        assert!(!row.warnings.iter().any(is_unmet));
    }
}

fn a_latency_that_no_rate_keeps_is_told() {
    let finished = run("modes = [\"open_loop\"]\nslo_p99 = \"1us\"");
    let row = &finished.points[0];
    assert!(row.status.is_ok() && row.qps.is_none());
    let expected = Warning::SloNotMet {
        slo_p99_us: 1,
        rounds: 3,
        of: 3,
    };
    assert!(row.warnings.contains(&expected), "{:?}", row.warnings);
}

fn few_queries_over_and_over_are_a_load_of_their_own() {
    let finished = run("modes = [\"single\"]\nworking_set = [2, 10]");
    let loads: Vec<String> = finished
        .points
        .iter()
        .map(|row| row.load().to_string())
        .collect();
    assert_eq!(
        loads,
        [
            "single",
            "single, 2 distinct queries",
            "single, 10 distinct queries"
        ]
    );
    for row in &finished.points {
        assert_eq!((row.recall.unwrap().value, row.n_queries), (1.0, 10));
        assert!(row.qps.unwrap().value > 0.0);
        assert_eq!(row.tier.is_some(), row.distinct_queries.is_none());
    }
    assert_eq!(finished.queries.len(), 10, "of each query asked once");
}

fn a_cold_start_is_timed_in_a_process_of_its_own() {
    let world = World::new();
    let measure = "[measure]\nrounds = 3\nmodes = [\"single\", \"cold\"]";
    let finished = world.run(&format!("{measure}\n{INDEX}"));
    let cold = of_mode(&finished, Mode::Cold);
    let start = cold.cold.unwrap();
    assert!(start.load_s > 0.0 && start.first_query_us > 0.0);
    assert_eq!(cold.recall, of_mode(&finished, Mode::Single).recall);
    assert_eq!(cold.rounds_s.len(), 3);
    assert_eq!(of_mode(&finished, Mode::Single).cold, None);
}

fn a_cold_start_that_ends_its_worker_fails_alone() {
    let index = INDEX.replace(
        "search.share = 1.0",
        "trouble = \"abort at 0.5\"\nsearch.share = [0.5, 1.0]",
    );
    let measure = "[measure]\nrounds = 3\nmodes = [\"cold\"]\n";
    let finished = World::new().run(&format!("{measure}{index}"));
    let statuses: Vec<bool> = finished
        .points
        .iter()
        .map(|row| row.status.is_ok())
        .collect();
    assert_eq!(statuses, [false, true]);
}

fn threads_are_held_to_a_cpu_each_and_read_back() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: only Linux can be told where threads are to run");
        return;
    }
    let measure = "modes = [\"single\", \"batch\", \"concurrent\"]\nthreads = 1\nclients = 2";
    let finished = run(measure);
    let pinning = &finished.record.pinning;
    assert!(pinning.asked && !pinning.cpus.is_empty(), "{pinning:?}");
    let mut two = pinning.cpus[..pinning.cpus.len().min(2)].to_vec();
    two.sort_unstable();
    for row in &finished.points {
        let expected = match row.mode {
            Mode::Concurrent => &two[..],
            _ => &pinning.cpus[..1],
        };
        assert_eq!(row.in_force.cpus, expected, "{}", row.load());
        assert_eq!(row.in_force.refused, None);
    }
    let free = run("modes = [\"single\"]\npin = false");
    assert!(!free.record.pinning.asked);
    assert_eq!(of_mode(&free, Mode::Single).in_force.cpus, [0; 0]);
    assert_eq!(free.points[0].load(), Load::new(Mode::Single, 1));
}

fn an_index_that_holds_nothing_is_told() {
    let finished = World::new().run("[[index]]\ntype = \"mock\"\nbuild = \"forget\"\n");
    let expected = Warning::VectorsMissing {
        indexed: 0,
        base: 90,
    };
    assert!(finished.builds[0].warnings.contains(&expected));
    let short = Warning::FewerThanK { queries: 10 };
    assert!(finished.points[0].warnings.contains(&short));
}
