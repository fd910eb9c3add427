//! A run's tables hold what was put in, bit for bit.

use annbench_store::{
    RowFacts,
    results::{
        BuildRow, ColdStart, Estimate, InForce, LatencyUs, Load, Memory, Mode, PointRow,
        QueryFacts, QueryRow, RecallAt, Repay, Role, Settled, Spread, Status, Tier, VectorMap,
        Warning, tables::*,
    },
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

const FLOATS: std::ops::Range<f64> = -1e300..1e300;

fn params() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::from),
        FLOATS.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!([1, "two", null])),
    ];
    vec(("[a-z_]{1,6}", value), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Ok), ".{0,20}".prop_map(Status::Failed)]
}

fn warnings() -> impl Strategy<Value = Vec<Warning>> {
    let warning = prop_oneof![
        FLOATS.prop_map(|recall| Warning::ExactBelowOne { recall }),
        (0usize..9).prop_map(|queries| Warning::FewerThanK { queries }),
        Just(Warning::DebugBuild),
    ];
    vec(warning, 0..3)
}

fn mode() -> impl Strategy<Value = Mode> {
    proptest::sample::select(Mode::ALL.to_vec())
}

fn estimate() -> impl Strategy<Value = Option<Estimate>> {
    let estimate = (FLOATS, FLOATS, FLOATS);
    option::of(estimate.prop_map(|(value, low, high)| Estimate { value, low, high }))
}

fn latency() -> impl Strategy<Value = Option<LatencyUs>> {
    let parts = (
        FLOATS,
        FLOATS,
        FLOATS,
        option::of(FLOATS),
        option::of(FLOATS),
    );
    option::of(parts.prop_map(|(mean, std, p50, p95, p99)| LatencyUs {
        mean,
        std,
        p50,
        p95,
        p99,
    }))
}

fn point() -> impl Strategy<Value = PointRow> {
    let plan = (
        0usize..99,
        0usize..99,
        ".{0,9}",
        "[a-z]{1,9}",
        params(),
        params(),
    );
    let work = (mode(), 1usize..64, 1usize..1000, status(), 0usize..10_000);
    let found = (
        estimate(),
        estimate(),
        latency(),
        vec(FLOATS, 0..5),
        warnings(),
    );
    (plan, work, found).prop_map(|(plan, work, found)| PointRow {
        point: plan.0,
        build: plan.1,
        label: plan.2,
        backend: plan.3,
        requested: plan.4,
        effective: plan.5,
        mode: work.0,
        threads: work.1,
        rate_qps: (work.4 > 5_000).then_some(work.4 as u64),
        slo_p99_us: (work.4 > 7_000).then_some(work.4 as u64),
        distinct_queries: (work.4 % 5 == 0).then_some(work.4),
        in_force: InForce {
            cpus: (0..work.4 % 4).collect(),
            refused: (work.4 % 7 == 0).then(|| "no".to_owned()),
            openmp_threads: Some(work.1),
            blas_threads: None,
        },
        cold: (work.4 % 3 == 0).then_some(ColdStart {
            load_s: work.4 as f64 / 9.0,
            first_query_us: 0.25,
            read_bytes: (work.4 % 2 == 0).then_some(work.4 as u64),
        }),
        role: [
            Role::Candidate,
            Role::Null,
            Role::Duplicate,
            Role::Rebuilt,
            Role::Subset,
        ][work.4 % 5],
        n: work.4 + 1,
        repay: [
            None,
            Some(Repay {
                queries: Some(1.5e6),
                low: Some(1e6),
                high: None,
            }),
        ][work.4 % 2],
        tier: [
            None,
            Some(Tier::Front),
            Some(Tier::Tied),
            Some(Tier::Beaten),
        ][work.4 % 4],
        ties: (0..work.4 % 3).collect(),
        spread: Spread {
            builds: None,
            rounds: Some(work.4 as f64 / 7.0),
            queries: (work.4 > 100).then_some(0.25),
        },
        settled: [None, Some(Settled::Target), Some(Settled::Budget)][work.4 % 3],
        k: work.2,
        status: work.3,
        n_queries: work.4,
        recall: found.0,
        recall_at: found
            .0
            .map(|recall| RecallAt { k: 5, recall })
            .into_iter()
            .collect(),
        qps: found.1,
        latency_us: found.2,
        rounds_s: found.3,
        warnings: found.4,
    })
}

