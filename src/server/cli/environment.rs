//! The environment as a source of settings: an unknown name is an error, and an empty value is none.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};

use clap::Command;

/// Names that begin so are ours.
const PREFIX: &str = "CALLSIGN_";
/// Names that other programs of this package read.
const ELSEWHERE: [&str; 2] = ["CALLSIGN_SEED", "CALLSIGN_TOKEN"];

/// The variables that are set.
pub(super) struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The variables that look like settings of a command and are none.
    pub(super) fn unknown(&self, command: &Command) -> Vec<String> {
        let mut known: HashSet<OsString> = ELSEWHERE.into_iter().map(OsString::from).collect();
        collect(command, &mut known);
        let names = self.0.iter().map(|(name, _)| name);
        let mut unknown: Vec<_> = names
            .filter(|name| name.to_string_lossy().starts_with(PREFIX) && !known.contains(*name))
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        unknown.sort();
        unknown
    }

    /// The command as if variables with an empty value were not set.
    pub(super) fn without_empty(&self, command: Command) -> Command {
        let is_empty = |name: &OsStr| {
            self.0
                .iter()
                .any(|(own, value)| own == name && value.is_empty())
        };
        let command = command.mut_args(|argument| match argument.get_env() {
            Some(name) if is_empty(name) => argument.env(None::<&str>),
            Some(_) | None => argument,
        });
        command.mut_subcommands(|inner| self.without_empty(inner))
    }
}

fn collect(command: &Command, names: &mut HashSet<OsString>) {
    let own = command.get_arguments().filter_map(clap::Arg::get_env);
    names.extend(own.map(OsStr::to_owned));
    for inner in command.get_subcommands() {
        collect(inner, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::cli::Cli;
    use clap::CommandFactory as _;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        Environment(variables.iter().map(owned).collect())
    }

    #[test]
    fn a_name_that_no_command_knows_is_found() {
        let environment = environment(&[
            ("CALLSIGN_LISTEN", "127.0.0.1:1"),
            ("CALLSIGN_LOG", "debug"),
            ("CALLSIGN_LIMITS", "inbox=1"),
            ("CALLSIGN_SEED", "7"),
            ("CALLSIGN_LISEN", ""),
            ("CALLSIGN_CERTIFICATE", "secret"),
            ("PATH", "/bin"),
        ]);
        let unknown = environment.unknown(&Cli::command());
        assert_eq!(unknown, ["CALLSIGN_CERTIFICATE", "CALLSIGN_LISEN"]);
    }

    #[test]
    fn an_empty_value_is_none_in_every_command() {
        fn names(command: &Command) -> HashSet<OsString> {
            let mut names = HashSet::new();
            collect(command, &mut names);
            names
        }
        let environment = environment(&[("CALLSIGN_LISTEN", ""), ("CALLSIGN_DATA", "x")]);
        let mut expected = names(&Cli::command());
        assert!(expected.remove(OsStr::new("CALLSIGN_LISTEN")));
        let command = environment.without_empty(Cli::command());
        assert_eq!(names(&command), expected);
    }
}
