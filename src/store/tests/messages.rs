//! Messages: each kept once, in the order of the server, as far as it has come.

use super::*;

#[tokio::test]
async fn everything_that_is_known_of_a_message_comes_back() {
    let home = Home::new();
    let mut messages = vec![
        incoming(ops(), "1", NOW, "plain"),
        outgoing(ops(), "2", NOW + 1, "zero \0 and \"quotes\""),
    ];
    let failed = Delivery::Failed {
        code: Code::SendMessageTimeout,
        reason: "no answer".to_owned(),
    };
    let ways = [
        Way::In(Attention::Seen),
        Way::In(Attention::Mention),
        Way::Out(Delivery::Sent),
        Way::Out(Delivery::Delivered),
        Way::Out(Delivery::Read),
        Way::Out(failed),
    ];
    let kinds = [
        MessageKind::Text,
        MessageKind::Call,
        MessageKind::Joined,
        MessageKind::Left,
    ];
    for (n, way) in ways.into_iter().enumerate() {
        for kind in kinds {
            messages.push(NewMessage {
                way: way.clone(),
                kind,
                id: None,
                reply_to: Some(ReplyTo {
                    source: name("bob"),
                    id: name("an-id"),
                }),
                ..incoming(ops(), "x", NOW + 10 + n as u64, &format!("{n} {kind:?}"))
            });
        }
    }
    let puts = home
        .store
        .put_messages(messages.clone())
        .await
        .expect("kept");
    let home = home.reopened().await;
    let window = home.store.latest(ops(), 100).await.expect("read");
    let mut contents: Vec<_> = window.messages.iter().map(|m| m.content.clone()).collect();
    assert_eq!(contents.len(), messages.len());
    contents.sort_by_key(|content| messages.iter().position(|sent| sent == content));
    assert_eq!(contents, messages);
    for put in puts {
        let Put::New(message) = put else {
            panic!("not new: {put:?}")
        };
        let found = home.store.message(message.row).await.expect("read");
        assert_eq!(found, Some(message));
    }
}

#[tokio::test]
async fn a_message_is_kept_once_for_ever() {
    let home = Home::new();
    let first = home.put(incoming(ann(), "1", NOW, "hello")).await;
    let repeat = incoming(ann(), "1", NOW + 5, "hello again");
    let put = home.store.put_message(repeat.clone()).await.expect("asked");
    assert_eq!(put, Put::Known(first.clone()));
    home.put(incoming(ops(), "1", NOW, "the same id elsewhere"))
        .await;
    assert!(home.store.delete_message(first.row).await.expect("deleted"));
    assert!(!home.store.delete_message(first.row).await.expect("asked"));
    let home = home.reopened().await;
    let put = home.store.put_message(repeat).await.expect("asked");
    assert_eq!(put, Put::Forgotten);
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(window, Window::default());
}

#[tokio::test]
async fn a_message_without_an_id_is_kept_once_too() {
    let home = Home::new();
    let message = NewMessage {
        id: None,
        ..incoming(ann(), "x", NOW, "hello")
    };
    let first = home.put(message.clone()).await;
    let put = home
        .store
        .put_message(message.clone())
        .await
        .expect("asked");
    assert_eq!(put, Put::Known(first));
    let later = NewMessage {
        server_ms: Some(NOW + 1),
        ..message
    };
    home.put(later).await;
}

#[tokio::test]
async fn the_order_is_that_of_the_server_and_then_of_arrival() {
    let home = Home::new();
    for (id, time, text) in [("1", 5, "c"), ("2", 3, "a"), ("3", 5, "d"), ("4", 4, "b")] {
        home.put(incoming(ann(), id, NOW + time, text)).await;
    }
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_flood_within_one_millisecond_keeps_its_order() {
    let home = Home::new();
    let flood = (0..2500).map(|n| incoming(ann(), &n.to_string(), NOW, &n.to_string()));
    home.store
        .put_messages(flood.collect())
        .await
        .expect("kept");
    let window = home.store.latest(ann(), 1000).await.expect("read");
    let expected: Vec<_> = (1500..2500).map(|n| n.to_string()).collect();
    assert_eq!(texts(&window.messages), expected);
    assert!(window.older && !window.newer);
}

#[tokio::test]
async fn what_is_typed_comes_last_whatever_the_clock_says_and_moves_when_the_server_has_it() {
    let home = Home::new();
    home.put(incoming(ann(), "1", NOW, "question")).await;
    let mine = home.put(outgoing(ann(), "2", NOW - 60_000, "answer")).await;
    home.put(incoming(ann(), "3", NOW + 10, "thanks")).await;
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["question", "answer", "thanks"]);
    let mine = home
        .store
        .sent(mine.row, Some(NOW + 20))
        .await
        .expect("kept");
    let mine = mine.expect("is there");
    assert_eq!(mine.content.way, Way::Out(Delivery::Sent));
    assert_eq!(mine.place.time_ms(), NOW + 20);
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["question", "thanks", "answer"]);
    let found = home
        .store
        .search("answer", None, Place::LAST, 9)
        .await
        .expect("found");
    assert_eq!(found.messages, [mine], "and the search knows where it is");
}

