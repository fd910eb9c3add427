//! Findings in words: what there is, what follows, what to do.

use annbench_vectors::Metric;

use super::{
    duplicates::{Duplicates, Leak},
    finding::{Finding, Side},
    headroom::Headroom,
    hubness::Hubness,
    shift::Shift,
    study::Surroundings,
    survey::Rows,
};

impl Finding {
    /// What there is, in a line.
    pub fn what(&self) -> String {
        match self {
            Self::NotFinite {
                side,
                rows,
                nan,
                infinite,
            } => format!(
                "{} of the {side} with components that are not finite ({nan} NaN, {infinite} infinite): {}",
                counted(rows.count, "row"),
                named("row", rows),
            ),
            Self::Zeros { side, rows, .. } => format!(
                "{} of the {side} without a direction: {}",
                counted(rows.count, "zero vector"),
                named("row", rows)
            ),
            Self::RepeatedIds(found) => format!(
                "{} with an id that an earlier one has, such as `{}` of rows {} and {}",
                counted(found.count, "row"),
                found.id,
                found.example.0,
                found.example.1
            ),
            Self::Magnitude { side, norm } => {
                format!("the longest vector of the {side} has length {norm:.3e}")
            }
            Self::TooFew => "fewer than two vectors are left to search".into(),
            Self::Duplicates { duplicates, n } => repeated(duplicates, *n, "vectors"),
            Self::RepeatedQueries { duplicates, n } => repeated(duplicates, *n, "queries"),
            Self::NearDuplicates { count, of, example } => format!(
                "{} of {of} vectors looked at have another, not equal, within 1 % of the usual distance{}",
                percent(*count, *of),
                such_as(*example, |(row, other)| format!("rows {row} and {other}"))
            ),
            Self::Leak { leak, n, held_out } => leaked(leak, *n, *held_out),
            Self::NearLeak { count, of, example } => format!(
                "{} of {of} queries looked at equal no base vector but lie within 1 % of the usual distance of one{}",
                percent(*count, *of),
                such_as(*example, |(query, row)| format!(
                    "query {query} beside row {row}"
                ))
            ),
            Self::Shifted(shift) => shifted(shift),
            Self::Norms { norms, .. } => format!(
                "lengths differ: {:.4} to {:.4}, median {:.4}",
                norms.min, norms.max, norms.median
            ),
            Self::EqualNorms => "all vectors are equally long".into(),
            Self::Constant { dimensions, dim } => format!(
                "{} of {dim} dimensions {} the same in all vectors: {}",
                dimensions.count,
                if dimensions.count == 1 { "is" } else { "are" },
                named("dimension", dimensions)
            ),
            Self::Difficulty { side, around } => difficulty(*side, around),
            Self::Hubs(hubness) => hubs(hubness),
            Self::Rounded(headroom) => rounded(headroom),
        }
    }

