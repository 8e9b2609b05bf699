//! Clients, as the crate `turn-types` writes their requests, and peers, in simulated time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use turn_types::AddressFamily;
use turn_types::attribute::{
    ChannelNumber, Data, DontFragment, Lifetime, RequestedAddressFamily, RequestedTransport,
    XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};
use turn_types::stun::attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use turn_types::stun::message::{
    BINDING, IntegrityAlgorithm, Message, MessageClass, MessageWriteVec, Method, TransactionId,
};
use turn_types::stun::prelude::{AttributeWrite, MessageWrite as _, MessageWriteExt as _};

use super::credentials::{Secret, TTL_S};
use super::machine::{Client, IN_ALL, Input, Output, PER_USER, Rules, Turn};
use super::{Peers, REALM, words};
use crate::hub::Now;
use crate::protocol::{Account, AppId};

const START_S: u64 = 1_700_000_000;

struct World {
    turn: Turn,
    start: Instant,
    now: Duration,
    ports: u16,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn secret() -> Secret {
    Secret::new([7; 32])
}

fn name_of(account: &str, until_s: u64) -> String {
    let app = AppId::try_from("demo").expect("an app");
    secret().name(
        &app,
        &Account::try_from(account).expect("an account"),
        until_s,
    )
}

/// A client of ours, and what it signs with.
#[derive(Clone)]
struct Person {
    client: Client,
    name: String,
    password: String,
}

/// The n-th client of an account.
fn person(account: &str, n: u16) -> Person {
    let name = name_of(account, START_S + TTL_S);
    Person {
        client: Client {
            at: SocketAddr::from(([198, 51, 100, 1], 1000 + n)),
            by: address("192.0.2.1:3478"),
        },
        password: secret().password(&name),
        name,
    }
}

/// What an answer says.
#[derive(Debug)]
struct Answer(Vec<u8>);

impl Answer {
    fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.0).expect("a message")
    }

    fn code(&self) -> u16 {
        let code = self.message().attribute::<ErrorCode>();
        code.map_or(0, |code| code.code())
    }

    fn lent(&self) -> SocketAddr {
        let message = self.message();
        let lent = message.attribute::<XorRelayedAddress>().expect("is lent");
        lent.addr(message.transaction_id())
    }
}

