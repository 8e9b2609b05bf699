//! Writes the manual pages and the shells' completions of both programs, from the same definitions as their argument parsers:
//! `cargo run --example manual -- target/package`.

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

use clap_complete::Shell;

/// Those that a package brings something for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

fn main() -> Result<(), Box<dyn Error>> {
    let into = std::env::args_os()
        .nth(1)
        .ok_or("please say a folder to write to")?;
    write(Path::new(&into))?;
    Ok(())
}

/// `man/NAME.1` of each program and command, and `completions/` with a file a program and shell.
fn write(into: &Path) -> io::Result<()> {
    let (pages, completions) = (into.join("man"), into.join("completions"));
    fs::create_dir_all(&pages)?;
    fs::create_dir_all(&completions)?;
    for command in [
        callsign::app::cli::command(),
        callsign::server::cli::command(),
    ] {
        let name = command.get_name().to_owned();
        for shell in SHELLS {
            clap_complete::generate_to(shell, &mut command.clone(), &name, &completions)?;
        }
        clap_mangen::generate_to(command.disable_help_subcommand(true), &pages)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All long options that people see of a program and its commands, each with the manual page that it belongs to.
    fn options(command: &clap::Command, page: &str, found: &mut Vec<(String, String)>) {
        let shown = command.get_arguments().filter(|own| !own.is_hide_set());
        let own = shown.filter_map(clap::Arg::get_long);
        found.extend(own.map(|long| (page.to_owned(), long.to_owned())));
        for inner in command.get_subcommands() {
            options(inner, &format!("{page}-{}", inner.get_name()), found);
        }
    }

    #[test]
    fn manual_pages_and_completions_name_every_option() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path()).expect("written");
        let read = |path: String| fs::read_to_string(folder.path().join(&path)).expect(&path);
        for (command, usual) in [
            (callsign::app::cli::command(), "keys"),
            (callsign::server::cli::command(), "allow-plain"),
        ] {
            let name = command.get_name().to_owned();
            let completions = [
                read(format!("completions/{name}.bash")),
                read(format!("completions/_{name}")),
                read(format!("completions/{name}.fish")),
            ];
            let mut found = Vec::new();
            options(&command, &name, &mut found);
            // Nothing is proven by seeing nothing.
            assert!(found.iter().any(|(_, long)| long == usual), "{found:?}");
            for (page, long) in found {
                let text = read(format!("man/{page}.1")).replace("\\-", "-");
                assert!(text.contains(&format!("--{long}")), "{page}.1: --{long}");
                for completion in &completions {
                    assert!(completion.contains(&long), "{name}: {long}");
                }
            }
        }
    }
}
