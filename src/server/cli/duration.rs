//! Durations as people write them: `45s`, `30m`, `2h`, `90d`.

use std::time::Duration;

/// Reads one.
///
/// # Errors
/// What is wrong with the text, as a sentence for its writer.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    const FORM: &str = "expected a number and a unit, as in 45s, 30m, 2h or 90d";
    let unit_s: u64 = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 24 * 3600,
        Some(_) | None => return Err(FORM.to_owned()),
    };
    let number: u64 = text[..text.len() - 1]
        .parse()
        .map_err(|_| FORM.to_owned())?;
    match number.checked_mul(unit_s) {
        Some(0) => Err("it must be longer than nothing".to_owned()),
        // A century is more than anybody means, and keeps sums of times within their numbers.
        Some(seconds) if seconds <= 36_525 * 24 * 3600 => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err("it must be shorter than a century".to_owned()),
    }
}

/// As short as it can be written.
pub(super) fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit_s, unit) = [(24 * 3600, 'd'), (3600, 'h'), (60, 'm')]
        .into_iter()
        .find(|(unit_s, _)| seconds >= *unit_s && seconds.is_multiple_of(*unit_s))
        .unwrap_or((1, 's'));
    format!("{}{unit}", seconds / unit_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        for (text, seconds) in [("45s", 45), ("30m", 1800), ("2h", 7200), ("90d", 7_776_000)] {
            let duration = parse(text).expect(text);
            assert_eq!(duration, Duration::from_secs(seconds));
            assert_eq!(show(duration), text);
        }
        for wrong in [
            "",
            "h",
            "2",
            "-2h",
            "2 h",
            "2w",
            "1.5h",
            "0s",
            "99999999999999999999d",
            "40000d",
            "2é",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
