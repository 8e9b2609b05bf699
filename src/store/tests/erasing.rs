//! What is deleted is gone from the files, too.

use super::*;

#[tokio::test]
async fn an_erased_conversation_leaves_nothing_and_nothing_comes_back() {
    let home = Home::new();
    for n in 0..300 {
        home.put(incoming(
            ann(),
            &n.to_string(),
            NOW + n,
            "tausendfuessler 龘靐齉 secret",
        ))
        .await;
    }
    let kept = home.put(incoming(ops(), "1", NOW, "something else")).await;
    home.store
        .set_draft(ann(), "tausendfuessler".to_owned(), NOW)
        .await
        .expect("kept");
    home.store.set_muted(ann(), true, NOW).await.expect("kept");
    home.store.erase_conversation(ann()).await.expect("erased");
    let view = home
        .store
        .conversation(ann())
        .await
        .expect("read")
        .expect("is there");
    assert_eq!(
        (view.muted, view.draft.as_str(), view.last, view.unread),
        (true, "", None, 0)
    );
    let again = incoming(ann(), "7", NOW + 7, "tausendfuessler 龘靐齉 secret");
    assert_eq!(
        home.store.put_message(again).await.expect("asked"),
        Put::Forgotten
    );
    let found = home
        .store
        .search("secret", None, Place::LAST, 9)
        .await
        .expect("found");
    assert_eq!(found, Found::default());
    let found = home
        .store
        .search("something", None, Place::LAST, 9)
        .await
        .expect("found");
    assert_eq!(found.messages, [kept]);

    let home = home
        .without(&["ausendf", "靐齉", "龘靐齉", " secret"])
        .await;
    home.store
        .remove_conversation(ann())
        .await
        .expect("removed");
    assert_eq!(home.store.conversation(ann()).await.expect("read"), None);
    assert_eq!(home.store.conversations().await.expect("read").len(), 1);
}

#[tokio::test]
async fn one_message_among_many_leaves_nothing_either() {
    let home = Home::new();
    let mut gone = None;
    for n in 0..600 {
        let text = if n == 300 {
            "龘靐齉"
        } else {
            "the build is green"
        };
        let message = home
            .put(incoming(ann(), &n.to_string(), NOW + n, text))
            .await;
        if n == 300 {
            gone = Some(message.row);
        }
    }
    let gone = gone.expect("was kept");
    assert!(home.store.delete_message(gone).await.expect("deleted"));
    // Of a word that begins as another one does, the index holds the rest alone.
    let home = home.without(&["龘靐齉", "靐齉"]).await;
    let found = home.store.search("build", None, Place::LAST, 200).await;
    assert_eq!(found.expect("found").messages.len(), 200);
}
