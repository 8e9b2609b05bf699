//! `serve`: runs the server until a signal.

use std::io::{self, Write as _};
use std::time::Duration;

use super::{doctor, open_files};
use crate::server::config::{Config, ConfigArgs, ConfigError};
use crate::server::{BindError, ServeError, Server, ShutdownHandle};

/// The exit code after a second signal, as of a program that was interrupted.
const AT_ONCE: i32 = 130;
/// Signals within so long of the first are the same wish.
const SAME_SIGNAL: Duration = Duration::from_millis(500);
/// How long work that cannot be broken off, such as the exchange of an invitation, may go on when all else has ended.
const LAST_WORK: Duration = Duration::from_secs(1);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("the system does not let us have threads, sockets or signals")]
    System(#[source] io::Error),
    #[error("the ready line cannot be written to stdout")]
    Ready(#[source] io::Error),
}

pub(super) fn run(args: ConfigArgs) -> Result<(), Error> {
    let file = args.config.clone();
    let config = Config::load(args)?;
    let exposed = doctor::exposed(&config, file.as_deref());
    for warning in config.dangers().into_iter().chain(exposed) {
        tracing::warn!("{warning}");
    }
    open_files::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::System)?;
    let result = runtime.block_on(serve(config));
    runtime.shutdown_timeout(LAST_WORK);
    result
}

async fn serve(config: Config) -> Result<(), Error> {
    let mut signals = Signals::listen().map_err(Error::System)?;
    // A start may wait: for a lock on the database, or for much data.
    let server = tokio::select! {
        bound = Server::bind(config) => bound?,
        () = signals.next() => {
            tracing::info!("stopped before it was ready");
            return Ok(());
        }
    };
    tracing::info!(
        plain = %server.plain_addr(),
        tls = %server.tls_addr(),
        fingerprint = server.identity().fingerprint(),
        "serving"
    );
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", server.ready_line())
        .and_then(|()| stdout.flush())
        .map_err(Error::Ready)?;
    drop(stdout);

    let shutdown: ShutdownHandle = server.shutdown_handle();
    let watch = tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping in good order; another signal stops at once");
        shutdown.shutdown();
        // Tools that end a program often send their signal twice at once: to it, and to its group.
        tokio::time::sleep(SAME_SIGNAL).await;
        signals.forget();
        signals.next().await;
        tracing::warn!("stopping at once");
        std::process::exit(AT_ONCE);
    });
    let served = server.serve().await;
    watch.abort();
    served?;
    tracing::info!("stopped");
    Ok(())
}

/// The signals that ask a program to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// The terminal is gone. Nothing is read anew.
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    /// From here on they no longer end the process by themselves.
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    /// Takes back what came unheard.
    #[cfg(unix)]
    fn forget(&mut self) {
        use std::task::{Context, Waker};
        let mut context = Context::from_waker(Waker::noop());
        for signal in [&mut self.terminate, &mut self.interrupt, &mut self.hangup] {
            while signal.poll_recv(&mut context).is_ready() {}
        }
    }

    #[cfg(not(unix))]
    fn forget(&mut self) {}

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals nobody can ask; the server runs on.
            std::future::pending::<()>().await;
        }
    }
}
