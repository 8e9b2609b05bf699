//! Logging in, losing the link, coming back, giving up, logging out: every way, every code.

use std::time::Duration;

use callsign::client::core::{
    Action, Answer, Command, CommandError, Input, LoginOptions, Reconnect, SILENCE_AFTER_WAKE,
    Status,
};
use callsign::client::event::{Event, SessionEvent};
use callsign::hub::AppRules;
use callsign::protocol::token::Certificate;
use callsign::protocol::{Code, Request};

use crate::support::lab::{Delay, Lab, account, channel, unlimited};
use crate::support::one_app;

/// The codes with which a client's sessions ended.
fn logouts(lab: &Lab, name: &str) -> Vec<u16> {
    let events = lab.sdks[name].events.iter();
    events
        .filter_map(|event| {
            if let Event::Session(SessionEvent::Logout { code, .. }) = event {
                Some(code.number())
            } else {
                None
            }
        })
        .collect()
}

fn stood(lab: &Lab, name: &str) -> usize {
    let events = lab.sdks[name].events.iter();
    events
        .filter(|event| matches!(event, Event::Session(SessionEvent::LoginSuccess { .. })))
        .count()
}

fn code(answer: Option<&Result<Answer, CommandError>>) -> u16 {
    let answer = answer.expect("an answer");
    answer.as_ref().expect_err("a failure").code().number()
}

#[test]
fn a_login_is_answered_and_the_session_stands() {
    let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
    lab.add("alice");
    assert_eq!(lab.sdk("alice").status(), Status::LoggedOut);
    let login = lab.sign_in("alice", LoginOptions::default());
    assert_eq!(lab.sdk("alice").status(), Status::LoggingIn);
    lab.run(Duration::from_secs(1));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    assert!(matches!(
        lab.answer("alice", login),
        Some(Ok(Answer::LoggedIn { .. }))
    ));
}

#[test]
fn a_second_login_changes_nothing() {
    let mut lab = Lab::with(&["alice"]);
    let again = lab.sign_in("alice", LoginOptions::default());
    assert_eq!(code(lab.answer("alice", again)), 208);
    lab.run(Duration::from_secs(30));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    assert_eq!(stood(&lab, "alice"), 1);
}

#[test]
fn logging_out_while_logging_in_cancels_it() {
    let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
    let login = lab.sign_in("alice", LoginOptions::default());
    lab.run(Duration::from_millis(25));
    let logout = lab.command("alice", Command::Logout { session: None });
    assert_eq!(code(lab.answer("alice", login)), 203);
    assert_eq!(lab.answer("alice", logout), Some(&Ok(Answer::Done)));
    lab.run(Duration::from_secs(5));
    assert_eq!(stood(&lab, "alice"), 0);
    assert_eq!(lab.sdk("alice").status(), Status::LoggedOut);
}

#[test]
fn logging_out_twice_is_told() {
    let mut lab = Lab::with(&["alice"]);
    let logout = lab.command("alice", Command::Logout { session: None });
    assert_eq!(logouts(&lab, "alice"), [101]);
    assert_eq!(lab.answer("alice", logout), None, "the server is asked");
    let again = lab.command("alice", Command::Logout { session: None });
    assert_eq!(code(lab.answer("alice", again)), 108);
    lab.run(Duration::from_secs(1));
    assert_eq!(lab.answer("alice", logout), Some(&Ok(Answer::Done)));
}

#[test]
fn what_was_sent_before_a_logout_is_answered_after_it() {
    let mut lab = Lab::with(&["alice", "bob"]);
    let message = lab.says("alice", "bob", "bye");
    lab.command("alice", Command::Logout { session: None });
    lab.run(Duration::from_secs(1));
    assert!(matches!(
        lab.answer("alice", message),
        Some(Ok(Answer::Sent(_)))
    ));
    assert_eq!(lab.heard("bob", "alice"), ["bye"]);
}

