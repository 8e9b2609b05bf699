//! The way to the sound server, and which devices it has.

use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

use pulseaudio::{Client, ClientError};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long the server may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The length of the cookie by which a sound server knows its user, in bytes.
const COOKIE: usize = 256;

/// A device that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// By which it is chosen.
    pub name: String,
    /// For people.
    pub description: String,
    /// Whether it is a microphone; else it is a speaker.
    pub microphone: bool,
    /// Whether the system prefers it.
    pub preferred: bool,
}

/// Why there is no list of devices.
#[derive(Debug, thiserror::Error)]
pub enum PulseError {
    /// There is no sound server, or it said no.
    #[error("the sound server cannot be used")]
    Server(#[from] ClientError),
    /// It does not answer.
    #[error("the sound server does not answer")]
    Silent,
}

/// All devices that there are, without the monitors of speakers.
pub async fn devices() -> Result<Vec<Found>, PulseError> {
    let client = connect().await?;
    let listed = async {
        let server = client.server_info().await?;
        let (sinks, sources) = (client.list_sinks().await?, client.list_sources().await?);
        let name = |name: &CString| name.to_string_lossy().into_owned();
        let speakers = sinks.iter().map(|sink| Found {
            name: name(&sink.name),
            description: name(sink.description.as_ref().unwrap_or(&sink.name)),
            microphone: false,
            preferred: server.default_sink_name.as_ref() == Some(&sink.name),
        });
        let microphones = sources
            .iter()
            .filter(|source| source.monitor_of_sink_index.is_none())
            .map(|source| Found {
                name: name(&source.name),
                description: name(source.description.as_ref().unwrap_or(&source.name)),
                microphone: true,
                preferred: server.default_source_name.as_ref() == Some(&source.name),
            });
        Ok(speakers.chain(microphones).collect())
    };
    timeout(PATIENCE, listed)
        .await
        .unwrap_or(Err(PulseError::Silent))
}

/// A link to the sound server. No thread of the runtime waits for one that does not answer.
///
/// # Errors
/// There is none, it says no, or it does not answer within two seconds.
pub async fn connect() -> Result<Client, PulseError> {
    let path = pulseaudio::socket_path_from_env().ok_or(ClientError::ServerUnavailable)?;
    connect_to(&path).await
}

async fn connect_to(path: &Path) -> Result<Client, PulseError> {
    // Where too many wait already this fails, and does not wait as well.
    let socket = UnixStream::connect(path).await.map_err(ClientError::from)?;
    let socket = socket.into_std().map_err(ClientError::from)?;
    let greeted = tokio::task::spawn_blocking(|| greet(socket));
    match timeout(PATIENCE, greeted).await {
        Ok(Ok(client)) => Ok(client?),
        Ok(Err(_)) | Err(_) => Err(PulseError::Silent),
    }
}

/// Says who we are, and waits for the answer.
fn greet(socket: std::os::unix::net::UnixStream) -> Result<Client, ClientError> {
    socket.set_nonblocking(false)?;
    // A thread that nobody waits for any more must end as well.
    socket.set_read_timeout(Some(2 * PATIENCE))?;
    socket.set_write_timeout(Some(2 * PATIENCE))?;
    let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
    // A server that asks for none still wants one of the right length.
    let cookie = cookie.unwrap_or_else(|| vec![0; COOKIE]);
    Client::new_unix(c"Callsign", socket, Some(cookie))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// On the only thread that there is.
    #[tokio::test]
    async fn a_sound_server_that_does_not_answer_keeps_nothing_else_waiting() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("silent");
        let _silent = UnixListener::bind(&path).expect("a socket");
        let mut turns = 0;
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        let mut connecting = std::pin::pin!(connect_to(&path));
        let answer = loop {
            tokio::select! {
                answer = &mut connecting => break answer,
                _ = tick.tick() => turns += 1,
            }
        };
        assert!(matches!(answer, Err(PulseError::Silent)));
        assert!(turns > 20, "{turns} turns of others meanwhile");
    }
}
