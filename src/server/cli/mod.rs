//! The command line: one file a command. Results go to stdout, all else to stderr; no secret ever stands in an argument.

mod doctor;
mod duration;
mod environment;
mod invite;
mod open_files;
mod serve;
mod token;

use std::error::Error;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing::level_filters::LevelFilter;

use super::config::{App, ConfigArgs};
use crate::protocol::AppId;
use environment::Environment;

/// The exit code for arguments that are not understood, as clap has it.
const WRONG_ARGUMENTS: u8 = 2;

/// The signaling server of Callsign
#[derive(Debug, Parser)]
#[command(name = "callsign-server", version, about)]
struct Cli {
    /// How much to tell on stderr: off, error, warn, info, debug or trace
    #[arg(
        long,
        global = true,
        env = "CALLSIGN_LOG",
        value_name = "LEVEL",
        default_value = "info"
    )]
    log: LevelFilter,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT; a second one stops at once
    ///
    /// When both ports are taken, one line comes on stdout: ready ws://ADDRESS:PORT wss://ADDRESS:PORT+1
    Serve(ConfigArgs),
    /// Print a token for an account, made with a certificate of the configuration file
    Token(token::Args),
    /// Print a link that lets somebody sign in, once and within 24 hours
    Invite(invite::Args),
    /// Look for what is wrong with an installation, and say what to do about it
    Doctor(ConfigArgs),
}

/// Why the app of a command is not clear.
#[derive(Debug, thiserror::Error)]
enum ChooseError {
    #[error("the configuration has no [[app]]")]
    None,
    #[error("the configuration has several apps: choose one with --app: {}", names(.ids))]
    Several { ids: Vec<AppId> },
    #[error("the configuration has no app {id}, only {}", names(.ids))]
    Unknown { id: AppId, ids: Vec<AppId> },
}

/// All that may stand in the arguments, for manual pages and shells.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command of this process's arguments. The code is 0 when all is well, 1 when it is not, 2 for wrong arguments.
#[must_use]
pub fn main() -> ExitCode {
    let environment = Environment::of_process();
    let matches = environment.without_empty(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let unknown = environment.unknown(&Cli::command()).join(", ");
    if !unknown.is_empty() {
        eprintln!("error: the environment has what is no setting: {unknown}");
        return ExitCode::from(WRONG_ARGUMENTS);
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(cli.log)
        .with_target(false)
        .init();
    match cli.command {
        Command::Serve(args) => report(serve::run(args)),
        Command::Token(args) => report(token::run(&args)),
        Command::Invite(args) => report(invite::run(args)),
        Command::Doctor(args) => doctor::run(args),
    }
}

fn report<E: Error>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_sources(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and what led to it, in one line.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The app that is asked for, or the only one.
fn choose<'a>(apps: &'a [App], asked: Option<&AppId>) -> Result<&'a App, ChooseError> {
    let ids = || apps.iter().map(|app| app.id.clone()).collect();
    match (asked, apps) {
        (_, []) => Err(ChooseError::None),
        (None, [only]) => Ok(only),
        (None, _) => Err(ChooseError::Several { ids: ids() }),
        (Some(id), _) => {
            apps.iter()
                .find(|app| app.id == *id)
                .ok_or_else(|| ChooseError::Unknown {
                    id: id.clone(),
                    ids: ids(),
                })
        }
    }
}

fn names(ids: &[AppId]) -> String {
    ids.iter().map(AppId::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_protocol_page_is_understood() {
        for line in [
            "x serve --listen 127.0.0.1:7800 --data DIR --config FILE",
            "x token --config FILE --app ID --account alice --expires 2h",
            "x token --config FILE --app ID --account alice --expires 2h --kind 007",
            "x invite alice",
            "x invite alice --app ID --valid 90d --data DIR",
            "x doctor --data DIR",
        ] {
            Cli::try_parse_from(line.split(' ')).expect(line);
        }
        for line in [
            "x serve --lisen 127.0.0.1:7800",
            "x token --config FILE --account a,b --expires never",
            "x invite",
            "x",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn look(command: &clap::Command) {
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let secret = ["certificate", "secret", "password", "token"]
                    .into_iter()
                    .any(|word| id.contains(word));
                assert!(!secret || id == "end_at_token_expiry", "{id}");
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }

    #[test]
    fn an_app_is_chosen_only_when_it_is_clear() {
        let id = |text: &str| AppId::try_from(text).expect("an app id");
        let two = [App::of("one", &[]), App::of("two", &[])];
        assert_eq!(choose(&two[..1], None).expect("the only one").id, id("one"));
        assert_eq!(choose(&two, Some(&id("two"))).expect("there").id, id("two"));
        let text = choose(&two, None).expect_err("two").to_string();
        assert!(text.ends_with("one, two"), "{text}");
        let text = choose(&two, Some(&id("x"))).expect_err("none").to_string();
        assert!(text.contains("no app x"), "{text}");
        assert!(choose(&[], None).is_err());
    }
}
