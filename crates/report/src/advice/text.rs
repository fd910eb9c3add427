//! The advice in words.

use super::{
    Advice,
    sentences::{
        better_otherwise, cost_text, doubts, in_percent, loosening_text, other_load, points,
        repaid, together_text,
    },
};
use crate::{
    Constraint, Recommendation, Run, Snippets, Style,
    numbers::count,
    run::{load_name, point_name},
    terminal::{clean, wrapped},
    verdict::{figures, speed},
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
        text.extend(self.rivals(run, answer).into_iter().map(plain));
        text.extend(self.exact_search().map(plain));
        let costs = self.costs.iter();
        text.extend(costs.map(|cost| plain(cost_text(cost, answer.best))));
        text.extend(self.elsewhere.iter().map(|other| plain(other_load(other))));
        text.extend(doubts(run, answer.best).into_iter().map(plain));
        text
    }

    /// What may be as fast, and what of it is better in something else.
    fn rivals(&self, run: &Run, answer: &Recommendation<'_>) -> Vec<String> {
        let told = answer.rivals.iter().take(RIVALS_SHOWN);
        let mut lines: Vec<String> = told
            .map(|rival| {
                let (name, figures) = (point_name(rival), figures(run, rival));
                format!("cannot be told apart from {name}: {figures}")
            })
            .collect();
        let untold = answer.rivals.len().saturating_sub(RIVALS_SHOWN);
        if untold > 0 {
            lines.push(format!("nor from {untold} more, which --json names"));
        }
        lines.extend(better_otherwise(run, answer));
        lines
    }

    fn reason(&self) -> String {
        let kept = match self.constraints.asked().len() {
            1 => "keeps to",
            _ => "keeps to all of",
        };
        format!(
            "why: of {} measured it is the fastest that {kept} {}{}",
            points(self.measured),
            self.asked(),
            self.short()
        )
    }

    /// What was asked for, with how sure it is.
    fn asked(&self) -> String {
        let asked = self.constraints.asked().into_iter();
        let words = asked.map(|(kind, limit)| match kind {
            Constraint::Recall => format!(
                "{} (by the lower end of its {} % interval)",
                kind.in_words(limit),
                in_percent(self.confidence)
            ),
            _ => kind.in_words(limit),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// How many points miss what: `; 12 fall short of recall, 1 exceeds memory`.
    fn short(&self) -> String {
        let short = self.short.iter().filter(|(_, points)| *points > 0);
        let mut words: Vec<String> = short
            .map(|(kind, points)| {
                let verb = match (kind, *points) {
                    (Constraint::Recall, 1) => "falls short of",
                    (Constraint::Recall, _) => "fall short of",
                    (_, 1) => "exceeds",
                    _ => "exceed",
                };
                format!(
                    "{} {verb} {kind}{}",
                    count(*points),
                    self.for_want_of_queries(*kind)
                )
            })
            .collect();
        words.extend((self.failed > 0).then(|| format!("{} failed", count(self.failed))));
        match words.is_empty() {
            true => String::new(),
            false => format!("; {}", words.join(", ")),
        }
    }

    /// Those that only too few queries keep from being sure.
    fn for_want_of_queries(&self, kind: Constraint) -> String {
        match (kind, self.unsure) {
            (Constraint::Recall, unsure @ 1..) => format!(
                " ({} of them may well reach it, but not for sure: ask more queries)",
                count(unsure)
            ),
            _ => String::new(),
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
                "exact search keeps to it as well and misses nothing: {name} is enough if {} do{}",
                speed(exact),
                repaid(best)
            ),
        })
    }

    fn unanswered(&self, run: &Run) -> Vec<(&'static str, String)> {
        let load = load_name(self.load);
        if self.measured == 0 {
            let failed = match self.failed {
                0 => String::new(),
                failed => format!(": all {failed} failed; annbench report says why"),
            };
            return vec![plain(format!(
                "nothing was measured in mode {load}{failed}"
            ))];
        }
        let head = format!(
            "none of {} ({load}) keeps to {}{}",
            points(self.measured),
            self.asked(),
            self.short()
        );
        let mut text = vec![plain(head)];
        text.extend(self.silent().map(plain));
        let loosened = self.loosen.iter();
        text.extend(loosened.map(|loosening| plain(loosening_text(run, loosening))));
        text.extend(
            self.together
                .iter()
                .map(|found| plain(together_text(run, found))),
        );
        text.extend(self.elsewhere.iter().map(|other| plain(other_load(other))));
        text
    }

    /// Points that would do but for a qps.
    fn silent(&self) -> Option<String> {
        (self.without_qps > 0).then(|| {
            format!(
                "{} would keep to it, but no qps was found there: their warnings in annbench \
                 report say why",
                points(self.without_qps)
            )
        })
    }
}

/// Rivals that are told in full.
const RIVALS_SHOWN: usize = 5;

fn plain(text: String) -> (&'static str, String) {
    ("", text)
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
why: of 7 points measured it is the fastest that keeps to all of recall >= 0.95 (by the lower end of
    its 95 % interval), p99 <= 400 µs; 4 fall short of recall (1 of them may well reach it, but not
    for sure: ask more queries), 4 exceed p99, 1 failed
recall >= 0.95 costs a factor of 2.4: without it ivf_flat nlist=256 nprobe=1, 12,147 qps
p99 <= 400 µs costs nothing
batch: hnsw m=32 ef_search=64, 14,200 qps (--mode batch tells why)
doubt: built by 2 threads: graph and recall differ a little from build to build; set [measure]
    build_threads = 1 for builds that repeat exactly",
        );
    }

    #[test]
    fn where_nothing_fits_it_is_said_what_to_loosen_and_by_how_much() {
        check(
            Constraints {
                p99_us: Some(200.0),
                ..Constraints::recall(0.98)
            },
            "none of 7 points (single) keeps to recall >= 0.98 (by the lower end of its 95 % interval), p99 <=
    200 µs; 4 fall short of recall, 5 exceed p99, 1 failed
loosen recall from 0.980 to 0.904 (--recall 0.904): hnsw m=32 ef_search=16, recall 0.912 ±0.008,
    9,120 qps (8,938 to 9,302), p99 186 µs, 37 MB resident, built in 3.4 s
loosen p99 from 200 µs to 330 µs (--p99 330us): hnsw m=32 ef_search=64, recall 0.990 ±0.003, 5,154
    qps (5,051 to 5,257), p99 330 µs, 37 MB resident, built in 3.4 s
batch: hnsw m=32 ef_search=64, 14,200 qps (--mode batch tells why)",
        );
    }
}
