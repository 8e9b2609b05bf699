//! Whatever fails is said where somebody looks, with what can be done about it. What fails while one signs in is tried beside the
//! sign-in card; that each code has a sentence and a remedy, beside the codes.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::scenes::View;
use super::{SIZES, Stage, stories};
use crate::app::effect::Step;
use crate::app::kept::StoreMsg;
use crate::app::msg::{
    CallMsg, ChatMsg, ContactMsg, Failure, InspectMsg, KeyringTrouble, Msg, RoomMsg, ServerMsg,
};
use crate::app::state::tests::{Story, account, bob, in_call, room};
use crate::app::state::{Query, Screen, Tab};
use crate::app::ui::{CallDraft, Screens};
use crate::client::event::{CallEvent, EndReason};
use crate::protocol::{AttrSubject, Code, Dtmf};

/// What of the window somebody looks at, without painting it.
fn looks(view: View, story: Story) -> Harness<'static, Stage> {
    let stage = Stage {
        view,
        story,
        screens: Screens::default(),
        calls: CallDraft::default(),
        out: Vec::new(),
    };
    let mut harness = Harness::builder()
        .with_size(SIZES[0])
        .with_context_setup(crate::app::ui::install)
        .build_ui_state(Stage::frame, stage);
    harness.run_ok();
    harness
}

#[track_caller]
fn sees(harness: &Harness<'static, Stage>, text: &str) {
    let found = harness.query_all_by_label_contains(text).next();
    assert!(found.is_some(), "nothing says {text:?}");
}

/// Codes beyond those of signing in and out: what a server may say to anything.
fn failures() -> impl Iterator<Item = Failure> {
    let codes = Code::ALL.iter().copied();
    let codes = codes.filter(|code| code.number() >= 300);
    codes.map(|code| Failure {
        code,
        detail: "as the server says".to_owned(),
    })
}

/// Tells each failure to a story that has begun, and looks for its sentence, its remedy and its small print.
fn each_is_said(view: View, begun: fn() -> Story, fails: fn(&mut Story, Failure)) {
    each_but(None, view, begun, fails);
}

/// The same but for one code.
fn each_but(
    exempt: Option<Code>,
    view: View,
    begun: fn() -> Story,
    fails: fn(&mut Story, Failure),
) {
    let mut harness = looks(view, begun());
    for failure in failures() {
        harness.state_mut().story = begun();
        fails(&mut harness.state_mut().story, failure.clone());
        harness.run_ok();
        let code = failure.code;
        if exempt == Some(code) {
            continue;
        }
        sees(&harness, &format!("{} {}", code.message(), code.remedy()));
        sees(&harness, &failure.small_print());
    }
}

#[test]
fn of_messages() {
    // What went out without a session waits for the next one.
    let waits = Some(Code::GeneralNotLogin);
    each_but(waits, View::Window, stories::person, |story, failure| {
        let id = story.send(&bob(), "hello");
        let result = Err(failure);
        let sent = ChatMsg::Sent {
            to: bob(),
            id,
            result,
        };
        drop(story.tell(Msg::Chat(sent)));
    });
}

#[test]
fn of_rooms() {
    // Nothing is wrong where one went by oneself.
    let wished = Some(Code::LeaveChannelByUser);
    each_but(wished, View::Window, stories::left, |story, failure| {
        drop(story.tell(Msg::Room(RoomMsg::Join(room("ops")))));
        drop(story.tell(Msg::Room(RoomMsg::NotJoined(room("ops"), failure))));
    });
    each_is_said(View::Window, stories::at_work, |story, failure| {
        drop(story.tell(Msg::Room(RoomMsg::NoTopic(room("ops"), failure))));
    });
    each_is_said(View::Window, stories::at_work, |story, failure| {
        drop(story.tell(Msg::Room(RoomMsg::Leave(room("ops")))));
        drop(story.tell(Msg::Room(RoomMsg::NotLeft(room("ops"), failure))));
    });
}

#[test]
fn of_people() {
    each_is_said(View::Window, stories::people, |story, failure| {
        let blocked = ContactMsg::NotBlocked(account("bob"), failure);
        drop(story.tell(Msg::Contact(blocked)));
    });
}

#[test]
fn of_attributes_and_queries() {
    each_is_said(View::Window, stories::inspector, |story, failure| {
        let subject = AttrSubject::Channel(room("ops"));
        drop(story.tell(Msg::Inspect(InspectMsg::NotChanged(subject, failure))));
    });
    each_is_said(View::Window, stories::inspector, |story, failure| {
        let subject = AttrSubject::Channel(room("ops"));
        drop(story.tell(Msg::Inspect(InspectMsg::NotWatched(subject, failure))));
    });
    each_is_said(
        View::Window,
        || stories::page(Tab::Queries),
        |story, failure| {
            let query = Query::ListAll(room("ops"));
            drop(story.tell(Msg::Inspect(InspectMsg::Ask(query.clone()))));
            let answer = InspectMsg::Answered(query, Err(failure));
            drop(story.tell(Msg::Inspect(answer)));
        },
    );
    let mut story = stories::inspector();
    let why = "/home/ann/ops.json: it is not JSON. Choose another file, then try again.";
    let read = InspectMsg::Imported(AttrSubject::Channel(room("ops")), Err(why.to_owned()));
    drop(story.tell(Msg::Inspect(read)));
    sees(&looks(View::Window, story), why);
}

