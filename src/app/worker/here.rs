//! The server on this computer. Of all Callsigns that one user runs on one computer, one serves and the others join it.
//!
//! Who serves is decided by a lock on a file, which the system frees when its holder ends, however it ends; whoever waits for
//! it then serves, with the same data. Where to connect stands in a file beside it. Waiting costs no processor time.

use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{Mutex, Notify, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::LAST_WORK;
use super::rules::Rules;
use crate::net::link::{Connect, OpenError, Opening};
use crate::net::private;
use crate::net::tap::Tap;
use crate::net::ws::Server as Remote;
use crate::protocol::AppId;
use crate::server::config::{DEFAULT_LISTEN, Durability};
use crate::server::{BindError, Config, Control, OpenError as StoreError, Server, ShutdownHandle};

/// Whose holder serves.
const LOCK: &str = "serving.lock";
/// Where the one that serves can be reached: `127.0.0.1:7800`.
const ADDRESS: &str = "address";
/// What the server keeps.
const DATA: &str = "data";

/// What is said where the server is needed but turned off.
const OFF: &str =
    "The server on this computer is turned off. Signing in on this computer turns it on again.";
/// What is to be done where the server cannot keep what it has to.
pub(super) const REMEDY: &str =
    "See that the disk has room and lets Callsign write, then try again.";
/// How often to look whether another Callsign has turned it on.
const OFF_LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long whoever has the lock may take until it serves.
const READY: Duration = Duration::from_secs(10);
/// How often to look whether it does.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the data of a server that was ended may stay locked after its lock here is free.
const RELEASE: Duration = Duration::from_secs(3);

/// The way to the server on this computer. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Here {
    dir: Arc<Path>,
    service: Arc<Mutex<Option<Service>>>,
    tap: Tap,
}

/// Our own readiness to serve, from the first sign-in here on.
#[derive(Debug)]
struct Service {
    duty: watch::Receiver<Duty>,
    /// The rules have changed.
    turned: Arc<Notify>,
    /// The program ends: whatever the rules say, nobody serves here any more.
    over: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(super) enum Duty {
    /// Another process serves, or is about to.
    Waiting,
    /// We have the lock and are about to serve.
    Starting,
    /// We do.
    Serving(Running),
    /// We have the lock, and the server is turned off.
    Off,
    /// We have the lock, but cannot serve; a sentence.
    Unable(String),
}

/// Our own server.
#[derive(Clone, Debug)]
pub(super) struct Running {
    /// Where it is reached.
    pub(super) address: SocketAddr,
    /// Who is there.
    pub(super) control: Control,
    shutdown: ShutdownHandle,
}

impl Here {
    /// Nothing is started yet.
    pub(super) fn new(dir: PathBuf, tap: Tap) -> Self {
        Self {
            dir: dir.into(),
            service: Arc::default(),
            tap,
        }
    }

    /// Where the server's data is.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.join(DATA)
    }

    /// What is set for the server.
    pub(super) fn rules(&self) -> Rules {
        Rules::read(&self.dir)
    }

    /// How far our own service is, if somebody signed in here.
    pub(super) async fn duty(&self) -> Option<watch::Receiver<Duty>> {
        let service = self.service.lock().await;
        service.as_ref().map(|service| service.duty.clone())
    }

    /// Where somebody serves, as far as it answers.
    pub(super) async fn found(&self) -> Option<SocketAddr> {
        let address = read_address(&self.dir).ok()?;
        TcpStream::connect(address).await.ok().map(|_| address)
    }

    /// Whether the server is to run, now and at later starts.
    pub(super) async fn turn(&self, on: bool) -> io::Result<()> {
        let rules = Rules { on, ..self.rules() };
        rules.write(&self.dir)?;
        let service = self.service.lock().await;
        let Some(service) = service.as_ref() else {
            return Ok(());
        };
        service.turned.notify_one();
        let duty = service.duty.borrow().clone();
        if let (false, Duty::Serving(running)) = (on, duty) {
            running.shutdown.shutdown();
        }
        Ok(())
    }