fn memory() -> impl Strategy<Value = Memory> {
    let bytes = || option::of(any::<u64>());
    (bytes(), bytes(), bytes(), bytes()).prop_map(|bytes| Memory {
        estimate_bytes: bytes.0,
        serialized_bytes: bytes.1,
        rss_bytes: bytes.2,
        peak_rss_bytes: bytes.3,
    })
}

fn build() -> impl Strategy<Value = BuildRow> {
    let plan = (
        0usize..99,
        ".{0,9}",
        "[a-z]{1,9}",
        params(),
        params(),
        any::<bool>(),
    );
    let work = (any::<u64>(), 1usize..64, status(), FLOATS, FLOATS);
    let found = (
        memory(),
        option::of("[a-z/.]{1,9}"),
        any::<bool>(),
        warnings(),
    );
    (plan, work, found).prop_map(|(plan, work, found)| BuildRow {
        build: plan.0,
        label: plan.1,
        backend: plan.2,
        requested: plan.3,
        effective: plan.4,
        n: work.1,
        is_exact: plan.5,
        repetition: work.1,
        seed: work.0,
        threads: work.1,
        status: work.2,
        train_s: work.3,
        add_s: work.4,
        memory: found.0,
        index_file: found.1,
        from_cache: found.2,
        warnings: found.3,
    })
}

fn query() -> impl Strategy<Value = QueryRow> {
    let counts = (0usize..99, 0usize..9999, 0usize..99, 0usize..99);
    let missed = vec(any::<u64>(), 0..4);
    let row =
        |(counts, mode, latency_ns, missed): ((usize, _, _, _), _, Option<u64>, _)| QueryRow {
            point: counts.0,
            load: Load {
                rate_qps: latency_ns.map(|latency_ns| latency_ns >> 1),
                slo_p99_us: latency_ns,
                distinct_queries: (counts.0 % 2 == 0).then_some(counts.1),
                ..Load::new(mode, counts.2)
            },
            query_idx: counts.1,
            latency_ns,
            hits: counts.2,
            returned: counts.3,
            missed,
        };
    (counts, mode(), option::of(any::<u64>()), missed).prop_map(row)
}

fn facts() -> impl Strategy<Value = QueryFacts> {
    let groups = vec(("[a-z]{1,4}", ".{0,4}"), 0..3);
    let row = (option::of(".{0,5}"), option::of(".{0,9}"), groups);
    (0usize..999, row, 0.5f64..9.0).prop_map(|(query_idx, row, contrast)| QueryFacts {
        query_idx,
        row: RowFacts {
            id: row.0,
            text: row.1,
            groups: row.2.into_iter().collect(),
        },
        contrast: if query_idx % 7 == 0 {
            f64::INFINITY
        } else {
            contrast
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn tables_round_trip(
        points in vec(point(), 0..6),
        builds in vec(build(), 0..6),
        queries in vec(query(), 0..20),
        facts in vec(facts(), 0..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write_points(&path("points.parquet"), &points).unwrap();
        prop_assert_eq!(read_points(&path("points.parquet")).unwrap(), points);
        write_builds(&path("builds.parquet"), &builds).unwrap();
        prop_assert_eq!(read_builds(&path("builds.parquet")).unwrap(), builds);
        write_queries(&path("queries.parquet"), &queries).unwrap();
        prop_assert_eq!(read_queries(&path("queries.parquet")).unwrap(), queries);
        prop_assert_eq!(read_query_facts(&path("query_facts.parquet")).unwrap(), []);
        write_query_facts(&path("query_facts.parquet"), &facts).unwrap();
        prop_assert_eq!(read_query_facts(&path("query_facts.parquet")).unwrap(), facts);
    }
}

#[test]
fn one_table_in_place_of_another_is_refused_by_its_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queries.parquet");
    write_queries(&path, &[]).unwrap();
    let message = read_points(&path).unwrap_err().to_string();
    assert!(
        message.contains("no column `build` of type int64"),
        "{message}"
    );
    std::fs::write(&path, "PAR1").unwrap();
    let message = read_queries(&path).unwrap_err().to_string();
    assert!(
        message.contains("queries.parquet: not a sound Parquet file"),
        "{message}"
    );
}

#[test]
fn a_map_round_trips_and_an_older_run_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.json");
    assert_eq!(read_map(&path).unwrap(), None);
    let map = VectorMap {
        variance_shares: [0.25, 0.125],
        base: vec![[0.5, -1.25], [3.0, 0.1]],
        queries: vec![[1e-7, 2.0]],
    };
    write_map(&path, &map).unwrap();
    assert_eq!(read_map(&path).unwrap(), Some(map));
    std::fs::write(&path, "{}").unwrap();
    assert!(read_map(&path).is_err());
}
