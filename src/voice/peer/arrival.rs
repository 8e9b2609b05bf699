//! Whether what we send arrives there, by what the other side reports of it.

/// Reports that are due and show no progress, before we count as not heard.
const STUCK: u32 = 3;
/// The rarest reports that are expected, in seconds: RFC 3550, 6.2 and 6.3.1, has 5 s, varied by half. Browsers keep to it, we report
/// every second.
const RAREST: u32 = 8;

/// How far the other side says that it hears us.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The highest number that arrived there, once they have reported.
    highest: Option<u64>,
    /// For so many seconds it is the same.
    still: u32,
    /// So many seconds lie between two of their reports.
    pace: u32,
    unheard: bool,
}

impl Default for Arrival {
    fn default() -> Self {
        Self {
            highest: None,
            still: 0,
            pace: RAREST,
            unheard: false,
        }
    }
}

impl Arrival {
    /// Takes the highest number that has arrived there as far as is known, once a second. Says whether we are heard, where that has
    /// changed.
    pub(super) fn report(&mut self, highest: u64) -> Option<bool> {
        let before = self.highest.replace(highest)?;
        if highest == before {
            self.still += 1;
            let late = self.still == STUCK + self.pace - 1;
            self.unheard |= late;
            return late.then_some(false);
        }
        let gap = self.still + 1;
        if !self.unheard {
            // One report that comes early does not show that they come often.
            self.pace = gap.max(if gap == 1 { self.pace / 2 } else { self.pace });
            self.pace = self.pace.clamp(1, RAREST);
        }
        self.still = 0;
        std::mem::take(&mut self.unheard).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, and in which second, where the highest number is this in each second.
    fn told(highest: impl IntoIterator<Item = u64>) -> Vec<(usize, bool)> {
        let mut arrival = Arrival::default();
        let told = highest.into_iter().map(|highest| arrival.report(highest));
        let told = told.enumerate();
        told.filter_map(|(second, word)| Some((second, word?)))
            .collect()
    }

    #[test]
    fn whoever_reports_each_second_is_missed_after_three() {
        let lost = [10; 10];
        let seconds = (1..=10).chain(lost).chain(11..15);
        assert_eq!(told(seconds), [(12, false), (20, true)]);
    }

    #[test]
    fn whoever_reports_as_seldom_as_a_browser_is_not_missed_between_reports() {
        let gaps = [5, 3, 7, 4, 7, 3, 5, 6];
        let seconds = gaps.iter().zip(1u64..);
        let seconds: Vec<u64> = seconds
            .flat_map(|(gap, number)| std::iter::repeat_n(number, *gap))
            .collect();
        assert_eq!(told(seconds.iter().copied()), []);
        let lost = seconds.iter().copied().chain([9; 12]);
        assert_eq!(told(lost), [(seconds.len() + 10, false)]);
    }
}
