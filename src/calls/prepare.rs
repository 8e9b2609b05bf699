//! What is made before a call is answered, since it takes tens of milliseconds: sockets, and the description that names them.

use std::io;
use std::time::Instant;

use super::NoSound;
use crate::protocol::IceServer;
use crate::voice::link::{GATHER, Link, Policy, Scope};
use crate::voice::peer::{Peer, Reach, SdpError};

/// By which ways a call may go.
#[derive(Clone)]
pub(super) struct Ways {
    pub(super) scope: Scope,
    pub(super) policy: Policy,
    pub(super) ice: Vec<IceServer>,
}

/// Why there is nothing to call with.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The system gives no socket.
    #[error("this computer has no network for the sound of a call: {0}")]
    Sockets(#[from] io::Error),
    /// It was to go through a relay alone, and none lends an address.
    #[error("no relay lends an address, and calls are to go through one alone")]
    NoRelay,
    /// No description was made.
    #[error("the sound of a call could not be prepared")]
    Description,
}

/// One side of a call, ready to be connected.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) peer: Peer,
    pub(super) link: Link,
    /// Our offer, or our answer.
    pub(super) sdp: String,
}

/// For somebody who is to be called.
pub(super) async fn offer(ways: Ways) -> Result<Prepared, PrepareError> {
    let (link, reach) = sockets(ways).await?;
    let (peer, sdp) = apart(move || Peer::offer(Instant::now(), &reach))
        .await?
        .map_err(|_| PrepareError::Description)?;
    Ok(Prepared { peer, link, sdp })
}

/// For somebody who calls with this offer.
pub(super) async fn answer(ways: Ways, offer: String) -> Result<Prepared, NoSound> {
    let (link, reach) = sockets(ways).await?;
    let (peer, sdp) = apart(move || Peer::answer(Instant::now(), &reach, &offer))
        .await?
        .map_err(NoSound::Unfit)?;
    Ok(Prepared { peer, link, sdp })
}

/// The sockets, and where they are reached: by themselves, and by what servers tell within a short time.
async fn sockets(ways: Ways) -> Result<(Link, Vec<Reach>), PrepareError> {
    let mut link = Link::everywhere(ways.scope).await?;
    link.gather(&ways.ice, ways.policy, GATHER).await;
    let reach = link.reach();
    if reach.is_empty() && ways.policy == Policy::RelayOnly {
        return Err(PrepareError::NoRelay);
    }
    Ok((link, reach))
}

/// Keys are made and numbers multiplied: nothing else must wait for that.
async fn apart(
    make: impl FnOnce() -> Result<(Peer, String), SdpError> + Send + 'static,
) -> Result<Result<(Peer, String), SdpError>, PrepareError> {
    tokio::task::spawn_blocking(make)
        .await
        .map_err(|_| PrepareError::Description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_hides_calls_through_a_relay_or_not_at_all() {
        let ways = |policy| Ways {
            scope: Scope::ThisComputerToo,
            policy,
            ice: Vec::new(),
        };
        let open = offer(ways(Policy::Any)).await.expect("an offer");
        assert!(open.sdp.contains("a=candidate"), "{}", open.sdp);
        let hidden = offer(ways(Policy::RelayOnly)).await;
        assert!(matches!(hidden, Err(PrepareError::NoRelay)), "{hidden:?}");
        let hidden = answer(ways(Policy::RelayOnly), open.sdp).await;
        assert!(
            matches!(hidden, Err(NoSound::Here(PrepareError::NoRelay))),
            "{hidden:?}"
        );
    }
}
