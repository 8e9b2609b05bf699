//! Who this server is to a TLS client: its certificate and key, from files or made here.
//!
//! A self-signed identity lives in a directory as `cert.pem` and `key.pem`. Its certificate is issued anew, always with the
//! same key, when it lacks a name or runs out soon; its [`Identity::fingerprint`] is that of the key alone and so stays the
//! same. A certificate that was not made here is never touched.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::{self, ServerConfig};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The file name of the certificate (chain) within its directory.
pub const CERT_FILE: &str = "cert.pem";
/// The file name of the key within its directory.
pub const KEY_FILE: &str = "key.pem";
/// How long a certificate made here is good: under the 825 days beyond which some systems refuse one.
pub const VALIDITY: Duration = Duration::from_secs(800 * DAY_S);
/// A certificate made here that has less than this left is issued anew.
pub const RENEW_BEFORE: Duration = Duration::from_secs(30 * DAY_S);

const DAY_S: u64 = 24 * 3600;
/// By this common name we know a certificate as ours.
const COMMON_NAME: &str = "callsign-server self-signed";

/// Why there is no usable TLS identity.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}", path = .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or directory cannot be written.
    #[error("cannot write {path}", path = .path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that should hold a certificate in PEM form does not.
    #[error("{path} holds no readable certificate in PEM form", path = .path.display())]
    NoCertificate {
        /// Which one.
        path: PathBuf,
    },
    /// A file that should hold a private key in PEM form does not.
    #[error("{path} holds no readable private key in PEM form", path = .path.display())]
    NoKey {
        /// Which one.
        path: PathBuf,
    },
    /// Certificate and key belong to different pairs, or are of a kind that is not supported.
    #[error("the certificate and the key cannot be used together")]
    Pair(#[source] rustls::Error),
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The names and addresses it is for, each as text.
    pub names: HashSet<String>,
    /// From when it is good, in seconds since the Unix epoch.
    pub not_before_s: i64,
    /// Until when.
    pub not_after_s: i64,
    /// Whether it is a self-signed one that was made here.
    pub ours: bool,
    /// SHA-256 of its `SubjectPublicKeyInfo`, base64url without padding.
    pub fingerprint: String,
}

/// A certificate with its key, ready to serve.
#[derive(Clone, Debug)]
pub struct Identity {
    config: Arc<ServerConfig>,
    facts: CertificateFacts,
}

impl Identity {
    /// The identity in an operator's own files, as they are.
    ///
    /// # Errors
    /// The files cannot be read, are no PEM, or do not belong together.
    pub fn from_files(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::from_pem(&read(cert)?, cert, &read(key)?, key)
    }

    /// The self-signed identity kept in a directory: made if there is none, its certificate issued anew with the same key
    /// if it lacks one of `names` or runs out within [`RENEW_BEFORE`]. A certificate made elsewhere is used as it is.
    ///
    /// # Errors
    /// Files that cannot be read or written, or do not belong together.
    pub fn kept_in(dir: &Path, names: &[String], now_s: u64) -> Result<Self, TlsError> {
        let (cert_path, key_path) = (dir.join(CERT_FILE), dir.join(KEY_FILE));
        let cert = read_if_any(&cert_path)?;
        let key = read_if_any(&key_path)?;
        if let Some(cert) = &cert {
            let facts = facts_of_pem(cert, &cert_path)?;
            if !facts.ours || (key.is_some() && facts.serves(names, now_s)) {
                return Self::from_files(&cert_path, &key_path);
            }
        }
        super::private::make_directory(dir).map_err(|source| TlsError::Write {
            path: dir.to_owned(),
            source,
        })?;
        let pair = match key {
            Some(pem) => std::str::from_utf8(&pem)
                .ok()
                .and_then(|pem| KeyPair::from_pem(pem).ok())
                .ok_or_else(|| TlsError::NoKey {
                    path: key_path.clone(),
                })?,
            None => {
                let pair = KeyPair::generate()?;
                super::private::replace(&key_path, pair.serialize_pem().as_bytes())
                    .map_err(write_error(&key_path))?;
                pair
            }
        };
        let cert_pem = issue(names, now_s, &pair)?.pem();
        super::private::replace_public(&cert_path, cert_pem.as_bytes())
            .map_err(write_error(&cert_path))?;
        Self::from_files(&cert_path, &key_path)
    }

