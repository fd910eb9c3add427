//! Numbers as people read them: one unit and one number of decimals for what stands together.

/// What the numbers of a column measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Nothing: the column holds words.
    Text,
    /// Whole things.
    Count,
    /// A share of 1, such as recall.
    Share,
    /// A share of 100.
    Percent,
    /// Queries a second.
    PerSecond,
    /// Microseconds.
    Micros,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// The unit and decimals that the numbers of one quantity share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    /// Name of the unit; empty where there is none.
    pub(crate) unit: &'static str,
    divisor: f64,
    decimals: usize,
}

/// Decimals after which a column stops following its smallest number.
const MOST_DECIMALS: usize = 3;

impl Scale {
    /// The scale that suits all of `values` (in the quantity's own unit).
    pub(crate) fn fit(quantity: Quantity, values: &[f64]) -> Self {
        let positive = || {
            let finite = |v: &f64| v.is_finite() && *v > 0.0;
            values.iter().copied().filter(finite)
        };
        let largest = positive().fold(0.0, f64::max);
        let smallest = positive().fold(f64::INFINITY, f64::min);
        let (unit, divisor) = match quantity {
            Quantity::Bytes => bytes_unit(largest),
            Quantity::Micros => micros_unit(smallest),
            Quantity::Seconds => ("s", 1.0),
            Quantity::Percent => ("%", 1.0),
            _ => ("", 1.0),
        };
        let decimals = match quantity {
            Quantity::Text | Quantity::Count => 0,
            Quantity::Share => 3,
            Quantity::Percent => 1,
            Quantity::Bytes => two_digits(smallest / divisor).min(1),
            _ => two_digits(smallest / divisor),
        };
        Self {
            unit,
            divisor,
            decimals,
        }
    }

    /// The number in the scale's unit, without the unit's name.
    pub(crate) fn write(self, value: f64) -> String {
        grouped(value / self.divisor, self.decimals)
    }

    /// The number with its unit.
    pub(crate) fn write_with_unit(self, value: f64) -> String {
        let text = self.write(value);
        match self.unit {
            "" => text,
            unit => format!("{text} {unit}"),
        }
    }
}

/// A single number with its unit, where no column sets the scale.
pub(crate) fn alone(quantity: Quantity, value: f64) -> String {
    Scale::fit(quantity, &[value]).write_with_unit(value)
}

/// A count: `19,000`.
pub fn count(value: usize) -> String {
    alone(Quantity::Count, value as f64)
}

/// A share with three decimals: never `1.000` for less than all of it, never `0.000` for more
/// than none.
pub(crate) fn share(value: f64) -> String {
    let inside = if value > 0.0 && value < 1.0 {
        value.clamp(0.001, 0.999)
    } else {
        value
    };
    grouped(inside, 3)
}

/// The longer arm of an interval of a share: `±0.004`.
pub(crate) fn share_arm(value: f64, low: f64, high: f64) -> String {
    format!("±{}", grouped((high - value).max(value - low), 3))
}

/// A share as `1.5 %`; a small one with as many decimals as show it.
pub(crate) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let decimals = match percent.abs() {
        0.0 | 0.1.. => 1,
        small => two_digits(small),
    };
    format!("{} %", grouped(percent, decimals))
}

/// The same with its sign: `+1.5 %`.
pub(crate) fn signed_percent(share: f64) -> String {
    let sign = if share > 0.0 { "+" } else { "" };
    format!("{sign}{}", percent(share))
}

/// A short time: `41 ns`, `0.25 ns`.
pub(crate) fn nanoseconds(nanoseconds: f64) -> String {
    format!("{} ns", grouped(nanoseconds, two_digits(nanoseconds)))
}

/// The smallest unit that writes `largest` in at most four digits.
fn bytes_unit(largest: f64) -> (&'static str, f64) {
    let units = [("kB", 1e3), ("MB", 1e6), ("GB", 1e9)];
    let fits = |(_, divisor): &(&str, f64)| largest / divisor < 1e4;
    units.into_iter().find(fits).unwrap_or(("TB", 1e12))
}

/// The largest unit in which `smallest` is still at least 10.
fn micros_unit(smallest: f64) -> (&'static str, f64) {
    if !smallest.is_finite() {
        return ("µs", 1.0);
    }
    let units = [("s", 1e6), ("ms", 1e3)];
    let carries = |(_, divisor): &(&str, f64)| smallest / divisor >= 10.0;
    units.into_iter().find(carries).unwrap_or(("µs", 1.0))
}

/// Decimals that give `smallest` two digits that count.
fn two_digits(smallest: f64) -> usize {
    if !smallest.is_finite() || smallest >= 10.0 {
        return 0;
    }
    let decimals = 1.0 - smallest.log10().floor();
    decimals.min(MOST_DECIMALS as f64) as usize
}

/// Fixed decimals with commas between thousands.
fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "n/a".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(quantity: Quantity, values: &[f64], expected: &[&str]) {
        let scale = Scale::fit(quantity, values);
        let written: Vec<String> = values.iter().map(|v| scale.write_with_unit(*v)).collect();
        assert_eq!(written, expected);
    }

    #[test]
    fn a_column_has_one_unit_and_as_many_decimals_as_its_smallest_number_needs() {
        check(
            Quantity::PerSecond,
            &[12147.3, 1020.0],
            &["12,147", "1,020"],
        );
        check(Quantity::Micros, &[82.13, 6712.0], &["82 µs", "6,712 µs"]);
        check(Quantity::Micros, &[0.51, 12.0], &["0.51 µs", "12.00 µs"]);
        check(Quantity::Micros, &[20_000.0, 1e6], &["20 ms", "1,000 ms"]);
        check(
            Quantity::Seconds,
            &[0.0, 0.412, 22.1],
            &["0.00 s", "0.41 s", "22.10 s"],
        );
        check(Quantity::Seconds, &[0.00004, 3.0], &["0.000 s", "3.000 s"]);
        check(Quantity::Bytes, &[182e6, 29.18e6], &["182 MB", "29 MB"]);
        check(Quantity::Bytes, &[182e9, 1.5e6], &["182.0 GB", "0.0 GB"]);
        check(Quantity::Bytes, &[0.0], &["0 kB"]);
        check(Quantity::Count, &[1_234_567.0, 12.0], &["1,234,567", "12"]);
    }

    #[test]
    fn what_is_no_number_says_so() {
        check(Quantity::PerSecond, &[f64::NAN, 10.0], &["n/a", "10"]);
        check(Quantity::Micros, &[f64::INFINITY], &["n/a µs"]);
    }

    #[test]
    fn small_figures_show_what_they_are() {
        let percents = [0.0, 0.015, -0.015, 0.00042, -0.0007, 2.5].map(signed_percent);
        let expected = [
            "0.0 %", "+1.5 %", "-1.5 %", "+0.042 %", "-0.070 %", "+250.0 %",
        ];
        assert_eq!(percents, expected);
        assert_eq!(percent(0.022), "2.2 %");
        assert_eq!(
            [41.3, 0.25, 1234.0].map(nanoseconds),
            ["41 ns", "0.25 ns", "1,234 ns"]
        );
    }

    #[test]
    fn a_share_below_one_never_reads_as_one() {
        assert_eq!(share(1.0), "1.000");
        assert_eq!(share(0.99996), "0.999");
        assert_eq!(share(0.00004), "0.001");
        assert_eq!(share(0.0), "0.000");
        assert_eq!(share_arm(0.99, 0.986, 0.992), "±0.004");
    }
}
