//! Random commands, beside a model that keeps everything in lists. `CALLSIGN_SEED` repeats a run.

use std::collections::BTreeSet;
use std::path::Path;

use callsign::protocol::Code;
use callsign::store::{
    Attention, Conversation, Delivery, Message, MessageKind, MessageRow, NewMessage, Place, Put,
    Receipt, Store, Way, Window,
};
use fastrand::Rng;

use crate::{NOW, name};

const ROUNDS: u64 = 12;
const STEPS: usize = 400;
const WORDS: [&str; 8] = [
    "red",
    "GREEN",
    "blue sky",
    "ab",
    "会议改到",
    "x",
    "Ärger",
    "\"q\" -",
];

#[test]
fn the_store_does_what_a_simple_model_does() {
    let seed = std::env::var("CALLSIGN_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    println!("CALLSIGN_SEED={seed}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.db");
        runtime.block_on(run(&path, seed.wrapping_add(round)));
    }
}

/// Everything, in the plainest way.
#[derive(Default)]
struct Model {
    /// Sorted by place only when somebody looks.
    messages: Vec<Message>,
    /// Conversation, source and id of what was deleted.
    forgotten: BTreeSet<(Conversation, String, String)>,
    next_row: u64,
}

struct World {
    rng: Rng,
    store: Store,
    model: Model,
    next_id: u64,
}

async fn run(path: &Path, seed: u64) {
    let mut world = World {
        rng: Rng::with_seed(seed),
        store: Store::open(path).expect("opens").store,
        model: Model::default(),
        next_id: 0,
    };
    for _ in 0..STEPS {
        match world.rng.u8(..20) {
            0..8 => world.put().await,
            8 => world.sent().await,
            9 => world.failed_and_retry().await,
            10 => world.receipt().await,
            11 => world.delete().await,
            12 if world.rng.u8(..4) == 0 => world.erase().await,
            12 | 13 => world.mark_read().await,
            14 | 15 => world.look().await,
            16 | 17 => world.search().await,
            18 => world.list().await,
            _ if world.rng.u8(..4) == 0 => {
                world.store.close().await;
                world.store = Store::open(path).expect("opens").store;
            }
            _ => world.outbox().await,
        }
    }
    world.store.close().await;
}

fn conversation(rng: &mut Rng) -> Conversation {
    match rng.u8(..3) {
        0 => Conversation::Person(name("ann")),
        1 => Conversation::Person(name("bob")),
        _ => Conversation::Room(name("ann")),
    }
}

fn key(message: &NewMessage) -> (Conversation, String, String) {
    let id = message.id.as_ref().expect("all have one here");
    (
        message.conversation.clone(),
        message.source.to_string(),
        id.to_string(),
    )
}

impl World {
    fn text(&mut self) -> String {
        let count = self.rng.usize(1..5);
        let words = (0..count).map(|_| *self.rng.choice(&WORDS).expect("has some"));
        words.collect::<Vec<_>>().join(" ")
    }