#[test]
fn of_calls() {
    each_is_said(
        View::Calls,
        stories::calling_nobody_yet,
        |story, failure| {
            let no = story.here().calls.all()[0].no;
            drop(story.tell(Msg::Call(CallMsg::NotPlaced(no, failure))));
        },
    );
    for step in [Step::Accept, Step::Refuse, Step::End] {
        let mut story = stories::ringing();
        let no = story.here().calls.all()[0].no;
        let failure = Failure {
            code: Code::InviteOther,
            detail: String::new(),
        };
        drop(story.tell(Msg::Call(CallMsg::StepFailed(no, step, failure))));
        let harness = looks(View::Calls, story);
        sees(&harness, Code::InviteOther.remedy());
        sees(&harness, "Call again");
    }
    // A key is no reason to end a call.
    let mut story = stories::talking();
    let no = story.here().calls.all()[0].no;
    let step = Step::Key(Dtmf::ALL[0]);
    let failure = Failure {
        code: Code::GeneralFailed,
        detail: String::new(),
    };
    drop(story.tell(Msg::Call(CallMsg::StepFailed(no, step, failure))));
    let mut harness = looks(View::Calls, story);
    harness.get_by_label("Keypad").click();
    harness.run_ok();
    sees(
        &harness,
        "A key did not get through (GENERAL_E_FAILED, 1001). Press it again.",
    );
}

/// What each end of a call says; whoever adds one says here what a person reads.
#[test]
fn of_the_end_of_calls() {
    let extra = String::new;
    let failed = EndReason::Failed {
        code: Code::InvitePeerOffline,
        extra: extra(),
    };
    let lost = EndReason::EndByPeer {
        extra: r#"{"reason":"disconnected"}"#.to_owned(),
    };
    for reason in [
        EndReason::RefusedByPeer { extra: extra() },
        EndReason::RefusedByMyself,
        EndReason::EndByPeer { extra: extra() },
        lost,
        EndReason::EndByMyself,
        EndReason::NoAnswer,
        failed,
        EndReason::LinkLost,
        EndReason::LoggedOut,
        EndReason::Replaced,
        EndReason::Glare,
    ] {
        let said = match &reason {
            EndReason::RefusedByPeer { .. } => "Declined",
            EndReason::EndByPeer { .. } if reason.code() == Code::InviteNet => {
                "Their connection was lost"
            }
            EndReason::EndByPeer { .. } => "They hung up",
            EndReason::NoAnswer => "No answer",
            EndReason::Failed { code, .. } => code.remedy(),
            EndReason::LinkLost => "The connection was lost",
            // Nobody has to be told what they did, nor of a call that another one stands for.
            EndReason::RefusedByMyself
            | EndReason::EndByMyself
            | EndReason::LoggedOut
            | EndReason::Replaced
            | EndReason::Glare => continue,
        };
        let mut story = stories::calling(true);
        story.hear(in_call(1, CallEvent::Ended(reason)));
        let harness = looks(View::Calls, story);
        for text in [said, "Call again", "Message"] {
            sees(&harness, text);
        }
    }
}

#[test]
fn of_the_keyring() {
    for why in [
        KeyringTrouble::Locked,
        KeyringTrouble::Missing,
        KeyringTrouble::Failed("it does not answer".to_owned()),
    ] {
        let (reason, remedy) = match &why {
            KeyringTrouble::Locked => ("keyring is locked", "Unlock it, then try again"),
            KeyringTrouble::Missing => ("has no keyring", "then start Callsign again"),
            KeyringTrouble::Failed(_) => ("(it does not answer)", "Try again"),
        };
        let harness = looks(View::Window, super::signing_in::unkept_by(why));
        for text in [reason, remedy, "Your token is not kept"] {
            sees(&harness, text);
        }
    }
}

#[test]
fn of_the_history_and_the_server_here() {
    let mut story = stories::at_work();
    let why = "Your history cannot be kept. See that the disk has room.";
    drop(story.tell(Msg::Store(StoreMsg::Trouble(why.to_owned()))));
    sees(&looks(View::Window, story), why);

    let mut story = stories::on(Screen::Settings);
    let why = "That name cannot be kept. See that the disk has room.";
    drop(story.tell(Msg::Server(ServerMsg::Failed(why.to_owned()))));
    let mut harness = looks(View::Window, story);
    harness.get_by_label("Server on this computer").click();
    harness.run_ok();
    sees(&harness, why);
}
