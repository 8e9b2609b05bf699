//! What `callsign` does without a window: calls somebody, or waits for calls, with files for microphone and speaker. No display
//! and no sound server is needed; engine, codec, jitter buffer and way are those of the app.
//!
//! Results go to stdout, one a line; all else to stderr.
//!
//! | file | what |
//! |---|---|
//! | `call` | calls somebody |
//! | `listen` | waits for calls |
//! | `files` | files for microphone and speaker |
//! | `desk` | signing in, and what the two have in common |

mod call;
mod desk;
mod files;
mod listen;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::client::error::{InviteError, LoginError};
use crate::protocol::{Account, AppId, Dtmf, NameError};
use crate::voice::wav::WavError;

/// Something to do without a window.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Call somebody, without a window; 0 only if they answered
    ///
    /// On stdout: ringing, answered, connected, key K, ended REASON, heard FILE. A token is taken from the environment variable
    /// CALLSIGN_TOKEN.
    Call(CallArgs),
    /// Wait for calls, without a window, until SIGTERM or Ctrl-C
    ///
    /// On stdout: listening, call from WHO, answered, connected, key K, ended REASON, heard FILE. A token is taken from the
    /// environment variable CALLSIGN_TOKEN.
    Listen(ListenArgs),
}

/// Of `callsign call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Whom
    peer: Account,
    #[command(flatten)]
    with: WithArgs,
    /// Hang up so long after they answered, as in 15s or 500ms; else when they do
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    duration: Option<Duration>,
    /// Keys of the pad to press once both hear each other
    #[arg(long, value_name = "KEYS", value_parser = keys)]
    keys: Option<Keys>,
}

/// Of `callsign listen`.
#[derive(Debug, Args)]
pub struct ListenArgs {
    #[command(flatten)]
    with: WithArgs,
    /// Answer every call; else they are only told
    #[arg(long)]
    auto_answer: bool,
}

/// Who, where, and with which sound.
#[derive(Debug, Args)]
struct WithArgs {
    /// The server's address
    #[arg(long, value_name = "URL")]
    server: String,
    /// The app's id
    #[arg(long, value_name = "ID", default_value = "callsign")]
    app: AppId,
    /// Our own account
    #[arg(long, value_name = "NAME")]
    account: Account,
    /// What is said once both are connected: a WAV file of any rate, and silence after its end
    #[arg(long, value_name = "FILE")]
    wav_in: Option<PathBuf>,
    /// Where to write what is heard: WAV, 48 kHz. A file that is there is replaced; of further calls there are FILE-2, FILE-3 ...
    #[arg(long, value_name = "FILE")]
    wav_out: Option<PathBuf>,
    /// Say the file as it is: without taking away echo and noise, and without making it louder or softer
    #[arg(long)]
    raw: bool,
    /// Speak through the server's relay alone: they do not learn this computer's addresses. Without a relay there is no call
    #[arg(long)]
    relay_only: bool,
}

/// Keys of the pad.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Keys(Vec<Dtmf>);

/// Why nothing came of a verb.
#[derive(Debug, thiserror::Error)]
enum VerbError {
    #[error("the server's address is of no use: {0}")]
    Server(String),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Wav(PathBuf, WavError),
    #[error("{0}: {1}")]
    Write(PathBuf, std::io::Error),
    #[error("{0}: there is no such folder")]
    NoFolder(PathBuf),
    #[error("the call could not be made: {0}")]
    Invite(#[from] InviteError),
    #[error(
        "the server has no relay, and calls are to go through one alone; it is started there with --turn 3478"
    )]
    NoRelay,
    #[error("the session is over: {0}")]
    LoggedOut(String),
    #[error("the system does not let us do that: {0}")]
    System(#[from] std::io::Error),
}

/// Does it. The code is 0 if it was done: a call was answered, or waiting was ended by a signal.
#[must_use]
pub fn run(verb: Verb) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let done = runtime.map_err(VerbError::System).and_then(|runtime| {
        let done = runtime.block_on(async {
            match verb {
                Verb::Call(args) => call::run(args).await,
                Verb::Listen(args) => listen::run(args).await,
            }
        });
        // A name that is being looked up, say, is nothing to wait for.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `15s`, `500ms`, `2m`, `1h`; a number alone is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0)];
    let (number, unit) = units
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .unwrap_or((text, 1.0));
    let number: f64 = number
        .parse()
        .map_err(|_| "expected a number and a unit, as in 15s, 500ms or 2m".to_owned())?;
    Duration::try_from_secs_f64(number * unit)
        .ok()
        .filter(|time| !time.is_zero() && *time < Duration::from_secs(365 * 24 * 3_600))
        .ok_or_else(|| "longer than nothing, and shorter than a year".to_owned())
}

fn keys(text: &str) -> Result<Keys, String> {
    let keys: Option<Vec<Dtmf>> = text.chars().map(Dtmf::from_char).collect();
    keys.map(Keys)
        .ok_or_else(|| "keys are 0 to 9, *, #, and A to D".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ms) in [
            ("15s", 15_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1.5", 1_500),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for wrong in ["", "s", "-1s", "0s", "soon", "1e300s", "nan"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_those_of_the_pad() {
        assert_eq!(keys("1#a").map(|keys| keys.0.len()), Ok(3));
        assert!(keys("12x").is_err());
    }
}