#[test]
fn a_login_may_follow_a_logout_at_once() {
    let mut lab = Lab::with(&["alice", "bob"]);
    lab.says("bob", "alice", "late");
    lab.command("alice", Command::Logout { session: None });
    let login = lab.sign_in("alice", LoginOptions::default());
    lab.run(Duration::from_secs(5));
    assert!(matches!(
        lab.answer("alice", login),
        Some(Ok(Answer::LoggedIn { .. }))
    ));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    assert_eq!(lab.heard("alice", "bob"), ["late"]);
    assert_eq!(logouts(&lab, "alice"), [101]);
}

#[test]
fn nothing_can_be_done_without_a_session() {
    let mut lab = Lab::with(&["alice"]);
    let session = lab.sdk("alice").session.expect("a session");
    lab.command("alice", Command::Logout { session: None });
    let action = Action::ChannelJoin(channel("room"));
    let late = lab.command("alice", Command::Act { session, action });
    assert_eq!(code(lab.answer("alice", late)), 1003);
}

#[test]
fn no_server_is_201() {
    let mut lab = Lab::new(Delay::Even(Duration::from_millis(10)), 1);
    lab.serving = false;
    let login = lab.sign_in("alice", unlimited());
    lab.run(Duration::from_secs(1));
    assert_eq!(code(lab.answer("alice", login)), 201);
    assert_eq!(lab.sdk("alice").status(), Status::LoggedOut);
    lab.serving = true;
    lab.sign_in("alice", unlimited());
    lab.run(Duration::from_secs(1));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
}

#[test]
fn a_refused_login_has_the_servers_code() {
    let rules = AppRules {
        certificates: vec![Certificate::new("secret")],
        token_required: true,
        ..AppRules::default()
    };
    let mut lab = Lab::with_settings(one_app(rules), Delay::Even(Duration::from_millis(10)), 1);
    let login = lab.sign_in("alice", LoginOptions::default());
    lab.run(Duration::from_secs(1));
    assert_eq!(code(lab.answer("alice", login)), 206);
    assert_eq!(lab.sdk("alice").status(), Status::LoggedOut);
}

#[test]
fn a_lost_link_comes_back_by_itself() {
    let mut lab = Lab::with(&["alice"]);
    lab.cut("alice");
    lab.run(Duration::from_millis(20));
    assert_eq!(lab.sdk("alice").status(), Status::LoggingIn);
    lab.run(Duration::from_secs(1));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    assert_eq!(stood(&lab, "alice"), 2);
    assert_eq!(logouts(&lab, "alice"), [0; 0]);
}

#[test]
fn ten_tries_or_thirty_seconds_and_it_is_over() {
    let mut lab = Lab::with(&["alice"]);
    lab.serving = false;
    lab.cut("alice");
    // The loss is not known yet: this one goes out, and may have been heard for all that anybody knows.
    let sent = lab.says("alice", "bob", "hello");
    lab.run(Duration::from_secs(20));
    assert_eq!(lab.sdk("alice").status(), Status::LoggingIn);
    let kept = lab.says("alice", "bob", "hello?");
    lab.run(Duration::from_secs(11));
    assert_eq!(logouts(&lab, "alice"), [102]);
    assert_eq!(code(lab.answer("alice", sent)), 1001);
    assert_eq!(code(lab.answer("alice", kept)), 1003);
    lab.serving = true;
    lab.run(Duration::from_secs(60));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedOut);
}

#[test]
fn the_number_of_tries_is_a_limit_of_its_own() {
    let mut lab = Lab::new(Delay::Even(Duration::from_millis(1)), 1);
    let reconnect = Reconnect::Limited {
        count: 2,
        time: Duration::from_secs(3600),
    };
    lab.sign_in(
        "alice",
        LoginOptions {
            reconnect,
            ..LoginOptions::default()
        },
    );
    lab.run(Duration::from_secs(1));
    lab.serving = false;
    lab.cut("alice");
    lab.run(Duration::from_secs(2));
    assert_eq!(logouts(&lab, "alice"), [102]);
}

