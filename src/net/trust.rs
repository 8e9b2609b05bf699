//! Whom a client believes to be the server: what the system trusts, a certificate file, or one key.
//!
//! There is no way to skip the check.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::{
    self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Whom to believe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Whoever the system's own certificate authorities vouch for.
    #[default]
    System,
    /// Whoever the certificates in a PEM file vouch for.
    CaFile(PathBuf),
    /// Whoever holds one key, by the SHA-256 of its `SubjectPublicKeyInfo`, base64url without padding: what an
    /// invitation link carries as `fp`. Names and dates of the certificate do not matter then.
    Pinned(String),
}

/// Why what to trust is not usable.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read or holds no certificate.
    #[error("{path} holds no readable certificate in PEM form", path = .path.display())]
    CaFile {
        /// Which one.
        path: PathBuf,
    },
    /// The system names no certificate authority.
    #[error("this system has no certificate authorities that could be read")]
    NoSystemRoots,
    /// The library of ciphers and the versions do not fit.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

impl Trust {
    /// What to connect with.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let config = match self {
            Self::System => builder.with_root_certificates(system_roots()?),
            Self::CaFile(path) => builder.with_root_certificates(file_roots(path)?),
            Self::Pinned(fingerprint) => {
                let verifier = Pinned {
                    fingerprint: fingerprint.clone(),
                    provider,
                };
                let builder = builder.dangerous();
                builder.with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        Ok(Arc::new(config.with_no_client_auth()))
    }
}

fn system_roots() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    // Some of a system's certificates are of old forms; the others do.
    let found = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        return Err(TrustError::NoSystemRoots);
    }
    Ok(roots)
}

fn file_roots(path: &std::path::Path) -> Result<RootCertStore, TrustError> {
    let unreadable = || TrustError::CaFile {
        path: path.to_owned(),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|_| unreadable())? {
        let certificate = certificate.map_err(|_| unreadable())?;
        roots.add(certificate).map_err(|_| unreadable())?;
    }
    if roots.is_empty() {
        return Err(unreadable());
    }
    Ok(roots)
}

/// Believes whoever holds one key.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let (_, certificate) = X509Certificate::from_der(end_entity)
            .map_err(|_| rustls::Error::from(rustls::CertificateError::BadEncoding))?;
        let fingerprint = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(Sha256::digest(certificate.public_key().raw));
        if bool::from(fingerprint.as_bytes().ct_eq(self.fingerprint.as_bytes())) {
            Ok(ServerCertVerified::assertion())
        } else {
            let wrong = rustls::CertificateError::ApplicationVerificationFailure;
            Err(wrong.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