    async fn put(&mut self) {
        let repeat = !self.model.messages.is_empty() && self.rng.u8(..5) == 0;
        let mut message = self.new_message();
        if repeat {
            message = self.some_message().content;
            if self.rng.bool() {
                message.server_ms = Some(NOW + self.rng.u64(..50));
            }
        } else if self.rng.u8(..5) == 0
            && let Some((conversation, source, id)) = self.rng.choice(&self.model.forgotten)
        {
            message.conversation = conversation.clone();
            (message.source, message.id) = (name(source), Some(name(id)));
        }
        let put = self.store.put_message(message.clone()).await.expect("kept");
        let known = self
            .model
            .messages
            .iter_mut()
            .find(|m| key(&m.content) == key(&message));
        if let Some(known) = known {
            let Put::Known(found) = put else {
                panic!("known, but {put:?}")
            };
            if let (Way::Out(delivery), None, Some(server_ms)) = (
                &mut known.content.way,
                known.content.server_ms,
                message.server_ms,
            ) {
                if matches!(delivery, Delivery::Pending | Delivery::Failed { .. }) {
                    *delivery = Delivery::Sent;
                }
                known.content.server_ms = Some(server_ms);
                assert_eq!(found.place.time_ms(), server_ms);
                known.place = found.place;
            }
            assert_eq!(&found, known);
        } else if self.model.forgotten.contains(&key(&message)) {
            assert_eq!(put, Put::Forgotten);
        } else {
            let Put::New(new) = put else {
                panic!("new, but {put:?}")
            };
            assert_eq!(new.content, message);
            let same = self
                .model
                .messages
                .iter()
                .filter(|m| m.place.time_ms() == new.place.time_ms());
            assert!(
                same.clone().all(|m| m.place < new.place),
                "behind all of its millisecond"
            );
            let here = self.model.in_order(&message.conversation);
            let last = here.last().map_or(0, |last| last.place.time_ms());
            let time = match (&message.way, message.server_ms) {
                (_, Some(time)) => time,
                (Way::In(_), None) => message.local_ms,
                (Way::Out(_), None) => message.local_ms.max(last),
            };
            assert_eq!(new.place.time_ms(), time);
            self.model.next_row += 1;
            self.model.messages.push(new);
        }
    }

    fn new_message(&mut self) -> NewMessage {
        self.next_id += 1;
        let out = self.rng.bool();
        let known = !out || self.rng.bool();
        let way = if out {
            Way::Out(if known {
                Delivery::Sent
            } else {
                Delivery::Pending
            })
        } else {
            let attention = [Attention::Seen, Attention::Unread, Attention::Mention];
            Way::In(*self.rng.choice(&attention).expect("has some"))
        };
        let kinds = [
            MessageKind::Text,
            MessageKind::Text,
            MessageKind::Text,
            MessageKind::Joined,
        ];
        NewMessage {
            conversation: conversation(&mut self.rng),
            // The same ids of different people are different messages.
            id: Some(name(&(self.next_id / 2).to_string())),
            source: name(if self.next_id.is_multiple_of(2) {
                "me"
            } else {
                "ann"
            }),
            way,
            kind: *self.rng.choice(&kinds).expect("has some"),
            text: self.text(),
            server_ms: known.then(|| NOW + self.rng.u64(..50)),
            local_ms: NOW + self.rng.u64(..50),
            reply_to: None,
        }
    }

    fn some_message(&mut self) -> Message {
        self.rng
            .choice(&self.model.messages)
            .expect("has some")
            .clone()
    }

    /// One's own message, and a way to what the model knows of it.
    fn some_own(&mut self) -> Option<usize> {
        let own: Vec<usize> = (0..self.model.messages.len())
            .filter(|n| matches!(self.model.messages[*n].content.way, Way::Out(_)))
            .collect();
        self.rng.choice(own)
    }

    async fn sent(&mut self) {
        let Some(n) = self.some_own() else { return };
        let server_ms = self.rng.bool().then(|| NOW + self.rng.u64(..50));
        let row = self.model.messages[n].row;
        let found = self
            .store
            .sent(row, server_ms)
            .await
            .expect("kept")
            .expect("is there");
        let known = &mut self.model.messages[n];
        let Way::Out(delivery) = &mut known.content.way else {
            return;
        };
        if matches!(delivery, Delivery::Pending | Delivery::Failed { .. }) {
            *delivery = Delivery::Sent;
        }
        if let Some(server_ms) = server_ms {
            known.content.server_ms = Some(server_ms);
            assert_eq!(found.place.time_ms(), server_ms);
            known.place = found.place;
        }
        assert_eq!(&found, known);
    }

