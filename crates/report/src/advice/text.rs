//! The advice in words.

use annbench_store::results::PointRow;

use super::{Advice, Cost, Loosening};
use crate::{
    Constraint, Run, Snippets, Style,
    numbers::{Quantity, alone, count},
    run::{load_name, point_name},
    terminal::{clean, wrapped},
    verdict::{recall_text, speed},
};

impl Advice<'_> {
    /// The advice as people read it: lines of at most the style's width, but for what is to be
    /// pasted.
    pub fn text(&self, run: &Run, style: Style) -> String {
        let mut lines = Vec::new();
        let paragraphs = match &self.answer {
            Some(_) => self.answered(run),
            None => self.unanswered(run),
        };
        for (indent, paragraph) in paragraphs {
            let width = style.width.saturating_sub(indent.len()).max(20);
            let wrapped = wrapped(&clean(&paragraph), "    ", width).into_iter();
            lines.extend(wrapped.map(|line| format!("{indent}{line}")));
        }
        lines.extend(self.snippets.iter().flat_map(pasted));
        lines.join("\n") + "\n"
    }

    fn answered(&self, run: &Run) -> Vec<(&'static str, String)> {
        let Some(answer) = &self.answer else {
            return Vec::new();
        };
        let mut text = vec![
            (
                "",
                format!(
                    "take {} ({})",
                    point_name(answer.best),
                    load_name(self.load)
                ),
            ),
            ("  ", figures(run, answer.best)),
            ("", self.reason()),
        ];
        text.extend(answer.rivals.iter().map(|rival| {
            (
                "",
                format!(
                    "cannot be told apart from {}: {}",
                    point_name(rival),
                    figures(run, rival)
                ),
            )
        }));
        text.extend(self.exact_search().map(|sentence| ("", sentence)));
        text.extend(
            self.costs
                .iter()
                .map(|cost| ("", cost_text(cost, answer.best))),
        );
        text
    }

    fn reason(&self) -> String {
        let kept = match self.constraints.asked().len() {
            1 => "keeps to it",
            _ => "keeps to all of this",
        };
        format!(
            "why: of {} points measured it is the fastest that {kept}: {}{}",
            self.measured,
            self.asked(),
            self.short()
        )
    }

    /// What was asked for, with how sure it is.
    fn asked(&self) -> String {
        let asked = self.constraints.asked().into_iter();
        let words = asked.map(|(kind, limit)| match kind {
            Constraint::Recall => format!(
                "{} at the lower end of its {} % interval",
                kind.in_words(limit),
                (1000.0 * self.confidence).round() / 10.0
            ),
            _ => kind.in_words(limit),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// How many points fall short of what: `; 12 fall short of recall`.
    fn short(&self) -> String {
        let short = self.short.iter().filter(|(_, points)| *points > 0);
        let words = short.map(|(kind, points)| format!("{} fall short of {kind}", count(*points)));
        let words = words.collect::<Vec<_>>().join(", ");
        if words.is_empty() {
            words
        } else {
            format!("; {words}")
        }
    }

    fn exact_search(&self) -> Option<String> {
        let exact = self.exact?;
        let (best, name) = (self.best()?, point_name(exact));
        Some(match self.exact_is_enough() {
            true if best == exact => {
                "exact search is enough: nothing that keeps to this is faster".to_owned()
            }
            true => format!("exact search is enough: {name} cannot be told apart from the best"),
            false => format!(
                "exact search keeps to it as well: {name}, {}; it is enough if you need no more \
                 than that, and misses nothing",
                speed(exact)
            ),
        })
    }

    fn unanswered(&self, run: &Run) -> Vec<(&'static str, String)> {
        let load = load_name(self.load);
        if self.measured == 0 {
            return vec![("", format!("nothing was measured in mode {load}"))];
        }
        let head = format!(
            "none of {} points ({load}) keeps to all of this: {}{}",
            self.measured,
            self.asked(),
            self.short()
        );
        let mut text = vec![("", head)];
        let loosened = self.loosen.iter();
        text.extend(loosened.map(|loosening| ("", loosening_text(run, loosening))));
        if self.loosen.is_empty() {
            let sentence = "no one constraint can be loosened alone to have an answer: loosen two \
                            or more, or measure other indexes";
            text.push(("", sentence.to_owned()));
        }
        text
    }
}

/// `recall 0.958 ±0.006, 11,354 qps (10,120 to 12,430), p99 187 µs, 35 MB resident, built in 3.8 s`
fn figures(run: &Run, point: &PointRow) -> String {
    let per_second = |qps| alone(Quantity::PerSecond, qps);
    let mut parts = vec![recall_text(point)];
    parts.extend(point.qps.map(|qps| {
        let (low, high) = (per_second(qps.low), per_second(qps.high));
        format!("{} qps ({low} to {high})", per_second(qps.value))
    }));
    let known = |kind: Constraint| Some(kind.write(kind.of(run, point)?));
    parts.extend(known(Constraint::P99Us).map(|p99| format!("p99 {p99}")));
    parts.extend(known(Constraint::MemoryBytes).map(|memory| format!("{memory} resident")));
    parts.extend(known(Constraint::BuildS).map(|build| format!("built in {build}")));
    parts.join(", ")
}

fn cost_text(cost: &Cost<'_>, best: &PointRow) -> String {
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

fn loosening_text(run: &Run, loosening: &Loosening<'_>) -> String {
    let Loosening {
        constraint,
        limit,
        needed,
        point,
    } = loosening;
    format!(
        "loosen {constraint} from {} to {}: {}, {}",
        constraint.write(*limit),
        constraint.write(*needed),
        point_name(point),
        figures(run, point)
    )
}

/// The snippets, each under a heading; control characters cannot occur in them but as line ends.
fn pasted(snippets: &Snippets) -> Vec<String> {
    let Snippets {
        toml,
        factory,
        python,
        rust,
    } = snippets;
    let factory = factory.as_ref().map(|factory| format!("{factory}\n"));
    let sections = [
        ("experiment", Some(toml)),
        ("FAISS factory string", factory.as_ref()),
        ("Python", python.as_ref()),
        ("Rust (crate faiss)", rust.as_ref()),
    ];
    let given = sections
        .into_iter()
        .filter_map(|(head, text)| Some((head, text?)));
    given
        .flat_map(|(head, text)| {
            let lines = text
                .lines()
                .map(|line| format!("    {}", clean(line)).trim_end().to_owned());
            [String::new(), format!("{head}:")].into_iter().chain(lines)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        Advice, Constraints, Style,
        fixture::{self, SINGLE},
    };

    fn check(constraints: Constraints, expected: &str) {
        let run = fixture::run();
        let style = Style {
            color: false,
            width: 100,
        };
        let text = Advice::new(&run, constraints, SINGLE, 0.95).text(&run, style);
        let told = text.split("\n\nexperiment:").next().unwrap().trim_end();
        assert_eq!(told, expected);
    }

    #[test]
    fn the_answer_comes_with_its_reason_and_with_what_it_costs() {
        check(
            Constraints {
                p99_us: Some(400.0),
                ..Constraints::recall(0.95)
            },
            "take hnsw m=32 ef_search=64 (single)
  recall 0.990 ±0.003, 5,154 qps (5,051 to 5,257), p99 330 µs, 37 MB resident, built in 3.4 s
why: of 7 points measured it is the fastest that keeps to all of this: recall >= 0.95 at the lower
    end of its 95 % interval, p99 <= 400 µs; 4 fall short of recall, 4 fall short of p99
recall >= 0.95 costs a factor of 2.4: without it ivf_flat nlist=256 nprobe=1, 12,147 qps
p99 <= 400 µs costs nothing",
        );
    }

    #[test]
    fn where_nothing_fits_it_is_said_what_to_loosen_and_by_how_much() {
        check(
            Constraints {
                p99_us: Some(200.0),
                ..Constraints::recall(0.98)
            },
            "none of 7 points (single) keeps to all of this: recall >= 0.98 at the lower end of its 95 %
    interval, p99 <= 200 µs; 4 fall short of recall, 5 fall short of p99
loosen recall from 0.980 to 0.904: hnsw m=32 ef_search=16, recall 0.912 ±0.008, 9,120 qps (8,938 to
    9,302), p99 186 µs, 37 MB resident, built in 3.4 s
loosen p99 from 200 µs to 330 µs: hnsw m=32 ef_search=64, recall 0.990 ±0.003, 5,154 qps (5,051 to
    5,257), p99 330 µs, 37 MB resident, built in 3.4 s",
        );
    }
}
