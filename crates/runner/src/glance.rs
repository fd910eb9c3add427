//! What a run says of its vectors before it begins.

use annbench_eval::doctor::{self, Finding, Subject};
use annbench_store::results::Warning;

use crate::{data::Prepared, plan::Plan, threads::all_threads};

/// Findings that get a line; the others are counted.
const MOST_LINES: usize = 2;

/// A line for each of the gravest findings that need no search for neighbours: a pass over the
/// components and a comparison of rows.
pub(crate) fn lines(data: &Prepared, plan: &Plan) -> Vec<String> {
    let subject = Subject {
        base: data.base.view(),
        ids: None,
        queries: Some(data.queries.view()),
        held_out: data.held_out,
        metric: plan.metric,
    };
    // Base and queries were found to fit when they were read.
    let mut findings = doctor::glance(&subject, all_threads()).unwrap_or_default();
    findings.retain(|finding| !is_known(finding, data));
    in_lines(&findings)
}

/// Queries that were left in the base on purpose are told of already.
fn is_known(finding: &Finding, data: &Prepared) -> bool {
    let left_in = |warning: &Warning| matches!(warning, Warning::QueriesInBase { .. });
    matches!(finding, Finding::Leak { .. }) && data.warnings.iter().any(left_in)
}

fn in_lines(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| format!("data: {}; {}", finding.what(), finding.remedy());
    let mut lines: Vec<String> = findings.iter().take(MOST_LINES).map(line).collect();
    let more = findings.len() - lines.len();
    if let Some(last) = lines.last_mut() {
        let more = match more {
            0 => String::new(),
            more => format!("{more} more, and "),
        };
        last.push_str(&format!(" ({more}what follows: annbench data check)"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_eval::doctor::{Rows, Side};

    #[test]
    fn the_gravest_two_get_a_line_and_the_rest_a_number() {
        let zeros = |row| {
            let rows = Rows {
                count: 1,
                first: vec![row],
            };
            Finding::Zeros {
                side: Side::Base,
                rows,
                refused: false,
            }
        };
        assert_eq!(in_lines(&[]), Vec::<String>::new());
        let lines = in_lines(&[zeros(3), zeros(5), zeros(7)]);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].starts_with("data: 1 zero vector of the base without a direction: row 3; ")
        );
        assert!(
            lines[1].ends_with("(1 more, and what follows: annbench data check)"),
            "{}",
            lines[1]
        );
    }
}