#[test]
fn without_limit_it_comes_back_after_hours_and_at_once_on_waking() {
    let mut lab = Lab::new(Delay::Even(Duration::from_millis(1)), 1);
    lab.sign_in("alice", unlimited());
    lab.run(Duration::from_secs(1));
    lab.serving = false;
    lab.cut("alice");
    lab.run(Duration::from_secs(4 * 3600));
    assert_eq!(lab.sdk("alice").status(), Status::LoggingIn);
    lab.serving = true;
    lab.input("alice", Input::Woke);
    lab.run(Duration::from_millis(100));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    lab.serving = false;
    lab.cut("alice");
    lab.run(Duration::from_secs(3600));
    lab.serving = true;
    lab.run(Duration::from_secs(31));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
}

/// A computer that slept has links that are dead and do not say so.
#[test]
fn a_link_that_died_in_sleep_is_found_soon_after_waking() {
    let mut lab = Lab::with(&["alice"]);
    lab.hush("alice");
    lab.input("alice", Input::Woke);
    lab.run(SILENCE_AFTER_WAKE + Duration::from_secs(1));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    assert_eq!(stood(&lab, "alice"), 2);
}

#[test]
fn a_link_that_died_silently_is_found() {
    let mut lab = Lab::with(&["alice"]);
    lab.hush("alice");
    lab.run(Duration::from_secs(36));
    assert_eq!(stood(&lab, "alice"), 2);
}

#[test]
fn a_login_elsewhere_ends_the_session_for_good() {
    let mut lab = Lab::with(&["alice"]);
    lab.sign_in("alice/2", LoginOptions::default());
    lab.run(Duration::from_secs(60));
    assert_eq!(logouts(&lab, "alice"), [103]);
    assert_eq!(lab.sdk("alice/2").status(), Status::LoggedIn);
    assert_eq!(stood(&lab, "alice/2"), 1);
}

#[test]
fn a_server_that_stops_is_waited_for() {
    let mut lab = Lab::with(&["alice"]);
    lab.drain_server();
    lab.run(Duration::from_secs(5));
    assert_eq!(lab.sdk("alice").status(), Status::LoggingIn);
    lab.kill_server();
    lab.run(Duration::from_secs(10));
    assert_eq!(lab.sdk("alice").status(), Status::LoggedIn);
    assert_eq!(logouts(&lab, "alice"), [0; 0]);
}

#[test]
fn what_cannot_be_read_is_an_error_and_no_end() {
    let mut lab = Lab::with(&["alice"]);
    lab.unreadable("alice");
    let last = lab.sdks["alice"].events.last();
    let Some(Event::Session(SessionEvent::Error { code, .. })) = last else {
        panic!("{last:?}")
    };
    assert_eq!(*code, Code::LogoutPacket);
    lab.run(Duration::from_secs(30));
    assert_eq!(stood(&lab, "alice"), 1);
}

#[test]
fn functions_with_methods_of_their_own_cannot_be_invoked() {
    let mut lab = Lab::with(&["alice"]);
    for request in [
        Request::UserLogout,
        Request::ChannelJoin {
            name: channel("room"),
        },
        Request::UserGetMsg {
            ver_clear: 0,
            max: 1,
        },
    ] {
        let request = lab.does("alice", Action::Invoke(request));
        assert_eq!(code(lab.answer("alice", request)), 1002);
    }
}

/// A change of a channel's attribute may be somebody else's by the time the link is back; a question may not.
#[test]
fn what_cannot_be_done_twice_says_so() {
    let mut lab = Lab::with(&["alice"]);
    let set = Request::ChannelClearAttr {
        channel: channel("room"),
    };
    let ask = Request::UserQueryUserStatus {
        account: account("alice"),
    };
    let set = lab.does("alice", Action::Invoke(set));
    let ask = lab.does("alice", Action::Invoke(ask));
    lab.cut("alice");
    lab.run(Duration::from_secs(5));
    assert_eq!(
        lab.answer("alice", set),
        Some(&Err(CommandError::Interrupted))
    );
    assert!(matches!(
        lab.answer("alice", ask),
        Some(Ok(Answer::Reply(_)))
    ));
}
