//! What other benchmarks would have said of the same samples.

use crate::{Samples, order::mean, qps, samples::total_ns};

/// A way to sum samples up to queries a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The estimate of [`qps_interval`](crate::qps_interval).
    Annbench,
    /// The fastest of the first five rounds.
    BestOf5,
    /// All queries of all rounds over the time of all: one window, its wild rounds included.
    Mean,
    /// The first round.
    SinglePass,
}

impl Method {
    /// All of them, annbench's own first.
    pub const ALL: [Self; 4] = [Self::Annbench, Self::BestOf5, Self::Mean, Self::SinglePass];

    /// The name users write: `annbench`, `best-of-5`, `mean` or `single-pass`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Annbench => "annbench",
            Self::BestOf5 => "best-of-5",
            Self::Mean => "mean",
            Self::SinglePass => "single-pass",
        }
    }

    /// Queries a second as this method tells them from the samples; `None` of no rounds.
    ///
    /// Those that know nothing of builds see the first build alone, as a run of theirs would have.
    pub fn qps(self, samples: &Samples<'_>, n_queries: usize) -> Option<f64> {
        let (first_build, ..) = samples.rounds().next()?;
        let of_build = samples.rounds().filter(|&(build, ..)| build == first_build);
        let mut rounds_ns = of_build.map(|(.., round)| total_ns(round));
        let round_ns = match self {
            Self::Annbench => return qps(samples, n_queries),
            Self::BestOf5 => rounds_ns.take(5).reduce(f64::min)?,
            Self::Mean => mean(&rounds_ns.collect::<Vec<_>>())?,
            Self::SinglePass => rounds_ns.next()?,
        };
        Some(n_queries as f64 * 1e9 / round_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_its_own_answer() {
        let mut samples = Samples::new();
        for (round, ns) in [4_000, 2_000, 5_000, 2_500, 2_500, 1_000, 4_000]
            .into_iter()
            .enumerate()
        {
            samples.push(1, round, vec![ns / 2, ns / 2]);
            samples.push(2, round, vec![ns, ns]);
        }
        for (method, round_ns) in [
            // Median over builds of 2,500 and 5,000.
            (Method::Annbench, (2_500.0f64 * 5_000.0).sqrt()),
            (Method::BestOf5, 2_000.0),
            (Method::Mean, 3_000.0),
            (Method::SinglePass, 4_000.0),
        ] {
            let found = method.qps(&samples, 2).unwrap();
            assert!(
                (found / (2e9 / round_ns) - 1.0).abs() < 1e-12,
                "{method:?}: {found}"
            );
        }
    }

    #[test]
    fn nothing_measured_is_nothing_said() {
        for method in Method::ALL {
            assert_eq!(method.qps(&Samples::new(), 10), None, "{}", method.name());
        }
    }
}
