//! What shows that people are at the other end: who writes, who has called, what they are called.

use super::*;
use crate::app::effect::NoticeId;
use crate::app::msg::ContactMsg;
use crate::protocol::{Additions, Cap, Caps, GrantedLimits, ServerInfo, Typing, limits};

/// Ann is signed in at a server that passes on who is writing.
fn granted() -> Story {
    let mut story = Story::home();
    let additions = Additions {
        caps: Caps::default().with(Cap::Typing),
        resume: None,
        resumed: None,
        time_ms: 0,
        server: ServerInfo::default(),
        limits: GrantedLimits::default(),
        ice: Vec::new(),
    };
    story.hear(SessionEvent::LoginSuccess {
        uid: Uid(1),
        again: false,
        additions: Some(Box::new(additions)),
    });
    story
}

fn types(story: &mut Story, to: &ConversationId, text: &str) -> Vec<Effect> {
    let (to, text) = (to.clone(), text.to_owned());
    let effects = story.tell(Msg::Chat(ChatMsg::Draft { to, text }));
    let typing = |effect: &Effect| matches!(effect, Effect::Typing(_));
    effects.into_iter().filter(typing).collect()
}

fn writes(channel: Option<&str>) -> SessionEvent {
    SessionEvent::Typing(Typing {
        account: account("bob"),
        channel: channel.map(room),
    })
}

#[test]
fn whoever_writes_is_said_to_for_a_while_and_until_it_is_said() {
    let mut story = granted();
    let ops = ConversationId::Room(room("ops"));
    let who = |story: &Story, of: &ConversationId| {
        let writers = story.here().typing.of(of, story.now.at);
        writers.into_iter().cloned().collect::<Vec<_>>()
    };
    story.hear(writes(None));
    story.hear(writes(Some("ops")));
    assert_eq!(who(&story, &bob()), [account("bob")]);
    assert_eq!(who(&story, &ops), [account("bob")]);
    story.hear(says("bob", "done"));
    assert_eq!(who(&story, &bob()), []);
    assert_eq!(who(&story, &ops), [account("bob")]);

    // Whoever goes on says so in time.
    let left = story.here().typing.next(story.now.at).expect("a time");
    assert!(left > limits::TYPING_EVERY);
    story.now.at += left;
    assert_eq!(who(&story, &ops), []);
    assert_eq!(story.here().typing.next(story.now.at), None);
    // Oneself, with another client.
    story.hear(SessionEvent::Typing(Typing {
        account: account("ann"),
        channel: Some(room("ops")),
    }));
    assert_eq!(who(&story, &ops), []);
    assert!(story.history.kept.len() == 1, "nothing of it is kept");
}

#[test]
fn one_says_that_one_writes_no_oftener_than_the_server_wants() {
    let mut story = granted();
    story.open(&bob());
    assert_eq!(types(&mut story, &bob(), "h"), [Effect::Typing(bob())]);
    assert_eq!(types(&mut story, &bob(), "he"), []);
    story.now.at += limits::TYPING_EVERY;
    assert_eq!(types(&mut story, &bob(), "hel"), []);
    story.now.at += Duration::from_millis(500);
    assert_eq!(types(&mut story, &bob(), "hell"), [Effect::Typing(bob())]);
    // Whoever deletes everything writes nothing.
    story.now.at += 2 * limits::TYPING_EVERY;
    assert_eq!(types(&mut story, &bob(), " "), []);
    // Nobody would hear it.
    story.hear(SessionEvent::LinkLost);
    assert_eq!(types(&mut story, &bob(), "hello"), []);
}

#[test]
fn a_server_that_does_not_pass_it_on_is_not_told() {
    let mut story = Story::home();
    story.open(&bob());
    assert_eq!(types(&mut story, &bob(), "h"), []);
}

#[test]
fn calls_stand_in_the_conversation_with_whoever_they_were_with() {
    let mut story = Story::home();
    story.open(&bob());
    let bodies = |story: &Story| {
        let conversation = story.here().chats.get(&bob()).expect("there");
        let lines = conversation.messages();
        lines.map(|line| line.body.clone()).collect::<Vec<_>>()
    };
    let call = |text: &str| Body::Call(text.to_owned());
    story.hear(calls(1, false));
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    story.now.at += Duration::from_secs(3 * 60 + 20);
    let extra = String::new();
    story.hear(in_call(1, CallEvent::Ended(EndReason::EndByPeer { extra })));
    assert_eq!(bodies(&story), [call("Call, 3 min")]);

    story.tell(Msg::Nav(NavMsg::Closed));
    story.hear(calls(2, false));
    story.hear(in_call(2, CallEvent::Ended(EndReason::NoAnswer)));
    // The badge of calls tells of it, and no second one.
    let conversation = story.here().chats.get(&bob()).expect("there");
    assert_eq!(conversation.unread, 0);
    assert_eq!(
        conversation.last().map(|last| last.body.clone()),
        Some(call(MISSED_CALL))
    );
    story.open(&bob());
    assert_eq!(bodies(&story), [call("Call, 3 min"), call(MISSED_CALL)]);
}

#[test]
fn whoever_has_a_name_here_bears_it_in_calls_and_notices() {
    let mut story = Story::home();
    story.tell(Msg::Nav(NavMsg::Focus(false)));
    let rename = ContactMsg::Rename(account("bob"), "Bo Karlsson".to_owned());
    story.tell(Msg::Contact(rename));
    let effects = story.hear(says("bob", "hello"));
    let title = |effects: &[Effect], of: &dyn Fn(&NoticeId) -> bool| {
        effects.iter().find_map(|effect| {
            let Effect::Notify(notice) = effect else {
                return None;
            };
            of(&notice.id).then(|| notice.title.clone())
        })
    };
    let chat = |id: &NoticeId| matches!(id, NoticeId::Chat(_));
    assert_eq!(title(&effects, &chat).as_deref(), Some("Bo Karlsson"));
    let effects = story.hear(calls(1, false));
    let ring = |id: &NoticeId| matches!(id, NoticeId::Call(_));
    assert_eq!(
        title(&effects, &ring).as_deref(),
        Some("Bo Karlsson is calling you")
    );
    assert_eq!(story.here().calls.all()[0].name, "Bo Karlsson");
}
