//! A login that asks first: it ends nobody's session unless it is told to (protocol page, sections 11 and 18).

use std::time::Duration;

use callsign::client::core::LoginOptions;
use callsign::client::event::{Event, SessionEvent};
use callsign::protocol::{Caps, Code};
use serde_json::json;

use crate::support::lab::{KINDS, Lab, unlimited};
use crate::support::raw::Raw;

const A_MOMENT: Duration = Duration::from_millis(500);

fn asking_first() -> LoginOptions {
    LoginOptions {
        take_over: false,
        ..unlimited()
    }
}

/// The codes with which a client's sessions ended.
fn logouts(lab: &Lab, name: &str) -> Vec<Code> {
    let events = lab.sdks[name].events.iter();
    let codes = events.filter_map(|event| match event {
        Event::Session(SessionEvent::Logout { code, .. }) => Some(*code),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    });
    codes.collect()
}

#[test]
fn whoever_asks_first_is_refused_while_the_account_is_online_and_disturbs_nobody() {
    for caps in KINDS {
        let mut lab = Lab::with_caps(&["alice", "bob"], caps);
        let request = lab.sign_in("alice/2", asking_first());
        lab.run(A_MOMENT);
        let refused = lab.answer("alice/2", request).expect("an answer");
        let error = refused.as_ref().expect_err("refused");
        assert_eq!(error.code(), Code::LoginAlreadyLogin);
        assert_eq!(logouts(&lab, "alice"), []);
        lab.says("bob", "alice", "still there?");
        lab.run(A_MOMENT);
        assert_eq!(lab.heard("alice", "bob"), ["still there?"]);

        // Told to, it is let in, and the other one hears why it is out.
        let request = lab.sign_in("alice/2", unlimited());
        lab.run(A_MOMENT);
        assert!(lab.answer("alice/2", request).expect("an answer").is_ok());
        assert_eq!(logouts(&lab, "alice"), [Code::LogoutKicked]);
        lab.run(Duration::from_secs(120));
        assert_eq!(logouts(&lab, "alice/2"), []);
    }
}

#[test]
fn nobody_is_asked_about_a_session_whose_link_is_gone() {
    let mut lab = Lab::with_caps(&["alice"], Caps::ALL);
    lab.gone("alice");
    lab.run(A_MOMENT);
    let request = lab.sign_in("alice/2", asking_first());
    lab.run(A_MOMENT);
    assert!(lab.answer("alice/2", request).expect("an answer").is_ok());
}

/// However often the link is lost, and also where the server has not noticed that it was.
#[test]
fn whoever_asked_first_comes_back_without_asking() {
    for caps in KINDS {
        for quiet in [false, true] {
            let mut lab = Lab::new(
                crate::support::lab::Delay::Even(Duration::from_millis(10)),
                1,
            );
            lab.caps = caps;
            lab.sign_in("alice", asking_first());
            lab.run(A_MOMENT);
            if quiet {
                lab.hush("alice");
                lab.run(Duration::from_secs(90));
            } else {
                lab.cut("alice");
                lab.run(Duration::from_secs(5));
            }
            assert_eq!(logouts(&lab, "alice"), []);
            lab.says("alice", "alice", "back");
            lab.run(A_MOMENT);
            assert_eq!(lab.heard("alice", "alice"), ["back"], "{quiet}");
        }
    }
}

/// Every login of 1.x leaves the field out, and must displace as ever. Only the word `false` asks first.
#[test]
fn whoever_does_not_say_to_ask_first_is_never_refused() {
    let mut raw = Raw::new();
    let (mut online, _) = raw.answer_to_login("alice", &json!({}));
    let all: Vec<_> = Caps::ALL.names().collect();
    for caps in [json!([]), json!(["resume"]), json!(all)] {
        for field in [
            json!({}),
            json!({ "take_over": true }),
            json!({ "take_over": null }),
            json!({ "take_over": 0 }),
            json!({ "take_over": "false" }),
        ] {
            let mut more = field;
            more["caps"] = caps.clone();
            let (link, answer) = raw.answer_to_login("alice", &more);
            assert_eq!(answer["result"], "ok", "{more}: {answer}");
            let heard = raw.heard(online);
            assert_eq!(heard[0][0], "kick", "{more}: {heard:?}");
            online = link;
        }
        let asks = json!({ "take_over": false, "caps": caps });
        let (_, answer) = raw.answer_to_login("alice", &asks);
        assert_eq!(answer["code"], 208, "{answer}");
        assert_eq!(raw.heard(online), [json!(null); 0], "{asks}");
    }
    // Nobody else is concerned.
    let asks = json!({ "take_over": false });
    let (_, answer) = raw.answer_to_login("bob", &asks);
    assert_eq!(answer["result"], "ok", "{answer}");
}
