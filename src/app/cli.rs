//! The command line of the app: opens the window, or does a verb without one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Command, CommandFactory as _, Parser};

use super::options::{Options, Profile, Theme, data_dir};
use super::verbs::{self, Verb};

/// Callsign: talk, call and keep a room going
#[derive(Debug, Parser)]
#[command(
    name = "callsign",
    version,
    about,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Another identity on this computer, with its own window and history
    #[arg(long, value_name = "NAME", default_value_t)]
    profile: Profile,
    /// Fill in the sign-in card with a server's address
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Light or dark whatever the system says
    #[arg(long, value_name = "light|dark")]
    theme: Option<Theme>,
    /// Keep everything in this directory instead of the platform's
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// All that may stand in the arguments, for manual pages and shells.
#[must_use]
pub fn command() -> Command {
    Cli::command()
}

/// Does what this process's arguments say. The code is 0 when all is well, 1 when it is not; wrong arguments end the process with 2.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    super::start_log();
    if let Some(verb) = cli.verb {
        return verbs::run(verb);
    }
    let Some(data) = cli.data.or_else(data_dir) else {
        eprintln!("error: this system names no directory for data: say one with --data DIR");
        return ExitCode::FAILURE;
    };
    let options = Options {
        profile: cli.profile,
        server: cli.server,
        theme: cli.theme,
        data,
    };
    match super::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        command().debug_assert();
        for line in [
            "callsign",
            "callsign --profile bob --server ws://127.0.0.1:7800 --theme dark --data DIR",
            "callsign call bob --server ws://127.0.0.1:7800 --account ann --for 15s --keys 12#",
            "callsign listen --server ws://127.0.0.1:7800 --account bob --auto-answer",
        ] {
            Cli::try_parse_from(line.split(' ')).expect(line);
        }
        for line in [
            "callsign --profile a/b",
            "callsign --theme blue",
            "callsign call bob",
            "callsign --theme dark call bob --server ws://127.0.0.1:7800 --account ann",
            "callsign tel:123",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