#[tokio::test]
async fn the_outbox_comes_back_in_the_order_of_typing() {
    let home = Home::new();
    for (id, text) in [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")] {
        home.put(outgoing(ops(), id, NOW, text)).await;
    }
    let home = home.reopened().await;
    let outbox = home.store.outbox().await.expect("read");
    assert_eq!(texts(&outbox), ["one", "two", "three", "four"]);
    home.store.sent(outbox[1].row, None).await.expect("kept");
    let reason = "too large".to_owned();
    let code = Code::GeneralLargeParam;
    home.store
        .failed(outbox[2].row, code, reason)
        .await
        .expect("kept");
    home.store
        .delete_message(outbox[3].row)
        .await
        .expect("deleted");
    let rest = home.store.outbox().await.expect("read");
    assert_eq!(texts(&rest), ["one"]);
    home.store.retry(outbox[2].row).await.expect("kept");
    let rest = home.store.outbox().await.expect("read");
    assert_eq!(texts(&rest), ["one", "three"]);
}

#[tokio::test]
async fn an_echo_of_ones_own_message_acknowledges_it() {
    let home = Home::new();
    let mine = home.put(outgoing(ops(), "1", NOW, "hello")).await;
    let echo = NewMessage {
        way: Way::Out(Delivery::Sent),
        server_ms: Some(NOW + 7),
        ..outgoing(ops(), "1", NOW, "hello")
    };
    let put = home.store.put_message(echo).await.expect("kept");
    let Put::Known(now) = put else {
        panic!("not known: {put:?}")
    };
    assert_eq!((now.row, now.place), (mine.row, Place::at(NOW + 7)));
    assert_eq!(now.content.way, Way::Out(Delivery::Sent));
    assert_eq!(home.store.outbox().await.expect("read"), []);
}

#[tokio::test]
async fn a_delivery_never_goes_back() {
    let home = Home::new();
    let mine = home.put(outgoing(ann(), "1", NOW, "hello")).await;
    let ids = vec![name::<MessageId>("1"), name("unknown")];
    let receipt = |receipt| home.store.receipt(ann(), name("me"), ids.clone(), receipt);
    let read = receipt(Receipt::Read).await.expect("kept");
    assert_eq!(read[0].content.way, Way::Out(Delivery::Read));
    assert_eq!(receipt(Receipt::Delivered).await.expect("kept"), []);
    assert_eq!(receipt(Receipt::Read).await.expect("kept"), []);
    let late = home
        .store
        .failed(mine.row, Code::SendMessageTimeout, String::new())
        .await;
    assert_eq!(late.expect("asked").as_ref(), Some(&read[0]));
    let late = home.store.sent(mine.row, None).await.expect("asked");
    assert_eq!(late.as_ref(), Some(&read[0]));
    // Somebody else's message has no delivery.
    let theirs = home.put(incoming(ann(), "1", NOW, "hi")).await;
    let same = home.store.sent(theirs.row, None).await.expect("asked");
    assert_eq!(same, Some(theirs));
}

/// The account of a message's source never needs to be another's.
#[tokio::test]
async fn a_message_is_found_by_its_senders_id() {
    let home = Home::new();
    let message = home.put(incoming(ops(), "1", NOW, "one")).await;
    let find = |source: Account| home.store.find_message(ops(), source, name("1"));
    assert_eq!(find(name("ann")).await.expect("read"), Some(message));
    assert_eq!(find(name("bob")).await.expect("read"), None);
}
