//! One note for many rows: the same doubt with other figures would flood the notes.

use std::{collections::HashMap, mem::Discriminant};

use annbench_store::results::Warning;

use crate::{Note, Run};

/// As many rows may each have a note of their own.
const MOST_ALONE: usize = 3;

/// The notes that stand for all rows of one kind of warning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Groups(HashMap<Discriminant<Warning>, Note>);

impl Groups {
    /// Groups the warnings of the run's rows that are many and differ by their figures alone.
    pub(crate) fn of(run: &Run) -> Self {
        let mut kinds: HashMap<Discriminant<Warning>, Vec<&Warning>> = HashMap::new();
        for warning in run.candidates().flat_map(|row| &row.warnings) {
            let kind = std::mem::discriminant(warning);
            kinds.entry(kind).or_default().push(warning);
        }
        let groups = kinds
            .into_iter()
            .filter_map(|(kind, all)| Some((kind, note(&all)?)));
        Self(groups.collect())
    }

    /// The note of a warning: that of its group, or its own.
    pub(crate) fn note(&self, warning: &Warning) -> Note {
        let of_group = self.0.get(&std::mem::discriminant(warning));
        of_group.cloned().unwrap_or_else(|| Note::from(warning))
    }
}

/// None if the rows are few, alike, or of a kind that has no figures to put together.
fn note(warnings: &[&Warning]) -> Option<Note> {
    let first = warnings.first()?;
    let differ = warnings.iter().any(|warning| warning != first);
    let text = text(warnings).filter(|_| differ && warnings.len() > MOST_ALONE)?;
    Some(Note {
        text: format!("{text} ({} rows)", warnings.len()),
        advice: first.advice(),
    })
}

fn text(warnings: &[&Warning]) -> Option<String> {
    match warnings.first()? {
        Warning::Trend { .. } => Some(trend(warnings)),
        Warning::Disturbed { .. } => Some(disturbed(warnings)),
        Warning::PageFaults { .. } => Some(page_faults(warnings)),
        Warning::Preempted { .. } => Some(preempted(warnings)),
        Warning::ClockMoved { .. } => Some(clock_moved(warnings)),
        _ => None,
    }
}

fn trend(warnings: &[&Warning]) -> String {
    let drifts = figures(warnings, |warning| match warning {
        Warning::Trend { drift, .. } => Some(100.0 * drift),
        _ => None,
    });
    let way = match drifts.iter().filter(|drift| **drift < 0.0).count() {
        0 => "slower",
        faster if faster == drifts.len() => "faster",
        _ => "faster or slower",
    };
    let sizes = drifts.iter().map(|drift| drift.abs());
    format!(
        "rounds got {way} by {} % from first to last",
        range(sizes, 1)
    )
}

fn disturbed(warnings: &[&Warning]) -> String {
    let others = figures(warnings, |warning| match warning {
        Warning::Disturbed { others_percent, .. } => Some(*others_percent),
        _ => None,
    });
    let steal = figures(warnings, |warning| match warning {
        Warning::Disturbed { steal_percent, .. } => Some(*steal_percent),
        _ => None,
    });
    format!(
        "while they were timed, other processes took {} % of the CPU and the host {} %",
        range(others.into_iter(), 0),
        range(steal.into_iter(), 0)
    )
}

fn page_faults(warnings: &[&Warning]) -> String {
    let pages = figures(warnings, |warning| match warning {
        Warning::PageFaults { pages } => Some(*pages as f64),
        _ => None,
    });
    let pages = range(pages.into_iter(), 0);
    format!("{pages} pages were read from disk while they were timed")
}

fn preempted(warnings: &[&Warning]) -> String {
    let per_s = figures(warnings, |warning| match warning {
        Warning::Preempted { per_s } => Some(*per_s),
        _ => None,
    });
    format!(
        "the kernel took the CPU from them {} times a second while they were timed",
        range(per_s.into_iter(), 0)
    )
}

fn clock_moved(warnings: &[&Warning]) -> String {
    let clocks = |pick| figures(warnings, pick).into_iter();
    let lowest = clocks(|warning| match warning {
        Warning::ClockMoved { lowest_mhz, .. } => Some(*lowest_mhz),
        _ => None,
    });
    let highest = clocks(|warning| match warning {
        Warning::ClockMoved { highest_mhz, .. } => Some(*highest_mhz),
        _ => None,
    });
    format!(
        "the CPUs ran at {} MHz, not the same from round to round",
        range(lowest.chain(highest), 0)
    )
}

fn figures(warnings: &[&Warning], pick: fn(&Warning) -> Option<f64>) -> Vec<f64> {
    warnings
        .iter()
        .filter_map(|warning| pick(warning))
        .collect()
}

/// `2.1 to 5.3`; one figure where both ends read the same.
fn range(figures: impl Iterator<Item = f64> + Clone, decimals: usize) -> String {
    let low = figures.clone().fold(f64::INFINITY, f64::min);
    let high = figures.fold(f64::NEG_INFINITY, f64::max);
    let [low, high] = [low, high].map(|end| format!("{end:.decimals$}"));
    match low == high {
        true => low,
        false => format!("{low} to {high}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn check(warnings: &[Warning], expected: &[&str]) {
        let mut run = fixture::run();
        run.points.iter_mut().for_each(|row| row.warnings.clear());
        for (row, warning) in run.points.iter_mut().zip(warnings) {
            row.warnings.push(warning.clone());
        }
        let groups = Groups::of(&run);
        let mut texts: Vec<String> = warnings.iter().map(|w| groups.note(w).text).collect();
        texts.dedup();
        assert_eq!(texts, expected);
    }

    fn trends(drifts: &[f64]) -> Vec<Warning> {
        let trend = |drift: &f64| Warning::Trend {
            drift: *drift,
            in_spite_of_warmup: false,
        };
        drifts.iter().map(trend).collect()
    }

    #[test]
    fn many_rows_share_a_note_and_few_have_their_own() {
        check(
            &trends(&[-0.021, 0.053, 0.03, 0.04]),
            &["rounds got faster or slower by 2.1 to 5.3 % from first to last (4 rows)"],
        );
        check(
            &trends(&[0.021, 0.053, 0.03, 0.04]),
            &["rounds got slower by 2.1 to 5.3 % from first to last (4 rows)"],
        );
        check(
            &trends(&[-0.02, -0.02, -0.03]),
            &[
                "rounds got faster by 2.0 % from first to last",
                "rounds got faster by 3.0 % from first to last",
            ],
        );
    }

    #[test]
    fn other_work_and_page_faults_give_their_ranges() {
        let disturbed = |others_percent, steal_percent| Warning::Disturbed {
            others_percent,
            steal_percent,
        };
        check(
            &[(3.0, 0.0), (12.4, 0.1), (5.0, 0.2), (4.0, 0.4)].map(|(o, s)| disturbed(o, s)),
            &[
                "while they were timed, other processes took 3 to 12 % of the CPU and the host 0 % (4 rows)",
            ],
        );
        check(
            &[7, 1, 90, 3].map(|pages| Warning::PageFaults { pages }),
            &["1 to 90 pages were read from disk while they were timed (4 rows)"],
        );
    }

    #[test]
    fn kinds_without_figures_to_put_together_stay_as_they_are() {
        let one = |queries| Warning::FewerThanK { queries };
        let own = ["1", "2", "3", "4"].map(|n| format!("{n} queries got fewer than k neighbours"));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        check(&[1, 2, 3, 4].map(one), &own);
    }
}
