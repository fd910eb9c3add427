//! The intervals of recall at another confidence than the one they were recorded at.

use std::collections::HashMap;

use annbench_eval::{Bootstrap, recall_interval};
use annbench_store::results::{Estimate, Load};

use crate::Run;

/// The confidence that intervals are recorded at.
const RECORDED: f64 = 0.95;

/// Intervals that cannot be had at the confidence asked for.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ConfidenceError {
    /// It is no share.
    #[error("a confidence of {0} is none; write 0.95 for 95 %")]
    NoShare(f64),
    /// The run holds nothing to compute them from.
    #[error(
        "the run holds no rows of single queries, so that its intervals stay at {RECORDED}; run \
         the experiment again"
    )]
    NoQueries,
}

impl Run {
    /// The same run with the intervals of recall at another confidence: computed from its queries
    /// as those at 0.95 were.
    ///
    /// Where an index was built several times, queries are those of its first build, whose spread
    /// the interval then has.
    ///
    /// # Errors
    /// [`ConfidenceError`] if `level` is no share between 0 and 1, or the run holds no queries.
    pub fn at_confidence(mut self, level: f64) -> Result<Self, ConfidenceError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(ConfidenceError::NoShare(level));
        }
        if level == RECORDED {
            return Ok(self);
        }
        if self.queries.is_empty() {
            return Err(ConfidenceError::NoQueries);
        }
        let recalls = self.recalls();
        let bootstrap = Bootstrap {
            level,
            ..Bootstrap::default()
        };
        for row in &mut self.points {
            let per_query = recalls.get(&(row.point, row.load()));
            let interval = per_query.and_then(|recalls| recall_interval(recalls, &bootstrap));
            if let (Some(recall), Some(interval)) = (&mut row.recall, interval) {
                *recall = Estimate {
                    value: recall.value,
                    low: recall.value - (interval.value - interval.low),
                    high: recall.value + (interval.high - interval.value),
                };
            }
        }
        Ok(self)
    }

    /// recall@k query by query, in the order of the queries.
    pub(crate) fn recalls(&self) -> HashMap<(usize, Load), Vec<f64>> {
        let k = self.k().min(self.record.dataset.n).max(1);
        let mut recalls: HashMap<(usize, Load), Vec<f64>> = HashMap::new();
        for query in &self.queries {
            let of_point = recalls.entry((query.point, query.load)).or_default();
            of_point.push(query.hits as f64 / k as f64);
        }
        recalls
    }
}

#[cfg(test)]
mod tests {
    use annbench_store::results::QueryRow;

    use super::*;
    use crate::fixture::{self, SINGLE};

    fn with_queries() -> Run {
        let mut run = fixture::run();
        let row = |query_idx: usize| QueryRow {
            point: 5,
            load: SINGLE,
            query_idx,
            latency_ns: None,
            hits: if query_idx.is_multiple_of(10) { 9 } else { 10 },
            returned: 10,
            missed: Vec::new(),
        };
        run.queries = (0..1_000).map(row).collect();
        run
    }

    fn recall(run: &Run) -> Estimate {
        let row = run.measured(SINGLE).find(|row| row.point == 5);
        row.unwrap().recall.unwrap()
    }

    #[test]
    fn more_confidence_takes_wider_intervals_around_the_same_estimate() {
        let at = |level| recall(&with_queries().at_confidence(level).unwrap());
        let (narrow, wide) = (at(0.80), at(0.99));
        assert_eq!(narrow.value, 0.990);
        assert!(wide.low < narrow.low && narrow.low < 0.990 && narrow.high < wide.high);
    }

    #[test]
    fn the_recorded_confidence_changes_nothing() {
        let run = with_queries();
        assert_eq!(run.clone().at_confidence(0.95).unwrap(), run);
    }

    #[test]
    fn without_queries_or_sense_there_is_no_other_confidence() {
        let refused = |run: Run, level| run.at_confidence(level).unwrap_err();
        let without = Run {
            queries: Vec::new(),
            ..fixture::run()
        };
        assert_eq!(refused(without, 0.9), ConfidenceError::NoQueries);
        for level in [0.0, 1.0, 95.0, f64::NAN] {
            let error = refused(with_queries(), level);
            assert!(matches!(error, ConfidenceError::NoShare(_)), "{level}");
        }
    }
}
