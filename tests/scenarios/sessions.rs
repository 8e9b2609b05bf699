//! Signing in, being displaced, leaving, being lost.

use std::time::Duration;

use callsign::hub::{AppRules, Apps, Settings, Stats};
use callsign::protocol::token::{self, Certificate, TokenKind, TokenSpec};
use callsign::protocol::{Account, AppId};
use serde_json::json;

use crate::assert_story;
use crate::support::{APP, Generation, START_MS, World, one_app};

const EVERY: [Generation; 5] = [
    Generation::V11,
    Generation::V12,
    Generation::V13,
    Generation::V14,
    Generation::Py,
];

fn certificate() -> Certificate {
    Certificate::new("fedcba9876543210fedcba9876543210")
}

/// A server that serves one app and asks for tokens.
fn guarded() -> World {
    let rules = AppRules {
        certificates: vec![certificate()],
        token_required: true,
        ..AppRules::default()
    };
    World::with_settings(one_app(rules))
}

/// A token for an account that was issued and expires so many seconds after the story's beginning.
fn token(kind: TokenKind, account: &str, issued: i64, expires: i64) -> String {
    let at = |seconds: i64| {
        (START_MS / 1000)
            .checked_add_signed(seconds)
            .expect("after 1970")
    };
    let spec = TokenSpec {
        app: &AppId::try_from(APP).expect("an app"),
        certificate: &certificate(),
        account: &Account::try_from(account).expect("an account"),
        issued_s: at(issued),
        expires_s: at(expires),
        salt: 1,
    };
    token::build(kind, &spec)
        .expect("a token")
        .expose()
        .to_owned()
}

#[test]
fn a_right_token_signs_in() {
    for kind in [
        TokenKind::Signaling,
        TokenKind::Access006,
        TokenKind::Access007,
    ] {
        for generation in EVERY {
            let mut world = guarded();
            world.sign_in_as("alice", "alice", &token(kind, "alice", 0, 60), generation);
            assert_eq!(
                world.count("alice", "onLoginSuccess"),
                1,
                "{kind} {generation:?}"
            );
        }
    }
}

/// Protocol page, section 4: the table of refusals.
#[test]
fn each_refusal_has_its_code_in_each_client() {
    let mut world = guarded();
    let expired = token(TokenKind::Signaling, "alice", -60, 0);
    let anothers = token(TokenKind::Signaling, "bob", 0, 60);
    for generation in EVERY {
        for (why, account, token) in [
            ("expired", "alice", expired.as_str()),
            ("another's", "alice", anothers.as_str()),
            ("none", "alice", "_no_need_token"),
            ("nonsense", "alice", "nonsense"),
            ("account", "al ice", ""),
        ] {
            world.advance(Duration::from_secs(1));
            world.sign_in_as(&format!("{generation:?} {why}"), account, token, generation);
        }
    }
    assert_story!(world);
}

#[test]
fn an_unknown_app_is_refused() {
    let mut world = World::with_settings(Settings {
        apps: Apps::Listed([].into()),
        ..Settings::open([7; 32])
    });
    world.sign_in("alice", Generation::V14);
    assert_story!(world);
}

/// Protocol page, section 11: `kick`, then `close`; nobody comes back.
#[test]
fn a_second_login_displaces_the_first_in_every_client() {
    for generation in EVERY {
        let mut world = World::new();
        world.sign_in("alice", generation);
        world.sign_in_as("alice elsewhere", "alice", "", Generation::V14);
        world.advance(Duration::from_secs(10));
        let told = match generation {
            Generation::V14 => Some("onLogout(103)"),
            Generation::V11 | Generation::V12 | Generation::V13 => Some("onLogout(0)"),
            Generation::Py => None,
        };
        assert_eq!(
            world.last("alice", "onLogout").as_deref(),
            told,
            "{generation:?}"
        );
        assert_eq!(world.count("alice elsewhere", "onLogout"), 0);
        assert_eq!(world.broken(), Vec::<String>::new());
    }
}

#[test]
fn an_older_token_does_not_displace_a_newer_one() {
    let mut world = guarded();
    let newer = token(TokenKind::Access007, "alice", -10, 60);
    let older = token(TokenKind::Access007, "alice", -20, 60);
    world.sign_in_as("alice", "alice", &newer, Generation::V14);
    world.sign_in_as("alice elsewhere", "alice", &older, Generation::V14);
    assert_story!(world);
}

