//! Signing in, being displaced, signing out (sections 4, 11 and 16).

use std::time::{SystemTime, UNIX_EPOCH};

use callsign::protocol::token::{self, Certificate, TokenKind, TokenSpec};
use callsign::protocol::{Account, AppId};
use serde_json::json;

use crate::peer::{Peer, Sdk};
use crate::server::{Server, callsign_server};

const APP: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const OTHER_CERTIFICATE: &str = "00000000000000000000000000000000";

/// `state` of the Python SDK.
const LOGGED_OUT: u64 = 3;

fn with_certificates() -> Server {
    Server::with_config(&format!(
        "[[app]]\nid = \"{APP}\"\ncertificates = [\"{OTHER_CERTIFICATE}\", \"{CERTIFICATE}\"]\n"
    ))
}

fn signaling_token(account: &str, certificate: &str, valid_s: i64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let spec = TokenSpec {
        app: &AppId::try_from(APP).expect("an app id"),
        certificate: &Certificate::new(certificate),
        account: &Account::try_from(account).expect("an account"),
        issued_s: now - 7200,
        expires_s: now.checked_add_signed(valid_s).expect("in range"),
        salt: 1,
    };
    let token = token::build(TokenKind::Signaling, &spec).expect("any app id will do");
    token.expose().to_owned()
}

fn refused_on_the_web(options: serde_json::Value, code: u64) {
    let server = with_certificates();
    let mut alice = Peer::new(Sdk::Web, &server, "alice");
    alice.login(options);
    alice.expect("session", "onLoginFailed", json!([code]));
    assert_eq!(alice.run("status", json!({})), 0);
    assert_eq!(alice.count("onLoginSuccess"), 0);
}

/// The Python SDK never reports a failed login: no success comes, and the link ends.
fn refused_in_python(options: serde_json::Value) {
    let server = with_certificates();
    let mut alice = Peer::new(Sdk::Python, &server, "alice");
    alice.login(options);
    while alice.next("state").args != json!([LOGGED_OUT]) {}
    assert_eq!(alice.count("onLoginSuccess"), 0);
}

fn signs_in_with_the_same_uid_again(sdk: Sdk) {
    let server = Server::start();
    let mut uids = Vec::new();
    for _ in 0..2 {
        let mut alice = Peer::new(sdk, &server, "alice");
        alice.login(json!({}));
        uids.push(
            alice.next("onLoginSuccess").args[0]
                .as_u64()
                .expect("a number"),
        );
        alice.run("logout", json!({}));
        alice.expect("session", "onLogout", json!([101]));
    }
    assert_ne!(uids[0], 0);
    assert_eq!(uids[0], uids[1]);
}

#[test]
fn web_sdk_signs_in_with_the_same_uid_again() {
    signs_in_with_the_same_uid_again(Sdk::Web);
}

#[test]
fn python_sdk_signs_in_with_the_same_uid_again() {
    signs_in_with_the_same_uid_again(Sdk::Python);
}

#[test]
fn a_right_token_signs_in_with_either_sdk() {
    let server = with_certificates();
    for (sdk, account) in [(Sdk::Web, "alice"), (Sdk::Python, "李雷")] {
        let mut peer = Peer::new(sdk, &server, account);
        peer.login(json!({"app": APP, "token": signaling_token(account, CERTIFICATE, 3600)}));
        peer.next("onLoginSuccess");
    }
}

#[test]
fn a_token_of_the_command_line_signs_in() {
    let server = with_certificates();
    let made = callsign_server()
        .args([
            "token",
            "--app",
            APP,
            "--account",
            "alice",
            "--expires",
            "2h",
            "--config",
        ])
        .arg(server.config())
        .output()
        .expect("callsign-server can be run");
    assert!(made.status.success(), "{made:?}");
    let token = String::from_utf8(made.stdout).expect("text");
    let mut alice = Peer::new(Sdk::Web, &server, "alice");
    alice.login(json!({"app": APP, "token": token.trim_end()}));
    alice.next("onLoginSuccess");
}

