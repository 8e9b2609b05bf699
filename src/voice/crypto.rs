//! What the way to the other side encrypts with: DTLS of `dimpl`, ciphers in Rust, certificates by `rcgen`.
//!
//! The provider that comes with the WebRTC library turns a feature of `dimpl` on that builds a second library of ciphers in
//! C, for its certificates alone. Everything else here is as it is there.

mod srtp;

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use str0m_proto::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion,
};
use str0m_proto::crypto::{
    CryptoError, CryptoProvider, DtlsVersion, Sha1HmacProvider, Sha256Provider,
};

/// For every call of this process. It keeps no secret.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        Arc::new(CryptoProvider {
            srtp_provider: &srtp::Srtp,
            sha1_hmac_provider: &Hashes,
            sha256_provider: &Hashes,
            dtls_provider: &Dtls,
        })
    });
    Arc::clone(&PROVIDER)
}

#[derive(Debug)]
struct Hashes;

impl Sha1HmacProvider for Hashes {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("a key of any length");
        for payload in payloads {
            mac.update(payload);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Sha256Provider for Hashes {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Sha256::digest(data).into()
    }
}

#[derive(Debug)]
struct Dtls;

impl DtlsProvider for Dtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        match certificate() {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::error!(%error, "no certificate for a call");
                None
            }
        }
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        dtls_version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        // That the other side is where it says is known from ICE: a cookie would only cost a round trip.
        let mut config = dimpl::Config::builder().use_server_cookie(false);
        if let Some(mtu) = mtu {
            config = config.mtu(mtu);
        }
        let config = config.build().map_err(CryptoError::DtlsImpl)?;
        let (config, cert) = (Arc::new(config), cert.clone());
        let dtls = match dtls_version {
            DtlsVersion::Dtls12 => dimpl::Dtls::new_12(config, cert, now),
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, cert, now),
            DtlsVersion::Auto => dimpl::Dtls::new_auto(config, cert, now),
            other => return Err(CryptoError::Other(format!("{other} is not known"))),
        };
        Ok(Box::new(Instance(dtls)))
    }
}

/// A key of its own for each call, and the certificate that shows it. The other side knows its fingerprint from signaling,
/// and looks at nothing else.
fn certificate() -> Result<DtlsCert, rcgen::Error> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut params = rcgen::CertificateParams::new(Vec::new())?;
    params.is_ca = rcgen::IsCa::NoCa;
    params.distinguished_name = rcgen::DistinguishedName::new();
    // Some browsers want a name, which must tell nobody anything.
    let name = rcgen::DnType::CommonName;
    params.distinguished_name.push(name, "WebRTC");
    let certificate = params.self_signed(&key)?;
    Ok(DtlsCert {
        certificate: certificate.der().to_vec(),
        private_key: key.serialize_der(),
    })
}

/// The handshake of one call.
#[derive(Debug)]
struct Instance(dimpl::Dtls);

impl DtlsInstance for Instance {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<(), DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_code_is_that_of_rfc_2202() {
        let code = Hashes.sha1_hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(code[..4], [0xef, 0xfc, 0xdf, 0x6a]);
        assert_eq!(code[16..], [0x25, 0x9a, 0x7c, 0x79]);
    }

    #[test]
    fn each_call_has_a_key_of_its_own() {
        let make = || Dtls.generate_certificate().expect("a certificate");
        let (one, other) = (make(), make());
        assert_ne!(one.certificate, other.certificate);
        assert_ne!(one.private_key, other.private_key);
    }
}
