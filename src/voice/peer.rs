//! The way to the other side: ICE, DTLS-SRTP and RTP as a machine. Time, datagrams and packets of sound go in; datagrams and
//! what happened come out. It opens no socket and reads no clock.
//!
//! The caller makes a [`Peer::offer`] early, since that takes tens of milliseconds; the callee answers with
//! [`Peer::answer`], and [`Peer::accept`] brings the answer home. Both texts ride in `extra` of the invitation and its
//! acceptance. When the network changes, either side makes a new offer with [`Peer::restart`], and the other takes it with
//! [`Peer::renew`].

mod arrival;
mod line;
mod sdp;
mod words;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceConnectionState, Rtc, RtcConfig};

pub use self::words::{Line, PeerEvent, PeerInput, PeerOutput, Reach, SILENT_AFTER, SdpError};
use super::crypto::provider;
use super::redundancy::{pack, unpack};
use super::telephone::{Heard, Keys};
use arrival::Arrival;

/// How often it is told how the line is.
const STATS: Duration = Duration::from_secs(1);
/// The most copies beside a packet.
const COPIES: u8 = 2;
/// The payload type of keys of the pad, where we are the first to name it.
const KEYS: u8 = 110;

/// One side of a call's way.
pub struct Peer {
    rtc: Rtc,
    mid: Option<Mid>,
    pending: Option<SdpPendingOffer>,
    locals: Vec<Candidate>,
    wake: Instant,
    connected: bool,
    closed: bool,
    sequence: u64,
    keys: Keys,
    key_time: u32,
    heard: Heard,
    /// The packets of sound before.
    before: VecDeque<(u32, Vec<u8>)>,
    time: u32,
    /// How many of them each packet brings along.
    copies: u8,
    clean: u32,
    last_heard: Option<Instant>,
    silent: bool,
    arrival: Arrival,
    /// How far the other side had heard of us, and how many packets were lost until then, in its last reports.
    reports: VecDeque<(u64, u64)>,
    line: Line,
    bytes: (u64, u64),
    counted: Option<Instant>,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Peer(connected: {})", self.connected)
    }
}

