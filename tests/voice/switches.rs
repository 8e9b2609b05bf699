//! What is switched while it still rings counts from the first word on.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use callsign::calls::{Devices, SoundNews, SoundOptions, Sounds, SoundsTold};
use callsign::client::core::LoginOptions;
use callsign::client::event::{CallEvent, CallRef, Event, SessionEvent};
use callsign::client::{Events, Session, Signal};
use callsign::net::ws;
use callsign::protocol::token::Token;
use callsign::protocol::{Account, AppId, ChannelName};
use callsign::server::{Config, Server};
use callsign::voice::RATE;
use callsign::voice::device::WavDevice;
use callsign::voice::processing::Switches;
use callsign::voice::wav::{WavSink, WavSource};

type File = WavDevice<Cursor<Vec<u8>>>;

/// For how many seconds it is talked.
const TALK: usize = 6;
/// What may be missing of noise that nobody took away, in decibels; of noise that was, it is twice as much.
const LEFT_OUT: f32 = 8.0;

/// A file that says something, and what was heard once the call is over.
#[derive(Clone, Default)]
struct Files {
    says: WavSource,
    heard: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Devices for Files {
    type Device = File;

    fn open(&self, _call: CallRef) -> File {
        let sink = WavSink::new(Cursor::new(Vec::new())).expect("a file");
        WavDevice::new(self.says.clone(), Some(sink))
    }

    fn close(&self, _call: CallRef, device: File) {
        let file = device.finish().expect("whole").expect("a file");
        *self.heard.lock().expect("no panic") = Some(file.into_inner());
    }
}

/// Somebody who is signed in, with the sound of their calls.
struct Side {
    session: Session,
    events: Events,
    sounds: Sounds<Files>,
    told: SoundsTold,
    files: Files,
}

impl Side {
    async fn sign_in(url: &str, name: &str, says: &[f32]) -> Self {
        let mut file = WavSink::new(Cursor::new(Vec::new())).expect("a file");
        file.write(says).expect("written");
        let file = file.finish().expect("whole").into_inner();
        let files = Files {
            says: WavSource::read(&file).expect("a sound"),
            ..Files::default()
        };
        let app = AppId::try_from("callsign-tests").expect("an app");
        let signal = Signal::new(app, ws::Server::at(url).expect("an address"));
        let account = Account::try_from(name).expect("an account");
        let token = Token::new("_no_need_token");
        let login = signal.login(&account, token, LoginOptions::default());
        let (session, events) = login.await.expect("signed in");
        let options = SoundOptions::for_server(url);
        let (sounds, told) = Sounds::new(session.clone(), options, files.clone());
        Self {
            session,
            events,
            sounds,
            told,
            files,
        }
    }

    /// Waits for an event; all of them are told to the sound.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = self.events.next().await.expect("the session goes on");
            self.sounds.happened(&event);
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    async fn until_told(&mut self, wanted: impl Fn(&SoundNews) -> bool) {
        loop {
            let (_, news) = self.told.recv().await.expect("it goes on");
            if wanted(&news) {
                return;
            }
        }
    }
}

/// How loud, in decibels.
fn level(samples: &[f32]) -> f32 {
    let power: f32 = samples.iter().map(|sample| sample * sample).sum();
    10.0 * (power / samples.len() as f32).max(1e-12).log10()
}

/// Noise goes through as it is, though the app takes it away by custom.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_is_left_as_it_is_by_whoever_said_so_while_it_rang() {
    let server = Server::bind(Config::default()).await.expect("a server");
    let url = format!("ws://{}", server.plain_addr());
    let serving = tokio::spawn(server.serve());
    let [noise, other] = [7, 8].map(|seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let samples = std::iter::repeat_with(|| 0.2 * (random.f32() - 0.5));
        samples.take(10 * RATE as usize).collect::<Vec<f32>>()
    });
    let mut ann = Side::sign_in(&url, "ann", &noise).await;
    let mut bob = Side::sign_in(&url, "bob", &other).await;
    let channel = ChannelName::try_from("call-1").expect("a name");
    let peer = Account::try_from("bob").expect("an account");
    let call = ann
        .sounds
        .invite(&channel, &peer, "{}")
        .await
        .expect("called");
    let at = bob
        .until(|event| match event {
            Event::Session(SessionEvent::InviteReceived { call, .. }) => Some(*call),
            Event::Session(_) | Event::Channel { .. } | Event::Call { .. } => None,
        })
        .await;
    // It rings: whoever calls, and whoever is called.
    let off = Switches {
        echo: false,
        noise: false,
        gain: false,
    };
    ann.sounds.process(off);
    bob.sounds.process(off);
    bob.sounds.accept(at).await.expect("answered");
    ann.until(|event| {
        let answered = matches!(
            event,
            Event::Call {
                event: CallEvent::AcceptedByPeer { .. },
                ..
            }
        );
        answered.then_some(())
    })
    .await;
    ann.until_told(|news| matches!(news, SoundNews::Connected))
        .await;
    // How the line is, is told every second.
    for _ in 0..TALK {
        ann.until_told(|news| matches!(news, SoundNews::Line(_)))
            .await;
    }
    call.channel_invite_end().await.expect("it ends");
    for side in [&mut ann, &mut bob] {
        side.until(|event| {
            let ended = matches!(
                event,
                Event::Call {
                    event: CallEvent::Ended(_),
                    ..
                }
            );
            ended.then_some(())
        })
        .await;
        side.until_told(|news| matches!(news, SoundNews::Over))
            .await;
        let heard = side.files.heard.lock().expect("no panic").take();
        let heard = WavSource::read(&heard.expect("it was heard")).expect("a sound");
        let heard = heard.samples();
        let last = &heard[heard.len() - 3 * RATE as usize..heard.len() - RATE as usize];
        let (said, heard) = (level(&noise), level(last));
        println!("{said:.1} dBFS said, {heard:.1} heard");
        // The codec leaves out what hardly anybody hears.
        assert!(said - heard < LEFT_OUT, "{said:.1} said, {heard:.1} heard");
    }
    drop((ann.session, bob.session));
    serving.abort();
}
