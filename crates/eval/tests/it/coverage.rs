//! How often intervals hold the truth, by simulation with a known one.

use annbench_eval::{Bootstrap, Interval, median_interval, recall_interval};
use proptest::{collection::vec, prelude::*};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIMULATIONS: u64 = 1_000;

/// In how many percent of seeded simulations the interval holds `truth`.
fn coverage(truth: f64, simulate: impl Fn(&mut ChaCha8Rng) -> Interval) -> f64 {
    let holds = |seed: &u64| {
        let interval = simulate(&mut ChaCha8Rng::seed_from_u64(*seed));
        interval.low <= truth && truth <= interval.high
    };
    (0..SIMULATIONS).filter(holds).count() as f64 * 100.0 / SIMULATIONS as f64
}

/// Round times have a long tail to the right: exponential, with median `ln 2`.
fn exponential(n: usize, rng: &mut impl Rng) -> Vec<f64> {
    (0..n).map(|_| -(1.0 - rng.random::<f64>()).ln()).collect()
}

/// Per-query recall@10 when every neighbour is found with probability 0.9 in half of the queries
/// and 0.6 in the others: mean 0.75.
fn recalls(n: usize, rng: &mut impl Rng) -> Vec<f64> {
    let one = |_| {
        let share = if rng.random_bool(0.5) { 0.9 } else { 0.6 };
        (0..10).filter(|_| rng.random_bool(share)).count() as f64 / 10.0
    };
    (0..n).map(one).collect()
}

#[test]
fn the_interval_of_a_median_holds_it_as_often_as_it_promises() {
    let truth = std::f64::consts::LN_2;
    for n in [3, 5, 6, 10, 20, 75, 200] {
        let promised = median_interval(&vec![1.0; n], 0.95).unwrap().coverage * 100.0;
        let observed = coverage(truth, |rng| {
            median_interval(&exponential(n, rng), 0.95).unwrap()
        });
        assert!(
            (observed - promised).abs() < 2.5,
            "n = {n}: {observed} of {promised}"
        );
        if n >= 20 {
            assert!((92.0..=98.0).contains(&observed), "n = {n}: {observed}");
        }
    }
}

#[test]
fn the_interval_of_recall_holds_it_95_times_in_100() {
    let bootstrap = Bootstrap {
        resamples: 500,
        ..Bootstrap::default()
    };
    for n in [100, 400] {
        let observed = coverage(0.75, |rng| {
            recall_interval(&recalls(n, rng), &bootstrap).unwrap()
        });
        assert!((92.0..=98.0).contains(&observed), "n = {n}: {observed}");
    }
}

/// One query in 500 finds nothing, and a sample of 200 mostly has none of those.
#[test]
fn the_interval_of_recall_allows_for_queries_not_sampled() {
    let observed = coverage(0.998, |rng| {
        let one = |_| if rng.random_bool(0.002) { 0.0 } else { 1.0 };
        let recalls: Vec<f64> = (0..200).map(one).collect();
        let bootstrap = Bootstrap {
            resamples: 200,
            ..Bootstrap::default()
        };
        recall_interval(&recalls, &bootstrap).unwrap()
    });
    assert!(observed >= 92.0, "{observed}");
}

#[test]
fn recall_1_of_every_query_is_not_certainty() {
    for (n, low) in [(10, 0.6915), (1_000, 0.9963)] {
        let interval = recall_interval(&vec![1.0; n], &Bootstrap::default()).unwrap();
        assert_eq!((interval.value, interval.high), (1.0, 1.0));
        assert!(
            (interval.low - low).abs() < 1e-4,
            "n = {n}: {}",
            interval.low
        );
        let interval = recall_interval(&vec![0.0; n], &Bootstrap::default()).unwrap();
        assert!(
            (interval.high - (1.0 - low)).abs() < 1e-4,
            "{}",
            interval.high
        );
    }
}

#[test]
fn few_rounds_give_their_range_and_say_how_little_it_promises() {
    for (n, promised) in [(1, 0.0), (2, 0.5), (3, 0.75), (5, 0.9375)] {
        let samples: Vec<f64> = (0..n).map(f64::from).collect();
        let interval = median_interval(&samples, 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (0.0, f64::from(n - 1)));
        assert!((interval.coverage - promised).abs() < 1e-12, "n = {n}");
    }
    // Table of David and Nagaraja's ranks: 6 is the first n whose range promises 95 %.
    let samples: Vec<f64> = (1..=10).map(f64::from).collect();
    let interval = median_interval(&samples, 0.95).unwrap();
    assert_eq!(
        (interval.low, interval.value, interval.high),
        (2.0, 5.5, 9.0)
    );
    assert!(
        (interval.coverage - 0.978_515_625).abs() < 1e-12,
        "1 - 22 / 1024"
    );
}

#[test]
fn ten_thousand_rounds_are_no_harder_than_ten() {
    let samples: Vec<f64> = (0..10_000).map(f64::from).collect();
    let interval = median_interval(&samples, 0.95).unwrap();
    assert!(
        (0.95..0.955).contains(&interval.coverage),
        "{}",
        interval.coverage
    );
    // Normal approximation: 1.96 * sqrt(10,000) / 2 = 98 ranks to either side.
    assert!(
        (interval.high - interval.value - 98.0).abs() < 2.0,
        "{interval:?}"
    );
}

#[test]
fn nothing_has_no_interval() {
    assert_eq!(median_interval(&[], 0.95), None);
    assert_eq!(median_interval(&[1.0, f64::NAN], 0.95), None);
    assert_eq!(Bootstrap::default().mean(&[]), None);
    assert_eq!(recall_interval(&[], &Bootstrap::default()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn an_interval_holds_its_estimate(samples in vec(0.0f64..1.0, 1..60), seed in any::<u64>()) {
        let bootstrap = Bootstrap { resamples: 100, seed, ..Bootstrap::default() };
        let intervals = [
            median_interval(&samples, 0.95),
            bootstrap.mean(&samples),
            recall_interval(&samples, &bootstrap),
        ];
        for interval in intervals.map(Option::unwrap) {
            prop_assert!(interval.low <= interval.value && interval.value <= interval.high);
        }
        let recall = recall_interval(&samples, &bootstrap).unwrap();
        prop_assert!(recall.low >= 0.0 && recall.high <= 1.0);
        prop_assert_eq!(bootstrap.mean(&samples), bootstrap.mean(&samples), "one seed");
    }
}
