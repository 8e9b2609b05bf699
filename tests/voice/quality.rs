//! How speech sounds over lossy lines. The bench `voice` has the whole table.

use std::time::Duration;

use crate::speech::{OFF, lossy, score};
use crate::world::Line;

#[test]
fn speech_is_clear_on_a_clean_line() {
    let score = score("clean", lossy(0.0, 1), OFF);
    assert!(score >= 3.7, "{score}");
}

#[test]
fn speech_is_good_where_one_packet_of_ten_is_lost() {
    let score = score("10 %", lossy(0.10, 1), OFF);
    assert!(score >= 2.47, "{score}");
}

#[test]
fn speech_is_good_where_packets_come_unevenly() {
    let line = Line {
        jitter: Duration::from_millis(60),
        ..Line::default()
    };
    let score = score("0-60 ms of jitter", line, OFF);
    assert!(score >= 2.8, "{score}");
}
