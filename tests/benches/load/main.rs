//! The load generator: drives any server of the 1.x protocol by its URL, and says what came of it in one line.
//!
//! `cargo bench --bench load -- fanout --url ws://127.0.0.1:7800` and so on; `--help` lists the loads. It checks what it
//! counts: every message carries its number, and a number that comes twice, too early or not at all is an error.
//!
//! One thread, sockets without a WebSocket library, and nothing parsed that need not be, so that it is not what is
//! measured; `generator` in each line is the part of the time in which it was busy.

mod connection;
mod fanout;
mod idle;
mod latency;
mod p2p;
mod report;
mod session;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Drives a signaling server and measures it.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    load: Option<Load>,
    /// What cargo adds
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// What to do to a server.
#[derive(Subcommand)]
enum Load {
    /// One sender, many members of a channel: deliveries a second
    Fanout(FanoutArgs),
    /// Pairs of accounts, one sends and one polls and acknowledges: messages a second
    P2p(P2pArgs),
    /// Messages between pairs at a fixed rate: how long each takes until its receiver has polled it
    Latency(LatencyArgs),
    /// Sessions that only stay: the memory that each takes
    Idle(IdleArgs),
    /// Many sessions at once: logins a second
    Storm(StormArgs),
}

/// What every load needs.
#[derive(Args, Clone)]
struct Target {
    /// The server, without TLS
    #[arg(long, value_name = "ws://HOST:PORT")]
    url: String,
    /// The app id
    #[arg(long, default_value = "load")]
    app: String,
    /// The server's process, if it is on this computer: its processor time is measured, too
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Args)]
struct FanoutArgs {
    #[command(flatten)]
    target: Target,
    /// Members of the channel, the sender among them
    #[arg(long, default_value_t = 1000)]
    members: usize,
    /// Messages that are not yet with all members
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// How long to measure, in seconds
    #[arg(long, default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// How long to run before, in seconds
    #[arg(long, default_value = "1", value_parser = seconds)]
    warm_up: Duration,
    /// The server is the bare one of `--bench bare`: texts of this many bytes, as large as the other's frames
    #[arg(long, value_name = "BYTES", num_args = 0..=1, default_missing_value = "200")]
    bare: Option<usize>,
}

#[derive(Args)]
struct P2pArgs {
    #[command(flatten)]
    target: Target,
    /// Pairs of accounts
    #[arg(long, default_value_t = 100)]
    pairs: usize,
    /// Messages of one pair that are not yet both answered and received
    #[arg(long, default_value_t = 8)]
    in_flight: u64,
    /// How long to measure, in seconds
    #[arg(long, default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// How long to run before, in seconds
    #[arg(long, default_value = "1", value_parser = seconds)]
    warm_up: Duration,
}

#[derive(Args)]
struct LatencyArgs {
    #[command(flatten)]
    target: Target,
    /// Pairs of accounts, which take turns
    #[arg(long, default_value_t = 100)]
    pairs: usize,
    /// Messages a second, all pairs together
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// How long to measure, in seconds
    #[arg(long, default_value = "10", value_parser = seconds)]
    seconds: Duration,
}

#[derive(Args)]
struct IdleArgs {
    #[command(flatten)]
    target: Target,
    /// Sessions to open
    #[arg(long, default_value_t = 5000)]
    sessions: usize,
}

#[derive(Args)]
struct StormArgs {
    #[command(flatten)]
    target: Target,
    /// Sessions to open
    #[arg(long, default_value_t = 5000)]
    sessions: usize,
    /// Connections that are not signed in yet, at most
    #[arg(long, default_value_t = 256)]
    at_once: usize,
}

/// Why a load could not be measured.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    /// Not an address that this program speaks to.
    #[error("{0} is not a URL of the form ws://HOST:PORT")]
    Url(String),
    /// The socket failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The server closed a connection.
    #[error("the server closed a connection; a member that reads too slowly, or a limit?")]
    Closed,
    /// The server refused something.
    #[error("the server refuses: {0}")]
    Refused(String),
    /// What came is not what has to come.
    #[error("the server is wrong: {0}")]
    Wrong(String),
    /// Memory is measured, and no process was given.
    #[error("whose memory? --pid says")]
    NoPid,
    /// The operating system does not tell what is measured.
    #[error("cannot read {0}")]
    Proc(String),
}

fn main() -> ExitCode {
    let Some(load) = Cli::parse().load else {
        println!("cargo bench --bench load -- --help");
        return ExitCode::SUCCESS;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime.map_err(LoadError::Io).and_then(|runtime| {
        tokio::task::LocalSet::new().block_on(&runtime, async {
            match load {
                Load::Fanout(args) => fanout::run(args).await,
                Load::P2p(args) => p2p::run(args).await,
                Load::Latency(args) => latency::run(args).await,
                Load::Idle(args) => idle::run(args).await,
                Load::Storm(args) => idle::storm(args).await,
            }
        })
    });
    match result {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "must be a number of seconds".to_owned())
}