    async fn failed_and_retry(&mut self) {
        let Some(n) = self.some_own() else { return };
        let row = self.model.messages[n].row;
        let Way::Out(delivery) = self.model.messages[n].content.way.clone() else {
            return;
        };
        let (code, reason) = (Code::SendMessageTimeout, "no answer".to_owned());
        let (found, expected) = if self.rng.bool() {
            let failed = Delivery::Failed {
                code,
                reason: reason.clone(),
            };
            let pending = delivery == Delivery::Pending;
            let expected = if pending { failed } else { delivery };
            (self.store.failed(row, code, reason).await, expected)
        } else {
            let failed = matches!(delivery, Delivery::Failed { .. });
            let expected = if failed { Delivery::Pending } else { delivery };
            (self.store.retry(row).await, expected)
        };
        let known = &mut self.model.messages[n];
        known.content.way = Way::Out(expected);
        assert_eq!(found.expect("kept").as_ref(), Some(&*known));
    }

    async fn receipt(&mut self) {
        let Some(n) = self.some_own() else { return };
        let content = self.model.messages[n].content.clone();
        let ids = vec![content.id.expect("all have one here")];
        let receipt = if self.rng.bool() {
            Receipt::Read
        } else {
            Receipt::Delivered
        };
        let found = self
            .store
            .receipt(content.conversation, content.source, ids, receipt)
            .await;
        let known = &mut self.model.messages[n];
        let Way::Out(delivery) = &mut known.content.way else {
            return;
        };
        let before = delivery.clone();
        match receipt {
            Receipt::Read => *delivery = Delivery::Read,
            Receipt::Delivered if *delivery != Delivery::Read => *delivery = Delivery::Delivered,
            Receipt::Delivered => {}
        }
        let changed = (before != *delivery).then(|| known.clone());
        assert_eq!(
            found.expect("kept"),
            changed.into_iter().collect::<Vec<_>>()
        );
    }

    async fn delete(&mut self) {
        if self.model.messages.is_empty() {
            return;
        }
        let n = self.rng.usize(..self.model.messages.len());
        let message = self.model.messages.remove(n);
        self.model.forgotten.insert(key(&message.content));
        assert!(
            self.store
                .delete_message(message.row)
                .await
                .expect("deleted")
        );
        assert_eq!(self.store.message(message.row).await.expect("read"), None);
    }

    async fn erase(&mut self) {
        let conversation = conversation(&mut self.rng);
        if self.rng.bool() {
            self.store
                .erase_conversation(conversation.clone())
                .await
                .expect("erased");
        } else {
            self.store
                .remove_conversation(conversation.clone())
                .await
                .expect("erased");
        }
        let gone = self.model.in_order(&conversation);
        self.model
            .forgotten
            .extend(gone.iter().map(|message| key(&message.content)));
        self.model
            .messages
            .retain(|message| message.content.conversation != conversation);
    }

    async fn mark_read(&mut self) {
        let conversation = conversation(&mut self.rng);
        let here = self.model.in_order(&conversation);
        let up_to = self
            .rng
            .choice(&here)
            .map_or(Place::LAST, |message| message.place);
        let read = self
            .store
            .mark_read(conversation.clone(), up_to)
            .await
            .expect("kept");
        let mut expected = Vec::new();
        for message in here.iter().filter(|message| message.place <= up_to) {
            if matches!(
                message.content.way,
                Way::In(Attention::Unread | Attention::Mention)
            ) {
                let id = message.content.id.clone().expect("all have one here");
                expected.push((message.content.source.clone(), id));
                let known = self
                    .model
                    .messages
                    .iter_mut()
                    .find(|m| m.row == message.row);
                known.expect("is there").content.way = Way::In(Attention::Seen);
            }
        }
        assert_eq!(read, expected);
    }

