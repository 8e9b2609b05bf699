//! From one side's microphone to the other's speaker, both of them files: how long that takes.

use std::time::Duration;

use callsign::voice::RATE;
use callsign::voice::peer::PeerEvent;
use callsign::voice::processing::Switches;

use crate::side::call;

/// Clicks of noise, each different, with silence between: easily found again.
pub(crate) fn bursts(seconds: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut out = Vec::new();
    for _ in 0..seconds {
        out.extend(std::iter::repeat_n(0.0, 24_000));
        let mut last = 0.0;
        out.extend((0..24_000).map(|_| {
            // Within the band that speech has.
            last = 0.8 * last + 0.2 * (random.f32() - 0.5);
            last
        }));
    }
    out
}

/// By how many samples `heard` is later than `said`: where both are most alike.
pub(crate) fn delay(said: &[f32], heard: &[f32]) -> usize {
    let likeness = |lag: usize| -> f32 {
        said.iter()
            .zip(&heard[lag..])
            .step_by(3)
            .map(|(a, b)| a * b)
            .sum()
    };
    (0..heard.len() - said.len())
        .step_by(8)
        .max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)))
        .unwrap_or(0)
}

/// A call of seven seconds over real sockets. Returns after how many ms each side heard what the other said, and panics where
/// they did not meet or did not hear all the time.
pub(crate) async fn measure() -> [usize; 2] {
    let says = [bursts(6, 1), bursts(6, 2)];
    let switches = Switches {
        echo: false,
        noise: false,
        gain: false,
    };
    let time = Duration::from_secs(7);
    let heard = call([&says[0], &says[1]], time, switches).await;
    std::array::from_fn(|side| {
        assert!(heard[side].events.contains(&PeerEvent::Connected));
        assert!(!heard[side].events.contains(&PeerEvent::Silent));
        let at = 4 * RATE as usize + 24_000;
        let part = &says[1 - side][at..at + 24_000];
        let lag = delay(part, &heard[side].samples[at..at + 48_000]);
        let ms = lag * 1_000 / RATE as usize;
        println!("side {side}: {ms} ms, {:?}", heard[side].stats);
        ms
    })
}
