//! LAYER 2. The loop between the core and the world: commands, links and time in; frames, answers and events out. Decides nothing
//! about the protocol.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::core::{
    Answer, ClientCore, Command, CommandError, Input, LinkNo, Output, RequestNo, SessionRef,
};
use super::events::EventsTx;
use super::handle::{Shared, ToDriver};
use super::signal::LogLevel;
use crate::net::link::{Connect, Heard, Link, LinkError, Outgoing};
use crate::protocol::{AppId, ClientFrame, Request, ServerFrame};

/// Frames waiting for one slow link. When full, the link is given up; what was not acknowledged goes out again on the
/// next.
const FRAMES: usize = 4096;
/// What links have to say and the driver has not heard. When full, links are not read until there is room.
const HEARD: usize = 256;
/// How long one frame may take to be written; then the link is given up.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// What a link's task reports.
#[derive(Debug)]
enum Report {
    Opened,
    Heard(Heard),
}

/// The loop's books.
pub(super) struct Driver {
    core: ClientCore,
    app: AppId,
    server: Arc<dyn Connect>,
    shared: Arc<Shared>,
    links: HashMap<LinkNo, mpsc::Sender<ClientFrame>>,
    reports_tx: mpsc::Sender<(LinkNo, Report)>,
    answers: HashMap<RequestNo, oneshot::Sender<Result<Answer, CommandError>>>,
    last_request: u64,
    logins: HashMap<RequestNo, EventsTx>,
    session: Option<(SessionRef, EventsTx)>,
    /// Links that could not take a frame, to be reported as closed.
    broken: Vec<LinkNo>,
}

impl Driver {
    /// Runs until all handles are gone and the session is over.
    pub(super) async fn run(
        core: ClientCore,
        app: AppId,
        server: Arc<dyn Connect>,
        shared: Arc<Shared>,
        mut commands: mpsc::Receiver<ToDriver>,
    ) {
        let (reports_tx, mut reports) = mpsc::channel(HEARD);
        let mut driver = Self {
            core,
            app,
            server,
            shared,
            links: HashMap::new(),
            reports_tx,
            answers: HashMap::new(),
            last_request: 0,
            logins: HashMap::new(),
            session: None,
            broken: Vec::new(),
        };
        let taken = Arc::clone(&driver.shared.taken);
        let mut used = true;
        while used || driver.core.next_wakeup().is_some() {
            let wakeup = driver.core.next_wakeup().map(Instant::from_std);
            let input = tokio::select! {
                command = commands.recv(), if used => match command {
                    Some(command) => driver.told(command),
                    None => {
                        used = false;
                        driver.hear_of_keeping();
                        driver.asked(Command::Logout { session: None })
                    }
                },
                Some((link, report)) = reports.recv() => driver.reported(link, report),
                () = taken.notified() => match driver.events_taken() {
                    Some(input) => input,
                    None => continue,
                },
                () = sleep_until(wakeup) => Input::Tick,
            };
            driver.handle(input);
            while let Some(link) = driver.broken.pop() {
                let reason = "the link takes no more frames".to_owned();
                driver.handle(Input::LinkClosed { link, reason });
            }
        }
    }

    fn handle(&mut self, input: Input) {
        let outputs = self.core.handle(Instant::now().into_std(), input);
        // Before the answers, so that whoever has one sees the status that goes with it.
        self.shared.set_status(self.core.status());
        for output in outputs {
            self.put_out(output);
        }
    }

    fn told(&mut self, told: ToDriver) -> Input {
        match told {
            ToDriver::Woke => Input::Woke,
            ToDriver::Command {
                command,
                events,
                answer,
            } => {
                if matches!(command, Command::Logout { .. }) {
                    self.hear_of_keeping();
                }
                let input = self.asked(command);
                let request = RequestNo(self.last_request);
                self.answers.insert(request, answer);
                self.logins.extend(events.map(|events| (request, events)));
                input
            }
        }
    }

    fn asked(&mut self, command: Command) -> Input {
        self.last_request += 1;
        let request = RequestNo(self.last_request);
        Input::Command { request, command }
    }

    fn reported(&mut self, link: LinkNo, report: Report) -> Input {
        match report {
            Report::Opened => Input::LinkOpened { link },
            Report::Heard(Heard::Frame(frame)) => {
                self.log(LogLevel::Debug, || format!("<- {}", name_of(&frame)));
                Input::Frame { link, frame }
            }
            Report::Heard(Heard::Unreadable(reason)) => Input::Unreadable { link, reason },
            Report::Heard(Heard::Closed(reason)) => {
                self.links.remove(&link);
                self.log(LogLevel::Info, || format!("link closed: {reason}"));
                Input::LinkClosed { link, reason }
            }
        }
    }

    fn events_taken(&self) -> Option<Input> {
        let (session, events) = self.session.as_ref()?;
        let (waiting, kept) = events.waiting_and_kept();
        Some(Input::EventsTaken {
            session: *session,
            waiting,
            kept,
        })
    }

    /// What was kept before the session's end is acknowledged with it.
    fn hear_of_keeping(&mut self) {
        if let Some(input) = self.events_taken() {
            self.handle(input);
        }
    }

