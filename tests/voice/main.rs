//! Calls with sound: files for microphones and speakers, real sockets, and in simulated time lines that lose, delay and mix
//! up what they are told to.
//!
//! | file | what it shows |
//! |---|---|
//! | `calls` | both sides hear each other over real sockets, and soon |
//! | `sound_server` | what PulseAudio plays and hears, over devices that are chosen and pulled |
//! | `turn` | that a call goes through the server's relay where no other way leads |
//! | `switches` | that what is switched while it rings counts |
//! | `quality` | how speech sounds over lossy lines, by PESQ |
//!
//! `tests/run.sh` installs what speaks and what judges: espeak-ng, and the Python package `pesq` below `target/live`.

mod calls;
mod delay;
mod likeness;
mod quality;
mod record;
mod relay;
mod side;
#[cfg(target_os = "linux")]
mod sound_server;
mod speech;
#[cfg(all(feature = "server", feature = "client"))]
mod switches;
#[cfg(all(feature = "server", feature = "client"))]
mod turn;
mod world;