    /// A self-signed identity that is gone with the process.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn in_memory(names: &[String], now_s: u64) -> Result<Self, TlsError> {
        let pair = KeyPair::generate()?;
        let cert = issue(names, now_s, &pair)?.pem();
        let nowhere = Path::new("the certificate in memory");
        Self::from_pem(
            cert.as_bytes(),
            nowhere,
            pair.serialize_pem().as_bytes(),
            nowhere,
        )
    }

    /// What to serve TLS 1.2 and 1.3 with. No client certificate is asked for.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// SHA-256 of the certificate's `SubjectPublicKeyInfo`, base64url without padding. It survives a new certificate for
    /// the same key, so links may pin it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.facts.fingerprint
    }

    /// What the certificate says.
    #[must_use]
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    fn from_pem(
        cert: &[u8],
        cert_path: &Path,
        key: &[u8],
        key_path: &Path,
    ) -> Result<Self, TlsError> {
        let facts = facts_of_pem(cert, cert_path)?;
        let chain = chain_of(cert, cert_path)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey {
            path: key_path.to_owned(),
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(TlsError::Pair)?;
        Ok(Self {
            config: Arc::new(config),
            facts,
        })
    }
}

impl CertificateFacts {
    /// The names of a list that the certificate is not for. A wildcard stands for one label.
    #[must_use]
    pub fn missing<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let has = |name: &str| {
            self.names.contains(name)
                || name
                    .split_once('.')
                    .is_some_and(|(_, rest)| self.names.contains(&format!("*.{rest}")))
        };
        names
            .iter()
            .map(String::as_str)
            .filter(|name| !has(name))
            .collect()
    }

    /// Whether it is good at a time, in seconds since the Unix epoch.
    #[must_use]
    pub fn is_good_at(&self, now_s: u64) -> bool {
        let now = i64::try_from(now_s).unwrap_or(i64::MAX);
        self.not_before_s <= now && now < self.not_after_s
    }

    fn serves(&self, names: &[String], now_s: u64) -> bool {
        self.missing(names).is_empty()
            && self.is_good_at(now_s)
            && self.is_good_at(now_s.saturating_add(RENEW_BEFORE.as_secs()))
    }
}

fn issue(names: &[String], now_s: u64, key: &KeyPair) -> Result<rcgen::Certificate, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    // From yesterday on, so that clients whose clock is behind take it.
    params.not_before = epoch + Duration::from_secs(now_s.saturating_sub(DAY_S));
    params.not_after = epoch + Duration::from_secs(now_s) + VALIDITY;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, COMMON_NAME);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.self_signed(key)
}

fn chain_of(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::NoCertificate {
            path: path.to_owned(),
        })?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}

fn facts_of_pem(pem: &[u8], path: &Path) -> Result<CertificateFacts, TlsError> {
    chain_of(pem, path)?
        .first()
        .and_then(|der| facts_of_der(der))
        .ok_or_else(|| TlsError::NoCertificate {
            path: path.to_owned(),
        })
}

fn facts_of_der(der: &[u8]) -> Option<CertificateFacts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let mut names = HashSet::new();
    if let Ok(Some(list)) = certificate.subject_alternative_name() {
        for name in &list.value.general_names {
            if let GeneralName::DNSName(name) = name {
                names.insert((*name).to_owned());
            } else if let GeneralName::IPAddress(bytes) = name {
                names.extend(ip_from(bytes).map(|address| address.to_string()));
            }
        }
    }
    let common_name = |name: &x509_parser::x509::X509Name<'_>| {
        name.iter_common_name()
            .next()
            .and_then(|part| part.as_str().ok())
            == Some(COMMON_NAME)
    };
    Some(CertificateFacts {
        names,
        not_before_s: certificate.validity().not_before.timestamp(),
        not_after_s: certificate.validity().not_after.timestamp(),
        ours: common_name(certificate.subject()) && common_name(certificate.issuer()),
        fingerprint: base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(Sha256::digest(certificate.public_key().raw)),
    })
}

fn ip_from(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let sixteen = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| sixteen()).ok()
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

