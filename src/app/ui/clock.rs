//! How times are written: by the clock on the wall of whoever reads.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// When, on the wall here; the epoch's beginning for what is no time at all.
fn zoned(unix_ms: u64) -> Zoned {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    // Pictures are the same wherever they are painted.
    let zone = ZONE.get_or_init(if cfg!(test) {
        || TimeZone::UTC
    } else {
        TimeZone::system
    });
    let at = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().to_zoned(zone.clone())
}

/// `09:12`.
pub(super) fn time(unix_ms: u64) -> String {
    zoned(unix_ms).strftime("%H:%M").to_string()
}

/// The day of a time.
pub(super) fn day(unix_ms: u64) -> Date {
    zoned(unix_ms).date()
}

/// `Today`, `Yesterday`, `Monday`, `12 May`, `12 May 2025`.
pub(super) fn day_name(day: Date, today: Date) -> String {
    match today.since(day).map_or(-1, |since| since.get_days()) {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        2..7 => day.strftime("%A").to_string(),
        _ if day.year() == today.year() => day.strftime("%-d %B").to_string(),
        _ => day.strftime("%-d %B %Y").to_string(),
    }
}

/// For a list: the time of today, or the day.
pub(super) fn short(unix_ms: u64, now_ms: u64) -> String {
    let (day, today) = (day(unix_ms), day(now_ms));
    match today.since(day).map_or(-1, |since| since.get_days()) {
        0 => time(unix_ms),
        1..7 => day.strftime("%a").to_string(),
        _ if day.year() == today.year() => day.strftime("%-d %b").to_string(),
        _ => day.strftime("%-d %b %Y").to_string(),
    }
}

/// The beginning of a day that was typed as `2026-05-12`, in ms since the Unix epoch, and how people call it.
pub(super) fn begin_of(typed: &str) -> Option<(String, u64)> {
    let day: Date = typed.parse().ok()?;
    let at = day.to_zoned(zoned(0).time_zone().clone()).ok()?;
    let at_ms = u64::try_from(at.timestamp().as_millisecond()).ok()?;
    Some((day.strftime("%-d %B %Y").to_string(), at_ms))
}

/// How many minutes the clock here is ahead of UTC at a time.
pub(super) fn utc_offset_min(unix_ms: u64) -> i32 {
    zoned(unix_ms).offset().seconds() / 60
}

/// How long ago something was: `12 min`, `3 h`, `2 days`; nothing for less than a minute.
pub(super) fn ago(ms: u64) -> Option<String> {
    let minutes = ms / 60_000;
    match (minutes, minutes / 60, minutes / (60 * 24)) {
        (0, ..) => None,
        (_, 0, _) => Some(format!("{minutes} min")),
        (_, hours, 0) => Some(format!("{hours} h")),
        (_, _, 1) => Some("1 day".to_owned()),
        (_, _, days) => Some(format!("{days} days")),
    }
}

/// `04:17`, `1:02:03`.
pub(super) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_named_as_people_name_them() {
        let today = date(2026, 11, 23);
        for (day, name) in [
            (today, "Today"),
            (date(2026, 11, 22), "Yesterday"),
            (date(2026, 11, 18), "Wednesday"),
            (date(2026, 11, 16), "16 November"),
            (date(2025, 11, 23), "23 November 2025"),
            // A clock that is ahead.
            (date(2026, 11, 24), "24 November"),
        ] {
            assert_eq!(day_name(day, today), name);
        }
    }

    #[test]
    fn lengths_have_hours_when_there_are_some() {
        assert_eq!(length(Duration::from_secs(257)), "04:17");
        assert_eq!(length(Duration::from_secs(3723)), "1:02:03");
    }
}
