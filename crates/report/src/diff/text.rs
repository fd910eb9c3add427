//! A diff in words and columns.

use annbench_store::results::{Estimate, PointRow, Status};

use super::{ChangedQuery, Diff, Gate, PointPair, Ratio, Regression, Told, gate::allowance};
use crate::{
    columns_within,
    numbers::{count, percent, signed_percent},
    run::point_name,
    terminal::clean,
};

/// Queries told of at each point: those that lost most.
const SHOWN: usize = 3;

impl Diff<'_> {
    /// The diff as people read it, its table in at most `width` characters a line where that can be;
    /// `name` gives the user's own name of a row of the base.
    pub fn text(&self, width: usize, name: &dyn Fn(u64) -> String) -> String {
        let sections = [
            self.differences_text(),
            self.refusals(),
            self.table(width),
            self.unpaired(),
            self.losses(name),
        ];
        let written = sections.into_iter().filter(|lines| !lines.is_empty());
        let sections: Vec<String> = written.map(|lines| lines.join("\n")).collect();
        sections.join("\n\n") + "\n"
    }

    fn differences_text(&self) -> Vec<String> {
        if self.differences.is_empty() {
            return vec!["same data, machine, versions and experiment".to_owned()];
        }
        let mut lines = vec!["the runs differ in".to_owned()];
        for difference in &self.differences {
            lines.push(format!("  {}", difference.what));
            lines.push(clean(&format!("    A  {}", difference.a)));
            lines.push(clean(&format!("    B  {}", difference.b)));
        }
        lines
    }

    fn refusals(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let recall = self.recall_refused.iter();
        lines.extend(recall.map(|why| format!("recall is not compared: {why}")));
        let remedy = match self.recall_refused {
            None => "; --across-machines compares them all the same",
            Some(_) => "",
        };
        let times = self.times_refused.iter();
        lines.extend(times.map(|why| format!("times are not compared: {why}{remedy}")));
        if self.across_machines {
            lines.push("ACROSS MACHINES: ratios of times tell of the machines as well".to_owned());
        }
        lines
    }

    fn table(&self, width: usize) -> Vec<String> {
        if self.pairs.is_empty() {
            return vec!["no operating point was measured in both runs".to_owned()];
        }
        if self.recall_refused.is_some() && self.times_refused.is_some() {
            return Vec::new();
        }
        let head = [
            "point",
            "load",
            "qps B/A",
            "95 % interval",
            "noise",
            "recall B-A",
            "95 % interval",
            "queries changed",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.pairs.iter().map(cells));
        columns_within(&rows, width)
    }

    /// Points of one run alone, with their loads; those that failed in B with the reason.
    fn unpaired(&self) -> Vec<String> {
        let only = |run: &str, points: &[&PointRow]| -> Vec<String> {
            let lines = by_point(points).into_iter();
            let line = |(name, loads)| clean(&format!("only in {run}: {name} ({loads})"));
            lines.map(line).collect()
        };
        let mut lines: Vec<String> = self.failed_in_b.iter().map(|row| failure(row)).collect();
        lines.extend(only("A", &self.left_out_of_b()));
        lines.extend(only("B", &self.only_in_b));
        lines
    }

    /// What B did not even try.
    fn left_out_of_b(&self) -> Vec<&PointRow> {
        let failed = |row: &PointRow| {
            let mut failed = self.failed_in_b.iter();
            failed.any(|other| point_name(other) == point_name(row) && other.load() == row.load())
        };
        let rows = self.only_in_a.iter().copied();
        rows.filter(|row| !failed(row)).collect()
    }

    /// What the gate does not see: `; 2 points of A are not in B and were not judged`.
    fn unseen(&self) -> String {
        let missing = match by_point(&self.left_out_of_b()).len() {
            0 => String::new(),
            1 => "; 1 point of A is not in B and was not judged".to_owned(),
            n => format!(
                "; {} points of A are not in B and were not judged",
                count(n)
            ),
        };
        let ratios = self.pairs.iter().filter_map(|pair| pair.qps_ratio);
        let short = match ratios.filter(|ratio| !ratio.is_sound()).count() {
            0 => String::new(),
            n => format!(
                "; {} speeds were timed over less than 1 ms a round, which no two processes repeat, \
                 and were not judged: ask more queries",
                count(n)
            ),
        };
        let refused = match self.times_refused {
            None => "",
            Some(_) => "; no speed was judged",
        };
        missing + &short + refused
    }

    fn losses(&self, name: &dyn Fn(u64) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        for pair in &self.pairs {
            let lost: Vec<&ChangedQuery> =
                pair.changed.iter().filter(|q| !q.lost.is_empty()).collect();
            if lost.is_empty() {
                continue;
            }
            let head = format!(
                "{} ({}): {} lost neighbours",
                pair.name,
                pair.load,
                queries(lost.len())
            );
            lines.push(clean(&head));
            let shown = lost.iter().take(SHOWN);
            lines.extend(shown.map(|query| clean(&format!("  {}", loss(query, name)))));
            if lost.len() > SHOWN {
                lines.push(format!(
                    "  and {} more; --json names all",
                    lost.len() - SHOWN
                ));
            }
        }
        lines
    }
}

