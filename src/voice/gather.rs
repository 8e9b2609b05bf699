//! What servers help to: the address at which one is seen (STUN, RFC 8489), and one that is lent, through which datagrams go
//! where no direct way leads (TURN, RFC 8656). Time and datagrams go in and come out; the sockets are [`link`](super::link)'s.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use turn_client_proto::api::{Transmit, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::prelude::{DelayedTransmitBuild as _, TurnClientApi as _};
use turn_client_proto::types::stun::attribute::XorMappedAddress;
use turn_client_proto::types::stun::message::{
    BINDING, Message, MessageClass, MessageWriteVec, TransactionId,
};
use turn_client_proto::types::stun::prelude::{MessageWrite as _, MessageWriteExt as _};
use turn_client_proto::types::{AddressFamily, Instant as Time, TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

use super::peer::Reach;

/// When a question is asked again. The first is soon, since nobody waits long for a call.
const AGAIN: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(900),
];
/// The same for what a TURN server is asked: first after, at most after, how often, and how long for the last answer.
const ASK: (Duration, Duration, u32, Duration) = (
    Duration::from_millis(150),
    Duration::from_secs(2),
    6,
    Duration::from_secs(3),
);
/// Datagrams that wait until a server lets them through to somebody. When full, further ones are lost.
const WAITING: usize = 16;
/// Channels of one lent address. What is not sent through one takes 32 bytes more.
const CHANNELS: usize = 8;
/// The least time between two looks at a client, lest one that is in a hurry spins.
const LOOK: Duration = Duration::from_millis(1);
/// The longest while somebody waits for it: it keeps its requests 50 ms apart, and may name the time of the one after next.
const HURRY: Duration = Duration::from_millis(10);

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// To be sent, to a server.
    Send {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    /// Came to an address that is lent.
    Came {
        from: SocketAddr,
        lent: SocketAddr,
        bytes: Vec<u8>,
    },
}

/// All servers that help one call.
#[derive(Debug)]
pub(super) struct Helpers {
    start: Instant,
    questions: Vec<Question>,
    ways: Vec<Way>,
}

/// Where am I?
#[derive(Debug)]
struct Question {
    base: SocketAddr,
    server: SocketAddr,
    id: TransactionId,
    asked_at: Instant,
    tries: usize,
    seen: Option<SocketAddr>,
}