#[test]
fn logging_out_leaves_everything() {
    for generation in EVERY {
        let mut world = World::with(&["bob"]);
        world.sign_in("alice", generation);
        world.does("bob", |bob| bob.join("room"));
        world.does("alice", |alice| alice.join("room"));
        world.does("alice", |alice| alice.call("user_logout", json!({})));
        assert_eq!(
            world.last("alice", "onLogout").as_deref(),
            Some("onLogout(101)")
        );
        assert_eq!(
            world.count("bob", "onChannelUserLeaved"),
            1,
            "{generation:?}"
        );
        world.does("bob", |bob| {
            bob.call("user_query_user_status", json!({ "account": "alice" }))
        });
        assert!(
            world
                .last("bob", "user_query")
                .is_some_and(|line| line.contains(r#""status":0"#))
        );
    }
}

#[test]
fn whoever_is_silent_for_two_minutes_is_offline() {
    let mut world = World::with(&["bob"]);
    world.sign_in("alice", Generation::Py);
    world.does("alice", |alice| alice.join("room"));
    world.does("bob", |bob| bob.join("room"));
    world.does("alice", |alice| alice.silent = true);
    world.advance(Duration::from_secs(119));
    assert_eq!(world.count("bob", "onChannelUserLeaved"), 0);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.count("bob", "onChannelUserLeaved"), 1);
}

/// Protocol page, section 5: a wrong number logs the Python client out.
#[test]
fn a_ping_is_answered_with_its_number() {
    let mut world = World::with(&["alice"]);
    for number in [0, 2, 7] {
        world.does("alice", |alice| alice.send(json!(["ping", number])));
    }
    // 1.4.0 sent its own first one at once.
    assert_eq!(world.client("alice").pongs, [1, 0, 2, 7]);
}

#[test]
fn a_wrong_line_does_nothing() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| {
        alice.message("bob", "not mine");
        let frame = alice.outgoing.pop().expect("the frame");
        let line = alice.line().to_owned();
        alice.outgoing.push(frame.replace(&line, "0"));
    });
    let failed = "user_sendmsg failed: the line is not this session's 1003";
    assert_eq!(world.last("alice", "user_sendmsg").as_deref(), Some(failed));
    assert_eq!(world.count("bob", "onMessage"), 0);
    assert_eq!(world.ops, []);
}

#[test]
fn what_is_no_frame_ends_the_session_and_no_other() {
    let mut world = World::with(&["alice"]);
    world.sign_in("bob", Generation::V12);
    world.forget();
    world.does("bob", |bob| bob.outgoing.push("{".to_owned()));
    world.does("alice", |alice| {
        alice.call("user_query_user_status", json!({ "account": "bob" }))
    });
    assert_story!(world);
}

#[test]
fn half_an_emoji_costs_no_more_than_itself() {
    let mut world = World::with(&["alice", "bob"]);
    world.does("alice", |alice| {
        alice.message("bob", "half?");
        let frame = alice.outgoing.pop().expect("the frame");
        alice.outgoing.push(frame.replace("half?", r"half \ud83d"));
    });
    assert_story!(world);
}

#[test]
fn a_token_that_expires_ends_the_session_where_the_server_is_set_to() {
    for ends in [false, true] {
        let rules = AppRules {
            certificates: vec![certificate()],
            token_required: true,
            ..AppRules::default()
        };
        let mut world = World::with_settings(Settings {
            end_at_token_expiry: ends,
            ..one_app(rules)
        });
        let token = token(TokenKind::Signaling, "alice", 0, 60);
        world.sign_in_as("alice", "alice", &token, Generation::V14);
        world.advance(Duration::from_secs(59));
        assert_eq!(world.count("alice", "onLogout"), 0);
        world.advance(Duration::from_secs(2));
        assert_eq!(world.count("alice", "onLogout"), usize::from(ends));
    }
}

