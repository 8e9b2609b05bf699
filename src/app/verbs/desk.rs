//! What calling and listening have in common: signing in, hearing what happens, and telling it.

use std::io::Write as _;
use std::time::Duration;

use super::files::Files;
use super::{VerbError, WithArgs};
use crate::calls::{SoundNews, SoundOptions, Sounds, SoundsTold};
use crate::client::core::{LoginOptions, Reconnect};
use crate::client::event::{CallEvent, CallRef, EndReason, Event, SessionEvent};
use crate::client::{Events, Session, Signal};
use crate::net::ws::Server;
use crate::protocol::token::Token;
use crate::protocol::{InviteMsg, KeyWay, KeysHeard};
use crate::voice::link::Policy;
use crate::voice::processing::Switches;

/// Where a token is looked for: on a command line everybody on the computer could read it.
const TOKEN: &str = "CALLSIGN_TOKEN";
/// What stands for a token where none is needed (protocol page, section 4).
const NO_TOKEN: &str = "_no_need_token";

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// A session at work.
pub(super) struct Desk {
    pub(super) signal: Signal,
    pub(super) session: Session,
    events: Events,
    /// Whether all of them have come.
    over: bool,
    pub(super) sounds: Sounds<Files>,
    told: SoundsTold,
    pub(super) files: Files,
    signals: Signals,
}

/// What happened.
pub(super) enum Happened {
    /// In the session.
    Event(Event),
    /// With the sound of a call.
    Sound(CallRef, SoundNews),
    /// The system, or somebody at the keyboard, wants an end.
    Stop,
    /// The session is over.
    Over,
}

impl Desk {
    /// Signs in. `None` if a signal came first.
    pub(super) async fn open(args: &WithArgs) -> Result<Option<Self>, VerbError> {
        let files = Files::read(args)?;
        let mut signals = Signals::new()?;
        let server = Server::at(&args.server);
        let server = server.map_err(|error| VerbError::Server(error.to_string()))?;
        let token = std::env::var(TOKEN).unwrap_or_else(|_| NO_TOKEN.to_owned());
        let signal = Signal::new(args.app.clone(), server);
        let options = LoginOptions {
            reconnect: Reconnect::Unlimited,
            ..LoginOptions::default()
        };
        let login = signal.login(&args.account, Token::new(&token), options);
        let (session, mut events) = tokio::select! {
            signed_in = login => signed_in?,
            () = signals.next() => return Ok(None),
        };
        let mut sound = SoundOptions::for_server(&args.server);
        if args.raw {
            sound.switches = Switches {
                echo: false,
                noise: false,
                gain: false,
            };
        }
        if args.relay_only {
            sound.policy = Policy::RelayOnly;
        }
        let (sounds, told) = Sounds::new(session.clone(), sound, files.clone());
        // That we are in is the first event, and it names the servers that help to find a way: nobody is called before that.
        if let Some(event) = events.next().await {
            sounds.happened(&event);
            if args.relay_only && !relays(&event) {
                // Nobody is called to hear nothing.
                goodbye(&signal).await;
                return Err(VerbError::NoRelay);
            }
        }
        Ok(Some(Self {
            signal,
            session,
            events,
            over: false,
            sounds,
            told,
            files,
            signals,
        }))
    }

    /// What comes of this, unless a signal comes first.
    pub(super) async fn unless_stopped<T>(&mut self, doing: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = doing => Some(done),
            () = self.signals.next() => None,
        }
    }

    /// The next that happens. The sound has been told of it. Cancel-safe.
    pub(super) async fn next(&mut self) -> Happened {
        tokio::select! {
            event = self.events.next(), if !self.over => match event {
                Some(event) => {
                    self.sounds.happened(&event);
                    Happened::Event(event)
                }
                None => {
                    self.over = true;
                    Happened::Over
                }
            },
            Some((call, news)) = self.told.recv() => Happened::Sound(call, news),
            () = self.signals.next() => Happened::Stop,
        }
    }

    /// Says goodbye, if there is still somebody to say it to.
    pub(super) async fn close(self) {
        goodbye(&self.signal).await;
    }
}

