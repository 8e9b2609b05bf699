//! Words are found, in any script, page by page.

use super::*;

#[tokio::test]
async fn words_are_found_in_any_script_and_case() {
    let home = Home::new();
    let said = [
        "The build is GREEN",
        "greenhouse, built",
        "今天的会议改到下午三点",
        "ПРИВЕТ, мир",
        "100% \"quoted\" AND (this) *",
        "ok",
    ];
    for (n, text) in said.iter().enumerate() {
        home.put(incoming(ann(), &n.to_string(), NOW + n as u64, text))
            .await;
    }
    for (query, expected) in [
        ("green", vec![1, 0]),
        ("GREEN build", vec![0]),
        ("green  is", vec![0]),
        ("会议改", vec![2]),
        ("三点", vec![2]),
        ("会", vec![2]),
        ("привет", vec![3]),
        ("\"quoted\"", vec![4]),
        ("AND", vec![4]),
        ("(this)", vec![4]),
        ("0%", vec![4]),
        ("OK", vec![5]),
        ("i", vec![4, 1, 0]),
        ("NOTHING", vec![]),
        ("  ", vec![]),
        ("", vec![]),
    ] {
        for within in [None, Some(ann())] {
            let found = home
                .store
                .search(query, within, Place::LAST, 99)
                .await
                .expect("found");
            let expected: Vec<_> = expected.iter().map(|n: &usize| said[*n]).collect();
            assert_eq!(texts(&found.messages), expected, "{query:?}");
        }
        let elsewhere = home.store.search(query, Some(ops()), Place::LAST, 99).await;
        assert_eq!(elsewhere.expect("found"), Found::default(), "{query:?}");
    }
}

#[tokio::test]
async fn a_search_goes_on_page_by_page_in_the_order_of_time() {
    let home = Home::new();
    // Arrival is not the order: this is a history that was fetched later.
    for n in (0..25).rev() {
        let conversation = if n % 2 == 0 { ann() } else { ops() };
        home.put(incoming(
            conversation,
            &n.to_string(),
            NOW + n,
            &format!("number {n}"),
        ))
        .await;
    }
    for (query, within, expected) in [
        ("number", None, (0..25).rev().collect::<Vec<_>>()),
        ("nu", None, (0..25).rev().collect()),
        (
            "number",
            Some(ops()),
            (0..25).rev().filter(|n| n % 2 == 1).collect(),
        ),
        (
            "nu",
            Some(ops()),
            (0..25).rev().filter(|n| n % 2 == 1).collect(),
        ),
    ] {
        let (mut before, mut all) = (Place::LAST, Vec::new());
        loop {
            let page = home
                .store
                .search(query, within.clone(), before, 4)
                .await
                .expect("found");
            all.extend(
                page.messages
                    .iter()
                    .map(|message| message.content.text.clone()),
            );
            match page.next {
                Some(next) => before = next,
                None => break,
            }
        }
        let expected: Vec<_> = expected.iter().map(|n| format!("number {n}")).collect();
        assert_eq!(all, expected, "{query}");
    }
}
