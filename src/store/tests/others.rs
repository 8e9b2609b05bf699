//! Calls, people, rooms, settings, and what is written out.

use super::*;

fn call(n: u64, outgoing: bool) -> NewCall {
    NewCall {
        outgoing,
        peer: name("bob"),
        channel: name("call-1"),
        number: (n == 1).then(|| "+123".to_owned()),
        started_ms: NOW + n,
    }
}

#[tokio::test]
async fn calls_are_kept_with_how_they_ended() {
    let home = Home::new();
    let failed = Outcome::Failed {
        code: Code::InvitePeerOffline,
        reason: "offline".to_owned(),
    };
    let outcomes = [
        Outcome::Talked,
        Outcome::Missed,
        Outcome::Declined,
        Outcome::Refused,
        Outcome::Cancelled,
        Outcome::NoAnswer,
        failed,
    ];
    let mut expected = Vec::new();
    for (n, outcome) in (0..).zip(outcomes) {
        let row = home
            .store
            .call_started(call(n, n % 2 == 0))
            .await
            .expect("kept");
        if outcome == Outcome::Talked {
            assert!(home.store.call_answered(row, NOW + 50).await.expect("kept"));
            assert!(
                !home
                    .store
                    .call_answered(row, NOW + 60)
                    .await
                    .expect("asked")
            );
        }
        let ended = home.store.call_ended(row, NOW + 100, outcome.clone()).await;
        let ended = ended.expect("kept").expect("is there");
        assert_eq!(ended.call, call(n, n % 2 == 0));
        assert_eq!(
            ended.answered_ms,
            (outcome == Outcome::Talked).then_some(NOW + 50)
        );
        assert_eq!(
            (ended.ended_ms, &ended.outcome),
            (Some(NOW + 100), &Some(outcome.clone()))
        );
        assert_eq!(ended.seen, outcome != Outcome::Missed);
        let again = home.store.call_ended(row, NOW + 200, Outcome::Talked).await;
        assert_eq!(
            again.expect("asked").as_ref(),
            Some(&ended),
            "the first end counts"
        );
        expected.insert(0, ended);
    }
    let open = home.store.call_started(call(99, true)).await.expect("kept");
    let home = home.reopened().await;
    let me: Account = name("me");
    let ended = home.store.end_open_calls(me.clone(), "Call interrupted");
    assert_eq!(ended.await.expect("kept"), 1);
    let found = home.store.calls(None, 1).await.expect("read");
    assert_eq!(
        (found[0].row, &found[0].outcome),
        (open, &Some(Outcome::Interrupted))
    );
    let of = Conversation::Person(found[0].call.peer.clone());
    let lines = home.store.latest(of, 9).await.expect("read").messages;
    let [line] = &lines[..] else {
        panic!("one line of the call, not {lines:?}")
    };
    assert_eq!(line.content.text, "Call interrupted");
    assert_eq!(
        (&line.content.source, line.place.time_ms()),
        (&me, found[0].call.started_ms)
    );
    let again = home.store.end_open_calls(me, "Call interrupted").await;
    assert_eq!(again.expect("kept"), 0, "once");
    assert!(home.store.delete_call(open).await.expect("deleted"));
    let mut calls = home.store.calls(None, 3).await.expect("read");
    loop {
        let more = home.store.calls(calls.last(), 3).await.expect("read");
        if more.is_empty() {
            break;
        }
        calls.extend(more);
    }
    assert_eq!(calls, expected);
    assert_eq!(home.store.missed_calls().await.expect("read"), 1);
    home.store.calls_seen().await.expect("kept");
    assert_eq!(home.store.missed_calls().await.expect("read"), 0);
    home.store.erase_calls().await.expect("erased");
    assert_eq!(home.store.calls(None, 9).await.expect("read"), []);
}

