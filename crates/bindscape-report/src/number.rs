//! Numbers as a reader wants them: sensible digits, thousands separators, a real minus sign.

use bindscape_matrix::results::Estimate;

pub(crate) use bindscape_base::words::{counted, thousands as count};

/// What stands where a result is not defined.
pub(crate) const UNDEFINED: &str = "–";

/// Small whole numbers in words, for prose.
pub(crate) fn in_words(value: usize) -> String {
    const WORDS: [&str; 11] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    WORDS
        .get(value)
        .map_or_else(|| count(value as u64), |word| (*word).to_owned())
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// A fixed number of decimals, with a minus sign and never a negative zero.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    match plain.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("\u{2212}{digits}"),
        None => plain,
    }
}

/// As [`fixed`], with a plus sign for what is above zero.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value > 0.0 && !zero {
        format!("+{text}")
    } else {
        text
    }
}

/// A fixed number of decimals, or a dash where the value is not defined.
pub(crate) fn maybe(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| UNDEFINED.to_owned(), |value| fixed(value, decimals))
}

/// `0.650–0.751`; with `to` between ends of which one is negative.
pub(crate) fn interval((low, high): (f64, f64), decimals: usize) -> String {
    let between = if low < 0.0 || high < 0.0 {
        " to "
    } else {
        "–"
    };
    format!("{}{between}{}", fixed(low, decimals), fixed(high, decimals))
}

/// `0.703 (0.650–0.751)`.
pub(crate) fn estimate(estimate: &Estimate, decimals: usize) -> String {
    match (estimate.value, estimate.interval) {
        (Some(value), Some(ends)) => {
            format!("{} ({})", fixed(value, decimals), interval(ends, decimals))
        }
        (value, _) => maybe(value, decimals),
    }
}

/// A share as a percentage: `4.9%`, `<0.1%`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return UNDEFINED.to_owned();
    }
    let value = 100.0 * part as f64 / whole as f64;
    if part > 0 && value < 0.1 {
        "<0.1%".to_owned()
    } else if value >= 99.95 || value == 0.0 {
        format!("{value:.0}%")
    } else {
        format!("{value:.1}%")
    }
}

/// The level beside an AUCPR: `no skill 0.50`.
pub(crate) fn no_skill(level: Option<f64>) -> String {
    level.map_or_else(String::new, |level| format!("no skill {}", fixed(level, 2)))
}

/// Significant digits without an exponent where that is readable.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-6..15).contains(&magnitude) {
        return format!("{value:.*e}", digits.saturating_sub(1));
    }
    let decimals = (digits as i32 - 1 - magnitude).max(0) as usize;
    fixed(value, decimals)
}

/// A p value with two digits: `0.031`, `0.0012`, `1.9 × 10⁻⁷`.
pub(crate) fn p_value(p: f64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if p == 0.0 {
        return "< 10⁻³⁰⁰".to_owned();
    }
    if p >= 0.095 {
        return fixed(p, 2);
    }
    if p >= 0.000_95 {
        return fixed(p, if p >= 0.0095 { 3 } else { 4 });
    }
    let text = format!("{p:.1e}");
    let Some((digits, power)) = text.split_once("e-") else {
        return text;
    };
    let power: String = power
        .bytes()
        .map(|digit| DIGITS[usize::from(digit - b'0')])
        .collect();
    format!("{digits} × 10⁻{power}")
}

/// `12.3 MB`, in powers of 1,000.
pub(crate) fn bytes(value: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if value < 1000 {
        return format!("{value} B");
    }
    let mut scaled = value as f64 / 1000.0;
    let mut unit = 0;
    while scaled >= 999.5 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(scaled < 99.95);
    format!("{scaled:.decimals$} {}", UNITS[unit])
}

/// `45 s`, `3 min 12 s`, `2 h 5 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", count(whole / 3600), whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_separators() {
        assert_eq!(fixed(-0.0004, 2), "0.00");
        assert_eq!(fixed(-0.184, 2), "\u{2212}0.18");
        assert_eq!(signed(0.184, 2), "+0.18");
        assert_eq!(signed(0.0004, 2), "0.00");
        assert_eq!(interval((-0.1, 0.2), 1), "\u{2212}0.1 to 0.2");
        assert_eq!(percent(1, 100_000), "<0.1%");
        assert_eq!(percent(3, 3), "100%");
        assert_eq!(percent(0, 0), UNDEFINED);
        assert_eq!(significant(4_123.4, 3), "4123");
        let p_values = [0.667, 0.05, 0.0312, 0.00123, 1.91e-7, 3e-12, 0.0].map(p_value);
        assert_eq!(
            p_values,
            [
                "0.67",
                "0.050",
                "0.031",
                "0.0012",
                "1.9 × 10⁻⁷",
                "3.0 × 10⁻¹²",
                "< 10⁻³⁰⁰"
            ]
        );
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(duration(192.2), "3 min 12 s");
        assert_eq!(duration(7_500.0), "2 h 5 min");
        let undefined = Estimate {
            value: None,
            interval: None,
        };
        assert_eq!(estimate(&undefined, 3), UNDEFINED);
    }
}
