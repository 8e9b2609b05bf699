//! The address at which others reach this machine where it has not got it itself, as behind a router: what `advertise` says, or what the
//! name leads to that it says. A relay lends that one.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::time::Duration;

use tokio::time::timeout;

use super::config::Advertise;

/// How long a name may be looked up while the server starts.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why it is not known where a name leads.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameError {
    /// Nobody knows the name, or nobody answers.
    #[error("{0} cannot be looked up")]
    Unknown(String, #[source] io::Error),
    /// As a file of the system's own may say of its own name.
    #[error("{0} leads to this machine's loopback alone")]
    Loopback(String),
}

/// The address; none where others reach one of this machine's own. That a name cannot be looked up at a start, as on a machine that
/// has no network yet, does not keep the server from serving.
pub(super) async fn outside(advertise: Option<&Advertise>) -> Option<IpAddr> {
    let name = match advertise? {
        Advertise::Address(address) => return Some(*address),
        Advertise::Name(name) => name.clone(),
    };
    let looking = tokio::task::spawn_blocking({
        let name = name.clone();
        move || look(&name)
    });
    let late = || NameError::Unknown(name, io::ErrorKind::TimedOut.into());
    let found = match timeout(PATIENCE, looking).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) | Err(_) => Err(late()),
    };
    found
        .inspect_err(|error| {
            tracing::warn!(%error, "the relay lends this machine's own addresses: advertise the address at which others reach it");
        })
        .ok()
        .flatten()
}

/// Where a name leads, if not to this machine by an address of its own. Waits for whoever knows names.
pub(super) fn look(name: &str) -> Result<Option<IpAddr>, NameError> {
    let found = (name, 0_u16).to_socket_addrs();
    let found = found.map_err(|error| NameError::Unknown(name.to_owned(), error))?;
    let found: Vec<IpAddr> = found.map(|address| address.ip().to_canonical()).collect();
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let own: Vec<IpAddr> = interfaces
        .into_iter()
        .map(|interface| interface.ip())
        .collect();
    choose(&found, &own).ok_or_else(|| NameError::Loopback(name.to_owned()))
}

/// `None` if nobody else can reach any of them.
fn choose(found: &[IpAddr], own: &[IpAddr]) -> Option<Option<IpAddr>> {
    let reached = |ip: &&IpAddr| !ip.is_loopback() && !ip.is_unspecified();
    let mut reached = found.iter().filter(reached);
    let first = *reached.clone().next()?;
    if reached.clone().any(|ip| own.contains(ip)) {
        return Some(None);
    }
    // Most callers have it, and it is the one that routers translate.
    Some(Some(*reached.find(|ip| ip.is_ipv4()).unwrap_or(&first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_machine_behind_a_router_is_reached_where_its_name_leads() {
        let own = [ip("127.0.0.1"), ip("10.0.0.5")];
        let public = ip("203.0.113.7");
        assert_eq!(choose(&[public], &own), Some(Some(public)));
        assert_eq!(
            choose(&[ip("2001:db8::1"), public], &own),
            Some(Some(public))
        );
        let six = ip("2001:db8::1");
        assert_eq!(choose(&[six], &own), Some(Some(six)));
    }

    #[test]
    fn a_machine_that_has_the_address_of_its_name_lends_its_own() {
        let own = [ip("127.0.0.1"), ip("203.0.113.7")];
        assert_eq!(choose(&[ip("203.0.113.7")], &own), Some(None));
    }

    #[test]
    fn a_name_that_leads_nowhere_is_told() {
        assert_eq!(choose(&[ip("127.0.1.1"), ip("::1")], &[]), None);
        assert_eq!(choose(&[], &[]), None);
        assert!(matches!(look("localhost"), Err(NameError::Loopback(_))));
    }

    #[tokio::test]
    async fn what_is_advertised_as_an_address_is_taken_as_it_is() {
        let advertise = Advertise::Address(ip("203.0.113.7"));
        assert_eq!(outside(Some(&advertise)).await, Some(ip("203.0.113.7")));
        assert_eq!(outside(None).await, None);
        let name = Advertise::Name("localhost".to_owned());
        assert_eq!(outside(Some(&name)).await, None, "it serves all the same");
    }
}
