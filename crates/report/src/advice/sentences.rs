//! The sentences that advice is made of.

use annbench_store::results::PointRow;

use super::{Cost, Elsewhere, Loosening, Together};
use crate::{
    Constraint, Recommendation, Run,
    numbers::count,
    run::{load_name, point_name},
    verdict::{figures, speed},
};

pub(super) fn points(number: usize) -> String {
    match number {
        1 => "1 point".to_owned(),
        number => format!("{} points", count(number)),
    }
}

/// `95`, `99.9999`: as many decimals as it takes.
pub(super) fn in_percent(share: f64) -> f64 {
    (1e8 * share).round() / 1e6
}

pub(super) fn cost_text(cost: &Cost<'_>, best: &PointRow) -> String {
    let wanted = cost.constraint.in_words(cost.limit);
    if cost.best_without == best {
        return format!("{wanted} costs nothing");
    }
    format!(
        "{wanted} costs {}: without it {}, {}",
        times(cost.best_without, best),
        point_name(cost.best_without),
        speed(cost.best_without)
    )
}

/// `a factor of 3.3`
fn times(fast: &PointRow, slow: &PointRow) -> String {
    match (fast.qps, slow.qps) {
        (Some(fast), Some(slow)) => format!("a factor of {:.1}", fast.value / slow.value),
        _ => "an unknown factor".to_owned(),
    }
}

/// How many queries it takes until the build of an index was worth its while.
pub(super) fn repaid(best: &PointRow) -> String {
    match best.repay.and_then(|repay| repay.queries) {
        Some(queries) if queries >= 1.0 => format!(
            ", or if no more than {} queries are asked in all: until then it is done sooner, builds \
             included",
            count(queries.round() as usize)
        ),
        _ => String::new(),
    }
}

/// What else of the best and its rivals is best in something other than qps.
pub(super) fn better_otherwise(run: &Run, answer: &Recommendation<'_>) -> Option<String> {
    let kinds = [
        (Constraint::Recall, "most recall"),
        (Constraint::MemoryBytes, "least memory"),
        (Constraint::BuildS, "shortest build"),
    ];
    let better = kinds.into_iter().filter_map(|(kind, words)| {
        let figure = |point: &PointRow| match kind {
            Constraint::Recall => point.recall.map(|recall| recall.value),
            _ => kind.of(run, point),
        };
        let all = [answer.best]
            .into_iter()
            .chain(answer.rivals.iter().copied());
        let figures = all.filter_map(|point| Some((point, figure(point)?)));
        // Of equal ones the first, which is the fastest.
        let (first, value) = figures.reduce(|best, other| {
            match kind.leeway(other.1, 0.0) > kind.leeway(best.1, 0.0) {
                true => other,
                false => best,
            }
        })?;
        let of = |value| kind.write(value);
        (first != answer.best).then(|| format!("{words}: {} ({})", point_name(first), of(value)))
    });
    let better = better.collect::<Vec<_>>();
    (!better.is_empty()).then(|| format!("of these, {}", better.join("; ")))
}

pub(super) fn other_load(other: &Elsewhere<'_>) -> String {
    let load = load_name(other.load);
    let mode = other.load.mode.name();
    match other.best {
        Some(best) => format!(
            "{load}: {}, {} (--mode {mode} tells why)",
            point_name(best),
            speed(best)
        ),
        None => format!("{load}: nothing keeps to it (--mode {mode} says what to loosen)"),
    }
}

/// What is doubtful about a measurement and its build.
pub(super) fn doubts(run: &Run, point: &PointRow) -> Vec<String> {
    let build = run.build_of(point).into_iter();
    let warnings = build
        .flat_map(|build| &build.warnings)
        .chain(&point.warnings);
    warnings
        .map(|warning| format!("doubt: {warning}; {}", warning.advice()))
        .collect()
}

pub(super) fn loosening_text(run: &Run, loosening: &Loosening<'_>) -> String {
    let Loosening {
        constraint,
        limit,
        needed,
        point,
    } = loosening;
    let (needed, argument) = constraint.argument(*needed);
    format!(
        "loosen {constraint} from {} to {} ({argument}): {}, {}",
        constraint.write(*limit),
        constraint.write(needed),
        point_name(point),
        figures(run, point)
    )
}

pub(super) fn together_text(run: &Run, found: &Together<'_>) -> String {
    let arguments: Vec<String> = found
        .needed
        .iter()
        .map(|(kind, _, needed)| kind.argument(*needed).1)
        .collect();
    format!(
        "loosening one alone does not do; the least together is {}: {}, {}",
        arguments.join(" "),
        point_name(found.point),
        figures(run, found.point)
    )
}
