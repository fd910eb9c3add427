//! How values of arguments are read.

use std::time::Duration;

use annbench_store::{Dtype, results::Mode};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The names of [`Dtype`], for help and completion.
pub(super) fn dtype() -> impl TypedValueParser<Value = Dtype> {
    let all = [Dtype::F16, Dtype::F32, Dtype::F64];
    PossibleValuesParser::new(all.map(Dtype::name)).map(move |name| {
        let named = all.into_iter().find(|dtype| dtype.name() == name);
        named.unwrap_or_default()
    })
}

/// The names of [`Mode`], for help and completion.
pub(super) fn mode() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.map(Mode::name)).map(|name| {
        let named = Mode::ALL.into_iter().find(|mode| mode.name() == name);
        named.unwrap_or(Mode::Single)
    })
}

/// A share between 0 and 1, such as a recall.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("write a share from 0 to 1, such as 0.95".into()),
    }
}

/// A time, as people write it: `2ms`, `500us`, `1m 30s`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write a time with a unit, such as 500us, 2ms or 60s"))
}

/// Bytes, as people write them: `500MB`, `1.5 GiB`, `4096`.
pub(super) fn bytes(text: &str) -> Result<f64, String> {
    let wrong = || "write a number of bytes with a unit, such as 500MB or 1.5GiB".to_owned();
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let (number, unit) = text.split_at(text.find(is_letter).unwrap_or(text.len()));
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    match number.is_finite() && number >= 0.0 {
        true => Ok(number * factor),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, expected) in [
            ("4096", Ok(4096.0)),
            ("500MB", Ok(5e8)),
            ("1.5 GiB", Ok(1.5 * 1024.0 * 1024.0 * 1024.0)),
            ("2kb", Ok(2e3)),
            ("-1MB", Err(())),
            ("much", Err(())),
            ("5 XB", Err(())),
            ("infMB", Err(())),
        ] {
            assert_eq!(bytes(text).map_err(drop), expected, "{text}");
        }
    }

    #[test]
    fn times_have_units() {
        for (text, expected_us) in [
            ("500us", Some(500)),
            ("500µs", Some(500)),
            ("0.5ms", Some(500)),
            ("1m 30s", Some(90_000_000)),
            ("2", None),
            ("-2ms", None),
            ("soon", None),
        ] {
            let found = time(text).ok().map(|time| time.as_micros());
            assert_eq!(found, expected_us, "{text}");
        }
    }

    #[test]
    fn a_recall_is_a_share() {
        assert_eq!(share("0.95"), Ok(0.95));
        for text in ["95", "-0.1", "NaN", "high"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