    fn put_out(&mut self, output: Output) {
        match output {
            Output::OpenLink { link } => self.open(link),
            Output::Send { link, frame } => self.send(link, frame),
            Output::CloseLink { link } => drop(self.links.remove(&link)),
            Output::Answer { request, answer } => self.answer(request, answer),
            Output::Event { session, event } => {
                if let Some((current, events)) = &self.session
                    && *current == session
                {
                    events.push(event);
                }
            }
            Output::SessionOver { session } => {
                self.log(LogLevel::Info, || "the session is over".to_owned());
                if let Some((_, events)) = self.session.take_if(|(current, _)| *current == session)
                {
                    events.end();
                }
            }
        }
    }

    fn answer(&mut self, request: RequestNo, answer: Result<Answer, CommandError>) {
        let events = self.logins.remove(&request);
        if let (Some(events), Ok(Answer::LoggedIn { session, .. })) = (events, &answer) {
            self.session = Some((*session, events));
        }
        if let Err(error) = &answer {
            self.log(LogLevel::Warning, || format!("failed: {error}"));
        }
        // Nobody waits any more if the future was dropped.
        if let Some(waiting) = self.answers.remove(&request) {
            drop(waiting.send(answer));
        }
    }

    fn open(&mut self, link: LinkNo) {
        self.log(LogLevel::Info, || "opening a link".to_owned());
        let (frames_tx, frames) = mpsc::channel(FRAMES);
        self.links.insert(link, frames_tx);
        let (server, app) = (Arc::clone(&self.server), self.app.clone());
        let reports = self.reports_tx.clone();
        tokio::spawn(run_link(link, server, app, frames, reports));
    }

    fn send(&mut self, link: LinkNo, frame: ClientFrame) {
        self.log(LogLevel::Debug, || format!("-> {}", name_of_own(&frame)));
        let sent = self.links.get(&link).map(|frames| frames.try_send(frame));
        if let Some(Err(_)) = sent {
            self.links.remove(&link);
            self.broken.push(link);
        }
    }

    fn log(&self, level: LogLevel, text: impl FnOnce() -> String) {
        if !self.shared.logs(level) {
            return;
        }
        let text = text();
        match level {
            LogLevel::Debug => tracing::debug!("{text}"),
            LogLevel::Info => tracing::info!("{text}"),
            LogLevel::Warning => tracing::warn!("{text}"),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The life of one link: opens it, carries frames both ways, and reports. It ends when the driver drops `frames`, after
/// what was in there has been written.
async fn run_link(
    no: LinkNo,
    server: Arc<dyn Connect>,
    app: AppId,
    mut frames: mpsc::Receiver<ClientFrame>,
    reports: mpsc::Sender<(LinkNo, Report)>,
) {
    let report = |report| {
        let reports = reports.clone();
        // Nobody hears it if the driver is gone.
        async move { drop(reports.send((no, report)).await) }
    };
    let opened = tokio::select! {
        opened = server.connect(&app) => opened,
        // The core sends nothing on a link that does not stand, so this is its end.
        _ = frames.recv() => return,
    };
    let Link {
        mut outgoing,
        mut incoming,
    } = match opened {
        Ok(link) => link,
        Err(error) => return report(Report::Heard(Heard::Closed(error.to_string()))).await,
    };
    report(Report::Opened).await;
    let writing = write(&mut outgoing, &mut frames);
    let reading = async {
        while let Some(heard) = incoming.next().await {
            let over = matches!(heard, Heard::Closed(_));
            report(Report::Heard(heard)).await;
            if over {
                return;
            }
        }
        let reason = "the link ended".to_owned();
        report(Report::Heard(Heard::Closed(reason))).await;
    };
    tokio::select! {
        () = reading => {}
        written = writing => if let Err(error) = written {
            report(Report::Heard(Heard::Closed(error.to_string()))).await;
        }
    }
}

/// Writes what comes, as much at once as there is, and says goodbye at the end.
async fn write(
    outgoing: &mut Outgoing,
    frames: &mut mpsc::Receiver<ClientFrame>,
) -> Result<(), LinkError> {
    while let Some(frame) = frames.recv().await {
        let more = !frames.is_empty();
        in_time(async {
            outgoing.feed(frame).await?;
            if more { Ok(()) } else { outgoing.flush().await }
        })
        .await?;
    }
    in_time(outgoing.close()).await
}

async fn in_time(written: impl Future<Output = Result<(), LinkError>>) -> Result<(), LinkError> {
    let late = |_| LinkError("the server takes nothing any more".to_owned());
    tokio::time::timeout(WRITE_TIMEOUT, written)
        .await
        .map_err(late)?
}

/// What a frame is, for the log: never what it says.
fn name_of_own(frame: &ClientFrame) -> &str {
    match frame {
        ClientFrame::Login(_) => "login",
        ClientFrame::LineLogin { .. } => "line_login",
        ClientFrame::Ping(_) => "ping",
        ClientFrame::Call(call) => (call.request.as_ref()).map_or("call2", Request::function),
        ClientFrame::SetFlag { .. } => "set_flag",
        ClientFrame::Unknown { .. } => "unknown",
    }
}

fn name_of(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::LoginRet(_) => "login_ret",
        ServerFrame::Pong(_) => "pong",
        ServerFrame::CallRet(_) => "call2-ret",
        ServerFrame::Notify(_) => "notify",
        ServerFrame::Close(_) => "close",
        ServerFrame::Kick(_) => "kick",
        ServerFrame::Multi(_) => "multi",
        ServerFrame::Unknown { .. } => "unknown",
    }
}
