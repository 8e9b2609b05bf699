//! Names that expire, and their passwords: the convention of "A REST API for access to TURN services". The name says until
//! when it is good and for whom; the password is its HMAC. So whoever has the secret can check both, and nothing is kept.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::is_any;
use crate::protocol::{Account, AppId, IceServer};
use crate::server::config::{Advertise, url_host};

/// For how long a credential opens new allocations: a day, as the convention has it. What is allocated may be kept longer.
pub(super) const TTL_S: u64 = 24 * 3600;
/// For how long a nonce is good: an hour (RFC 8656 §5 has it "at least once an hour").
const NONCE_S: u64 = 3600;
/// How many bytes of a hash tell accounts and nonces apart.
const MARK: usize = 12;

/// What names and nonces are checked by. New at each start, like the sessions that were given them.
#[derive(Clone)]
pub(in crate::server) struct Secret([u8; 32]);

/// A name that is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Who it is, in a word that tells nothing of the account.
    pub(super) user: String,
    /// Until when the name opens allocations, in seconds since the Unix epoch.
    pub(super) until_s: u64,
}

/// Hands out credentials.
#[derive(Clone, Debug)]
pub(in crate::server) struct Grants {
    secret: Secret,
    /// Where the relay listens; the address where it does not listen on all.
    at: SocketAddr,
    advertise: Option<Advertise>,
}

impl Secret {
    pub(in crate::server) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The name of an account. The account itself would be read by everybody on the way, so it is a hash.
    pub(super) fn name(&self, app: &AppId, account: &Account, until_s: u64) -> String {
        let (app, account) = (app.as_str(), account.as_str());
        let mark = self.hash(&[b"user", app.as_bytes(), &[0], account.as_bytes()]);
        format!("{until_s}:{mark}")
    }

    pub(super) fn password(&self, name: &str) -> String {
        let mut mac =
            Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(name.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// What a name says. Whether it is ours is told by the password alone.
    pub(super) fn read(name: &str) -> Option<Named> {
        let (until, user) = name.split_once(':')?;
        Some(Named {
            user: user.to_owned(),
            until_s: until.parse().ok()?,
        })
    }

    /// What a client has to repeat, so that what it signs cannot be sent by another, or much later.
    pub(super) fn nonce(&self, client: SocketAddr, now_s: u64) -> String {
        format!("{now_s:x}-{}", self.mark(client, now_s))
    }

    /// Whether a nonce is ours, for this client, and not too old.
    pub(super) fn is_fresh(&self, nonce: &str, client: SocketAddr, now_s: u64) -> bool {
        let Some((then, mark)) = nonce.split_once('-') else {
            return false;
        };
        let Ok(then_s) = u64::from_str_radix(then, 16) else {
            return false;
        };
        let ours = self.mark(client, then_s);
        bool::from(ours.as_bytes().ct_eq(mark.as_bytes())) && now_s.saturating_sub(then_s) < NONCE_S
    }

    fn mark(&self, client: SocketAddr, then_s: u64) -> String {
        self.hash(&[
            b"nonce",
            client.to_string().as_bytes(),
            &then_s.to_be_bytes(),
        ])
    }

    fn hash(&self, parts: &[&[u8]]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(part);
        }
        URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..MARK])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Grants {
    pub(in crate::server) fn new(
        secret: Secret,
        at: SocketAddr,
        advertise: Option<Advertise>,
    ) -> Self {
        Self {
            secret,
            at,
            advertise,
        }
    }

    /// What an account is told that reached us at this address of ours.
    pub(in crate::server) fn ice(
        &self,
        reached: IpAddr,
        app: &AppId,
        account: &Account,
        now_ms: u64,
    ) -> IceServer {
        let host = match &self.advertise {
            Some(told) => told.url_host(),
            None if is_any(self.at.ip()) => url_host(reached.to_canonical()),
            None => url_host(self.at.ip()),
        };
        let port = self.at.port();
        let username = self.secret.name(app, account, now_ms / 1000 + TTL_S);
        IceServer {
            urls: vec![
                format!("stun:{host}:{port}"),
                format!("turn:{host}:{port}?transport=udp"),
            ],
            credential: self.secret.password(&username),
            username,
            ttl: TTL_S,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new([7; 32])
    }

    #[test]
    fn a_name_tells_nothing_of_the_account_and_is_the_same_each_time() {
        let (app, other) = ["one", "two"]
            .map(|app| AppId::try_from(app).expect("an app"))
            .into();
        let alice = Account::try_from("alice").expect("an account");
        let name = secret().name(&app, &alice, 1_700_000_000);
        assert!(
            name.starts_with("1700000000:") && !name.contains("alice"),
            "{name}"
        );
        assert_eq!(name, secret().name(&app, &alice, 1_700_000_000));
        let user = |name: &str| Secret::read(name).expect("a name").user;
        assert_ne!(
            user(&name),
            user(&secret().name(&other, &alice, 1_700_000_000))
        );
        assert_ne!(
            secret().password(&name),
            Secret::new([8; 32]).password(&name)
        );
    }

    #[test]
    fn a_nonce_is_for_one_client_and_an_hour() {
        let client: SocketAddr = "192.0.2.1:5000".parse().expect("an address");
        let other: SocketAddr = "192.0.2.1:5001".parse().expect("an address");
        let nonce = secret().nonce(client, 1_000_000);
        assert!(secret().is_fresh(&nonce, client, 1_000_010));
        assert!(!secret().is_fresh(&nonce, other, 1_000_010));
        assert!(!secret().is_fresh(&nonce, client, 1_003_600));
        for wrong in ["", "-", "zz-zz", "f4240-", "f4240"] {
            assert!(!secret().is_fresh(wrong, client, 1_000_000), "{wrong}");
        }
    }

    #[test]
    fn urls_name_the_host_that_is_told_or_was_reached() {
        let ice = |at: &str, advertise: Option<&str>| {
            let advertise = advertise.map(|host| host.parse().expect("a host"));
            let grants = Grants::new(secret(), at.parse().expect("an address"), advertise);
            let app = AppId::try_from("one").expect("an app");
            let alice = Account::try_from("alice").expect("an account");
            let reached = "::ffff:192.0.2.7".parse().expect("an address");
            let server = grants.ice(reached, &app, &alice, 1_000);
            assert!(!format!("{grants:?} {server:?}").contains(&server.credential));
            assert!(server.username.starts_with("86401:"), "{}", server.username);
            server.urls
        };
        assert_eq!(
            ice("0.0.0.0:3478", None),
            ["stun:192.0.2.7:3478", "turn:192.0.2.7:3478?transport=udp"]
        );
        assert_eq!(ice("[2001:db8::1]:1", None)[0], "stun:[2001:db8::1]:1");
        assert_eq!(
            ice("0.0.0.0:1", Some("t.example.org"))[0],
            "stun:t.example.org:1"
        );
    }
}