impl World {
    fn new(peers: Peers) -> Self {
        let start = Instant::now();
        let rules = Rules {
            secret: secret(),
            peers,
            listens: vec![address("192.0.2.1:3478"), address("[2001:db8::1]:3478")],
            outside: None,
            ports: vec![7800, 7801],
        };
        Self {
            turn: Turn::new(start, rules),
            start,
            now: Duration::ZERO,
            ports: 50_000,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<Output> {
        let now = Now {
            instant: self.start + self.now,
            unix_ms: START_S * 1000 + self.now.as_millis() as u64,
        };
        let mut outputs = self.turn.handle(now, input);
        if let Some(at) = outputs
            .iter()
            .position(|out| matches!(out, Output::Open { .. }))
        {
            let Output::Open { client, at } = outputs.remove(at) else {
                unreachable!("it was found")
            };
            self.ports += 1;
            let local = Some(SocketAddr::new(at, self.ports));
            outputs.extend(self.turn.handle(now, Input::Opened { client, local }));
        }
        outputs
    }

    fn ask(&mut self, client: Client, bytes: &[u8]) -> Vec<Output> {
        self.handle(Input::Asked { client, bytes })
    }

    fn answer(&mut self, client: Client, bytes: &[u8]) -> Answer {
        let outputs = self.ask(client, bytes);
        let answer = outputs.into_iter().find_map(|out| match out {
            Output::Answer { client: to, bytes } if to == client => Some(Answer(bytes)),
            Output::Answer { .. }
            | Output::Relay { .. }
            | Output::Open { .. }
            | Output::Close { .. } => None,
        });
        answer.expect("an answer")
    }

    /// Gets a nonce, and asks with it.
    fn request(&mut self, who: &Person, method: Method, words: &[&dyn AttributeWrite]) -> Answer {
        let first = request(method, words).finish();
        let first = self.answer(who.client, &first);
        assert_eq!(first.code(), ErrorCode::UNAUTHORIZED);
        let nonce = first.message().attribute::<Nonce>().expect("a nonce");
        let signed = signed(who, request(method, words), nonce.nonce());
        self.answer(who.client, &signed)
    }

    fn allocate(&mut self, who: &Person) -> Answer {
        self.request(who, ALLOCATE, &[&RequestedTransport::new(17)])
    }

    fn permit(&mut self, who: &Person, peer: SocketAddr) -> u16 {
        let peer = XorPeerAddress::new(peer, ID.into());
        self.request(who, CREATE_PERMISSION, &[&peer]).code()
    }

    fn bind(&mut self, who: &Person, number: u16, peer: SocketAddr) -> u16 {
        let peer = XorPeerAddress::new(peer, ID.into());
        let number = ChannelNumber::new(number);
        self.request(who, CHANNEL_BIND, &[&number, &peer]).code()
    }

    fn send(&mut self, who: &Person, peer: SocketAddr, bytes: &[u8]) -> Vec<Output> {
        let indication = Message::builder(
            turn_types::stun::message::MessageType::from_class_method(
                MessageClass::Indication,
                SEND,
            ),
            ID.into(),
            MessageWriteVec::new(),
        );
        let mut indication = indication;
        let peer = XorPeerAddress::new(peer, ID.into());
        indication.add_attribute(&peer).expect("fits");
        indication.add_attribute(&Data::new(bytes)).expect("fits");
        let bytes = indication.finish();
        self.ask(who.client, &bytes)
    }

    fn dropped(&self) -> u64 {
        self.turn.figures().dropped
    }
}

/// Addresses are hidden by it, so all of ours have the same.
const ID: u128 = 0x1234_5678_9abc;

fn request(method: Method, words: &[&dyn AttributeWrite]) -> MessageWriteVec {
    let kind =
        turn_types::stun::message::MessageType::from_class_method(MessageClass::Request, method);
    let mut request = Message::builder(kind, TransactionId::from(ID), MessageWriteVec::new());
    for word in words {
        request.add_attribute(*word).expect("fits");
    }
    request
}

fn signed(who: &Person, mut request: MessageWriteVec, nonce: &str) -> Vec<u8> {
    let words: [&dyn AttributeWrite; 3] = [
        &Username::new(&who.name).expect("fits"),
        &Realm::new(REALM).expect("fits"),
        &Nonce::new(nonce).expect("fits"),
    ];
    for word in words {
        request.add_attribute(word).expect("fits");
    }
    let key = words::key(&who.name, who.password.clone());
    request
        .add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1)
        .expect("fits");
    request.finish()
}

/// RFC 8489 §2.
#[test]
fn stun_tells_where_one_is() {
    let mut world = World::new(Peers::Public);
    let client = person("alice", 0).client;
    let answer = world.answer(client, &request(BINDING, &[]).finish());
    let message = answer.message();
    let seen = message.attribute::<XorMappedAddress>().expect("an address");
    assert_eq!(seen.addr(message.transaction_id()), client.at);
    let odd = request(BINDING, &[&DontFragment::new()]).finish();
    assert_eq!(
        world.answer(client, &odd).code(),
        ErrorCode::UNKNOWN_ATTRIBUTE
    );
}

/// RFC 8656 §7, §9, §11, §12.
#[test]
fn what_is_lent_carries_both_ways() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    let made = world.allocate(&alice);
    assert_eq!((made.code(), made.lent()), (0, address("192.0.2.1:50001")));
    let (peer, other) = (address("8.8.8.8:9"), address("8.8.4.4:9"));
    assert_eq!(world.send(&alice, peer, b"early"), []);
    assert_eq!(world.permit(&alice, peer), 0);
    let relayed = |bytes: &[u8]| Output::Relay {
        local: made.lent(),
        peer,
        bytes: bytes.to_vec(),
    };
    assert_eq!(world.send(&alice, peer, b"hello"), [relayed(b"hello")]);
    let came = |world: &mut World, peer, bytes| {
        world.handle(Input::Came {
            local: made.lent(),
            peer,
            bytes,
        })
    };
    assert_eq!(came(&mut world, other, b"who?"), []);
    let [Output::Answer { client, bytes }] = &came(&mut world, peer, b"hi")[..] else {
        panic!("it is passed on")
    };
    assert_eq!(*client, alice.client);
    let message = Message::from_bytes(bytes).expect("a message");
    assert_eq!(message.attribute::<Data>().expect("data").data(), b"hi");

