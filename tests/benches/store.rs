//! The app's history with one conversation of 100,000 messages, and 100 beside it. `cargo bench --bench store`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use callsign::protocol::NameError;
use callsign::store::{
    Attention, Conversation, MessageKind, MessageRow, NewMessage, Place, Put, Store, Way,
};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// Messages of the long conversation.
const LONG: u64 = 100_000;
/// Messages of the short one.
const SHORT: u64 = 100;
/// The messages of a window.
const WINDOW: usize = 100;
const NOW: u64 = 1_700_000_000_000;
const WORDS: [&str; 16] = [
    "the",
    "build",
    "green",
    "shipping",
    "tomorrow",
    "really",
    "telephone",
    "会议",
    "改到",
    "下午",
    "and",
    "with",
    "some",
    "lunch",
    "https://example.org/a/page",
    "?",
];

criterion_group!(benches, history);
criterion_main!(benches);

fn name<T: for<'a> TryFrom<&'a str, Error = NameError>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

fn long() -> Conversation {
    Conversation::Room(name("long"))
}

fn short() -> Conversation {
    Conversation::Room(name("short"))
}

fn message(rng: &mut fastrand::Rng, conversation: Conversation, n: u64) -> NewMessage {
    let words = (0..rng.usize(3..20)).map(|_| *rng.choice(WORDS.iter()).expect("has some"));
    let mut text = words.collect::<Vec<_>>().join(" ");
    if n % 1000 == 7 {
        text += " tausendfuessler";
    }
    NewMessage {
        conversation,
        id: Some(name(&format!("{n}-{}", rng.u64(..)))),
        source: name("ann"),
        way: Way::In(Attention::Seen),
        kind: MessageKind::Text,
        text,
        server_ms: Some(NOW + n * 60_000),
        local_ms: NOW,
        reply_to: None,
    }
}

/// Fills a history; returns a message in the middle of the long conversation.
async fn fill(store: &Store) -> MessageRow {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut middle = None;
    for (conversation, count) in [(long(), LONG), (short(), SHORT)] {
        for page in 0..count.div_ceil(500) {
            let numbers = page * 500..((page + 1) * 500).min(count);
            let messages = numbers.map(|n| message(&mut rng, conversation.clone(), n));
            let puts = store.put_messages(messages.collect()).await.expect("kept");
            if let (true, Some(Put::New(message))) = (page * 500 == LONG / 2, puts.first()) {
                middle = Some(message.row);
            }
        }
    }
    middle.expect("there is one")
}

fn history(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let runtime = Runtime::new().expect("a runtime");
    let store = Store::open(&path).expect("opens").store;
    let start = Instant::now();
    let middle = runtime.block_on(fill(&store));
    let took = start.elapsed();
    runtime.block_on(store.close());
    let bytes = std::fs::metadata(&path).expect("is there").len();
    println!(
        "{} messages kept in {took:.1?}, {} MiB",
        LONG + SHORT,
        bytes >> 20
    );

    c.bench_function("open the file, latest window of 100,000", |b| {
        b.iter(|| {
            let store = Store::open(&path).expect("opens").store;
            let window = runtime
                .block_on(store.latest(long(), WINDOW))
                .expect("read");
            assert_eq!(window.messages.len(), WINDOW);
            runtime.block_on(store.close());
        });
    });

    let store = Store::open(&path).expect("opens").store;
    macro_rules! bench {
        ($what:expr, $call:expr) => {
            c.bench_function($what, |b| {
                b.iter(|| black_box(runtime.block_on($call).expect("answers")));
            });
        };
    }
    bench!("latest window of 100,000", store.latest(long(), WINDOW));
    bench!("latest window of 100", store.latest(short(), WINDOW));
    bench!(
        "window around a message of 100,000",
        store.around(middle, WINDOW)
    );
    bench!(
        "window at a date of 100,000",
        store.at_time(long(), NOW + LONG * 20_000, WINDOW)
    );
    bench!("list of conversations", store.conversations());
    let find = |query, within| store.search(query, within, Place::LAST, 50);
    bench!(
        "search: a rare word, everywhere",
        find("tausendfuessler", None)
    );
    bench!(
        "search: a frequent word, everywhere",
        find("shipping", None)
    );
    bench!(
        "search: a frequent word, in the short one",
        find("shipping", Some(short()))
    );
    bench!("search: two characters", find("会议", None));
    bench!("search: two characters that are nowhere", find("zq", None));
    let mut n = 0;
    c.bench_function("keep a message", |b| {
        let mut rng = fastrand::Rng::with_seed(8);
        b.iter(|| {
            n += 1;
            let new = message(&mut rng, short(), LONG + n);
            runtime.block_on(store.put_message(new)).expect("kept")
        });
    });
    let start = Instant::now();
    runtime
        .block_on(store.erase_conversation(long()))
        .expect("erased");
    println!("{LONG} messages erased in {:.1?}", start.elapsed());
    // What the thread does now when nothing else is to do, it interrupts for a command.
    let mut longest = Duration::ZERO;
    for _ in 0..2000 {
        let start = Instant::now();
        runtime
            .block_on(store.latest(short(), WINDOW))
            .expect("read");
        longest = longest.max(start.elapsed());
    }
    println!("a window behind that: {longest:.1?} at most");
    runtime.block_on(store.close());
}
