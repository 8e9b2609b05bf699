//! AccessToken 006: the app id in clear, then base64 of a signature, two checksums and the signed message.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::pack::{Reader, Writer, hmac};
use super::{BuildError, Certificate, Claim, TokenError, TokenKind, TokenSpec, Verified};

/// How the text begins.
pub(super) const PREFIX: &str = "006";

/// How many bytes the app id has: nothing parts it from what follows.
const APP_BYTES: usize = 32;

/// The privilege to sign in to the maker's messaging service.
const LOGIN: u16 = 1000;

/// Writes the token.
pub(super) fn build(spec: &TokenSpec<'_>) -> Result<String, BuildError> {
    let (app, account) = (spec.app.as_str(), spec.account.as_str());
    if app.len() != APP_BYTES {
        return Err(BuildError::AppWidth { bytes: app.len() });
    }
    let expires = u32::try_from(spec.expires_s).map_err(|_| BuildError::TimeTooFar {
        kind: TokenKind::Access006,
    })?;
    let message = Writer::default()
        .u32(spec.salt)
        .u32(expires)
        .u16(1)
        .u16(LOGIN)
        .u32(expires)
        .done();
    let content = Writer::default()
        .bytes(&sign(spec.certificate, app, account, &message))
        .u32(crc32fast::hash(account.as_bytes()))
        .u32(crc32fast::hash(b""))
        .bytes(&message)
        .done();
    Ok(format!("{PREFIX}{app}{}", BASE64_STANDARD.encode(content)))
}

/// Reads what follows the prefix and checks all but the time.
///
/// The token names two times: its own nominal end, which the maker's generators set to a day after the issue, and the
/// end of the privilege to sign in, where 0 says none of its own. We are strict: the sooner of the two counts.
pub(super) fn verify(rest: &str, claim: &Claim<'_>) -> Result<Verified, TokenError> {
    let (app, content) = rest
        .split_at_checked(APP_BYTES)
        .ok_or(TokenError::Malformed)?;
    let content = BASE64_STANDARD
        .decode(content)
        .map_err(|_| TokenError::Malformed)?;
    let content = Content::read(&content).ok_or(TokenError::Malformed)?;
    let (token_s, login) = read_times(content.message).ok_or(TokenError::Malformed)?;
    if app != claim.app.as_str() {
        return Err(TokenError::WrongApp);
    }
    let account = claim.account.as_str();
    // The second checksum is of a number that tokens of the media service carry; in ours it is that of no bytes.
    if content.account_crc != crc32fast::hash(account.as_bytes())
        || content.uid_crc != crc32fast::hash(b"")
    {
        return Err(TokenError::WrongAccount);
    }
    claim.signed_by_one(content.signature, |certificate| {
        sign(certificate, app, account, content.message)
    })?;
    let login_s = match login.ok_or(TokenError::NoPrivilege)? {
        0 => token_s,
        login_s => login_s,
    };
    Ok(Verified {
        issued_s: None,
        expires_s: token_s.min(login_s).into(),
    })
}

/// What stands behind the app id.
struct Content<'a> {
    signature: &'a [u8],
    account_crc: u32,
    uid_crc: u32,
    message: &'a [u8],
}

impl<'a> Content<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let content = Self {
            signature: reader.bytes()?,
            account_crc: reader.u32()?,
            uid_crc: reader.u32()?,
            message: reader.bytes()?,
        };
        reader.0.is_empty().then_some(content)
    }
}

/// The end of the token, and that of its privilege to sign in if it has it.
fn read_times(message: &[u8]) -> Option<(u32, Option<u32>)> {
    let mut reader = Reader(message);
    reader.u32()?; // the salt
    let times = (reader.u32()?, reader.privilege(LOGIN)?);
    reader.0.is_empty().then_some(times)
}

fn sign(certificate: &Certificate, app: &str, account: &str, message: &[u8]) -> [u8; 32] {
    hmac(
        certificate.expose().as_bytes(),
        &[app.as_bytes(), account.as_bytes(), message],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, alice, app, certificate};
    use super::*;

    /// A token for alice with the given end, and privileges with theirs.
    fn token(ends: u32, privileges: &[(u16, u32)]) -> String {
        let mut message = Writer::default()
            .u32(1)
            .u32(ends)
            .u16(privileges.len() as u16);
        for (privilege, time) in privileges {
            message = message.u16(*privilege).u32(*time);
        }
        let message = message.done();
        let content = Writer::default()
            .bytes(&sign(&certificate(), app().as_str(), "alice", &message))
            .u32(crc32fast::hash(b"alice"))
            .u32(0)
            .bytes(&message)
            .done();
        format!("{}{}", app(), BASE64_STANDARD.encode(content))
    }

    fn check(rest: &str) -> Result<u64, TokenError> {
        let claim = Claim {
            app: &app(),
            account: &alice(),
            certificates: &[certificate()],
        };
        verify(rest, &claim).map(|verified| verified.expires_s)
    }

    #[test]
    fn the_sooner_of_token_and_privilege_counts() {
        let now = NOW as u32;
        assert_eq!(check(&token(now + 9, &[(LOGIN, now + 5)])), Ok(NOW + 5));
        assert_eq!(check(&token(now + 5, &[(LOGIN, now + 9)])), Ok(NOW + 5));
        assert_eq!(check(&token(now + 5, &[(LOGIN, 0)])), Ok(NOW + 5));
        assert_eq!(check(&token(now, &[(1, 0), (2, 0), (LOGIN, now)])), Ok(NOW));
    }

    #[test]
    fn without_the_privilege_nobody_signs_in() {
        let other = token(NOW as u32, &[(1, 0)]);
        assert_eq!(check(&other), Err(TokenError::NoPrivilege));
        assert_eq!(check(&token(0, &[])), Err(TokenError::NoPrivilege));
    }

    #[test]
    fn bytes_left_over_are_refused() {
        let content = BASE64_STANDARD
            .decode(&token(1, &[(LOGIN, 0)])[APP_BYTES..])
            .expect("our own base64");
        for changed in [
            &content[..content.len() - 1],
            &[content.as_slice(), b"x"].concat(),
        ] {
            let rest = format!("{}{}", app(), BASE64_STANDARD.encode(changed));
            assert_eq!(check(&rest), Err(TokenError::Malformed));
        }
    }
}
