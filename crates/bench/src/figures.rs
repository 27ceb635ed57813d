//! Latencies and what is said of them.

use std::time::Duration;

/// What is said of many latencies, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many there were.
    pub count: usize,
    /// Half were no slower.
    pub p50: u32,
    /// 95 of 100 were no slower.
    pub p95: u32,
    /// 99 of 100 were no slower.
    pub p99: u32,
    /// The slowest.
    pub max: u32,
}

impl Spread {
    /// Of latencies in microseconds, in any order.
    pub fn of(mut latencies: Vec<u32>) -> Self {
        latencies.sort_unstable();
        let at = |per_cent: usize| {
            // The smallest that at least so many are no slower than.
            let rank = (latencies.len() * per_cent).div_ceil(100).max(1);
            latencies.get(rank - 1).copied().unwrap_or_default()
        };
        Self {
            count: latencies.len(),
            p50: at(50),
            p95: at(95),
            p99: at(99),
            max: latencies.last().copied().unwrap_or_default(),
        }
    }
}

/// A duration in microseconds; the longest that fits if it does not.
pub fn micros(took: Duration) -> u32 {
    u32::try_from(took.as_micros()).unwrap_or(u32::MAX)
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^52")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// So many in that time, for each second.
pub fn rate(count: u64, time: Duration) -> f64 {
    float(count) / time.as_secs_f64()
}

/// Microseconds as milliseconds, to three significant places.
pub fn millis(micros: u32) -> String {
    let millis = f64::from(micros) / 1_000.0;
    match micros {
        0..10_000 => format!("{millis:.2} ms"),
        10_000..100_000 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

/// A whole number with its thousands set apart.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_latencies() {
        let spread = Spread::of((1..=200).rev().collect());
        assert_eq!(spread, Spread { count: 200, p50: 100, p95: 190, p99: 198, max: 200 });
        assert_eq!(Spread::of(vec![7]), Spread { count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }

    #[test]
    fn numbers_are_written_to_be_read() {
        assert_eq!(grouped(1_234_567.4), "1,234,567");
        assert_eq!(grouped(987.0), "987");
        assert_eq!((millis(1_234), millis(12_345), millis(123_456)), pairs("1.23 ms", "12.3 ms", "123 ms"));
    }

    fn pairs(one: &str, two: &str, three: &str) -> (String, String, String) {
        (one.to_owned(), two.to_owned(), three.to_owned())
    }
}