/// 1.4.0 gives up for good if it is refused while it reconnects, so nobody is.
#[test]
fn too_many_logins_from_one_address_wait_for_their_turn() {
    let mut world = World::new();
    for n in 0..50 {
        world.sign_in(&format!("user{n}"), Generation::V14);
    }
    let signed_in = |world: &World| {
        (0..50)
            .filter(|n| world.count(&format!("user{n}"), "onLoginSuccess") == 1)
            .count()
    };
    assert_eq!(signed_in(&world), 20);
    world.advance(Duration::from_secs(1));
    assert_eq!(signed_in(&world), 40);
    world.advance(Duration::from_secs(1));
    assert_eq!(signed_in(&world), 50);
    world.does("user49", |user| {
        user.call("user_query_user_status", json!({ "account": "user0" }))
    });
    assert_eq!(world.count("user49", "user_query"), 1);
}

/// Nobody waits for longer than anybody may take to sign in: 202, "throttled".
#[test]
fn a_login_that_waited_for_too_long_is_refused() {
    let mut settings = Settings::open([7; 32]);
    settings.limits.logins_per_address = 1;
    let mut world = World::with_settings(settings);
    for n in 0..40 {
        world.sign_in(&format!("user{n}"), Generation::V14);
    }
    world.advance(Duration::from_secs(31));
    assert_eq!(world.count("user28", "onLoginSuccess"), 1);
    assert_eq!(
        world.last("user39", "onLogin").as_deref(),
        Some("onLoginFailed(201)")
    );
}

#[test]
fn a_connection_that_does_not_sign_in_is_closed() {
    let mut world = World::new();
    let link = world.open_silently();
    world.advance(Duration::from_secs(29));
    assert!(world.is_open(link));
    world.advance(Duration::from_secs(1));
    assert!(!world.is_open(link));
}

#[test]
fn the_socket_of_a_refused_login_is_closed() {
    let mut world = guarded();
    world.sign_in_as("alice", "alice", "nonsense", Generation::V13);
    assert_eq!(world.stats().links, 0);
}

#[test]
fn any_token_is_verified_where_there_are_certificates() {
    let rules = AppRules {
        certificates: vec![certificate()],
        ..AppRules::default()
    };
    let mut world = World::with_settings(one_app(rules));
    world.sign_in_as("alice", "alice", "nonsense", Generation::V14);
    world.sign_in_as("bob", "bob", "_no_need_token", Generation::V14);
    assert_story!(world);
}

#[test]
fn the_same_token_signs_in_again() {
    let mut world = guarded();
    let token = token(TokenKind::Access007, "alice", -10, 60);
    world.sign_in_as("alice", "alice", &token, Generation::V14);
    world.cut("alice");
    world.advance(Duration::from_secs(1));
    world.sign_in_as("alice elsewhere", "alice", &token, Generation::V14);
    assert_eq!(world.count("alice elsewhere", "onLoginSuccess"), 1);
}

/// Section 11: a `close` would keep 1.4.0 from coming back.
#[test]
fn a_silent_1_4_client_is_only_disconnected() {
    let mut world = World::with(&["alice"]);
    world.does("alice", |alice| alice.silent = true);
    world.advance(Duration::from_secs(121));
    assert_eq!(world.count("alice", "onLogout"), 0);
    assert_eq!(world.count("alice", "onLoginSuccess"), 2);
}

#[test]
fn nothing_is_left_of_a_session_that_ended() {
    let mut world = World::new();
    for _ in 0..50 {
        world.sign_in("alice", Generation::V14);
        world.does("alice", |alice| alice.join("room"));
        world.does("alice", |alice| alice.message("alice", "hello"));
        world.advance(Duration::from_secs(2));
        world.does("alice", |alice| alice.call("user_logout", json!({})));
    }
    assert_eq!(world.stats(), Stats::default());
    // Nothing is due any more, neither soon nor late.
    world.advance(Duration::from_millis(100));
    assert_eq!(world.next_wakeup(), None);
}

#[test]
fn one_address_has_only_so_many_connections_that_do_not_sign_in() {
    let mut world = World::new();
    let silent: Vec<_> = (0..1024).map(|_| world.open_silently()).collect();
    assert!(silent.iter().all(|link| world.is_open(*link)));
    let next = world.open_silently();
    assert!(!world.is_open(next));
    world.sign_in("alice", Generation::V14);
    assert_eq!(
        world.count("alice", "onLoginSuccess"),
        1,
        "another address has its own"
    );
    world.advance(Duration::from_secs(30));
    let next = world.open_silently();
    assert!(world.is_open(next));
}
