//! Who signs in: the token and the keyring, an account that is online elsewhere, and why nobody is in.

use super::*;
use crate::app::effect::SecretEffect;
use crate::app::msg::{Identity, KeyringTrouble, SecretMsg};
use crate::protocol::AppId;
use crate::protocol::token::Token;

fn credentials(token: Option<&str>) -> Credentials {
    let place = Place::Address {
        url: "wss://sig.example.org".to_owned(),
        app: AppId::try_from("callsign").expect("an app"),
        token: token.map(Token::new),
    };
    let account = account("ann");
    Credentials { account, place }
}

fn identity() -> Identity {
    credentials(None).identity()
}

fn sign_in(story: &mut Story, token: Option<&str>) -> Vec<Effect> {
    let credentials = credentials(token);
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials)));
    story.tell(Msg::SignIn(SignInMsg::Done))
}

fn secret(story: &mut Story, msg: SecretMsg) -> Vec<Effect> {
    story.tell(Msg::Secret(msg))
}

fn keep() -> Effect {
    Effect::Secret(SecretEffect::Keep(identity(), Token::new("hush")))
}

fn find() -> Effect {
    Effect::Secret(SecretEffect::Find(identity()))
}

/// What the settings are that were kept, at the next start.
fn settings(story: &Story) -> BTreeMap<String, serde_json::Value> {
    let mut settings = BTreeMap::new();
    for asked in story.asked() {
        if let StoreEffect::Setting(name, value) = asked {
            match value {
                Some(value) => drop(settings.insert(name.clone(), value.clone())),
                None => drop(settings.remove(name)),
            }
        }
    }
    settings
}

/// The next start, and what it does first.
fn next(story: &Story) -> (Story, Vec<Effect>) {
    let mut next = Story {
        state: State::new(8, None),
        ..Story::new()
    };
    let opened = StoreMsg::Opened(settings(story), None);
    let effects = next.tell(Msg::Store(opened));
    (next, effects)
}

fn wanted(story: &Story) -> TokenWanted {
    let Phase::Out(Card::Refused {
        why: Refusal::Token(wanted),
        account: who,
        at,
    }) = story.state.phase()
    else {
        panic!("{:?}", story.state.phase());
    };
    // So that nothing but the token is typed again.
    assert_eq!((who, at), (&identity().account, &identity().server));
    wanted.clone()
}

#[test]
fn a_token_is_kept_and_signs_in_at_the_next_start_and_goes_at_the_end() {
    let mut story = Story::new();
    assert_eq!(sign_in(&mut story, Some("hush")), [keep()]);
    assert!(secret(&mut story, SecretMsg::Kept(identity(), Ok(()))).is_empty());
    assert!(story.state.keyring().trouble.is_none());

    let (mut story, effects) = next(&story);
    assert_eq!(effects, [find()]);
    // What is kept is shown meanwhile.
    assert_eq!(story.here().link, Link::Coming);
    let token = Some(Token::new("hush"));
    let effects = secret(&mut story, SecretMsg::Found(identity(), Ok(token)));
    assert_eq!(effects, [Effect::Return(credentials(Some("hush")))]);
    story.tell(Msg::SignIn(SignInMsg::Done));

    let effects = story.tell(Msg::SignIn(SignInMsg::SignOut));
    let forget = Effect::Secret(SecretEffect::Forget(identity()));
    assert_eq!(effects, [forget, Effect::SignOut]);
    let (story, effects) = next(&story);
    assert!(effects.is_empty());
    assert!(matches!(story.state.phase(), Phase::Out(Card::Empty)));
}

#[test]
fn without_a_token_the_keyring_is_left_alone() {
    let mut story = Story::new();
    assert!(sign_in(&mut story, None).is_empty());
    let (mut story, effects) = next(&story);
    assert_eq!(effects, [Effect::Return(credentials(None))]);
    let effects = story.tell(Msg::SignIn(SignInMsg::SignOut));
    assert_eq!(effects, [Effect::SignOut]);
}

#[test]
fn a_keyring_that_does_not_give_the_token_is_explained_and_can_be_tried_again() {
    let mut story = Story::new();
    sign_in(&mut story, Some("hush"));
    let troubles = [
        (Ok(None), "does not have your token", false),
        (
            Err(KeyringTrouble::Locked),
            "Unlock it, then try again",
            true,
        ),
        (Err(KeyringTrouble::Missing), "none is running", false),
        (
            Err(KeyringTrouble::Failed("broken".to_owned())),
            "broken",
            true,
        ),
    ];
    for (found, sentence, again) in troubles {
        let (mut story, _) = next(&story);
        secret(&mut story, SecretMsg::Found(identity(), found));
        let wanted = wanted(&story);
        assert!(wanted.sentence().contains(sentence), "{wanted:?}");
        assert!(
            wanted.sentence().to_lowercase().contains("paste"),
            "{wanted:?}"
        );
        assert_eq!(wanted.may_pass(), again, "{wanted:?}");
        // Once it is unlocked.
        assert_eq!(secret(&mut story, SecretMsg::Again), [find()]);
        let token = Some(Token::new("hush"));
        let effects = secret(&mut story, SecretMsg::Found(identity(), Ok(token)));
        assert_eq!(effects, [Effect::Return(credentials(Some("hush")))]);
    }
}

