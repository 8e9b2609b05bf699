//! What the store promises, tried on real files.

mod erasing;
mod failures;
mod messages;
mod others;
mod paging;
mod search;

use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::protocol::{Account, ChannelName, Code, MessageId, NameError};

/// The time at which these tests play, in ms since the Unix epoch.
const NOW: u64 = 1_700_000_000_000;

fn name<T: for<'a> TryFrom<&'a str, Error = NameError>>(text: &str) -> T {
    T::try_from(text).expect("a name")
}

fn ann() -> Conversation {
    Conversation::Person(name("ann"))
}

fn ops() -> Conversation {
    Conversation::Room(name("ops"))
}

/// A history in a folder that goes with it.
struct Home {
    folder: tempfile::TempDir,
    store: Store,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Self::open(folder.path().join("history.db"));
        Self { folder, store }
    }

    fn open(path: PathBuf) -> Store {
        let opened = Store::open(&path).expect("opens");
        assert_eq!(opened.set_aside, None);
        opened.store
    }

    /// What another process finds.
    async fn reopened(self) -> Self {
        self.store.close().await;
        let store = Self::open(self.folder.path().join("history.db"));
        Self { store, ..self }
    }

    /// Does what is to be done when nothing else is, and looks for words in all files.
    async fn without(self, words: &[&str]) -> Self {
        // Not within a transaction, so not as a command that writes.
        let step = || self.store.read(|connection| Ok(upkeep::step(connection)));
        while step().await.expect("done") {}
        let log = self.folder.path().join("history.db-wal");
        let log = std::fs::metadata(log).expect("is there");
        assert_eq!(log.len(), 0, "the log holds nothing either");
        self.store.close().await;
        for entry in std::fs::read_dir(self.folder.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("is there");
            for word in words {
                let found = bytes
                    .windows(word.len())
                    .any(|part| part == word.as_bytes());
                assert!(!found, "{word} is still in {}", path.display());
            }
        }
        let store = Self::open(self.folder.path().join("history.db"));
        Self { store, ..self }
    }

    async fn put(&self, message: NewMessage) -> Message {
        match self.store.put_message(message).await {
            Ok(Put::New(message)) => message,
            other => panic!("not kept: {other:?}"),
        }
    }
}

fn incoming(conversation: Conversation, id: &str, server_ms: u64, text: &str) -> NewMessage {
    NewMessage {
        conversation,
        id: Some(name(id)),
        source: name("ann"),
        way: Way::In(Attention::Unread),
        kind: MessageKind::Text,
        text: text.to_owned(),
        server_ms: Some(server_ms),
        local_ms: NOW,
        reply_to: None,
    }
}

fn outgoing(conversation: Conversation, id: &str, local_ms: u64, text: &str) -> NewMessage {
    NewMessage {
        source: name("me"),
        way: Way::Out(Delivery::Pending),
        server_ms: None,
        local_ms,
        ..incoming(conversation, id, NOW, text)
    }
}

fn texts(messages: &[Message]) -> Vec<&str> {
    let messages = messages.iter();
    messages
        .map(|message| message.content.text.as_str())
        .collect()
}
