//! How much latencies vary, level by level.

use crate::{
    Samples,
    median_law::MedianLaw,
    order::mean,
    query_shares::query_shares,
    samples::{Cells, total_ns},
};

/// How much latencies vary, level by level: standard deviations over means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Between the builds' median rounds, less what chance in the rounds makes of it; `None` of one
    /// build.
    pub builds: Option<f64>,
    /// Between the rounds of a build, every wild one included; `None` of one round.
    pub rounds: Option<f64>,
    /// Between queries, each at its median over rounds; `None` where a round is one duration.
    pub queries: Option<f64>,
}

/// How much latencies vary between builds, between rounds and between queries.
pub fn spread(samples: &Samples<'_>, n_queries: usize) -> Spread {
    let rounds = samples.rounds();
    let times: Cells = rounds
        .map(|(build, round, latencies_ns)| (build, round, total_ns(latencies_ns)))
        .collect();
    let builds: Vec<Vec<f64>> = times
        .builds()
        .map(|rounds| rounds.values().copied().collect())
        .collect();
    let shares = query_shares(samples.rounds().map(|(_, _, round)| round), n_queries);
    Spread {
        builds: between_builds(&builds),
        rounds: between_rounds(&builds),
        queries: shares.and_then(|shares| Some(variance(&shares)?.sqrt() / mean(&shares)?)),
    }
}

fn between_builds(builds: &[Vec<f64>]) -> Option<f64> {
    let laws: Vec<MedianLaw> = builds
        .iter()
        .filter_map(|rounds| MedianLaw::new(rounds.clone()))
        .collect();
    let medians: Vec<f64> = laws.iter().map(MedianLaw::median).collect();
    let by_chance: Vec<f64> = laws
        .iter()
        .map(|law| law.standard_error().powi(2))
        .collect();
    let between = variance(&medians)? - mean(&by_chance)?;
    Some(between.max(0.0).sqrt() / mean(&medians)?)
}

/// Pooled over builds, each by its degrees of freedom.
fn between_rounds(builds: &[Vec<f64>]) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0.0);
    for rounds in builds.iter().filter(|rounds| rounds.len() > 1) {
        let of_build = (rounds.len() - 1) as f64;
        squares += of_build * variance(rounds)? / mean(rounds)?.powi(2);
        freedom += of_build;
    }
    (freedom > 0.0).then(|| (squares / freedom).sqrt())
}

/// Of a sample (divided by n - 1); `None` of fewer than two values.
fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_told_apart() {
        let mut samples = Samples::new();
        assert_eq!(
            spread(&samples, 2),
            Spread {
                builds: None,
                rounds: None,
                queries: None
            },
        );
        samples.push(0, 0, vec![100, 300]);
        let one = spread(&samples, 2);
        assert_eq!((one.builds, one.rounds), (None, None));
        // Shares of 1/4 and 3/4: mean 1/2, standard deviation sqrt(1/8).
        assert!((one.queries.unwrap() - 0.5f64.sqrt()).abs() < 1e-12);

        samples.push(0, 1, vec![150, 450]);
        let rounds = spread(&samples, 2).rounds.unwrap();
        // 400 and 600: mean 500, standard deviation 141.4.
        assert!((rounds - 0.02f64.sqrt() * 2.0).abs() < 1e-12, "{rounds}");
    }

    #[test]
    fn builds_that_differ_by_chance_only_have_no_spread() {
        let mut samples = Samples::new();
        for (build, rounds) in [[900, 1000, 1100], [890, 1010, 1120], [910, 990, 1080]]
            .iter()
            .enumerate()
        {
            for (round, &time_ns) in rounds.iter().enumerate() {
                samples.push(build, round, vec![time_ns]);
            }
        }
        assert_eq!(spread(&samples, 100).builds, Some(0.0));
        for round in 0..3 {
            samples.push(3, round, vec![2_000]);
        }
        let builds = spread(&samples, 100).builds.unwrap();
        assert!((0.3..0.5).contains(&builds), "{builds}");
    }
}