    assert_eq!(world.bind(&alice, 0x4000, peer), 0);
    assert_eq!(world.bind(&alice, 0x4000, other), 400, "it is taken");
    assert_eq!(world.bind(&alice, 0x4001, peer), 400, "it has one");
    assert_eq!(world.bind(&alice, 0x5000, other), 400, "it is no number");
    let through = b"\x40\x00\x00\x05hello".to_vec();
    assert_eq!(world.ask(alice.client, &through), [relayed(b"hello")]);
    let [Output::Answer { bytes, .. }] = &came(&mut world, peer, b"hi")[..] else {
        panic!("it is passed on")
    };
    assert_eq!(bytes, b"\x40\x00\x00\x02hi");
    let figures = world.turn.figures();
    assert_eq!((figures.bytes_there, figures.bytes_here), (10, 4));
    assert_eq!((figures.lent, figures.dropped), (1, 2));
}

#[test]
fn two_callers_speak_through_what_both_are_lent() {
    let mut world = World::new(Peers::Public);
    let people = [person("alice", 0), person("bob", 1)];
    let lent = [&people[0], &people[1]].map(|who| world.allocate(who).lent());
    assert_eq!(world.permit(&people[0], lent[1]), 0, "though it is ours");
    assert_eq!(
        world.send(&people[0], lent[1], b"hello"),
        [],
        "Bob has to agree"
    );
    assert_eq!(world.permit(&people[1], lent[0]), 0);
    let [Output::Answer { client, bytes }] = &world.send(&people[0], lent[1], b"hello")[..] else {
        panic!("it is passed on")
    };
    assert_eq!(*client, people[1].client);
    let message = Message::from_bytes(bytes).expect("a message");
    let from = message.attribute::<XorPeerAddress>().expect("a peer");
    assert_eq!(from.addr(message.transaction_id()), lent[0]);
    // No other port of ours is reached this way.
    for port in [22, 3478, 7800] {
        let mut own = lent[1];
        own.set_port(port);
        assert_eq!(world.send(&people[0], own, b"hello"), [], "{port}");
    }
}

#[test]
fn what_is_near_the_server_is_not_reached() {
    let tried = [
        "127.0.0.1:80",
        "169.254.169.254:80",
        "192.168.1.1:80",
        "8.8.8.8:53",
    ];
    for (peers, codes) in [
        (Peers::Public, [403, 403, 403, 0]),
        (Peers::Private, [403, 403, 0, 0]),
        (Peers::Any, [0, 0, 0, 0]),
    ] {
        let mut world = World::new(peers);
        let alice = person("alice", 0);
        world.allocate(&alice);
        for (peer, code) in tried.map(address).into_iter().zip(codes) {
            assert_eq!(world.permit(&alice, peer), code, "{peers:?} {peer}");
            assert_eq!(
                world.bind(&alice, 0x4000 + peer.port(), peer),
                code,
                "{peers:?} {peer}"
            );
            world.pass(Duration::from_secs(601));
            world.allocate(&alice);
        }
        assert_eq!(
            world.permit(&alice, address("[2a00::1]:1")),
            443,
            "another family"
        );
    }
}