fn read_if_any(path: &Path) -> Result<Option<Vec<u8>>, TlsError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TlsError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::Write { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_700_000_000;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_first_start_makes_a_key_for_its_owner_and_a_certificate_with_the_names() {
        let dir = tempfile::tempdir().expect("a directory");
        let tls = dir.path().join("tls");
        let wanted = names(&[
            "localhost",
            "127.0.0.1",
            "::1",
            "127-0-0-1-sig-web.agora.io",
        ]);
        let identity = Identity::kept_in(&tls, &wanted, NOW_S).expect("made");
        assert!(identity.facts().missing(&wanted).is_empty());
        assert!(identity.facts().ours);
        assert!(identity.facts().is_good_at(NOW_S));
        assert!(!identity.facts().is_good_at(NOW_S + VALIDITY.as_secs()));
        if cfg!(unix) {
            let mode = |path: &Path| super::super::private::mode(path).expect("read");
            assert_eq!(mode(&tls), Some(0o700));
            assert_eq!(mode(&tls.join(KEY_FILE)), Some(0o600));
        }
    }

    #[test]
    fn the_same_certificate_is_used_while_it_is_good() {
        let dir = tempfile::tempdir().expect("a directory");
        let wanted = names(&["localhost"]);
        Identity::kept_in(dir.path(), &wanted, NOW_S).expect("made");
        let before = fs::read(dir.path().join(CERT_FILE)).expect("read");
        Identity::kept_in(dir.path(), &wanted, NOW_S + 3600).expect("kept");
        assert_eq!(before, fs::read(dir.path().join(CERT_FILE)).expect("read"));
    }

    #[test]
    fn a_missing_name_or_a_near_end_brings_a_new_certificate_for_the_same_key() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = Identity::kept_in(dir.path(), &names(&["localhost"]), NOW_S).expect("made");
        let wanted = names(&["localhost", "192.0.2.7"]);
        let second = Identity::kept_in(dir.path(), &wanted, NOW_S).expect("made");
        assert!(second.facts().missing(&wanted).is_empty());
        assert_eq!(first.fingerprint(), second.fingerprint());

        let late_s = NOW_S + (VALIDITY - RENEW_BEFORE).as_secs() + 1;
        let third = Identity::kept_in(dir.path(), &wanted, late_s).expect("made");
        assert!(third.facts().not_after_s > second.facts().not_after_s);
        assert_eq!(first.fingerprint(), third.fingerprint());
    }

    #[test]
    fn a_certificate_made_elsewhere_is_never_touched() {
        let dir = tempfile::tempdir().expect("a directory");
        let pair = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(names(&["sig.example.org"])).expect("names");
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        let pem = params.self_signed(&pair).expect("made").pem();
        fs::write(dir.path().join(CERT_FILE), &pem).expect("written");
        let error = Identity::kept_in(dir.path(), &names(&["localhost"]), NOW_S);
        assert!(
            matches!(error, Err(TlsError::Read { .. })),
            "its key is missing: {error:?}"
        );
        fs::write(dir.path().join(KEY_FILE), pair.serialize_pem()).expect("written");
        let identity = Identity::kept_in(dir.path(), &names(&["localhost"]), NOW_S).expect("used");
        assert!(!identity.facts().ours);
        let kept = fs::read_to_string(dir.path().join(CERT_FILE)).expect("read");
        assert_eq!(kept, pem);
    }

    #[test]
    fn a_lost_certificate_comes_back_for_the_same_key_and_a_lost_key_is_made_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let wanted = names(&["localhost"]);
        let first = Identity::kept_in(dir.path(), &wanted, NOW_S).expect("made");
        fs::remove_file(dir.path().join(CERT_FILE)).expect("removed");
        let second = Identity::kept_in(dir.path(), &wanted, NOW_S).expect("made");
        assert_eq!(first.fingerprint(), second.fingerprint());
        fs::remove_file(dir.path().join(KEY_FILE)).expect("removed");
        let third = Identity::kept_in(dir.path(), &wanted, NOW_S).expect("made");
        assert_ne!(first.fingerprint(), third.fingerprint());
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused_with_the_reason() {
        let dir = tempfile::tempdir().expect("a directory");
        Identity::kept_in(dir.path(), &names(&["localhost"]), NOW_S).expect("made");
        let (cert, key) = (dir.path().join(CERT_FILE), dir.path().join(KEY_FILE));
        let other = KeyPair::generate().expect("a key").serialize_pem();
        fs::write(&key, other).expect("written");
        let pair = Identity::from_files(&cert, &key);
        assert!(matches!(pair, Err(TlsError::Pair(_))), "{pair:?}");
        let swapped = Identity::from_files(&key, &cert);
        assert!(
            matches!(swapped, Err(TlsError::NoCertificate { .. })),
            "{swapped:?}"
        );
        let no_key = Identity::from_files(&cert, &cert);
        assert!(matches!(no_key, Err(TlsError::NoKey { .. })), "{no_key:?}");
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let facts = CertificateFacts {
            names: HashSet::from(["*.example.org".to_owned()]),
            not_before_s: 0,
            not_after_s: 1,
            ours: false,
            fingerprint: String::new(),
        };
        let wanted = names(&["sig.example.org", "a.sig.example.org"]);
        assert_eq!(facts.missing(&wanted), ["a.sig.example.org"]);
    }
}
