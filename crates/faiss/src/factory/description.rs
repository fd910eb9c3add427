//! What a factory string may not say, for FAISS would not refuse it but crash.
//!
//! `HNSW1` divides by the logarithm of 1 and never ends, `PQ0` divides by zero, `IVF1000000000`
//! reserves memory for lists that nothing will ever fill. Everything else is left to FAISS.

use annbench_index::BaseFacts;

use crate::words::thousands;

/// What is wrong with a factory string, in the words of a `ParamError`.
#[derive(Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) problem: String,
    pub(super) remedy: &'static str,
}

pub(super) fn check(factory: &str, base: BaseFacts) -> Result<(), Problem> {
    if factory.is_empty() {
        return refuse(
            "is empty".to_owned(),
            "use Flat, HNSW32 or another string of FAISS",
        );
    }
    if factory.contains('\0') {
        return refuse(
            "holds a zero byte".to_owned(),
            "use letters, digits and commas",
        );
    }
    for (word, number) in numbers(factory) {
        check_number(word, number, base)?;
    }
    Ok(())
}

fn check_number(word: &str, number: u64, base: BaseFacts) -> Result<(), Problem> {
    if word.ends_with("IVF") && number > base.n as u64 {
        return refuse(
            format!(
                "has {} lists, which exceeds the {} base vectors",
                thousands(number as usize),
                thousands(base.n)
            ),
            "lower the number after IVF",
        );
    }
    let (least, most, remedy) = match word {
        "HNSW" => (2, 2048, "use 2 to 2048 links after HNSW"),
        "NSG" => (2, 2048, "use 2 to 2048 links after NSG"),
        // Bits of a code: 2^bits centroids each.
        "x" => (1, 16, "use 1 to 16 bits after x"),
        // Block sizes of fast-scan, dimensions of a transformation and counts of sub-quantisers.
        _ => (1, 1 << 20, "use numbers from 1 to 1048576"),
    };
    if (least..=most).contains(&number) || word.ends_with("SH") || word.ends_with("IVF") {
        return if number == 0 { zero(word) } else { Ok(()) };
    }
    refuse(format!("has {number} after {word}"), remedy)
}

fn zero(word: &str) -> Result<(), Problem> {
    refuse(format!("has 0 after {word}"), "use numbers from 1")
}

fn refuse(problem: String, remedy: &'static str) -> Result<(), Problem> {
    Err(Problem { problem, remedy })
}

/// Every whole number of the string, thousands and millions spelt out, after the letters before it.
fn numbers(factory: &str) -> impl Iterator<Item = (&str, u64)> {
    let bytes = factory.as_bytes();
    let is_start =
        |at: usize| bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit());
    (0..bytes.len())
        .filter(move |at| is_start(*at))
        .map(move |start| {
            let digits = bytes[start..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
            let letters = bytes[..start]
                .iter()
                .rev()
                .take_while(|b| b.is_ascii_alphabetic())
                .count();
            let number: u64 = factory[start..start + digits].parse().unwrap_or(u64::MAX);
            let unit = match bytes.get(start + digits) {
                Some(b'k') => 1 << 10,
                Some(b'M') => 1 << 20,
                _ => 1,
            };
            (
                &factory[start - letters..start],
                number.saturating_mul(unit),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_vectors::Metric;

    #[test]
    fn numbers_are_found_with_their_words() {
        let found: Vec<_> = numbers("OPQ64_256,IVF2k,PQ64x4fs,RFlat").collect();
        assert_eq!(
            found,
            [("OPQ", 64), ("", 256), ("IVF", 2048), ("PQ", 64), ("x", 4)]
        );
    }

    #[test]
    fn strings_that_faiss_can_take_pass() {
        let base = BaseFacts {
            n: 100_000,
            dim: 64,
            metric: Metric::L2,
        };
        for factory in [
            "Flat",
            "SQ8",
            "SQfp16",
            "HNSW",
            "HNSW32,SQ8",
            "IVF1k,PQ16x4fsr_32,RFlat",
            "PCAR32,IVF64,SQ8",
            "OPQ16_64,IVF256(IVF16,Flat),PQ16x4fs,Refine(SQ8)",
            "IMI2x5,PQ8",
            "RQ4x8_Nqint8",
            "NSG32",
            "LSH64rt",
            "IVF256_HNSW32,Flat",
            "Pad128,RaBitQ",
            "L2norm,Flat",
            "ITQ32,LSH",
        ] {
            assert_eq!(check(factory, base), Ok(()), "{factory}");
        }
    }
}
