//! The day on which a page is made.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 86_400;

/// Today in UTC, or the day of `SOURCE_DATE_EPOCH` where that is set, so that builds can be
/// repeated byte by byte: `29 November 2026`.
pub(crate) fn today() -> String {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok();
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    };
    day(set
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or_else(now))
}

/// The day of a time in seconds since 1970, in UTC.
pub(crate) fn day(seconds: u64) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    // Years begin in March here, so that the day of a leap year is the last of its year.
    let days = seconds / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    format!("{day} {} {year}", MONTHS[month as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // `date -u -d @SECONDS` of coreutils 9.1.
        for (seconds, expected) in [
            (0, "1 January 1970"),
            (951_782_399, "28 February 2000"),
            (951_782_400, "29 February 2000"),
            (1_078_099_200, "1 March 2004"),
            (1_795_932_000, "29 November 2026"),
            (4_107_542_400, "1 March 2100"),
            (1_767_225_599, "31 December 2025"),
        ] {
            assert_eq!(day(seconds), expected, "{seconds}");
        }
    }
}
