//! How the line is: what both sides lose, how long it takes, and whether anything is heard at all.

use std::time::{Duration, Instant};

use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};

use super::{Peer, PeerEvent, PeerOutput, SILENT_AFTER};
use crate::voice::RATE;

/// From this share of lost packets on, each packet brings the one before along.
const LOSSY: f32 = 0.01;
/// Over how many reports, of one a second.
const REPORTS: usize = 4;
/// From this share on, the one before that as well.
const LOSSIER: f32 = 0.14;
/// Below this share, for so many reports, no more.
const CLEAN: (f32, u32) = (0.003, 10);

impl Peer {
    /// Tells when nothing is heard.
    pub(super) fn listen(&mut self, now: Instant, out: &mut Vec<PeerOutput>) {
        if !self.connected {
            return;
        }
        let heard = *self.last_heard.get_or_insert(now);
        if !self.silent && now.saturating_duration_since(heard) >= SILENT_AFTER {
            self.silent = true;
            out.push(PeerOutput::Event(PeerEvent::Silent));
        }
    }

    /// What the other side tells of what we send.
    pub(super) fn egress(&mut self, stats: &MediaEgressStats, out: &mut Vec<PeerOutput>) {
        if let Some(remote) = &stats.remote {
            self.line.jitter_there = Some(samples(remote.jitter));
            if let Some(heard) = self.arrival.report(*remote.maximum_sequence_number) {
                let event = if heard {
                    PeerEvent::Arrives
                } else {
                    PeerEvent::Unheard
                };
                out.push(PeerOutput::Event(event));
            }
        }
        let Some(loss) = self.lost(stats) else { return };
        self.line.lost_there = Some(loss);
        self.clean = if loss < CLEAN.0 { self.clean + 1 } else { 0 };
        let wanted = match loss {
            _ if self.kinds().is_none_or(|(_, red, _)| red.is_none()) => 0,
            loss if loss >= LOSSIER => 2,
            loss if loss >= LOSSIER / 2.0 => self.copies.max(1),
            loss if loss >= LOSSY => 1,
            _ if self.clean >= CLEAN.1 => 0,
            _ => self.copies,
        };
        if wanted != std::mem::replace(&mut self.copies, wanted) {
            out.push(PeerOutput::Event(PeerEvent::Redundancy(wanted)));
        }
    }

    /// The share of our packets that were lost over the last reports. What is under way when a report is made counts as lost
    /// in it and as found in the next, so one report alone says little.
    fn lost(&mut self, stats: &MediaEgressStats) -> Option<f32> {
        let remote = stats.remote.as_ref()?;
        let now = (*remote.maximum_sequence_number, remote.packets_lost);
        let reports = &mut self.reports;
        // Another count of theirs.
        reports.retain(|then| then.0 <= now.0);
        // Nothing was reported since.
        if reports.back().is_some_and(|last| *last == now) {
            return None;
        }
        if reports.len() >= REPORTS {
            reports.pop_front();
        }
        let then = reports.front().copied();
        reports.push_back(now);
        let (number, lost) = then?;
        let expected = now.0 - number;
        (expected > 0).then(|| now.1.saturating_sub(lost) as f32 / expected as f32)
    }

    pub(super) fn ingress(&mut self, stats: &MediaIngressStats) {
        self.line.jitter_here = Some(samples(stats.jitter));
        self.line.lost_here = stats.loss.or(self.line.lost_here);
    }

    pub(super) fn stats(&mut self, stats: &PeerStats, out: &mut Vec<PeerOutput>) {
        let pair = stats.selected_candidate_pair.as_ref();
        let round_trip = pair.and_then(|pair| pair.current_round_trip_time);
        // Reports of RTCP wait for their turn at both sides, so what ICE measures is nearer to the truth.
        self.line.round_trip = round_trip.or(stats.rtt).or(self.line.round_trip);
        let before = self.counted.replace(stats.timestamp);
        if let Some(before) = before {
            let seconds = stats
                .timestamp
                .saturating_duration_since(before)
                .as_secs_f64();
            let rate = |bytes: u64| (bytes as f64 * 8.0 / seconds.max(0.1)) as u32;
            self.line.sent = rate(self.bytes.0);
            self.line.received = rate(self.bytes.1);
        }
        self.bytes = (0, 0);
        out.push(PeerOutput::Event(PeerEvent::Line(self.line)));
    }

    pub(super) fn count(&mut self, out: &[PeerOutput]) {
        for output in out {
            if let PeerOutput::Send { bytes, .. } = output {
                self.bytes.0 += bytes.len() as u64;
            }
        }
    }
}

fn samples(samples: u32) -> Duration {
    Duration::from_secs_f64(f64::from(samples) / f64::from(RATE))
}
