//! What `annbench ask` prints: what an index found, and beside it what exact search found.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};

use super::ask::{Answer, Found};
use crate::{args::AskArgs, output};

pub(crate) fn print(args: &AskArgs, model: &str, answers: &[Answer]) -> std::io::Result<()> {
    match args.output.json {
        true => output::json(&as_json(args, model, answers)),
        false => output::text(&as_text(args, model, answers, output::style().width)),
    }
}

fn as_json(args: &AskArgs, model: &str, answers: &[Answer]) -> Value {
    let indexes = answers.iter().map(|answer| {
        json!({
            "index": answer.label,
            "search": answer.effective,
            "score": answer.metric.score_name(),
            "found": answer.found,
            "exact": answer.exact,
            "missed": missed(answer),
            "search_us": microseconds(answer.took),
            "exact_us": microseconds(answer.exact_took),
        })
    });
    json!({
        "question": args.question,
        "model": model,
        "indexes": indexes.collect::<Vec<_>>(),
    })
}

fn as_text(args: &AskArgs, model: &str, answers: &[Answer], width: usize) -> String {
    let mut text = format!(
        "question  {}\nmodel     {}\n",
        plain(&args.question),
        plain(model)
    );
    for answer in answers {
        text.push('\n');
        text.push_str(&heading(answer));
        text.push_str(&table(answer, width));
    }
    text
}

fn heading(answer: &Answer) -> String {
    let found = answer.exact.len() - missed(answer);
    let search = match answer.effective.as_str() {
        "" => String::new(),
        effective => format!(", {effective}"),
    };
    format!(
        "{}{search}: {found} of the {} nearest of {} texts, in {:.0} µs (exact search: {:.0} µs)\n",
        plain(&answer.label),
        answer.exact.len(),
        answer.n,
        microseconds(answer.took),
        microseconds(answer.exact_took)
    )
}

/// Ids that exact search found and the index did not.
fn missed(answer: &Answer) -> usize {
    let is_found = |exact: &&Found| answer.found.iter().any(|found| found.id == exact.id);
    answer.exact.iter().filter(|exact| !is_found(exact)).count()
}

/// Rank, then two columns: the index's, and exact search's.
fn table(answer: &Answer, width: usize) -> String {
    let column = width.saturating_sub(RANK + 2) / 2;
    let mut text = format!(
        "{:>RANK$}{:<column$}  {}\n",
        "rank  ", "found", "exact search"
    );
    for rank in 0..answer.found.len().max(answer.exact.len()) {
        let found = answer.found.get(rank);
        let exact = answer.exact.get(rank);
        let same = found
            .zip(exact)
            .is_some_and(|(found, exact)| found.id == exact.id);
        let right = match same {
            true => "the same".to_owned(),
            false => exact.map_or_else(String::new, |exact| shown(exact, column)),
        };
        let left = found.map_or_else(|| "nothing".to_owned(), |found| shown(found, column));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:>4}  {left:<column$}  {right}", rank + 1);
    }
    text
}

const RANK: usize = 6;

/// Score, id and the start of the text, in one line of at most `width` characters.
fn shown(found: &Found, width: usize) -> String {
    let metadata = found.metadata.as_deref().map(in_words).unwrap_or_default();
    let line = format!("{:.4}  {}  {metadata}{}", found.score, found.id, found.text);
    shortened(&plain(&line), width)
}

/// Metadata as `(value, value)  `: values that are short and plain.
fn in_words(metadata: &str) -> String {
    let value: Value = serde_json::from_str(metadata).unwrap_or(Value::Null);
    let values: Vec<&str> = match &value {
        Value::Object(object) => object.values().filter_map(Value::as_str).collect(),
        Value::String(text) => vec![text],
        _ => Vec::new(),
    };
    match values.is_empty() {
        true => String::new(),
        false => format!("({})  ", values.join(", ")),
    }
}

/// Without line ends and whatever else a terminal would act upon.
fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

fn shortened(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => {
            let start: String = text.chars().take(width.saturating_sub(1)).collect();
            format!("{start}…")
        }
    }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use annbench_vectors::Metric;

    use super::*;

    fn found(id: &str, score: f64) -> Found {
        Found {
            id: id.into(),
            score,
            text: format!("the text\nof {id}, which is far longer than its column"),
            metadata: Some("{\"topic\": \"sea\", \"n\": 1}".into()),
        }
    }

    fn answer() -> Answer {
        Answer {
            label: "ivf nlist=4".into(),
            effective: "nprobe=1".into(),
            metric: Metric::Cosine,
            n: 41,
            found: vec![found("a", 0.9), found("c", 0.5)],
            exact: vec![found("a", 0.9), found("b", 0.7), found("c", 0.5)],
            took: Duration::from_micros(31),
            exact_took: Duration::from_micros(62),
        }
    }

    #[test]
    fn what_an_index_missed_is_seen_beside_what_it_found() {
        let text = format!("{}{}", heading(&answer()), table(&answer(), 80));
        let expected = "\
ivf nlist=4, nprobe=1: 2 of the 3 nearest of 41 texts, in 31 µs (exact search: 62 µs)
rank  found                                 exact search
   1  0.9000  a  (sea)  the text of a, wh…  the same
   2  0.5000  c  (sea)  the text of c, wh…  0.7000  b  (sea)  the text of b, wh…
   3  nothing                               0.5000  c  (sea)  the text of c, wh…
";
        assert_eq!(text, expected);
        assert_eq!(missed(&answer()), 1);
    }

    #[test]
    fn a_text_cannot_act_on_the_terminal() {
        assert_eq!(plain("a\u{1b}[2J\nb"), "a [2J b");
    }
}