#[tokio::test]
async fn people_rooms_and_settings_come_back() {
    let home = Home::new();
    let person = |account: &str| Person {
        account: name(account),
        name: String::new(),
        added_ms: Some(NOW),
        blocked: false,
    };
    for account in ["ann", "bob", "cy", "dan"] {
        home.store.put_person(person(account)).await.expect("kept");
    }
    let cy = Person {
        name: "Cy the Great".to_owned(),
        added_ms: None,
        blocked: true,
        ..person("cy")
    };
    home.store.put_person(cy.clone()).await.expect("kept");
    let order = vec![name("dan"), name("nobody"), name("ann")];
    home.store.order_people(order).await.expect("kept");
    home.store.put_person(person("eve")).await.expect("kept");
    assert!(
        home.store
            .remove_person(name("bob"))
            .await
            .expect("removed")
    );
    assert!(!home.store.remove_person(name("bob")).await.expect("asked"));
    let room = |name: ChannelName, joined, since_ms| Room {
        name,
        joined,
        since_ms,
    };
    home.store
        .put_room(room(name("ops"), true, NOW))
        .await
        .expect("kept");
    home.store
        .put_room(room(name("a b"), true, NOW + 1))
        .await
        .expect("kept");
    home.store
        .put_room(room(name("ops"), false, NOW + 2))
        .await
        .expect("kept");
    home.store
        .put_room(room(name("old"), false, 1))
        .await
        .expect("kept");
    home.store.remove_room(name("old")).await.expect("removed");
    let value = json!({"dark": true, "sizes": [1, 2.5, null]});
    home.store
        .put_setting("theme".to_owned(), json!(1))
        .await
        .expect("kept");
    home.store
        .put_setting("theme".to_owned(), value.clone())
        .await
        .expect("kept");
    home.store
        .put_setting("gone".to_owned(), json!("x"))
        .await
        .expect("kept");
    home.store
        .remove_setting("gone".to_owned())
        .await
        .expect("removed");

    let home = home.reopened().await;
    let people = home.store.people().await.expect("read");
    assert_eq!(people, [person("dan"), person("ann"), cy, person("eve")]);
    let rooms = home.store.rooms().await.expect("read");
    assert_eq!(
        rooms,
        [
            room(name("ops"), false, NOW + 2),
            room(name("a b"), true, NOW + 1)
        ]
    );
    let settings = home.store.settings().await.expect("read");
    assert_eq!(
        settings.into_iter().collect::<Vec<_>>(),
        [("theme".to_owned(), value)]
    );
}

#[tokio::test]
async fn an_export_has_every_message() {
    let home = Home::new();
    home.put(incoming(ann(), "1", NOW, "two\nlines")).await;
    home.put(outgoing(ann(), "2", NOW + 1000, "mine")).await;
    home.put(incoming(ops(), "3", NOW, "in the room")).await;
    let path = home.folder.path().join("export");
    let text = Format::Text { utc_offset_min: 60 };
    let count = home
        .store
        .export(Some(ann()), text, &path)
        .await
        .expect("written");
    assert_eq!(count, 2);
    let written = std::fs::read_to_string(&path).expect("is there");
    assert_eq!(
        written,
        "=== ann ===\n\n\
         2023-11-14 23:13:20 +01:00  ann: two\n    lines\n\
         2023-11-14 23:13:21 +01:00  me: mine (not sent yet)\n"
    );
    let count = home
        .store
        .export(None, Format::Json, &path)
        .await
        .expect("written");
    assert_eq!(count, 3);
    let written = std::fs::read_to_string(&path).expect("is there");
    let written: serde_json::Value = serde_json::from_str(&written).expect("is JSON");
    let conversations = written["conversations"].as_array().expect("a list");
    assert_eq!(conversations[0]["person"], "ann");
    assert_eq!(conversations[0]["messages"][0]["text"], "two\nlines");
    assert_eq!(conversations[0]["messages"][1]["state"], "pending");
    assert_eq!(conversations[1]["room"], "ops");
    assert_eq!(conversations[1]["messages"][0]["time"], NOW);
    assert_eq!(
        std::fs::read_dir(home.folder.path())
            .expect("a folder")
            .filter(|entry| {
                entry
                    .as_ref()
                    .is_ok_and(|entry| entry.path().to_string_lossy().ends_with(".part"))
            })
            .count(),
        0
    );

    let nowhere = home.folder.path().join("no/such/folder");
    let error = home
        .store
        .export(None, Format::Json, &nowhere)
        .await
        .expect_err("fails");
    assert!(matches!(error, ExportError::File { .. }), "{error}");
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}

#[tokio::test]
async fn a_missed_call_that_is_told_again_is_kept_once() {
    let home = Home::new();
    let missed = call(7, false);
    for new in [true, false] {
        let kept = home.store.call_missed(missed.clone(), NOW).await;
        assert_eq!(kept.expect("kept"), new);
    }
    let later = NewCall {
        started_ms: missed.started_ms + 1,
        ..missed
    };
    assert!(home.store.call_missed(later, NOW).await.expect("kept"));
    assert_eq!(home.store.missed_calls().await.expect("read"), 2);
    let calls = home.store.calls(None, 9).await.expect("read");
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].outcome, Some(Outcome::Missed));
}

#[tokio::test]
async fn what_is_missing_of_a_room_is_known_until_it_is_there_or_erased() {
    let home = Home::new();
    let gap = |room: &str, below| Gap {
        room: name(room),
        below,
        since_ms: NOW,
        unread: 7,
    };
    for gap in [gap("ops", None), gap("tea", None), gap("ops", Some(30))] {
        home.store.put_gap(gap).await.expect("kept");
    }
    let home = home.reopened().await;
    let gaps = home.store.gaps().await.expect("read");
    assert_eq!(gaps, [gap("ops", Some(30)), gap("tea", None)]);
    home.store.close_gap(name("tea")).await.expect("closed");
    home.store.close_gap(name("tea")).await.expect("closed");
    // Also of a conversation that is in no list.
    home.store.erase_conversation(ops()).await.expect("erased");
    assert_eq!(home.store.gaps().await.expect("read"), []);
}
