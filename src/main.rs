//! The desktop app: arguments, then the window, or a verb without one.

use std::path::PathBuf;
use std::process::ExitCode;

use callsign::app::verbs::{self, Verb};
use callsign::app::{self, Options, Profile, Theme};
use clap::Parser;

/// Callsign: talk, call and keep a room going.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Arguments {
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    app::start_log();
    if let Some(verb) = arguments.verb {
        return verbs::run(verb);
    }
    let Some(data) = arguments.data.or_else(app::data_dir) else {
        eprintln!("error: this system names no directory for data: say one with --data DIR");
        return ExitCode::FAILURE;
    };
    let options = Options {
        profile: arguments.profile,
        server: arguments.server,
        theme: arguments.theme,
        data,
    };
    match app::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