#[test]
fn whoever_is_not_who_they_say_gets_nothing() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    let mut wrong = alice.clone();
    wrong.password = "guessed".to_owned();
    assert_eq!(world.allocate(&wrong).code(), 401);
    let mut strange = alice.clone();
    "hello".clone_into(&mut strange.name);
    strange.password = secret().password("hello");
    assert_eq!(world.allocate(&strange).code(), 401, "no name of ours");
    let mut later = alice.clone();
    later.name = name_of("alice", START_S - 1);
    later.password = secret().password(&later.name);
    assert_eq!(world.allocate(&later).code(), 401, "it has expired");
    // A nonce of another client, as somebody who listens would send it.
    let nonce = secret().nonce(person("alice", 1).client.at, START_S);
    let stolen = signed(
        &alice,
        request(ALLOCATE, &[&RequestedTransport::new(17)]),
        &nonce,
    );
    assert_eq!(world.answer(alice.client, &stolen).code(), 438);
    assert_eq!(world.turn.figures().lent_ever, 0);
    // Nor does anybody else change what is lent.
    assert_eq!(world.allocate(&alice).code(), 0);
    let mut mallory = person("mallory", 0);
    mallory.client = alice.client;
    assert_eq!(world.permit(&mallory, address("8.8.8.8:9")), 441);
    assert_eq!(
        world
            .request(&mallory, REFRESH, &[&Lifetime::new(0)])
            .code(),
        441
    );
    assert_eq!(world.turn.figures().lent, 1);
}

#[test]
fn a_call_goes_on_though_its_credential_has_expired() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    world.allocate(&alice);
    for _ in 0..180 {
        world.pass(Duration::from_secs(500));
        let again = world.request(&alice, REFRESH, &[&Lifetime::new(3600)]);
        assert_eq!(again.code(), 0);
    }
    assert!(world.now > Duration::from_secs(TTL_S));
    assert_eq!(
        world.allocate(&person("alice", 1)).code(),
        401,
        "but no new one"
    );
}

#[test]
fn what_is_lent_ends() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    let lent = world.allocate(&alice).lent();
    let longest = world.request(&alice, REFRESH, &[&Lifetime::new(100_000)]);
    let given = longest.message().attribute::<Lifetime>().expect("a time");
    assert_eq!(given.seconds(), 3600);
    let peer = address("8.8.8.8:9");
    assert_eq!(world.permit(&alice, peer), 0);
    world.pass(Duration::from_secs(300));
    assert_eq!(
        world.send(&alice, peer, b"late"),
        [],
        "a permission is for 5 minutes"
    );
    world.pass(Duration::from_secs(3300));
    assert!(world.turn.next_wakeup().is_some());
    assert_eq!(world.handle(Input::Tick), [Output::Close { local: lent }]);
    assert_eq!(world.turn.next_wakeup(), None);
    // Or when its owner says so.
    let lent = world.allocate(&alice).lent();
    let nonce = secret().nonce(alice.client.at, START_S + 3600);
    let end = signed(&alice, request(REFRESH, &[&Lifetime::new(0)]), &nonce);
    let outputs = world.ask(alice.client, &end);
    assert!(
        outputs.contains(&Output::Close { local: lent }),
        "{outputs:?}"
    );
    assert_eq!(world.permit(&alice, peer), 437);
}

#[test]
fn an_answer_that_was_lost_is_given_again() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    let nonce = secret().nonce(alice.client.at, START_S);
    let asked = signed(
        &alice,
        request(ALLOCATE, &[&RequestedTransport::new(17)]),
        &nonce,
    );
    let first = world.answer(alice.client, &asked).lent();
    assert_eq!(world.answer(alice.client, &asked).lent(), first);
    assert_eq!(world.turn.figures().lent_ever, 1);
}

#[test]
fn nobody_is_lent_too_much() {
    let mut world = World::new(Peers::Public);
    for n in 0..PER_USER as u16 {
        assert_eq!(world.allocate(&person("alice", n)).code(), 0);
        // Unsigned answers are counted, too.
        world.pass(Duration::from_millis(100));
    }
    assert_eq!(world.allocate(&person("alice", 100)).code(), 486);
    let mut in_all = PER_USER;
    'people: for one in 0..IN_ALL {
        for n in 0..PER_USER as u16 {
            let mut who = person(&format!("p{one}"), n);
            who.client.at = SocketAddr::from(([10, 0, (one >> 8) as u8, one as u8], n + 1));
            world.pass(Duration::from_millis(1));
            match world.allocate(&who).code() {
                0 => in_all += 1,
                code => {
                    assert_eq!(code, 508);
                    break 'people;
                }
            }
        }
    }
    assert_eq!(in_all, IN_ALL);
}