impl Gate {
    /// The judgement in words, a line each.
    pub fn text(&self, diff: &Diff<'_>, regressions: &[Regression]) -> String {
        let (unseen, limits) = (diff.unseen() + &self.numbness(diff), self.limits());
        let all = count(diff.comparisons() + diff.failed_in_b.len());
        if regressions.is_empty() {
            return format!(
                "gate: passed, none of {all} comparisons is worse than {limits}{unseen}\n"
            );
        }
        let lines = regressions
            .iter()
            .map(|found| clean(&format!("  {}", found.in_words())));
        let lines = lines.collect::<Vec<_>>().join("\n");
        let failed = match regressions.len() {
            1 => "1 is".to_owned(),
            number => format!("{} are", count(number)),
        };
        format!(
            "gate: FAILED, of {all} comparisons {failed} worse than {limits}{unseen}\n{lines}\n"
        )
    }

    /// What the gate could not have seen: `; at 3 speeds noise hides a halving: measure longer`.
    fn numbness(&self, diff: &Diff<'_>) -> String {
        match self.numb(diff) {
            0 => String::new(),
            n => format!(
                "; at {} speeds noise hides a halving: measure longer, on a machine that does \
                 nothing else",
                count(n)
            ),
        }
    }

    /// `the limits (qps -3.0 %, recall -0.005) and the noise allow`
    fn limits(&self) -> String {
        let given = [("qps", self.qps), ("recall", self.recall)];
        let written = given.iter().filter(|(_, limit)| *limit < 0.0);
        let written: Vec<String> = written
            .map(|(what, limit)| format!("{what} {}", allowance(what, *limit)))
            .collect();
        match written.is_empty() {
            true => "noise allows".to_owned(),
            false => format!("the limits ({}) and noise allow", written.join(", ")),
        }
    }
}

/// Points under all their loads: `single; batch, 2 threads`.
fn by_point(rows: &[&PointRow]) -> Vec<(String, String)> {
    let mut points: Vec<(String, String)> = Vec::new();
    for row in rows {
        let (name, load) = (point_name(row), row.load().to_string());
        match points.iter_mut().find(|(known, _)| *known == name) {
            Some((_, loads)) => *loads += &format!("; {load}"),
            None => points.push((name, load)),
        }
    }
    points
}

fn failure(row: &PointRow) -> String {
    let reason = match &row.status {
        Status::Failed(reason) => reason.as_str(),
        Status::Ok => "",
    };
    let (name, load) = (point_name(row), row.load());
    clean(&format!("failed in B: {name} ({load}): {reason}"))
}

fn queries(number: usize) -> String {
    match number {
        1 => "1 query".to_owned(),
        number => format!("{} queries", count(number)),
    }
}