#[test]
fn whoever_does_not_wait_for_the_keyring_types_the_token() {
    let mut story = Story::new();
    sign_in(&mut story, Some("hush"));
    let (mut story, _) = next(&story);
    secret(&mut story, SecretMsg::TypeInstead);
    assert_eq!(wanted(&story), TokenWanted::Instead);
    // It answers too late.
    let token = Some(Token::new("old"));
    assert!(secret(&mut story, SecretMsg::Found(identity(), Ok(token))).is_empty());
    assert_eq!(sign_in(&mut story, Some("hush")), [keep()]);
}

#[test]
fn a_token_that_cannot_be_kept_is_told_and_kept_later() {
    for (why, again) in [
        (KeyringTrouble::Locked, true),
        (KeyringTrouble::Missing, false),
        (KeyringTrouble::Failed("broken".to_owned()), true),
    ] {
        let mut story = Story::new();
        sign_in(&mut story, Some("hush"));
        secret(&mut story, SecretMsg::Kept(identity(), Err(why)));
        assert_eq!(story.here().link, Link::Up, "one is in all the same");
        let trouble = story.state.keyring().trouble.as_ref().expect("told");
        assert!(trouble.sentence().contains("Your token is not kept"));
        assert_eq!((trouble.may_pass(), trouble.may_ask()), (again, true));
        assert_eq!(secret(&mut story, SecretMsg::Again), [keep()]);
        secret(&mut story, SecretMsg::Kept(identity(), Ok(())));
        assert!(story.state.keyring().trouble.is_none());
    }
}

#[test]
fn whoever_is_asked_each_time_leaves_the_keyring_alone() {
    let mut story = Story::new();
    sign_in(&mut story, Some("hush"));
    let locked = Err(KeyringTrouble::Locked);
    secret(&mut story, SecretMsg::Kept(identity(), locked));
    // An older one may be there.
    let forget = Effect::Secret(SecretEffect::Forget(identity()));
    let effects = secret(&mut story, SecretMsg::AskEachTime(true));
    assert_eq!(effects, std::slice::from_ref(&forget));
    assert!(story.state.keyring().trouble.is_none());

    let (mut story, effects) = next(&story);
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(wanted(&story), TokenWanted::Ask);
    assert!(sign_in(&mut story, Some("hush")).is_empty());
    // Until one thinks better of it.
    let effects = secret(&mut story, SecretMsg::AskEachTime(false));
    assert_eq!(effects, [keep()]);
    let effects = secret(&mut story, SecretMsg::AskEachTime(true));
    assert_eq!(effects, std::slice::from_ref(&forget));
    // What could not be removed then is at the end.
    let locked = Err(KeyringTrouble::Locked);
    secret(&mut story, SecretMsg::Forgotten(identity(), locked));
    let effects = story.tell(Msg::SignIn(SignInMsg::SignOut));
    assert_eq!(effects, [forget, Effect::SignOut]);
}

#[test]
fn a_token_that_no_keyring_removed_is_removed_at_a_start_with_one() {
    let missing = || SecretMsg::Forgotten(identity(), Err(KeyringTrouble::Missing));
    let forget = || Effect::Secret(SecretEffect::Forget(identity()));
    let mut story = Story::new();
    sign_in(&mut story, Some("hush"));
    story.tell(Msg::SignIn(SignInMsg::SignOut));
    secret(&mut story, missing());
    let trouble = story.state.keyring().trouble.as_ref().expect("told");
    assert!(trouble.sentence().contains("none is running"));
    assert!(!format!("{:?}", settings(&story)).contains("hush"));

    // That there is none still has been told.
    let (mut second, effects) = next(&story);
    assert_eq!(effects, [forget()]);
    secret(&mut second, missing());
    assert!(second.state.keyring().trouble.is_none());
    assert!(settings(&second).is_empty(), "it stays as it was");

    let (mut third, effects) = next(&story);
    assert_eq!(effects, [forget()]);
    secret(&mut third, SecretMsg::Forgotten(identity(), Ok(())));
    let gone = StoreEffect::Setting("tokens_left".to_owned(), None);
    assert!(third.asked().contains(&gone), "{:?}", third.asked());

    // Whoever signs in again wants it.
    let (mut fourth, _) = next(&story);
    assert_eq!(sign_in(&mut fourth, Some("hush")), [keep()]);
    assert!(fourth.asked().contains(&gone), "{:?}", fourth.asked());
}

