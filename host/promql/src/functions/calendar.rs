//! Parts of a date, in UTC and the proleptic Gregorian calendar, from seconds since the epoch.

const DAY_SECS: i64 = 86_400;

/// The function of a name; it takes seconds since the epoch.
pub(crate) fn date_kernel(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "minute" => |secs| of(secs, |s| s.rem_euclid(3600) / 60),
        "hour" => |secs| of(secs, |s| s.rem_euclid(DAY_SECS) / 3600),
        // The first of January 1970 was a Thursday; Sunday is 0.
        "day_of_week" => |secs| of(secs, |s| (s.div_euclid(DAY_SECS) + 4).rem_euclid(7)),
        "day_of_month" => |secs| of(secs, |s| date(s).day),
        "day_of_year" => |secs| of(secs, day_of_year),
        "days_in_month" => |secs| of(secs, days_in_month),
        "month" => |secs| of(secs, |s| date(s).month),
        "year" => |secs| of(secs, |s| date(s).year),
        _ => return None,
    })
}

/// NaN where the value is no instant; beyond some billion years there is no calendar.
fn of(secs: f64, part: fn(i64) -> i64) -> f64 {
    let known = secs.abs() < 1e17;
    if known { part(secs as i64) as f64 } else { f64::NAN }
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// The civil date of an instant: days are counted in eras of 400 years that begin on a first of March.
fn date(secs: i64) -> Date {
    let days = secs.div_euclid(DAY_SECS) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    Date { year, month, day: day_of_year - (153 * shifted + 2) / 5 + 1 }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_in_month(secs: i64) -> i64 {
    let date = date(secs);
    days_of(date.year, date.month)
}

fn day_of_year(secs: i64) -> i64 {
    let date = date(secs);
    (1..date.month).map(|month| days_of(date.year, month)).sum::<i64>() + date.day
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, 1970, 1, 1, 1)]
    #[case(951_782_400, 2000, 2, 29, 60)]
    #[case(1_735_603_200, 2024, 12, 31, 366)]
    #[case(-1, 1969, 12, 31, 365)]
    fn civil_dates(
        #[case] secs: i64,
        #[case] year: i64,
        #[case] month: i64,
        #[case] day: i64,
        #[case] of_year: i64,
    ) {
        let found = date(secs);
        assert_eq!((found.year, found.month, found.day, day_of_year(secs)), (year, month, day, of_year));
    }

    #[test]
    fn what_is_no_instant_has_no_date() {
        assert!(of(f64::NAN, day_of_year).is_nan());
        assert!(of(f64::INFINITY, day_of_year).is_nan());
    }
}
