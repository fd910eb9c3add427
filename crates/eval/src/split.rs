//! Points chosen on some queries, reported on others.

/// What an operating point reaches on some of the queries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Mean recall, in `[0, 1]`.
    pub recall: f64,
    /// Queries a second.
    pub qps: f64,
}

/// A point with its figures on the queries that chose it and on those that had no say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Position of the point.
    pub point: usize,
    /// Its figures on the queries it was chosen by: too good on average, since luck helped it win.
    pub chosen: Figures,
    /// Its figures on the other queries: to be reported.
    pub reported: Figures,
}

impl Choice {
    /// By how much recall was too good on the queries that chose.
    pub fn recall_optimism(&self) -> f64 {
        self.chosen.recall - self.reported.recall
    }

    /// By how much qps was too good on the queries that chose: 0.01 is 1 percent.
    pub fn qps_optimism(&self) -> f64 {
        self.chosen.qps / self.reported.qps - 1.0
    }
}

/// Of the points, each with its figures on the choosing queries and on the reporting ones, the one
/// with the best qps among those whose recall reaches `target` on the choosing queries; of equal
/// ones the first. `None` if none reaches it. A NaN never does, nor wins.
pub fn choose_and_report(points: &[(Figures, Figures)], target: f64) -> Option<Choice> {
    let reaches = |(_, (chosen, _)): &(usize, &(Figures, Figures))| {
        chosen.recall >= target && !chosen.qps.is_nan()
    };
    let candidates = points.iter().enumerate().filter(reaches);
    let (point, &(chosen, reported)) =
        candidates.reduce(|best, next| match next.1.0.qps > best.1.0.qps {
            true => next,
            false => best,
        })?;
    Some(Choice {
        point,
        chosen,
        reported,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(recall: f64, qps: f64) -> Figures {
        Figures { recall, qps }
    }

    #[test]
    fn the_fastest_that_reaches_the_target_is_reported_on_the_other_half() {
        let points = [
            (figures(0.80, 900.0), figures(0.80, 900.0)),
            (figures(0.95, 550.0), figures(0.93, 500.0)),
            (figures(0.99, 300.0), figures(0.99, 310.0)),
            (figures(f64::NAN, 999.0), figures(1.0, 1.0)),
            (figures(0.99, f64::NAN), figures(1.0, 1.0)),
        ];
        let choice = choose_and_report(&points, 0.95).unwrap();
        assert_eq!((choice.point, choice.reported), (1, figures(0.93, 500.0)));
        assert!((choice.recall_optimism() - 0.02).abs() < 1e-12);
        assert!((choice.qps_optimism() - 0.1).abs() < 1e-12);
        assert_eq!(choose_and_report(&points, 0.999), None);
        assert_eq!(choose_and_report(&[], 0.0), None);
    }
}