    async fn look(&mut self) {
        let conversation = conversation(&mut self.rng);
        let here = self.model.in_order(&conversation);
        let n = self.rng.usize(..12);
        let at = self.rng.usize(..=here.len());
        let place = here.get(at).map_or(Place::LAST, |message| message.place);
        let store = &self.store;
        let slice = |from: usize, to: usize| Window {
            messages: here[from..to].to_vec(),
            older: from > 0,
            newer: to < here.len(),
        };
        let (window, expected) = match self.rng.u8(..5) {
            0 => {
                let window = store.latest(conversation, n).await;
                (window, slice(here.len().saturating_sub(n), here.len()))
            }
            1 => {
                let window = store.before(conversation, place, n).await;
                (window, slice(at.saturating_sub(n), at))
            }
            2 => {
                let from = (at + 1).min(here.len());
                let window = store.after(conversation, place, n).await;
                (window, slice(from, (from + n).min(here.len())))
            }
            3 => {
                let time = NOW + self.rng.u64(..60);
                let at = here
                    .iter()
                    .filter(|message| message.place.time_ms() < time)
                    .count();
                let window = store.at_time(conversation, time, n).await;
                let to = (at + n - n / 2).min(here.len());
                (window, slice(at.saturating_sub(n / 2), to))
            }
            _ => {
                let Some(message) = here.get(at) else { return };
                let n = n.max(1);
                let window = store.around(message.row, n).await;
                let to = (at + n - n / 2).min(here.len());
                let expected = slice(at.saturating_sub(n / 2), to);
                (window.map(|window| window.expect("is there")), expected)
            }
        };
        assert_eq!(window.expect("read"), expected);
    }

    async fn search(&mut self) {
        let query = self.text();
        let query: String = query.chars().skip(self.rng.usize(..3)).collect();
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let within = self.rng.bool().then(|| conversation(&mut self.rng));
        let mut expected = self.model.all_in_order();
        expected.reverse();
        expected.retain(|message| {
            let text = message.content.text.to_lowercase();
            message.content.kind == MessageKind::Text
                && !words.is_empty()
                && words.iter().all(|word| text.contains(word))
                && within
                    .as_ref()
                    .is_none_or(|within| *within == message.content.conversation)
        });
        let (mut found, mut before) = (Vec::new(), Place::LAST);
        let n = self.rng.usize(1..20);
        loop {
            let page = self
                .store
                .search(&query, within.clone(), before, n)
                .await
                .expect("found");
            found.extend(page.messages);
            match page.next {
                Some(next) => before = next,
                None => break,
            }
        }
        assert_eq!(found, expected, "{query:?}");
    }

    async fn list(&mut self) {
        let list = self.store.conversations().await.expect("read");
        assert!(
            list.windows(2)
                .all(|pair| pair[0].active_ms >= pair[1].active_ms)
        );
        for view in list {
            let here = self.model.in_order(&view.conversation);
            let unread = here.iter().filter(|message| {
                matches!(
                    message.content.way,
                    Way::In(Attention::Unread | Attention::Mention)
                )
            });
            assert_eq!(view.unread, unread.clone().count() as u64);
            assert_eq!(
                view.first_unread,
                unread.map(|message| message.place).next()
            );
            let mentions = here
                .iter()
                .filter(|m| m.content.way == Way::In(Attention::Mention));
            assert_eq!(view.mentions, mentions.count() as u64);
            let last = here
                .iter()
                .rfind(|message| message.content.kind == MessageKind::Text);
            assert_eq!(view.last.as_ref(), last);
        }
    }

    async fn outbox(&mut self) {
        let mut expected = self.model.messages.clone();
        expected.retain(|message| message.content.way == Way::Out(Delivery::Pending));
        expected.sort_by_key(|message| message.row);
        let rows = |messages: &[Message]| -> Vec<MessageRow> {
            messages.iter().map(|message| message.row).collect()
        };
        let outbox = self.store.outbox().await.expect("read");
        assert_eq!(rows(&outbox), rows(&expected));
    }
}

impl Model {
    fn all_in_order(&self) -> Vec<Message> {
        let mut messages = self.messages.clone();
        messages.sort_by_key(|message| message.place);
        messages
    }

    fn in_order(&self, conversation: &Conversation) -> Vec<Message> {
        let mut messages = self.all_in_order();
        messages.retain(|message| message.content.conversation == *conversation);
        messages
    }
}
