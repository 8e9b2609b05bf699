//! The signaling server: `serve`, `token`, `invite`, `doctor`. All it does is in `callsign::server::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    callsign::server::cli::main()
}
