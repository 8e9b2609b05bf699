//! Full disks, failing commands, closed histories, and files that are not ours.

use super::*;

#[tokio::test]
async fn a_full_disk_is_told_and_costs_nothing_that_was_kept() {
    let home = Home::new();
    home.put(incoming(ann(), "kept", NOW, "kept before")).await;
    let limit_pages = |pages: i64| {
        home.store.read(move |connection| {
            let pragma = format!("PRAGMA max_page_count = {pages}");
            Ok(connection.query_row(&pragma, [], |row| row.get::<_, i64>(0))?)
        })
    };
    limit_pages(1).await.expect("asked");
    let large = |n: u64| incoming(ann(), &n.to_string(), NOW + n, &"x".repeat(8000));
    let mut kept = 0;
    let error = loop {
        match home.store.put_message(large(kept)).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000, "the limit has no effect");
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    // Several at once: all are told.
    let (one, two) = tokio::join!(
        home.store.put_message(large(5001)),
        home.store.put_message(large(5002)),
    );
    assert!(one.is_err() && two.is_err());
    let count = home
        .store
        .latest(ann(), 1000)
        .await
        .expect("read")
        .messages
        .len() as u64;
    assert_eq!(count, kept + 1);
    limit_pages(100_000).await.expect("asked");
    home.put(large(5001)).await;
    let home = home.reopened().await;
    let count = home
        .store
        .latest(ann(), 1000)
        .await
        .expect("read")
        .messages
        .len() as u64;
    assert_eq!(count, kept + 2);
}

#[tokio::test]
async fn one_command_that_fails_takes_no_other_with_it() {
    let home = Home::new();
    let broken = home.store.write(|connection| {
        connection.execute("INSERT INTO rooms VALUES ('half', 1, 1)", [])?;
        Ok(connection.execute("INSERT INTO no_such_table VALUES (1)", [])?)
    });
    let (one, broken, two) = tokio::join!(
        home.store.put_message(incoming(ann(), "1", NOW, "one")),
        broken,
        home.store.put_message(incoming(ann(), "2", NOW, "two")),
    );
    assert!(matches!(broken, Err(StoreError::Disk(_))), "{broken:?}");
    assert!(one.is_ok() && two.is_ok());
    let home = home.reopened().await;
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["one", "two"]);
    assert_eq!(home.store.rooms().await.expect("read"), []);
}

#[tokio::test]
async fn a_closed_history_says_so_and_can_be_opened_again() {
    let home = Home::new();
    let other = home.store.clone();
    let last = other.put_message(incoming(ann(), "1", NOW, "the last"));
    let (last, ()) = tokio::join!(last, home.store.close());
    last.expect("what was asked for before is done");
    assert!(matches!(
        other.conversations().await,
        Err(StoreError::Closed)
    ));
    let search = other.search("last", None, Place::LAST, 1).await;
    assert!(matches!(search, Err(StoreError::Closed)));
    home.store.close().await;
    let home = home.reopened().await;
    let window = home.store.latest(ann(), 1).await.expect("read");
    assert_eq!(texts(&window.messages), ["the last"]);
    assert!(!home.folder.path().join("history.db.examine").exists());
}

#[tokio::test]
async fn a_command_goes_on_when_nobody_waits_for_it_any_more() {
    let home = Home::new();
    {
        let put = home.store.put_message(incoming(ann(), "1", NOW, "one"));
        tokio::pin!(put);
        // Asked for, and dropped.
        tokio::select! {
            biased;
            _ = &mut put => {}
            () = std::future::ready(()) => {}
        }
    }
    let window = home.store.latest(ann(), 9).await.expect("read");
    assert_eq!(texts(&window.messages), ["one"]);
}

#[tokio::test]
async fn what_was_never_written_by_us_is_told() {
    let home = Home::new();
    let message = home.put(incoming(ann(), "1", NOW, "one")).await;
    let spoil = "UPDATE messages SET source = 'with a space'";
    home.store
        .write(move |connection| Ok(connection.execute(spoil, [])?))
        .await
        .expect("done");
    let read = home.store.message(message.row).await;
    assert!(
        matches!(read, Err(StoreError::Unreadable { what: "name" })),
        "{read:?}"
    );
}