#[test]
fn what_cannot_be_had_is_refused() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    let udp = RequestedTransport::new(17);
    assert_eq!(world.request(&alice, ALLOCATE, &[]).code(), 400);
    let tcp = RequestedTransport::new(6);
    assert_eq!(world.request(&alice, ALLOCATE, &[&tcp]).code(), 442);
    let odd = world.request(&alice, ALLOCATE, &[&udp, &DontFragment::new()]);
    assert_eq!(odd.code(), 420);
    let six = RequestedAddressFamily::new(AddressFamily::IPV6);
    let six = world.request(&alice, ALLOCATE, &[&udp, &six]);
    assert_eq!(six.lent(), address("[2001:db8::1]:50001"));
    let nonce = secret().nonce(alice.client.at, START_S);
    let mut other = request(ALLOCATE, &[&udp]);
    other[19] ^= 1; // another transaction
    let other = signed(&alice, other, &nonce);
    assert_eq!(world.answer(alice.client, &other).code(), 437, "it has one");
}

#[test]
fn nobody_takes_all_of_the_line() {
    let mut world = World::new(Peers::Public);
    let alice = person("alice", 0);
    world.allocate(&alice);
    let peer = address("8.8.8.8:9");
    world.permit(&alice, peer);
    let sent = |world: &mut World| {
        let sent = (0..200).filter(|_| !world.send(&alice, peer, &[0; 1000]).is_empty());
        sent.count()
    };
    assert_eq!(sent(&mut world), 64);
    world.pass(Duration::from_millis(500));
    assert_eq!(sent(&mut world), 32);
}

#[test]
fn strangers_get_few_answers() {
    let mut world = World::new(Peers::Public);
    let client = person("alice", 0).client;
    let ask = request(BINDING, &[]).finish();
    let answers = |world: &mut World| {
        let answered = (0..1000).filter(|_| !world.ask(client, &ask).is_empty());
        answered.count()
    };
    assert_eq!(answers(&mut world), 100);
    world.pass(Duration::from_secs(1));
    assert_eq!(answers(&mut world), 100);
}

#[test]
fn garbage_is_dropped() {
    let mut world = World::new(Peers::Any);
    let alice = person("alice", 0);
    world.allocate(&alice);
    let nonce = secret().nonce(alice.client.at, START_S);
    let peer = XorPeerAddress::new(address("8.8.8.8:9"), ID.into());
    let whole: Vec<Vec<u8>> = [
        ALLOCATE,
        REFRESH,
        CREATE_PERMISSION,
        CHANNEL_BIND,
        SEND,
        BINDING,
    ]
    .map(|method| {
        signed(
            &alice,
            request(method, &[&peer, &Data::new(&[1; 40])]),
            &nonce,
        )
    })
    .into();
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..20_000 {
        let mut bytes = if round % 4 == 0 {
            (0..random.usize(0..200)).map(|_| random.u8(..)).collect()
        } else {
            whole[random.usize(0..whole.len())].clone()
        };
        for _ in 0..random.usize(0..6) {
            if let Some(at) = (!bytes.is_empty()).then(|| random.usize(0..bytes.len())) {
                match random.u8(0..3) {
                    0 => bytes[at] = random.u8(..),
                    1 => bytes.truncate(at),
                    _ => bytes.insert(at, random.u8(..)),
                }
            }
        }
        world.pass(Duration::from_millis(random.u64(0..20)));
        drop(world.ask(alice.client, &bytes));
        drop(world.handle(Input::Came {
            local: address("192.0.2.1:50001"),
            peer: address("8.8.8.8:9"),
            bytes: &bytes,
        }));
    }
    assert!(world.dropped() > 1000, "{}", world.dropped());
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.allocate(&person("bob", 9)).code(), 0, "it goes on");
}