impl Peer {
    /// One that calls, and what it offers.
    pub fn offer(now: Instant, reach: &[Reach]) -> Result<(Self, String), SdpError> {
        let mut peer = Self::new(now, reach);
        let mut change = peer.rtc.sdp_api();
        peer.mid = Some(change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None));
        let (offer, pending) = change.apply().ok_or(SdpError::NoAudio)?;
        peer.pending = Some(pending);
        Ok((peer, offer.to_sdp_string()))
    }

    /// One that is called with this offer, and what it answers.
    pub fn answer(now: Instant, reach: &[Reach], offer: &str) -> Result<(Self, String), SdpError> {
        let mut peer = Self::new(now, reach);
        let answer = peer.take(offer)?;
        peer.mid = sdp::audio(&answer).map(Mid::from);
        if peer.mid.is_none() || peer.kinds().is_none() {
            return Err(SdpError::NoAudio);
        }
        Ok((peer, answer))
    }

    /// The answer to what was offered has come.
    pub fn accept(&mut self, now: Instant, answer: &str) -> Result<Vec<PeerOutput>, SdpError> {
        let answer = sdp::checked(answer)?;
        let answer = SdpAnswer::from_sdp_string(&answer)
            .map_err(|error| SdpError::Malformed(error.into()))?;
        let pending = self.pending.take().ok_or(SdpError::NotAsked)?;
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(SdpError::Malformed)?;
        if self.kinds().is_none() {
            return Err(SdpError::NoAudio);
        }
        Ok(self.handle(now, PeerInput::Tick))
    }

    /// The network has changed: a new offer, for the same call.
    pub fn restart(&mut self, reach: &[Reach]) -> Result<String, SdpError> {
        self.move_to(reach);
        let mut change = self.rtc.sdp_api();
        change.ice_restart(true);
        let (offer, pending) = change.apply().ok_or(SdpError::NotAsked)?;
        self.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    /// They made a new offer for the same call. Where both did so at once, the one who called lets go of its own.
    pub fn renew(
        &mut self,
        now: Instant,
        reach: &[Reach],
        offer: &str,
    ) -> Result<(String, Vec<PeerOutput>), SdpError> {
        self.move_to(reach);
        let answer = self.take(offer)?;
        self.pending = None;
        Ok((answer, self.handle(now, PeerInput::Tick)))
    }

    /// Whether there is a way at present.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether the other side understands keys of the pad. Where not, they have to be heard as tones.
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        matches!(self.kinds(), Some((_, _, Some(_))))
    }

    /// When it wants a [`PeerInput::Tick`] at the latest.
    #[must_use]
    pub fn next_wakeup(&self) -> Instant {
        let keys = self.keys.next(self.wake);
        let silent = self
            .last_heard
            .filter(|_| !self.silent)
            .map(|heard| heard + SILENT_AFTER);
        keys.into_iter().chain(silent).fold(self.wake, Instant::min)
    }

    /// The only way in and out.
    #[must_use]
    pub fn handle(&mut self, now: Instant, input: PeerInput<'_>) -> Vec<PeerOutput> {
        let mut out = Vec::new();
        match input {
            PeerInput::Tick => {}
            PeerInput::Datagram { from, to, bytes } => self.datagram(now, from, to, bytes),
            PeerInput::Audio {
                time,
                first,
                payload,
            } => self.send_audio(now, time, first, payload),
            PeerInput::Key(key) => {
                if !self.keys.press(key) {
                    tracing::debug!("a key was not sent: too many wait");
                }
            }
        }
        out.append(&mut self.drain());
        self.send_key(now);
        if let Err(error) = self.rtc.handle_input(str0m::Input::Timeout(now)) {
            tracing::debug!(%error, "the way did not take the time");
        }
        out.append(&mut self.drain());
        self.listen(now, &mut out);
        self.count(&out);
        if !self.rtc.is_alive() && !std::mem::replace(&mut self.closed, true) {
            out.push(PeerOutput::Event(PeerEvent::Closed));
        }
        out
    }

    /// Ends it, and says so to the other side.
    #[must_use]
    pub fn close(&mut self) -> Vec<PeerOutput> {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "the other side was not told of the end");
        }
        self.closed = true;
        self.drain()
    }

    fn new(now: Instant, reach: &[Reach]) -> Self {
        let mut config = RtcConfig::new()
            .set_crypto_provider(provider())
            .clear_codecs()
            // With one stream each way all that they tell is known; each would cost some kbit/s.
            .clear_extension_map()
            .enable_opus(true, true)
            .set_rtp_mode(true)
            .set_stats_interval(Some(STATS))
            .set_rtcp_report_interval_audio(STATS);
        config.codec_config().add_config(
            Pt::new_with_value(KEYS),
            None,
            Codec::Tele,
            Frequency::FORTY_EIGHT_KHZ,
            None,
            FormatParams::default(),
        );
        let mut peer = Self {
            rtc: config.build(now),
            mid: None,
            pending: None,
            locals: Vec::new(),
            wake: now,
            connected: false,
            closed: false,
            sequence: 1,
            keys: Keys::default(),
            key_time: 0,
            heard: Heard::default(),
            before: VecDeque::new(),
            time: 0,
            copies: 0,
            clean: 0,
            last_heard: None,
            silent: false,
            arrival: Arrival::default(),
            reports: VecDeque::new(),
            line: Line::default(),
            bytes: (0, 0),
            counted: None,
        };
        peer.move_to(reach);
        peer
    }

    /// From now on we are reached there and nowhere else.
    fn move_to(&mut self, reach: &[Reach]) {
        let wanted: Vec<Candidate> = reach.iter().filter_map(candidate).collect();
        for old in std::mem::take(&mut self.locals) {
            if !wanted.contains(&old) {
                self.rtc.direct_api().invalidate_candidate(&old);
            }
        }
        for new in &wanted {
            self.rtc.add_local_candidate(new.clone());
        }
        self.locals = wanted;
    }

    fn take(&mut self, offer: &str) -> Result<String, SdpError> {
        let offer = sdp::checked(offer)?;
        let offer = str0m::change::SdpOffer::from_sdp_string(&offer)
            .map_err(|error| SdpError::Malformed(error.into()))?;
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(SdpError::Malformed)?;
        Ok(answer.to_sdp_string())
    }

    fn datagram(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.bytes.1 += bytes.len() as u64;
        let Ok(contents) = bytes.try_into() else {
            return;
        };
        let receive = Receive {
            proto: Protocol::Udp,
            source: from,
            destination: to,
            contents,
        };
        let input = str0m::Input::Receive(now, receive);
        if !self.rtc.accepts(&input) {
            return;
        }
        if let Err(error) = self.rtc.handle_input(input) {
            tracing::debug!(%error, "a datagram was of no use");
        }
    }

    /// The payload types of sound, sound with copies, and keys.
    fn kinds(&self) -> Option<(Pt, Option<Pt>, Option<Pt>)> {
        let params = self.rtc.codec_config().params();
        let opus = params
            .iter()
            .find(|param| param.spec().codec == Codec::Opus)?;
        let keys = params.iter().find(|param| {
            param.spec().codec == Codec::Tele
                && param.spec().clock_rate == Frequency::FORTY_EIGHT_KHZ
        });
        Some((opus.pt(), opus.red(), keys.map(|param| param.pt())))
    }

    fn send_audio(&mut self, now: Instant, time: u32, first: bool, payload: &[u8]) {
        self.time = time;
        let Some((plain, red, _)) = self.kinds() else {
            return;
        };
        let packed = red.and_then(|red| {
            let wanted = self.before.iter().rev().take(usize::from(self.copies));
            let mut copies: Vec<(u32, &[u8])> = wanted
                .map(|(before, copy)| (time.wrapping_sub(*before), copy.as_slice()))
                .collect();
            copies.reverse();
            Some((red, pack(*plain, &copies, payload)?))
        });
        let (kind, bytes) = packed.unwrap_or_else(|| (plain, payload.to_vec()));
        self.write(now, kind, time, first, bytes);
        if self.before.len() >= usize::from(COPIES) {
            self.before.pop_front();
        }
        self.before.push_back((time, payload.to_vec()));
    }

    fn send_key(&mut self, now: Instant) {
        if !self.keys.busy() || !self.connected {
            return;
        }
        let Some((_, _, Some(kind))) = self.kinds() else {
            return;
        };
        while let Some(report) = self.keys.due(now) {
            if report.first {
                // Each key has a time of its own, later than that of the key before.
                self.key_time = self.time.max(self.key_time.wrapping_add(1));
            }
            self.write(
                now,
                kind,
                self.key_time,
                report.first,
                report.bytes.to_vec(),
            );
        }
    }

    fn write(&mut self, now: Instant, kind: Pt, time: u32, first: bool, bytes: Vec<u8>) {
        let Some(mid) = self.mid.filter(|_| self.connected) else {
            return;
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return;
        };
        self.sequence += 1;
        let write = RtpWrite::new(kind, self.sequence.into(), time, now, bytes).marker(first);
        stream.write_rtp(write);
    }

    fn drain(&mut self) -> Vec<PeerOutput> {
        let mut out = Vec::new();
        loop {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(wake)) => {
                    self.wake = wake;
                    return out;
                }
                Ok(str0m::Output::Transmit(send)) => out.push(PeerOutput::Send {
                    from: send.source,
                    to: send.destination,
                    bytes: send.contents.to_vec(),
                }),
                Ok(str0m::Output::Event(event)) => self.event(event, &mut out),
                Err(error) => {
                    tracing::debug!(%error, "the way has ended");
                    self.rtc.disconnect();
                    return out;
                }
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "not our enum")]
    fn event(&mut self, event: Event, out: &mut Vec<PeerOutput>) {
        match event {
            Event::Connected => self.connect(true, out),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.connect(false, out);
            }
            Event::IceConnectionStateChange(_) => self.connect(self.rtc.is_connected(), out),
            Event::RtpPacket(packet) => self.packet(&packet, out),
            Event::MediaEgressStats(stats) => self.egress(&stats, out),
            Event::MediaIngressStats(stats) => self.ingress(&stats),
            Event::PeerStats(stats) => self.stats(&stats, out),
            _ => {}
        }
    }

    fn connect(&mut self, connected: bool, out: &mut Vec<PeerOutput>) {
        if connected != std::mem::replace(&mut self.connected, connected) {
            let event = if connected {
                PeerEvent::Connected
            } else {
                PeerEvent::Interrupted
            };
            out.push(PeerOutput::Event(event));
        }
    }

    fn packet(&mut self, packet: &RtpPacket, out: &mut Vec<PeerOutput>) {
        let Some((plain, red, keys)) = self.kinds() else {
            return;
        };
        let kind = packet.header.payload_type;
        let (sequence, time) = (*packet.seq_no, packet.time.numer());
        if Some(kind) == keys {
            let key = self.heard.report(time, &packet.payload);
            out.extend(key.map(|key| PeerOutput::Event(PeerEvent::Key(key))));
        } else if kind == plain {
            out.push(audio(sequence, time, false, &packet.payload));
        } else if Some(kind) == red {
            let parts = unpack(*plain, &packet.payload);
            let copies = parts.len().saturating_sub(1) as u64;
            for (i, part) in parts.iter().enumerate() {
                let back = copies.saturating_sub(i as u64);
                let Some(time) = time.checked_sub(u64::from(part.back)) else {
                    continue;
                };
                let sequence = sequence.saturating_sub(back);
                out.push(audio(sequence, time, part.back > 0, part.payload));
            }
        } else {
            return;
        }
        self.last_heard = Some(packet.timestamp);
        if std::mem::take(&mut self.silent) {
            out.push(PeerOutput::Event(PeerEvent::Heard));
        }
    }
}

fn candidate(reach: &Reach) -> Option<Candidate> {
    let made = match reach {
        Reach::Host(address) => Candidate::host(*address, "udp"),
        Reach::Reflexive { seen, base } => Candidate::server_reflexive(*seen, *base, "udp"),
        Reach::Relayed { lent, base } => Candidate::relayed(*lent, *base, "udp"),
    };
    // Addresses that nobody can reach are left out.
    made.ok()
}

fn audio(sequence: u64, time: u64, copy: bool, payload: &[u8]) -> PeerOutput {
    PeerOutput::Audio {
        sequence,
        time,
        copy,
        payload: payload.to_vec(),
    }
}

#[cfg(test)]
mod tests;