async fn goodbye(signal: &Signal) {
    let said = tokio::time::timeout(GOODBYE, signal.logout()).await;
    if !matches!(said, Ok(Ok(()))) {
        tracing::debug!("signed out without the server's word");
    }
}

/// Whether this signs in at a server that names a relay.
fn relays(event: &Event) -> bool {
    let Event::Session(SessionEvent::LoginSuccess { additions, .. }) = event else {
        return false;
    };
    let ice = additions.iter().flat_map(|has| &has.ice);
    ice.flat_map(|server| &server.urls)
        .any(|url| url.starts_with("turn:"))
}

/// SIGTERM and Ctrl-C.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, VerbError> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// One line of what came of it. Whoever reads it may have gone.
pub(super) fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{words}").and_then(|()| out.flush()));
}

/// Tells what is of interest of a call's sound.
pub(super) fn say_sound(news: &SoundNews, keys: &mut KeysHeard) {
    match news {
        SoundNews::Connected => say("connected"),
        SoundNews::Interrupted => eprintln!("the way to them is lost, and a new one is looked for"),
        SoundNews::Silent => eprintln!("nothing is heard from them"),
        SoundNews::Heard => eprintln!("they are heard again"),
        SoundNews::Unheard => eprintln!("nothing arrives there"),
        SoundNews::Arrives => eprintln!("it arrives there again"),
        SoundNews::Key(key) => {
            if keys.is_new(std::time::Instant::now(), KeyWay::Sound, *key) {
                say(&format!("key {}", key.label()));
            }
        }
        SoundNews::TheyHold(true) => eprintln!("they put the call on hold"),
        SoundNews::TheyHold(false) => eprintln!("they are back"),
        SoundNews::TheyRecord(true) => eprintln!("they record the call"),
        SoundNews::TheyRecord(false) => eprintln!("they no longer record the call"),
        SoundNews::None(why) => eprintln!("no sound: {why}"),
        SoundNews::Line(line) => tracing::debug!(?line, "the line"),
        SoundNews::Recording | SoundNews::Recorded(_) => {}
        SoundNews::Levels(..) | SoundNews::Present { .. } | SoundNews::Over => {}
    }
}

/// Tells what is of interest in a call.
pub(super) fn say_call(event: &CallEvent, keys: &mut KeysHeard) {
    match event {
        CallEvent::ReceivedByPeer { .. } => say("ringing"),
        CallEvent::AcceptedByPeer { .. } | CallEvent::Accepted => say("answered"),
        CallEvent::Msg(InviteMsg::Dtmf(pressed)) => {
            for key in pressed {
                if keys.is_new(std::time::Instant::now(), KeyWay::Message, *key) {
                    say(&format!("key {}", key.label()));
                }
            }
        }
        CallEvent::Msg(InviteMsg::Other(_)) => {}
        CallEvent::Ended(reason) => say(&format!("ended {}", words(reason))),
    }
}

fn words(reason: &EndReason) -> String {
    match reason {
        EndReason::RefusedByPeer { .. } => "they declined".to_owned(),
        EndReason::RefusedByMyself => "we declined".to_owned(),
        EndReason::EndByPeer { .. } => "they hung up".to_owned(),
        EndReason::EndByMyself => "we hung up".to_owned(),
        EndReason::NoAnswer => "nobody answered".to_owned(),
        EndReason::Failed { code, extra } => format!("failed ({}): {extra}", code.number()),
        EndReason::LinkLost => "the link to the server was lost".to_owned(),
        EndReason::LoggedOut => "signed out".to_owned(),
        EndReason::Replaced => "they called anew".to_owned(),
        EndReason::Glare => "they called at the same moment".to_owned(),
    }
}
