//! A disk that takes no more, as far as the system lets a test have one: a limit on the size of files.

use std::io::BufRead as _;
use std::path::Path;
use std::process::Command;

use callsign::store::{Format, Put, Store, StoreError};

use crate::{NOW, ann, incoming};

/// Where the child finds its history.
const HISTORY: &str = "CALLSIGN_TEST_SMALL_DISK";
/// The largest size of a file, in blocks of 512 bytes: 6 MiB, more than the log has when it is taken over into the
/// database for the first time.
const BLOCKS: &str = "12288";

/// Is run once as the test, and by it as the child, too.
#[test]
fn what_was_kept_before_the_disk_failed_stays_and_the_rest_is_told() {
    if let Some(path) = std::env::var_os(HISTORY) {
        return child(Path::new(&path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    // The signal would end the child before the system's answer does any harm.
    let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().expect("a path"))
        .args([
            "--exact",
            "disk::what_was_kept_before_the_disk_failed_stays_and_the_rest_is_told",
            "--nocapture",
        ])
        .env(HISTORY, &path)
        .output()
        .expect("starts");
    assert!(output.status.success(), "{output:?}");
    let kept = output
        .stdout
        .lines()
        .find_map(|line| line.ok()?.strip_prefix("kept ")?.parse::<usize>().ok());
    let kept = kept.expect("the child says so");
    assert!(kept > 50, "{kept}");
    // With room again everything is there, and more is taken.
    block_on(async {
        let opened = Store::open(&path).expect("opens");
        assert_eq!(opened.set_aside, None);
        let export = folder.path().join("export");
        let count = opened.store.export(None, Format::Json, &export).await;
        assert_eq!(count.expect("read"), kept as u64);
        let put = opened
            .store
            .put_message(large(kept + 1))
            .await
            .expect("kept");
        assert!(matches!(put, Put::New(_)), "{put:?}");
        opened.store.close().await;
    });
}

/// Writes until the disk takes no more, and says how many messages were kept.
fn child(path: &Path) {
    block_on(async {
        let store = Store::open(path).expect("opens").store;
        let mut kept = 0;
        let error = loop {
            match store.put_message(large(kept)).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
            assert!(kept < 10_000, "the limit has no effect");
        };
        let known = matches!(error, StoreError::Full(_) | StoreError::Disk(_));
        assert!(known, "{error:?}");
        let window = store
            .latest(ann(), 1000)
            .await
            .expect("what is there can be read");
        assert_eq!(window.messages.len(), kept.min(1000));
        println!("\nkept {kept}");
    });
}

fn large(n: usize) -> callsign::store::NewMessage {
    incoming(&n.to_string(), NOW + n as u64, &format!("{n} ").repeat(500))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}