    /// What the server is called, now and at later starts.
    pub(super) async fn rename(&self, name: String) -> io::Result<()> {
        let rules = Rules {
            name: name.clone(),
            ..self.rules()
        };
        rules.write(&self.dir)?;
        if let Some(running) = self.running().await {
            running.control.rename(name).map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Our own server, if we serve.
    pub(super) async fn running(&self) -> Option<Running> {
        match self.duty().await?.borrow().clone() {
            Duty::Serving(running) => Some(running),
            Duty::Waiting | Duty::Starting | Duty::Off | Duty::Unable(_) => None,
        }
    }

    /// Waits until somebody serves here, if need be we. A sentence says why nobody does.
    pub(super) async fn join(&self) -> Result<Joined, String> {
        if !self.rules().on {
            return Err(OFF.to_owned());
        }
        let duty = self.start().await?;
        let latest = Instant::now() + READY;
        loop {
            let now = duty.borrow().clone();
            match now {
                Duty::Serving(_) => return Ok(self.joined()),
                Duty::Unable(why) => return Err(why),
                // What stands in the file is of the last one that served; and it is on by now.
                Duty::Starting | Duty::Off => {}
                Duty::Waiting => {
                    if self.found().await.is_some() {
                        return Ok(self.joined());
                    }
                }
            }
            if Instant::now() >= latest {
                return Err(format!(
                    "Another Callsign of yours holds {} but does not serve. Close it, then try again.",
                    self.dir.join(LOCK).display()
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn joined(&self) -> Joined {
        Joined {
            dir: Arc::clone(&self.dir),
            tap: self.tap.clone(),
        }
    }

    /// Comes back when we serve, be it at once or because whoever did has gone; never, if we do not.
    pub(super) async fn took_over(&self) {
        if let Some(mut duty) = self.duty().await
            && duty
                .wait_for(|duty| matches!(duty, Duty::Serving(_)))
                .await
                .is_ok()
        {
            return;
        }
        std::future::pending().await
    }

    /// Ends our server, if we serve: everything is kept, and another process may take over.
    pub(super) async fn stop(&self) {
        let Some(service) = self.service.lock().await.take() else {
            return;
        };
        service.over.store(true, Ordering::Release);
        let duty = service.duty.borrow().clone();
        if let Duty::Serving(running) = duty {
            running.shutdown.shutdown();
            // Its own panic has been told already. What is not kept by then was not acknowledged either.
            drop(tokio::time::timeout(LAST_WORK, service.task).await);
        } else {
            service.task.abort();
        }
    }

    /// Makes us ready to serve; a service that could not is tried anew.
    pub(super) async fn start(&self) -> Result<watch::Receiver<Duty>, String> {
        let mut service = self.service.lock().await;
        let running = service.take().filter(|service| !service.task.is_finished());
        let running = match running {
            Some(running) => running,
            None => {
                let lock = Lock::ask(&self.dir).map_err(|error| {
                    let dir = self.dir.display();
                    format!("The folder {dir} cannot be used: {error}. {REMEDY}")
                })?;
                let first = match lock {
                    Lock::Ours(_) => Duty::Starting,
                    Lock::Waiting(_) => Duty::Waiting,
                };
                let (duty_tx, duty) = watch::channel(first);
                let (turned, over) = (Arc::new(Notify::new()), Arc::default());
                let told = (Arc::clone(&turned), Arc::clone(&over));
                let serving = serve(Arc::clone(&self.dir), lock, duty_tx, told);
                Service {
                    duty,
                    turned,
                    over,
                    task: tokio::spawn(serving),
                }
            }
        };
        Ok(service.insert(running).duty.clone())
    }
}

/// A server on this computer that runs. Each link goes to whoever serves at that time.
#[derive(Debug)]
pub(super) struct Joined {
    dir: Arc<Path>,
    tap: Tap,
}

impl Connect for Joined {
    fn connect<'a>(&'a self, app: &'a AppId) -> Opening<'a> {
        Box::pin(async move {
            let address = read_address(&self.dir).map_err(|_| OpenError::NoServer)?;
            let server = Remote::at(&format!("ws://{address}")).map_err(|_| OpenError::NoServer)?;
            server.tapped(self.tap.clone()).connect(app).await
        })
    }
}

/// The lock whose holder serves.
enum Lock {
    /// We have it.
    Ours(File),
    /// A thread of its own waits for it, however long that takes, and frees it if nobody wants it any more.
    Waiting(oneshot::Receiver<io::Result<File>>),
}

impl Lock {
    fn ask(dir: &Path) -> io::Result<Self> {
        private::make_directory(dir)?;
        let file = private::open(&dir.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => return Ok(Self::Ours(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let (lock_tx, lock) = oneshot::channel();
        std::thread::Builder::new()
            .name("callsign-lock".to_owned())
            .spawn(move || drop(lock_tx.send(file.lock().map(|()| file))))?;
        Ok(Self::Waiting(lock))
    }

    /// `None` if the thread that waits has gone, which it does only with the process.
    async fn held(self) -> Option<io::Result<File>> {
        match self {
            Self::Ours(file) => Some(Ok(file)),
            Self::Waiting(lock) => lock.await.ok(),
        }
    }
}

/// Serves once we have the lock, and as long as we can.
async fn serve(
    dir: Arc<Path>,
    lock: Lock,
    duty: watch::Sender<Duty>,
    (turned, over): (Arc<Notify>, Arc<AtomicBool>),
) {
    let _held = match lock.held().await {
        Some(Ok(file)) => file,
        Some(Err(error)) => {
            duty.send_replace(Duty::Unable(format!(
                "The server cannot start: {error}. {REMEDY}"
            )));
            return;
        }
        None => return,
    };
    loop {
        // Nobody may take a stranger at the old address for us.
        drop(std::fs::remove_file(dir.join(ADDRESS)));
        turned_on(&dir, &duty, &turned).await;
        duty.send_replace(Duty::Starting);
        if let Err(why) = serve_once(&dir, &duty).await {
            tracing::warn!(%why, "the server on this computer does not run");
            duty.send_replace(Duty::Unable(why));
            return;
        }
        // Else it was turned off, and may be on again by now.
        if over.load(Ordering::Acquire) {
            return;
        }
    }
}

/// Waits until it is on, here or by another Callsign.
async fn turned_on(dir: &Path, duty: &watch::Sender<Duty>, turned: &Notify) {
    while !Rules::read(dir).on {
        duty.send_if_modified(|duty| {
            let news = !matches!(duty, Duty::Off);
            *duty = Duty::Off;
            news
        });
        tokio::select! {
            () = turned.notified() => {}
            () = tokio::time::sleep(OFF_LOOK_EVERY) => {}
        }
    }
}

/// Serves until it is to end. A sentence says why it cannot.
async fn serve_once(dir: &Path, duty: &watch::Sender<Duty>) -> Result<(), String> {
    let server = bind(dir).await;
    let server = server.map_err(|error| format!("The server cannot start: {error}. {REMEDY}"))?;
    let address = server.plain_addr();
    write_address(dir, address).map_err(|error| {
        format!("The server's address cannot be written down: {error}. {REMEDY}")
    })?;
    tracing::info!(%address, "serving on this computer");
    duty.send_replace(Duty::Serving(Running {
        address,
        control: server.control(),
        shutdown: server.shutdown_handle(),
    }));
    let served = server.serve().await;
    served.map_err(|error| format!("The server had to stop: {error}. {REMEDY}"))
}

/// Takes the usual port, or a free one; and the data, as soon as whoever had them is gone for good.
async fn bind(dir: &Path) -> Result<Server, BindError> {
    let mut config = Config {
        listen: DEFAULT_LISTEN,
        data: Some(dir.join(DATA)),
        durability: Durability::Disk,
        name: Rules::read(dir).name,
        ..Config::default()
    };
    let latest = Instant::now() + RELEASE;
    loop {
        match Server::bind(config.clone()).await {
            Err(BindError::PortTaken { .. }) if config.listen.port() != 0 => {
                config.listen.set_port(0);
            }
            Err(BindError::Store(StoreError::InUse { .. })) if Instant::now() < latest => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            bound => return bound,
        }
    }
}

fn read_address(dir: &Path) -> io::Result<SocketAddr> {
    let text = std::fs::read_to_string(dir.join(ADDRESS))?;
    text.trim()
        .parse()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// At once, so that nobody reads half of it.
fn write_address(dir: &Path, address: SocketAddr) -> io::Result<()> {
    private::replace(&dir.join(ADDRESS), format!("{address}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_turns_it_off_and_on_again_at_once_is_served() {
        let dir = tempfile::tempdir().expect("a directory");
        let here = Here::new(dir.path().to_owned(), Tap::default());
        here.join().await.expect("served");
        here.turn(false).await.expect("written");
        here.turn(true).await.expect("written");
        let mut duty = here.start().await.expect("a service");
        duty.mark_unchanged();
        let again = async {
            duty.changed().await?;
            let serves = |duty: &Duty| matches!(duty, Duty::Serving(_));
            duty.wait_for(serves).await.map(drop)
        };
        let again = tokio::time::timeout(READY, again).await;
        again.expect("in time").expect("somebody serves");
        here.stop().await;
    }
}
