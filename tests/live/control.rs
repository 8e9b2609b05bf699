//! What an administrator of an embedded server sees and does.

use callsign::client::event::{Event, SessionEvent};
use callsign::net::tap::Tap;
use callsign::protocol::{AppId, Code};
use callsign::server::{Config, Server};

use crate::ours::{account, heard, login, plain, sign_in, signal};

#[tokio::test]
async fn an_administrator_sees_who_is_there_ends_a_session_and_names_the_server() {
    let server = Server::bind(Config::default()).await.expect("binds");
    let (control, port) = (server.control(), server.plain_addr().port());
    let shutdown = server.shutdown_handle();
    let serving = tokio::spawn(server.serve());
    let mut online = control.online();
    let (_bob, _bob_hears) = sign_in(port, "bob").await;
    let (_ann, mut ann_hears) = sign_in(port, "ann").await;
    let both = |all: &Vec<_>| all.len() == 2;
    let all = online.wait_for(both).await.expect("runs").clone();
    let app = AppId::try_from("callsign-tests").expect("an app");
    let names = ["ann", "bob"].map(|name| (app.clone(), account(name)));
    assert_eq!(all, names);

    control
        .send_away(app.clone(), account("ann"))
        .expect("is done");
    let code = heard(&mut ann_hears, |event| match event {
        Event::Session(SessionEvent::Logout { code, .. }) => Some(code),
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    });
    assert_eq!(code.await, Code::LogoutKicked);
    let left = |all: &Vec<_>| all.len() == 1;
    assert_eq!(online.wait_for(left).await.expect("runs")[..], names[1..]);
    // Nobody is sent away who is not there.
    control.send_away(app, account("cy")).expect("is done");

    control.rename("The desk".to_owned()).expect("is done");
    let (_ann, mut ann_hears) = sign_in(port, "ann").await;
    let name = heard(&mut ann_hears, |event| match event {
        Event::Session(SessionEvent::LoginSuccess { additions, .. }) => {
            additions.map(|additions| additions.server.name)
        }
        Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
    });
    assert_eq!(name.await, "The desk");

    shutdown.shutdown();
    serving.await.expect("no panic").expect("all is kept");
    assert!(control.rename("x".to_owned()).is_err());
}

#[tokio::test]
async fn a_tap_shows_a_real_session_without_its_keys() {
    let server = Server::bind(Config::default()).await.expect("binds");
    let port = server.plain_addr().port();
    tokio::spawn(server.serve());
    let tap = Tap::default();
    let mut frames = tap.open();
    let signal = signal(plain(port).tapped(tap));
    let (ann, _ann_hears) = login(&signal, "ann").await.expect("signed in");
    ann.message_instant_send(&account("bob"), "hello")
        .await
        .expect("sent");
    let (mut said, mut keys) = (String::new(), 0);
    while !said.contains("user_sendmsg") {
        let frame = frames.recv().await.expect("a frame");
        keys += frame.text.matches("***").count();
        said.push_str(&frame.text);
    }
    // The token that stands for none, the key to come back and the line; and the line with each call.
    assert!(keys >= 4, "{said}");
    for key in ["line", "resume", "token"] {
        let shown = [
            format!("\"{key}\":\"***\""),
            format!("\\\"{key}\\\":\\\"***\\\""),
        ];
        let hidden = shown.iter().map(|shown| said.matches(shown).count());
        let all = said.matches(&format!("\"{key}\":")).count()
            + said.matches(&format!("\\\"{key}\\\":")).count();
        assert_eq!(hidden.sum::<usize>(), all, "{key}: {said}");
        assert!(all > 0, "{key}: {said}");
    }
}
