//! SignalingToken 1: `1:app:expiry:digest`, the token of the API's own clients.

use md5::{Digest as _, Md5};

use super::{BuildError, Certificate, Claim, TokenError, TokenSpec, Verified};

/// How the text begins.
pub(super) const PREFIX: &str = "1:";

/// Writes the token.
pub(super) fn build(spec: &TokenSpec<'_>) -> Result<String, BuildError> {
    let app = spec.app.as_str();
    if app.contains(':') {
        return Err(BuildError::AppColon);
    }
    let expiry = spec.expires_s.to_string();
    let digest = digest(spec.account.as_str(), app, spec.certificate, &expiry);
    let digest = String::from_utf8_lossy(&digest).into_owned();
    Ok(format!("{PREFIX}{app}:{expiry}:{digest}"))
}

/// Reads what follows the prefix and checks all but the time.
pub(super) fn verify(rest: &str, claim: &Claim<'_>) -> Result<Verified, TokenError> {
    let mut parts = rest.split(':');
    let (Some(app), Some(expiry), Some(given), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    let expires_s = seconds(expiry).ok_or(TokenError::Malformed)?;
    if given.len() != 32 || !given.bytes().all(|byte| HEX.contains(&byte)) {
        return Err(TokenError::Malformed);
    }
    if app != claim.app.as_str() {
        return Err(TokenError::WrongApp);
    }
    claim.signed_by_one(given.as_bytes(), |certificate| {
        digest(claim.account.as_str(), app, certificate, expiry)
    })?;
    Ok(Verified {
        issued_s: None,
        expires_s,
    })
}

/// A time written in digits alone. This also guards the digest, which stands unkeyed at the end of what it covers:
/// somebody could prolong the covered text, but only by bytes that are no digits.
fn seconds(text: &str) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The digest as 32 lower-case hexadecimal digits.
fn digest(account: &str, app: &str, certificate: &Certificate, expiry: &str) -> [u8; 32] {
    let mut hash = Md5::new();
    for part in [account, app, certificate.expose(), expiry] {
        hash.update(part.as_bytes());
    }
    let mut hex = [0; 32];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hash.finalize()) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 0xf)];
    }
    hex
}
