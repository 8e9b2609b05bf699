//! The desktop app: its window, or a verb without one. All it does is in `callsign::app::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    callsign::app::cli::main()
}
