//! An examination for tests.

/// What a doctor finds in 40 vectors, one of which is not finite, and five queries.
pub(crate) fn examination() -> annbench_eval::doctor::Examination {
    use annbench_eval::doctor::{ExamineOptions, Subject, examine};
    let wave = |i: usize| (i as f32 * 0.7).sin();
    let mut base: Vec<f32> = (0..120).map(wave).collect();
    base[4] = f32::NAN;
    let queries: Vec<f32> = (200..215).map(wave).collect();
    let subject = Subject {
        base: annbench_vectors::MatrixView::new(&base, 3).unwrap(),
        ids: None,
        queries: annbench_vectors::MatrixView::new(&queries, 3).ok(),
        held_out: false,
        metric: annbench_vectors::Metric::L2,
    };
    let options = ExamineOptions {
        sample: 10,
        threads: 1,
        choose: &|n, count| (0..n.min(count)).collect(),
    };
    examine(&subject, &options, &mut |_| {}).unwrap()
}