    /// What follows from it.
    pub fn consequence(&self) -> String {
        let text = match self {
            Self::NotFinite { .. } => {
                "such a vector is near to nothing and spoils every sum it enters; annbench refuses the file"
            }
            Self::Zeros { refused: true, .. } => {
                "cosine divides by the length; annbench refuses the file"
            }
            Self::Zeros { .. } => {
                "usually a text that was empty or failed to embed: it is near to everything alike"
            }
            Self::RepeatedIds(_) => {
                "a result would not say which row it means; annbench refuses the file"
            }
            Self::Magnitude { .. } => "indexes sum squares in f32, where that is infinite or zero",
            Self::TooFew => "there are no neighbours to find",
            Self::Duplicates { .. } => {
                "equal vectors tie: annbench counts every one of them as found, tools that compare ids do not, and users see one result several times"
            }
            Self::NearDuplicates { .. } => {
                "nearest neighbours are copies: recall measures how well copies are found"
            }
            Self::RepeatedQueries { .. } => {
                "they count several times in every figure, and may be answered from caches"
            }
            Self::Leak { held_out: true, .. } => {
                "each finds a copy of itself at no distance, which is easier than any real query"
            }
            Self::Leak { .. } => {
                "each finds itself at no distance, which is easier than any real query"
            }
            Self::NearLeak { .. } => {
                "each finds a near copy of itself, which is easier than a real query"
            }
            Self::Shifted(_) => {
                "indexes trained on the base serve such queries worse: recall measured with base vectors as queries would be too good"
            }
            Self::Norms {
                metric: Metric::Cosine,
                ..
            } => {
                "cosine does not see lengths, and annbench normalises; an index of inner products without that would rank otherwise"
            }
            Self::Norms {
                metric: Metric::InnerProduct,
                ..
            } => {
                "the inner product ranks long vectors first, so that it and cosine give different neighbours"
            }
            Self::Norms {
                metric: Metric::L2, ..
            } => "L2, cosine and inner product give different neighbours",
            Self::EqualNorms => "cosine, inner product and L2 give the same neighbours",
            Self::Constant { .. } => "they take memory and time and tell no vector from another",
            Self::Difficulty { around, .. } => return hardness(around).1.into(),
            Self::Hubs(hubness) if hubness.is_marked() => {
                "few vectors crowd the results, and graph indexes find it hard to reach the many that are in none"
            }
            Self::Hubs(_) => {
                "results are spread over the vectors about as in data of few dimensions"
            }
            Self::Rounded(headroom) if headroom.int8_is_harmless() => {
                "a quarter of the memory, at almost the same recall"
            }
            Self::Rounded(headroom) if headroom.f16_is_harmless() => {
                "half of the memory, at almost the same recall; 8 bits would lose neighbours"
            }
            Self::Rounded(_) => "smaller components lose neighbours",
        };
        text.into()
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        let text = match self {
            Self::NotFinite { .. } => {
                "embed these rows again, or leave them out when you write the file"
            }
            Self::Zeros { .. } => {
                "look at the texts of these rows; embed them again, or leave them out"
            }
            Self::RepeatedIds(_) => "make ids distinct, or use row numbers: --id-column \"\"",
            Self::Magnitude { .. } => "scale all vectors by one factor",
            Self::TooFew => "give more vectors, or put these right",
            Self::Duplicates { .. } | Self::NearDuplicates { .. } => {
                "remove copies before indexing, or read recall with them in mind"
            }
            Self::RepeatedQueries { .. } => {
                "keep one of each, unless your traffic repeats itself like that"
            }
            Self::Leak { held_out: true, .. } => {
                "remove copies from the base, all but one of equal rows: they stay in it when a query is held out"
            }
            Self::Leak { .. } | Self::NearLeak { .. } => {
                "use queries of their own, or hold them out: queries = { sample = 1000, holdout = true }"
            }
            Self::Shifted(_) => {
                "measure with these queries, not with a sample of the base, if they are what users ask"
            }
            Self::Norms {
                metric: Metric::Cosine,
                ..
            } => "nothing needs to be done, if the model was made for cosine",
            Self::Norms { .. } => "use the metric that the model was made for",
            Self::EqualNorms => "use any of the three; nothing depends on it",
            Self::Constant { .. } => "drop them, if nothing else needs them",
            Self::Difficulty { around, .. } => return hardness(around).2.into(),
            Self::Hubs(hubness) if hubness.is_marked() => {
                "look at recall query by query; centring the vectors often helps"
            }
            Self::Hubs(_) => "nothing needs to be done",
            Self::Rounded(headroom) if headroom.int8_is_harmless() => {
                "try SQ8 (type = \"factory\", factory = \"SQ8\" or \"IVF1024,SQ8\") beside the full size"
            }
            Self::Rounded(headroom) if headroom.f16_is_harmless() => {
                "try SQfp16 (type = \"factory\", factory = \"SQfp16\"), and store the file as f16"
            }
            Self::Rounded(_) => {
                "keep f32, or rank the results again by the full vectors (factory = \"...,RFlat\")"
            }
        };
        text.into()
    }
}

