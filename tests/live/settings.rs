//! Where settings come from (section 20): flag over environment over file, and nothing unknown.

use std::process::Output;

use crate::server::callsign_server;

/// What `doctor` says with these variables and flags.
fn doctor(variables: &[(&str, &str)], flags: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    callsign_server()
        .args(["doctor", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory.path().join("data"))
        .args(flags)
        .envs(variables.iter().copied())
        .output()
        .expect("callsign-server can be run")
}

#[test]
fn a_limit_of_a_flag_leaves_those_of_the_environment() {
    let said = doctor(
        &[("CALLSIGN_LIMITS", "rooms=1,history=2")],
        &["--limit", "history_days=3", "--durability", "none"],
    );
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    for key in ["history", "history_days"] {
        let told = format!("ok limits.{key} has no effect");
        assert!(said.contains(&told), "{said}");
    }
}

#[test]
fn an_empty_variable_is_none_and_a_number_may_be_a_switch() {
    let said = doctor(
        &[
            ("CALLSIGN_TLS_CERT", ""),
            ("CALLSIGN_IDLE_TIMEOUT", ""),
            ("CALLSIGN_LIMITS", ""),
            ("CALLSIGN_LOG", ""),
            ("CALLSIGN_ALLOW_PLAIN", "1"),
            ("CALLSIGN_SEED", "7"),
        ],
        &[],
    );
    assert!(said.status.success(), "{said:?}");
}

#[test]
fn an_unknown_variable_is_named() {
    let said = doctor(&[("CALLSIGN_LISEN", "127.0.0.1:1")], &[]);
    assert_eq!(said.status.code(), Some(2));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("CALLSIGN_LISEN"), "{said}");
}