#[test]
fn a_token_that_is_still_in_the_keyring_is_told_after_signing_out() {
    let mut story = Story::new();
    sign_in(&mut story, Some("hush"));
    story.tell(Msg::SignIn(SignInMsg::SignOut));
    let locked = Err(KeyringTrouble::Locked);
    secret(&mut story, SecretMsg::Forgotten(identity(), locked));
    let trouble = story.state.keyring().trouble.as_ref().expect("told");
    assert!(trouble.sentence().contains("still in the system's keyring"));
    let effects = secret(&mut story, SecretMsg::Again);
    assert_eq!(effects, [Effect::Secret(SecretEffect::Forget(identity()))]);
}

#[test]
fn no_text_of_the_state_or_its_effects_shows_a_token() {
    let mut story = Story::new();
    let effects = sign_in(&mut story, Some("hush"));
    let locked = Err(KeyringTrouble::Locked);
    secret(&mut story, SecretMsg::Kept(identity(), locked));
    assert!(!format!("{effects:?} {:?}", story.state).contains("hush"));
    let settings = format!("{:?}", settings(&story));
    assert!(settings.contains("signed_in") && !settings.contains("hush"));
}

fn online_elsewhere() -> Msg {
    Msg::SignIn(SignInMsg::Failed(failure(Code::LoginAlreadyLogin)))
}

#[test]
fn an_account_that_is_online_elsewhere_is_asked_about() {
    let mut story = Story::new();
    let credentials = credentials(Some("hush"));
    story.tell(Msg::SignIn(SignInMsg::Submitted(credentials.clone())));
    assert!(story.tell(online_elsewhere()).is_empty());
    assert!(matches!(story.state.phase(), Phase::Out(Card::TakeOver(_))));
    let effects = story.tell(Msg::SignIn(SignInMsg::TakeOver));
    assert_eq!(effects, [Effect::TakeOver(credentials)]);
    assert_eq!(story.tell(Msg::SignIn(SignInMsg::Done)), [keep()]);
    assert_eq!(story.here().link, Link::Up);
}

#[test]
fn whoever_does_not_take_over_stays_out_and_may_try_again() {
    let mut story = Story::home();
    // A start does not take over by itself either.
    (story, _) = next(&story);
    assert_eq!(story.here().link, Link::Coming);
    story.tell(online_elsewhere());
    assert!(story.tell(Msg::SignIn(SignInMsg::Cancelled)).is_empty());
    let Phase::Out(Card::Refused { why, .. }) = story.state.phase() else {
        panic!("{:?}", story.state.phase());
    };
    assert!(matches!(why, Refusal::Elsewhere));
    let credentials = credentials(None);
    let effects = story.tell(Msg::SignIn(SignInMsg::Submitted(credentials.clone())));
    assert_eq!(effects, [Effect::SignIn(credentials)]);
}

/// Every code of signing in and out ends at the card, with who it was, and nobody signs in by themselves.
#[test]
fn every_code_of_signing_in_and_out_is_said_at_the_card() {
    let mut codes = 0;
    for code in Code::ALL.iter().copied() {
        let mut story = match code.number() {
            100..200 => {
                let mut story = Story::home();
                let reason = "as the server says".to_owned();
                let effects = story.hear(SessionEvent::Logout { code, reason });
                assert!(effects.is_empty(), "{code:?}: {effects:?}");
                story
            }
            200..300 if code != Code::LoginAlreadyLogin => {
                let mut story = Story::new();
                story.tell(Msg::SignIn(SignInMsg::Submitted(credentials(None))));
                story.tell(Msg::SignIn(SignInMsg::Failed(failure(code))));
                story
            }
            _ => continue,
        };
        codes += 1;
        let Phase::Out(Card::Refused {
            account: who, why, ..
        }) = story.state.phase()
        else {
            panic!("{code:?}: {:?}", story.state.phase());
        };
        assert_eq!(*who, account("ann"));
        let Refusal::Server(failure) = why else {
            panic!("{code:?}: {why:?}");
        };
        assert_eq!(failure.code, code);
        // Later words of that session change nothing.
        story.hear(says("bob", "too late"));
        story.tell(Msg::SignIn(SignInMsg::Done));
        assert!(matches!(
            story.state.phase(),
            Phase::Out(Card::Refused { .. })
        ));
    }
    assert_eq!(codes, 9 + 9, "a code that is new is said, too");
}