impl Hubness {
    /// Whether it is far from what embeddings usually have. Measured by `annbench data check` on
    /// 10,000 vectors: MiniLM's of WordNet 1.6, normal data of 32 dimensions 4.7, of 128 17.6.
    pub fn is_marked(&self) -> bool {
        self.skewness > 3.0
    }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `rows 3, 5, 9, 11, 12 and 70 more`
fn named(noun: &str, rows: &Rows) -> String {
    let numbers: Vec<String> = rows.first.iter().map(usize::to_string).collect();
    let plural = if rows.count == 1 { "" } else { "s" };
    let list = numbers.join(", ");
    match rows.count - rows.first.len() {
        0 => format!("{noun}{plural} {list}"),
        more => format!("{noun}s {list} and {more} more"),
    }
}

/// `1 of 50 queries is in the base, such as query 3, which is row 17`
fn leaked(leak: &Leak, n: usize, held_out: bool) -> String {
    let is_there = match (leak.count, held_out) {
        (1, false) => "is in the base",
        (_, false) => "are in the base",
        (1, true) => "that was held out has a copy in the base",
        (_, true) => "that were held out have copies in the base",
    };
    let example = such_as(leak.example, |(query, row)| match held_out {
        false => format!("query {query}, which is row {row}"),
        true => format!("query {query}"),
    });
    format!("{} of {n} queries {is_there}{example}", leak.count)
}

/// `, such as rows 3 and 5`, where there is an example.
fn such_as(example: Option<(usize, usize)>, in_words: impl Fn((usize, usize)) -> String) -> String {
    example.map_or_else(String::new, |pair| format!(", such as {}", in_words(pair)))
}

fn percent(count: usize, of: usize) -> String {
    format!("{:.1} %", 100.0 * count as f64 / of as f64)
}

fn repeated(duplicates: &Duplicates, n: usize, noun: &str) -> String {
    let example = such_as(duplicates.example, |(earlier, later)| {
        format!("rows {earlier} and {later}")
    });
    format!(
        "{} of {n} {noun} ({}) equal an earlier one{example}; the most frequent occurs {} times",
        duplicates.count,
        percent(duplicates.count, n),
        duplicates.largest
    )
}

fn shifted(shift: &Shift) -> String {
    format!(
        "queries do not look like base vectors: {:.0} % are farther from their nearest than a base vector is from its own (50 % expected), {:.2} times as far in the middle; means differ by {:.2} standard deviations",
        100.0 * shift.farther,
        shift.distance_ratio,
        shift.mean_shift
    )
}

/// Intrinsic dimensions of 20,000 vectors of known kinds, as `annbench data check` measures them.
const REFERENCES: &str =
    "for comparison: MiniLM's vectors of WordNet 20, normal data of 32 dimensions 22, of 128 51";

fn difficulty(side: Side, around: &Surroundings) -> String {
    let dimension = around
        .intrinsic_dimension
        .map_or_else(String::new, |found| {
            format!(
                "local intrinsic dimension around the {side} {:.1} ({:.1} to {:.1} in the middle four fifths)",
                found.mean, found.p10, found.p90
            )
        });
    let contrast = around.contrast.map_or_else(String::new, |contrast| {
        format!("; a vector taken at random is {contrast:.2} times as far as the nearest")
    });
    format!(
        "{} to search: {dimension}{contrast}; {REFERENCES}",
        hardness(around).0
    )
}

/// A word for the difficulty, what follows and what to do.
fn hardness(around: &Surroundings) -> (&'static str, &'static str, &'static str) {
    let dimension = around.intrinsic_dimension.map_or(0.0, |found| found.mean);
    match dimension {
        d if d < 10.0 => (
            "easy",
            "small parameters reach high recall",
            "start with few probes and links",
        ),
        d if d < 25.0 => (
            "of usual difficulty",
            "much like text and image embeddings in general",
            "the defaults are a fair start",
        ),
        d if d < 40.0 => (
            "hard",
            "high recall takes many probes and long lists of candidates",
            "sweep nprobe and ef_search further than usual",
        ),
        _ => (
            "very hard",
            "neighbours hardly stand out from the rest, as in random data: approximate indexes gain little here",
            "check that the vectors mean something; compare with exact search",
        ),
    }
}

fn hubs(hubness: &Hubness) -> String {
    format!(
        "hubness: of {} vectors one is among the {} nearest of {} others, {:.1} % of none (skewness {:.2})",
        hubness.n,
        hubness.k,
        hubness.most,
        100.0 * hubness.never,
        hubness.skewness
    )
}

fn rounded(headroom: &Headroom) -> String {
    let f16 = match headroom.f16 {
        Some(recall) => format!("{recall:.4} with 16 bits a component"),
        None => "16 bits a component cannot hold the largest values".into(),
    };
    format!(
        "recall@{} of exact search would be {f16}, {:.4} with 8 bits",
        headroom.k, headroom.int8
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_up_to_five() {
        assert_eq!(named("row", &Rows::of([3])), "row 3");
        assert_eq!(named("row", &Rows::of([3, 5])), "rows 3, 5");
        assert_eq!(
            named("row", &Rows::of(0..9)),
            "rows 0, 1, 2, 3, 4 and 4 more"
        );
    }

    #[test]
    fn a_finding_says_what_follows_and_what_to_do() {
        let finding = Finding::Zeros {
            side: Side::Base,
            rows: Rows::of([7]),
            refused: true,
        };
        assert_eq!(
            finding.what(),
            "1 zero vector of the base without a direction: row 7"
        );
        assert!(finding.consequence().contains("cosine"));
        assert!(finding.remedy().contains("embed them again"));
    }
}