/// A way through a server.
#[derive(Debug)]
struct Way {
    client: TurnClientUdp,
    base: SocketAddr,
    server: SocketAddr,
    lent: Option<SocketAddr>,
    over: bool,
    wake: Instant,
    /// Whom the server was asked to let in.
    permitted: HashSet<IpAddr>,
    channels: HashSet<SocketAddr>,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Helpers {
    pub(super) fn new(start: Instant) -> Self {
        Self {
            start,
            questions: Vec::new(),
            ways: Vec::new(),
        }
    }

    /// Asks a server where a socket is seen.
    pub(super) fn ask(&mut self, now: Instant, base: SocketAddr, server: SocketAddr) {
        self.questions.push(Question {
            base,
            server,
            id: TransactionId::generate(),
            asked_at: now,
            tries: 0,
            seen: None,
        });
    }

    /// Asks a server to lend an address of its own family.
    pub(super) fn borrow(
        &mut self,
        now: Instant,
        base: SocketAddr,
        server: SocketAddr,
        [name, password]: [&str; 2],
    ) {
        let mut config = TurnConfig::new(TurnCredentials::new(name, password));
        config.set_address_family(AddressFamily::from(&server));
        let (first, most, times, last) = ASK;
        config.set_request_retransmits(first, most, times, last);
        self.ways.retain(|way| !way.over);
        self.ways.push(Way {
            client: TurnClientUdp::allocate(base, server, config),
            base,
            server,
            lent: None,
            over: false,
            wake: now,
            permitted: HashSet::new(),
            channels: HashSet::new(),
            waiting: VecDeque::new(),
        });
    }

    /// From how many sockets a server lends an address, or is asked to.
    pub(super) fn lenders(&self, server: SocketAddr) -> usize {
        let ways = self.ways.iter().filter(|way| !way.over);
        ways.filter(|way| way.server == server).count()
    }

    /// Forgets what was found for sockets that are gone. What they were lent goes by itself when nobody renews it.
    pub(super) fn forget(&mut self, gone: impl Fn(SocketAddr) -> bool) {
        self.questions.retain(|question| !gone(question.base));
        self.ways.retain(|way| !gone(way.base));
    }

    /// What was found.
    pub(super) fn reach(&self) -> Vec<Reach> {
        let mut reach = Vec::new();
        for Question { base, seen, .. } in &self.questions {
            let found = seen.filter(|seen| seen != base);
            let found = found.map(|seen| Reach::Reflexive { seen, base: *base });
            reach.extend(found.filter(|found| !reach.contains(found)));
        }
        for Way { base, lent, .. } in &self.ways {
            reach.extend(lent.map(|lent| Reach::Relayed { lent, base: *base }));
        }
        reach
    }

    /// Whether nothing more is to be found.
    pub(super) fn is_done(&self) -> bool {
        let asked = self.questions.iter();
        let mut open = asked.filter(|question| question.next().is_some());
        let borrowed = self.ways.iter();
        let mut waiting = borrowed.filter(|way| way.lent.is_none() && !way.over);
        open.next().is_none() && waiting.next().is_none()
    }

    /// When it wants a tick at the latest.
    pub(super) fn next_wakeup(&self) -> Option<Instant> {
        let questions = self.questions.iter().filter_map(Question::next);
        let ways = self.ways.iter().filter(|way| !way.over);
        questions.chain(ways.map(|way| way.wake)).min()
    }

    /// Whether it is an address that was lent to us.
    pub(super) fn is_lent(&self, address: SocketAddr) -> bool {
        self.ways.iter().any(|way| way.lent == Some(address))
    }

    pub(super) fn tick(&mut self, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        for question in &mut self.questions {
            question.tick(now, &mut out);
        }
        for way in &mut self.ways {
            if !way.over && way.wake <= now {
                way.drain(self.start, now, &mut out);
            }
        }
        out
    }

    /// Something came to a socket. `None` if it is not from a server, or no answer of one.
    pub(super) fn came(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> Option<Vec<Output>> {
        let asked = self.questions.iter_mut();
        let mut asked = asked.filter(|one| (one.base, one.server) == (to, from));
        if asked.any(|question| question.answered(bytes)) {
            return Some(Vec::new());
        }
        let mut ways = self.ways.iter_mut();
        let way = ways.find(|way| (way.base, way.server) == (to, from))?;
        let mut out = Vec::new();
        way.came(self.start, now, bytes, &mut out);
        Some(out)
    }

    /// Something is to be sent from an address that is lent.
    pub(super) fn send(
        &mut self,
        now: Instant,
        lent: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> Vec<Output> {
        let mut out = Vec::new();
        let mut ways = self.ways.iter_mut();
        if let Some(way) = ways.find(|way| way.lent == Some(lent)) {
            way.send(self.start, now, to, bytes, &mut out);
        }
        out
    }

    /// Gives back what is lent.
    pub(super) fn end(&mut self, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        for way in &mut self.ways {
            if way.lent.take().is_some() {
                let time = time(self.start, now);
                if let Err(error) = way.client.delete(time) {
                    tracing::debug!(%error, "a lent address was not given back");
                }
                way.drain(self.start, now, &mut out);
                way.over = true;
            }
        }
        out
    }
}

impl Question {
    /// When it is asked again, if it is.
    fn next(&self) -> Option<Instant> {
        match self.tries {
            _ if self.seen.is_some() => None,
            0 => Some(self.asked_at),
            tries => AGAIN.get(tries - 1).map(|wait| self.asked_at + *wait),
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.next().is_none_or(|next| next > now) {
            return;
        }
        self.tries += 1;
        if self.tries > AGAIN.len() {
            return;
        }
        let kind = turn_client_proto::types::stun::message::MessageType::from_class_method(
            MessageClass::Request,
            BINDING,
        );
        let mut request = Message::builder(kind, self.id, MessageWriteVec::with_capacity(32));
        if let Err(error) = request.add_fingerprint() {
            tracing::debug!(%error, "a question was not asked");
            return;
        }
        out.push(Output::Send {
            from: self.base,
            to: self.server,
            bytes: request.finish(),
        });
    }

    fn answered(&mut self, bytes: &[u8]) -> bool {
        let Ok(answer) = Message::from_bytes(bytes) else {
            return false;
        };
        let ours = answer.transaction_id() == self.id && answer.has_class(MessageClass::Success);
        if ours && let Ok(seen) = answer.attribute::<XorMappedAddress>() {
            self.seen = Some(seen.addr(self.id));
        }
        ours
    }
}

impl Way {
    fn came(&mut self, start: Instant, now: Instant, bytes: &[u8], out: &mut Vec<Output>) {
        let time = time(start, now);
        let transmit = Transmit::new(bytes, TransportType::Udp, self.server, self.base);
        match self.client.recv(transmit, time) {
            TurnRecvRet::PeerData(data) => out.extend(self.lent.map(|lent| Output::Came {
                from: data.peer,
                lent,
                bytes: data.data().to_vec(),
            })),
            TurnRecvRet::Handled | TurnRecvRet::Ignored(_) | TurnRecvRet::PeerIcmp { .. } => {}
        }
        while let Some(data) = self.client.poll_recv(time) {
            out.extend(self.lent.map(|lent| Output::Came {
                from: data.peer,
                lent,
                bytes: data.data().to_vec(),
            }));
        }
        self.drain(start, now, out);
    }

    fn send(
        &mut self,
        start: Instant,
        now: Instant,
        to: SocketAddr,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) {
        let time = time(start, now);
        if !self.client.have_permission(TransportType::Udp, to.ip()) {
            if self.waiting.len() < WAITING {
                self.waiting.push_back((to, bytes.to_vec()));
            }
            if self.permitted.insert(to.ip())
                && let Err(error) = self
                    .client
                    .create_permission(TransportType::Udp, to.ip(), time)
            {
                tracing::debug!(%error, "the relay cannot be asked to let somebody in");
            }
        } else {
            // What is no STUN goes where a way was found, and much of it will (RFC 7983 §7).
            let stays = bytes.first().is_some_and(|first| *first > 3);
            if stays
                && self.channels.len() < CHANNELS
                && self.channels.insert(to)
                && let Err(error) = self.client.bind_channel(TransportType::Udp, to, time)
            {
                tracing::debug!(%error, "there is no channel through the relay");
            }
            self.pass(time, to, bytes, out);
        }
        self.drain(start, now, out);
    }

    fn pass(&mut self, time: Time, to: SocketAddr, bytes: &[u8], out: &mut Vec<Output>) {
        match self.client.send_to(TransportType::Udp, to, bytes, time) {
            Ok(Some(sent)) => out.push(Output::Send {
                from: self.base,
                to: self.server,
                bytes: sent.data.build(),
            }),
            Ok(None) => {}
            Err(error) => tracing::trace!(%error, "a datagram was not relayed"),
        }
    }

    /// Whatever the client wants.
    fn drain(&mut self, start: Instant, now: Instant, out: &mut Vec<Output>) {
        let time = time(start, now);
        match self.client.poll(time) {
            TurnPollRet::WaitUntil(wake) => {
                let wake = start + wake.saturating_duration_since(Time::ZERO);
                let hurry = self.lent.is_none() || !self.waiting.is_empty();
                let wake = if hurry { wake.min(now + HURRY) } else { wake };
                self.wake = wake.max(now + LOOK);
            }
            TurnPollRet::Closed => {
                self.over = true;
                self.lent = None;
            }
            // For TCP alone.
            TurnPollRet::AllocateTcpSocket { .. } | TurnPollRet::TcpClose { .. } => {}
        }
        while let Some(sent) = self.client.poll_transmit(time) {
            out.push(Output::Send {
                from: self.base,
                to: self.server,
                bytes: sent.data.to_vec(),
            });
        }
        while let Some(event) = self.client.poll_event() {
            self.event(time, event, out);
        }
    }

    fn event(&mut self, time: Time, event: TurnEvent, out: &mut Vec<Output>) {
        match event {
            TurnEvent::AllocationCreated(_, lent) => self.lent = Some(lent),
            TurnEvent::AllocationCreateFailed(_) => {
                tracing::info!(server = %self.server, "the relay lends no address");
                self.over = true;
            }
            TurnEvent::PermissionCreated(_, peer) => {
                let waiting = std::mem::take(&mut self.waiting);
                let (due, waiting) = waiting.into_iter().partition(|(to, _)| to.ip() == peer);
                self.waiting = waiting;
                let due: VecDeque<_> = due;
                for (to, bytes) in due {
                    self.pass(time, to, &bytes, out);
                }
            }
            TurnEvent::PermissionCreateFailed(_, peer) => {
                tracing::debug!(%peer, "the relay does not let somebody in");
                self.waiting.retain(|(to, _)| to.ip() != peer);
                // The next datagram to them asks again.
                self.permitted.remove(&peer);
            }
            // Until it is there, or where it is not, things go without it.
            TurnEvent::ChannelCreated(..) => {}
            TurnEvent::ChannelCreateFailed(_, peer) => {
                self.channels.remove(&peer);
            }
            // For TCP alone.
            TurnEvent::TcpConnected(_) | TurnEvent::TcpConnectFailed(_) => {}
        }
    }
}

/// The client's own kind of time.
fn time(start: Instant, now: Instant) -> Time {
    let passed = now.saturating_duration_since(start).as_nanos();
    Time::from_nanos(i64::try_from(passed).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// The question of a datagram, and the answer that this is the address.
    fn answer(question: &Output, seen: &str) -> Vec<u8> {
        let Output::Send { bytes, .. } = question else {
            panic!("it is sent");
        };
        let question = Message::from_bytes(bytes).expect("a question");
        let mut answer = Message::builder_success(&question, MessageWriteVec::new());
        let seen = XorMappedAddress::new(address(seen), question.transaction_id());
        answer.add_attribute(&seen).expect("fits");
        answer.finish()
    }

    #[test]
    fn an_answer_tells_where_one_is_seen() {
        let start = Instant::now();
        let mut helpers = Helpers::new(start);
        let bases = ["10.0.0.1:4000", "10.0.1.1:4000"].map(address);
        let server = address("192.0.2.1:3478");
        for base in bases {
            helpers.ask(start, base, server);
        }
        let asked = helpers.tick(start);
        assert_eq!(asked.len(), 2);
        let came =
            |helpers: &mut Helpers, to, bytes: &[u8]| helpers.came(start + MS, server, to, bytes);
        assert_eq!(came(&mut helpers, bases[0], b"something else"), None);
        let seen = answer(&asked[0], "198.51.100.7:6000");
        assert_eq!(came(&mut helpers, bases[1], &seen), None, "another's");
        assert_eq!(came(&mut helpers, bases[0], &seen), Some(Vec::new()));
        assert!(!helpers.is_done());
        // Without a NAT between, one is where one thought.
        let same = answer(&asked[1], "10.0.1.1:4000");
        assert_eq!(came(&mut helpers, bases[1], &same), Some(Vec::new()));
        assert!(helpers.is_done());
        assert_eq!(
            helpers.reach(),
            [Reach::Reflexive {
                seen: address("198.51.100.7:6000"),
                base: bases[0]
            }]
        );
        assert_eq!(helpers.next_wakeup(), None);
    }

    #[test]
    fn a_silent_server_is_asked_three_times() {
        let start = Instant::now();
        let mut helpers = Helpers::new(start);
        helpers.ask(start, address("10.0.0.1:4000"), address("192.0.2.1:3478"));
        let mut asked = Vec::new();
        for ms in 0..2_000 {
            let now = start + ms * MS;
            if helpers.next_wakeup().is_some_and(|next| next <= now)
                && !helpers.tick(now).is_empty()
            {
                asked.push(ms);
            }
        }
        assert_eq!(asked, [0, 100, 300]);
        assert!(helpers.is_done());
        assert_eq!(helpers.reach(), []);
    }

    #[test]
    fn a_lent_address_is_asked_for_until_the_server_answers() {
        let start = Instant::now();
        let mut helpers = Helpers::new(start);
        let (base, server) = (address("10.0.0.1:4000"), address("192.0.2.1:3478"));
        helpers.borrow(start, base, server, ["1:a", "secret"]);
        assert!(!format!("{:?}", helpers.reach()).contains("Relayed"));
        let mut sent = 0;
        for ms in 0..1_000 {
            let now = start + ms * MS;
            if helpers.next_wakeup().is_some_and(|next| next <= now) {
                sent += helpers.tick(now).len();
            }
        }
        assert!((3..=5).contains(&sent), "{sent}");
        assert!(!helpers.is_done(), "it may still come");
        let nobody = helpers.send(start, base, address("192.0.2.9:9"), b"hello");
        assert_eq!(nobody, [], "nothing is lent");
    }
}