#[test]
fn web_sdk_is_told_206_for_a_wrong_token() {
    refused_on_the_web(
        json!({"app": APP, "token": signaling_token("alice", "11111111111111111111111111111111", 3600)}),
        206,
    );
}

#[test]
fn web_sdk_is_told_206_for_a_token_of_somebody_else() {
    refused_on_the_web(
        json!({"app": APP, "token": signaling_token("bob", CERTIFICATE, 3600)}),
        206,
    );
}

#[test]
fn web_sdk_is_told_206_for_no_token() {
    refused_on_the_web(json!({"app": APP}), 206);
}

#[test]
fn web_sdk_is_told_204_for_an_expired_token() {
    refused_on_the_web(
        json!({"app": APP, "token": signaling_token("alice", CERTIFICATE, -60)}),
        204,
    );
}

#[test]
fn web_sdk_is_told_201_for_an_unknown_app() {
    refused_on_the_web(json!({"app": "ffffffffffffffffffffffffffffffff"}), 201);
}

#[test]
fn web_sdk_is_told_209_for_a_wrong_account() {
    let server = Server::start();
    for account in ["al ice", "al\u{7}ice", &"a".repeat(129)] {
        let mut alice = Peer::new(Sdk::Web, &server, account);
        alice.login(json!({}));
        alice.expect("session", "onLoginFailed", json!([209]));
    }
}

#[test]
fn python_sdk_is_let_go_for_a_wrong_token() {
    refused_in_python(
        json!({"app": APP, "token": signaling_token("alice", "11111111111111111111111111111111", 3600)}),
    );
}

#[test]
fn python_sdk_is_let_go_for_an_expired_token() {
    refused_in_python(json!({"app": APP, "token": signaling_token("alice", CERTIFICATE, -60)}));
}

/// The elder login ends for good, and the younger one is left in peace.
fn displaces(younger: Sdk, elder: Sdk) {
    let server = Server::start();
    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    let mut first = Peer::signed_in(elder, &server, "alice");
    let mut second = Peer::signed_in(younger, &server, "alice");
    match elder {
        Sdk::Web => {
            first.expect("session", "onLogout", json!([103]));
            // The one of its two sockets that it did not use, and the one that it did.
            first.next("socketClosed");
            first.next("socketClosed");
            assert_eq!(first.run("status", json!({})), 0);
        }
        Sdk::Python => while first.next("state").args != json!([LOGGED_OUT]) {},
    }
    bob.message("alice", "which one?");
    second.expect_message("bob", "which one?");
    second.settle();
    assert_eq!(second.count("onLogout"), 0);
    assert_eq!(first.count("onLoginSuccess"), 1);
    assert_eq!(first.count("onMessageInstantReceive"), 0);
    assert!(
        first.count("socketMade") <= 2,
        "the displaced one came back"
    );
}

#[test]
fn web_displaces_web() {
    displaces(Sdk::Web, Sdk::Web);
}

#[test]
fn web_displaces_python() {
    displaces(Sdk::Web, Sdk::Python);
}

#[test]
fn python_displaces_web() {
    displaces(Sdk::Python, Sdk::Web);
}

#[test]
fn who_signs_out_is_offline_and_out_of_the_channel() {
    let server = Server::start();
    let mut bob = Peer::signed_in(Sdk::Web, &server, "bob");
    bob.join("room");
    for sdk in [Sdk::Web, Sdk::Python] {
        let mut alice = Peer::signed_in(sdk, &server, "alice");
        alice.join("room");
        bob.next("onChannelUserJoined");
        let status = bob.query("user_query_user_status", json!({"account": "alice"}));
        assert_eq!(status["status"], 1);

        alice.run("logout", json!({}));
        alice.expect("session", "onLogout", json!([101]));
        let left = bob.next("onChannelUserLeaved");
        assert_eq!(left.args[0], "alice");
        let status = bob.query("user_query_user_status", json!({"account": "alice"}));
        assert_eq!(status["status"], 0);
    }
}
