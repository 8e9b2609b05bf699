//! What is read of a conversation at a time, and the list of conversations.

use super::*;

#[tokio::test]
async fn windows_are_without_gaps_and_tell_what_lies_beyond() {
    let home = Home::new();
    for n in 0..10 {
        home.put(incoming(
            ann(),
            &n.to_string(),
            NOW + n * 1000,
            &n.to_string(),
        ))
        .await;
        home.put(incoming(ops(), &n.to_string(), NOW + n * 1000, "elsewhere"))
            .await;
    }
    let store = &home.store;
    let check = |window: &Window, expected: &[&str], older, newer| {
        assert_eq!(texts(&window.messages), expected);
        assert_eq!((window.older, window.newer), (older, newer), "{expected:?}");
    };
    let latest = store.latest(ann(), 3).await.expect("read");
    check(&latest, &["7", "8", "9"], true, false);
    check(
        &store.latest(ann(), 10).await.expect("read"),
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        false,
        false,
    );
    let above = store
        .before(ann(), latest.messages[0].place, 4)
        .await
        .expect("read");
    check(&above, &["3", "4", "5", "6"], true, true);
    let top = store
        .before(ann(), above.messages[0].place, 4)
        .await
        .expect("read");
    check(&top, &["0", "1", "2"], false, true);
    let below = store
        .after(ann(), top.messages[2].place, 2)
        .await
        .expect("read");
    check(&below, &["3", "4"], true, true);
    let end = store
        .after(ann(), latest.messages[1].place, 5)
        .await
        .expect("read");
    check(&end, &["9"], true, false);
    let around = store.around(above.messages[1].row, 5).await.expect("read");
    check(
        &around.expect("is there"),
        &["2", "3", "4", "5", "6"],
        true,
        true,
    );
    let day = store.at_time(ann(), NOW + 4500, 4).await.expect("read");
    check(&day, &["3", "4", "5", "6"], true, true);
    let past = store.at_time(ann(), 0, 4).await.expect("read");
    check(&past, &["0", "1"], false, true);
    let future = store.at_time(ann(), u64::MAX, 4).await.expect("read");
    check(&future, &["8", "9"], true, false);
    let nobody = Conversation::Person(name("nobody"));
    assert_eq!(
        store.latest(nobody, 4).await.expect("read"),
        Window::default()
    );
}

/// No sorting and no walk through a table, so the cost does not grow with the history.
#[tokio::test]
async fn windows_and_lists_are_read_by_index() {
    let home = Home::new();
    let queries = [
        windows::OLDER,
        windows::NEWER,
        "SELECT max(place) FROM messages WHERE conversation = ?1 AND place <= ?2",
        "SELECT source, message_id FROM messages
         WHERE conversation = ?1 AND direction = 0 AND state > 0 AND place <= ?2 ORDER BY place",
        "SELECT id FROM messages WHERE direction = 1 AND state = 0 ORDER BY id",
        "SELECT id FROM calls WHERE (started_ms, id) < (?, ?) ORDER BY started_ms DESC, id DESC LIMIT ?",
        "SELECT count(*) FROM calls WHERE seen = 0",
    ];
    for query in queries {
        let plan = home.store.read(move |connection| {
            let explain = format!("EXPLAIN QUERY PLAN {query}");
            let mut statement = connection.prepare(&explain)?;
            let values = vec![1_i64; statement.parameter_count()];
            let values = rusqlite::params_from_iter(values);
            let steps = statement.query_map(values, |row| row.get::<_, String>(3))?;
            Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        for step in plan.await.expect("read") {
            assert!(!step.contains("TEMP B-TREE"), "{query}: {step}");
            assert!(
                step.contains("INDEX") || step.contains("PRIMARY KEY"),
                "{query}: {step}"
            );
        }
    }
}

#[tokio::test]
async fn a_list_shows_what_is_unread_and_what_was_said_last() {
    let home = Home::new();
    home.store
        .begin_conversation(ops(), NOW - 9)
        .await
        .expect("kept");
    let first = home.put(incoming(ann(), "1", NOW, "one")).await;
    let mention = NewMessage {
        way: Way::In(Attention::Mention),
        ..incoming(ann(), "2", NOW + 1, "two, @me")
    };
    let mention = home.put(mention).await;
    let joined = NewMessage {
        kind: MessageKind::Joined,
        way: Way::In(Attention::Seen),
        id: None,
        ..incoming(ann(), "x", NOW + 2, "")
    };
    home.put(joined).await;
    home.store
        .set_draft(ann(), "half a".to_owned(), NOW)
        .await
        .expect("kept");
    home.store.set_muted(ops(), true, NOW).await.expect("kept");
    let home = home.reopened().await;
    let list = home.store.conversations().await.expect("read");
    let [with_ann, in_ops] = list.as_slice() else {
        panic!("{list:?}")
    };
    let expected = ConversationView {
        conversation: ann(),
        draft: "half a".to_owned(),
        muted: false,
        active_ms: NOW + 1,
        read_mark: None,
        first_unread: Some(first.place),
        unread: 2,
        mentions: 1,
        last: Some(mention.clone()),
    };
    assert_eq!(with_ann, &expected);
    assert_eq!(
        (&in_ops.conversation, in_ops.muted, in_ops.active_ms),
        (&ops(), true, NOW - 9)
    );
    assert_eq!(in_ops.last, None);

    let read = home
        .store
        .mark_read(ann(), first.place)
        .await
        .expect("kept");
    assert_eq!(read, [(name("ann"), name("1"))]);
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!((view.unread, view.mentions), (1, 1));
    assert_eq!(
        (view.read_mark, view.first_unread),
        (Some(first.place), Some(mention.place))
    );
    home.store
        .mark_read(ann(), Place::LAST)
        .await
        .expect("kept");
    // The mark stands where messages are, so what comes later is unread.
    home.put(incoming(ann(), "3", NOW + 3, "three")).await;
    let home = home.reopened().await;
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!((view.unread, view.mentions), (1, 0));
    home.store
        .mark_read(ann(), first.place)
        .await
        .expect("kept");
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!(view.unread, 1);
    assert!(
        view.read_mark > Some(mention.place),
        "the mark never goes back"
    );
}
