//! The server on this computer. Of all Callsigns that one user runs on one computer, one serves and the others join it.
//!
//! Who serves is decided by a lock on a file, which the system frees when its holder ends, however it ends; whoever waits for
//! it then serves, with the same data. Where to connect stands in a file beside it. Waiting costs no processor time.

use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::LAST_WORK;
use crate::net::link::{Connect, OpenError, Opening};
use crate::net::private;
use crate::net::ws::Server as Remote;
use crate::protocol::AppId;
use crate::server::config::{DEFAULT_LISTEN, Durability};
use crate::server::{BindError, Config, OpenError as StoreError, Server, ShutdownHandle};

/// Whose holder serves.
const LOCK: &str = "serving.lock";
/// Where the one that serves can be reached: `127.0.0.1:7800`.
const ADDRESS: &str = "address";
/// What the server keeps.
const DATA: &str = "data";

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
}

/// Our own readiness to serve, from the first sign-in here on.
#[derive(Debug)]
struct Service {
    duty: watch::Receiver<Duty>,
    task: JoinHandle<()>,
}

/// How far it is.
#[derive(Clone, Debug)]
enum Duty {
    /// Another process serves, or is about to.
    Waiting,
    /// We have the lock and are about to serve.
    Starting,
    /// We do.
    Serving(ShutdownHandle),
    /// We have the lock, but cannot serve; a sentence.
    Unable(String),
}

impl Here {
    /// Nothing is started yet.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            dir: dir.into(),
            service: Arc::default(),
        }
    }

    /// Waits until somebody serves here, if need be we. A sentence says why nobody does.
    pub(super) async fn join(&self) -> Result<Joined, String> {
        let duty = self.start().await?;
        let latest = Instant::now() + READY;
        loop {
            let now = duty.borrow().clone();
            match now {
                Duty::Serving(_) => return Ok(Joined(Arc::clone(&self.dir))),
                Duty::Unable(why) => return Err(why),
                // What stands in the file is of the last one that served.
                Duty::Starting => {}
                Duty::Waiting => {
                    if let Ok(address) = read_address(&self.dir)
                        && TcpStream::connect(address).await.is_ok()
                    {
                        return Ok(Joined(Arc::clone(&self.dir)));
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

    /// Comes back when we serve, be it at once or because whoever did has gone; never, if we do not.
    pub(super) async fn took_over(&self) {
        let duty = {
            let service = self.service.lock().await;
            service.as_ref().map(|service| service.duty.clone())
        };
        if let Some(mut duty) = duty
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
        let duty = service.duty.borrow().clone();
        if let Duty::Serving(shutdown) = duty {
            shutdown.shutdown();
            // Its own panic has been told already. What is not kept by then was not acknowledged either.
            drop(tokio::time::timeout(LAST_WORK, service.task).await);
        } else {
            service.task.abort();
        }
    }

    /// Makes us ready to serve; a service that could not is tried anew.
    async fn start(&self) -> Result<watch::Receiver<Duty>, String> {
        let mut service = self.service.lock().await;
        let running = service.take().filter(|service| !service.task.is_finished());
        let running = match running {
            Some(running) => running,
            None => {
                let lock = Lock::ask(&self.dir).map_err(|error| {
                    let dir = self.dir.display();
                    format!("The folder {dir} cannot be used: {error}.")
                })?;
                let first = match lock {
                    Lock::Ours(_) => Duty::Starting,
                    Lock::Waiting(_) => Duty::Waiting,
                };
                let (duty_tx, duty) = watch::channel(first);
                let task = tokio::spawn(serve(Arc::clone(&self.dir), lock, duty_tx));
                Service { duty, task }
            }
        };
        Ok(service.insert(running).duty.clone())
    }
}

/// A server on this computer that runs. Each link goes to whoever serves at that time.
#[derive(Debug)]
pub(super) struct Joined(Arc<Path>);

impl Connect for Joined {
    fn connect<'a>(&'a self, app: &'a AppId) -> Opening<'a> {
        Box::pin(async move {
            let address = read_address(&self.0).map_err(|_| OpenError::NoServer)?;
            let server = Remote::at(&format!("ws://{address}")).map_err(|_| OpenError::NoServer)?;
            server.connect(app).await
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
async fn serve(dir: Arc<Path>, lock: Lock, duty: watch::Sender<Duty>) {
    let _held = match lock.held().await {
        Some(Ok(file)) => file,
        Some(Err(error)) => {
            duty.send_replace(Duty::Unable(format!("The server cannot start: {error}.")));
            return;
        }
        None => return,
    };
    // Nobody may take a stranger at the old address for us.
    drop(std::fs::remove_file(dir.join(ADDRESS)));
    duty.send_replace(Duty::Starting);
    let server = match bind(&dir).await {
        Ok(server) => server,
        Err(error) => {
            tracing::warn!(%error, "the server on this computer cannot start");
            duty.send_replace(Duty::Unable(format!("The server cannot start: {error}.")));
            return;
        }
    };
    let shutdown = server.shutdown_handle();
    if let Err(error) = write_address(&dir, server.plain_addr()) {
        let why = format!("The server's address cannot be written down: {error}.");
        duty.send_replace(Duty::Unable(why));
        return;
    }
    tracing::info!(address = %server.plain_addr(), "serving on this computer");
    duty.send_replace(Duty::Serving(shutdown));
    if let Err(error) = server.serve().await {
        tracing::error!(%error, "the server on this computer had to stop");
        duty.send_replace(Duty::Unable(format!("The server had to stop: {error}.")));
    }
}

/// Takes the usual port, or a free one; and the data, as soon as whoever had them is gone for good.
async fn bind(dir: &Path) -> Result<Server, BindError> {
    let mut config = Config {
        listen: DEFAULT_LISTEN,
        data: Some(dir.join(DATA)),
        durability: Durability::Disk,
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
