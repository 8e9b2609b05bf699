//! Both sides hear each other, and soon.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sides_hear_each_other_soon() {
    // A computer that does much else lets a side miss its turn, and that stays in its file. The bench `voice` has the figure.
    for ms in crate::delay::measure().await {
        assert!((20..400).contains(&ms), "{ms} ms");
    }
}