/// `query 17 found 8 of the 9 it found before, lost: 4711`
fn loss(query: &ChangedQuery, name: &dyn Fn(u64) -> String) -> String {
    let names = |rows: &[u64]| {
        rows.iter()
            .map(|row| name(*row))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let gained = match query.gained.is_empty() {
        true => String::new(),
        false => format!("; gained {}", names(&query.gained)),
    };
    format!(
        "query {}: {} hits, {} before; lost {}{gained}",
        query.query_idx,
        query.hits_b,
        query.hits_a,
        names(&query.lost)
    )
}

fn cells(pair: &PointPair<'_>) -> [String; 8] {
    let none = || "–".to_owned();
    let ratio = pair.qps_ratio;
    let recall = pair.recall_difference;
    let interval = |ratio: Ratio| {
        let Estimate { low, high, .. } = ratio.ratio;
        format!("{low:.3} to {high:.3}")
    };
    [
        pair.name.clone(),
        pair.load.to_string(),
        ratio.map_or_else(none, told),
        ratio.map_or_else(none, interval),
        ratio
            .and_then(|ratio| ratio.floor)
            .map_or_else(none, percent),
        recall.map_or_else(none, |recall| format!("{:+.4}", recall.value)),
        recall.map_or_else(none, |recall| {
            format!("{:+.4} to {:+.4}", recall.low, recall.high)
        }),
        match recall {
            Some(_) => count(pair.changed.len()),
            None => none(),
        },
    ]
}

/// `-9.1 % slower`, `+1.2 % same`
fn told(ratio: Ratio) -> String {
    let word = match ratio.verdict {
        Told::Faster => "faster",
        Told::Slower => "SLOWER",
        Told::Indistinguishable => "same",
    };
    format!("{} {word}", signed_percent(ratio.ratio.value - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::{broken, run, worse};

    #[test]
    fn differences_come_first_and_losses_name_their_neighbours() {
        let (a, mut b) = (run(), worse());
        b.record.git_revision = Some("4567def".into());
        let diff = Diff::new(&a, &b, false);
        let text = diff.text(200, &|row| format!("word-{row}"));
        assert!(
            text.starts_with("the runs differ in\n  git revision\n    A  "),
            "{text}"
        );
        let point = "hnsw m=32 ef_search=64";
        let expected = format!("{point} (single): 100 queries lost neighbours");
        assert!(text.contains(&expected), "{text}");
        assert!(
            text.contains("query 0: 8 hits, 9 before; lost word-3\n"),
            "{text}"
        );
        assert!(text.contains("and 97 more"), "{text}");
        assert!(text.contains("-9.1 % SLOWER"), "{text}");
    }

    #[test]
    fn what_is_refused_says_why() {
        let (a, mut b) = (run(), run());
        b.record.machine.threads = 64;
        let text = Diff::new(&a, &b, false).text(200, &|row| row.to_string());
        assert!(
            text.contains("times are not compared: the numbers of threads differ; --across"),
            "{text}"
        );
        let text = Diff::new(&a, &b, true).text(200, &|row| row.to_string());
        assert!(text.contains("ACROSS MACHINES"), "{text}");
    }

    #[test]
    fn the_gate_says_what_failed_and_what_was_allowed() {
        let (a, b) = (run(), worse());
        let gate: Gate = "qps=-3%".parse().unwrap();
        let diff = Diff::new(&a, &b, false);
        let found = gate.regressions(&diff);
        assert_eq!(
            gate.text(&diff, &found),
            "gate: FAILED, of 20 comparisons 2 are worse than the limits (qps -3.0 %) and noise \
             allow\n  qps -9.1 %, allowed -3.0 %: hnsw m=32 ef_search=64 (single)\n  \
             recall -0.010, allowed none: hnsw m=32 ef_search=64 (single)\n"
        );
        assert!(
            gate.text(&diff, &[])
                .starts_with("gate: passed, none of 20 comparisons")
        );
    }

    #[test]
    fn the_gate_says_what_it_did_not_see() {
        let (a, mut b) = (run(), run());
        b.points.retain(|row| row.point != 6);
        let diff = Diff::new(&a, &b, false);
        let text = Gate::default().text(&diff, &[]);
        let expected = "noise allows; 1 point of A is not in B and was not judged\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn what_failed_in_b_is_told_with_its_reason_and_once() {
        let (a, b) = (run(), broken());
        let text = Diff::new(&a, &b, false).text(200, &|row| row.to_string());
        let point = "hnsw m=32 ef_search=256";
        let expected = format!("failed in B: {point} (single): the worker was killed\n");
        assert!(text.contains(&expected), "{text}");
        assert!(!text.contains("only in A"), "{text}");
    }
}
