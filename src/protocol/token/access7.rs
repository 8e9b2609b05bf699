//! AccessToken 007: base64 of a compressed signature and the signed text: app, times, and services with privileges.

use std::io::{Read as _, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, bufread::ZlibDecoder, write::ZlibEncoder};

use super::pack::{Reader, Writer, hmac};
use super::{BuildError, Certificate, Claim, TokenError, TokenKind, TokenSpec, Verified};
use crate::protocol::limits;

/// How the text begins.
pub(super) const PREFIX: &str = "007";

/// The media service, whose part holds a channel and a number beside its privileges.
const SERVICE_MEDIA: u16 = 1;

/// The messaging service, whose part holds the account.
const SERVICE_MESSAGING: u16 = 2;

/// The privilege to sign in to the messaging service.
const LOGIN: u16 = 1;

/// Writes the token.
pub(super) fn build(spec: &TokenSpec<'_>) -> Result<String, BuildError> {
    let too_far = |_| BuildError::TimeTooFar {
        kind: TokenKind::Access007,
    };
    let issued = u32::try_from(spec.issued_s).map_err(too_far)?;
    let lasts = u32::try_from(spec.expires_s - spec.issued_s).map_err(too_far)?;
    let info = Writer::default()
        .bytes(spec.app.as_str().as_bytes())
        .u32(issued)
        .u32(lasts)
        .u32(spec.salt)
        .u16(1)
        .u16(SERVICE_MESSAGING)
        .u16(1)
        .u16(LOGIN)
        .u32(lasts)
        .bytes(spec.account.as_str().as_bytes())
        .done();
    Ok(wrap(
        &sign(spec.certificate, issued, spec.salt, &info),
        &info,
    ))
}

/// Reads what follows the prefix and checks all but the time.
///
/// The sooner of the token's end and the end of its privilege to sign in counts; 0 for the privilege says that it
/// lasts as long as the token.
pub(super) fn verify(rest: &str, claim: &Claim<'_>) -> Result<Verified, TokenError> {
    let content = inflate(rest).ok_or(TokenError::Malformed)?;
    let mut reader = Reader(&content);
    let signature = reader.bytes().ok_or(TokenError::Malformed)?;
    let info = reader.0;
    let head = Head::read(&mut reader).ok_or(TokenError::Malformed)?;
    if head.app != claim.app.as_str().as_bytes() {
        return Err(TokenError::WrongApp);
    }
    claim.signed_by_one(signature, |certificate| {
        sign(certificate, head.issued, head.salt, info)
    })?;
    let messaging = Messaging::find(&mut reader, head.services)
        .ok_or(TokenError::Malformed)?
        .ok_or(TokenError::NoPrivilege)?;
    if messaging.account != claim.account.as_str().as_bytes() {
        return Err(TokenError::WrongAccount);
    }
    let lasts = match messaging.login.ok_or(TokenError::NoPrivilege)? {
        0 => head.lasts,
        login_lasts => head.lasts.min(login_lasts),
    };
    let issued_s = u64::from(head.issued);
    Ok(Verified {
        issued_s: Some(issued_s),
        expires_s: issued_s + u64::from(lasts),
    })
}

/// What every token says first. Times are in seconds.
struct Head<'a> {
    app: &'a [u8],
    issued: u32,
    lasts: u32,
    salt: u32,
    services: u16,
}

impl<'a> Head<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            app: reader.bytes()?,
            issued: reader.u32()?,
            lasts: reader.u32()?,
            salt: reader.u32()?,
            services: reader.u16()?,
        })
    }
}

/// What the token says of the messaging service.
struct Messaging<'a> {
    /// How long after the issue one may sign in, if one may; 0 is as long as the token lasts.
    login: Option<u32>,
    account: &'a [u8],
}

impl<'a> Messaging<'a> {
    /// Looks for it among the services; the outer `None` says that they cannot be read. Services stand in the order
    /// of their types, so that behind a later one nothing needs to be understood.
    fn find(reader: &mut Reader<'a>, services: u16) -> Option<Option<Self>> {
        for _ in 0..services {
            match reader.u16()? {
                SERVICE_MEDIA => {
                    reader.privilege(LOGIN)?;
                    reader.bytes()?; // the channel
                    reader.bytes()?; // the number
                }
                SERVICE_MESSAGING => {
                    return Some(Some(Self {
                        login: reader.privilege(LOGIN)?,
                        account: reader.bytes()?,
                    }));
                }
                later if later > SERVICE_MESSAGING => return Some(None),
                _ => return None,
            }
        }
        Some(None)
    }
}

/// Unpacks, up to a size: a small token cannot make us unpack without end.
fn inflate(text: &str) -> Option<Vec<u8>> {
    let packed = BASE64_STANDARD.decode(text).ok()?;
    let bound = limits::TOKEN_BYTES;
    let mut content = Vec::new();
    ZlibDecoder::new(packed.as_slice())
        .take(bound as u64 + 1)
        .read_to_end(&mut content)
        .ok()?;
    (content.len() <= bound).then_some(content)
}

fn wrap(signature: &[u8], info: &[u8]) -> String {
    let content = Writer::default().bytes(signature).raw(info).done();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    let packed = packed
        .write_all(&content)
        .and_then(|()| packed.finish())
        .expect("packing into memory cannot fail");
    format!("{PREFIX}{}", BASE64_STANDARD.encode(packed))
}

fn sign(certificate: &Certificate, issued: u32, salt: u32, info: &[u8]) -> [u8; 32] {
    let key = hmac(&issued.to_le_bytes(), &[certificate.expose().as_bytes()]);
    let key = hmac(&salt.to_le_bytes(), &[&key]);
    hmac(&key, &[info])
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, alice, app, certificate, seed};
    use super::*;

    const ISSUED: u32 = NOW as u32 - 10;

    /// A rightly signed token for the test app that lasts 3,600 s and goes on as given behind the salt.
    fn token(services: &[u8]) -> String {
        let info = Writer::default()
            .bytes(app().as_str().as_bytes())
            .u32(ISSUED)
            .u32(3600)
            .u32(1)
            .raw(services)
            .done();
        wrap(&sign(&certificate(), ISSUED, 1, &info), &info)
    }

    fn check(token: &str) -> Result<u64, TokenError> {
        let claim = Claim {
            app: &app(),
            account: &alice(),
            certificates: &[certificate()],
        };
        let rest = token.strip_prefix(PREFIX).expect("our own prefix");
        verify(rest, &claim).map(|verified| verified.expires_s)
    }

    fn messaging(privileges: &[(u16, u32)]) -> Vec<u8> {
        let mut service = Writer::default()
            .u16(SERVICE_MESSAGING)
            .u16(privileges.len() as u16);
        for (privilege, time) in privileges {
            service = service.u16(*privilege).u32(*time);
        }
        service.bytes(b"alice").done()
    }

    #[test]
    fn our_vector_inflates_to_the_published_bytes() {
        let spec = TokenSpec {
            app: &app(),
            certificate: &certificate(),
            account: &alice(),
            issued_s: 1_700_000_000,
            expires_s: 1_700_003_600,
            salt: 1,
        };
        let token = build(&spec).expect("a token");
        let content = inflate(&token[PREFIX.len()..]).expect("our own packing");
        let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "200022b15fbdf19b8b676addf99b898204b60bd482a3f5f8066ae6e5220aabd8dd142000303132333435363738396162636465663031323334353637383961626364656600f15365100e0000010000000100020001000100100e00000500616c696365"
        );
    }

    #[test]
    fn the_sooner_of_token_and_privilege_counts() {
        let login = |time| [&[1, 0], messaging(&[(LOGIN, time)]).as_slice()].concat();
        let issued = u64::from(ISSUED);
        assert_eq!(check(&token(&login(5))), Ok(issued + 5));
        assert_eq!(check(&token(&login(9999))), Ok(issued + 3600));
        assert_eq!(check(&token(&login(0))), Ok(issued + 3600));
    }

    #[test]
    fn the_media_service_may_stand_before_and_any_behind() {
        let media = Writer::default()
            .u16(3)
            .u16(SERVICE_MEDIA)
            .u16(2)
            .u16(1)
            .u32(5)
            .u16(4)
            .u32(5)
            .bytes(b"room")
            .bytes(b"7");
        let services = media
            .raw(&messaging(&[(LOGIN, 60)]))
            .u16(77)
            .raw(b"whatever");
        assert_eq!(check(&token(&services.done())), Ok(u64::from(ISSUED) + 60));
    }

    #[test]
    fn a_token_for_other_services_does_not_sign_in() {
        let none = Writer::default().u16(0).done();
        let later = Writer::default()
            .u16(1)
            .u16(5)
            .u16(0)
            .bytes(b"alice")
            .done();
        let no_login = Writer::default().u16(1).raw(&messaging(&[(2, 60)])).done();
        for services in [none, later, no_login] {
            assert_eq!(check(&token(&services)), Err(TokenError::NoPrivilege));
        }
        let unknown = Writer::default()
            .u16(2)
            .u16(0)
            .raw(&messaging(&[(LOGIN, 0)]));
        assert_eq!(check(&token(&unknown.done())), Err(TokenError::Malformed));
    }

    #[test]
    fn a_small_token_cannot_unpack_without_end() {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&vec![0; 2 << 20]).expect("memory");
        let packed = packed.finish().expect("memory");
        let text = BASE64_STANDARD.encode(packed);
        assert!(text.len() < limits::TOKEN_BYTES, "the test's own premise");
        assert_eq!(inflate(&text), None);
    }

    /// Behind a right signature anything may stand.
    #[test]
    fn random_services_never_panic() {
        let mut random = seed();
        for _ in 0..2_000 {
            let length = random.usize(..40);
            let mut services: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
            // Few services of known types, as a rule, so that the walk goes far.
            for (at, byte) in services.iter_mut().enumerate() {
                if at < 6 && random.u8(..) < 230 {
                    *byte = if at % 2 == 0 { random.u8(..4) } else { 0 };
                }
            }
            let read = check(&token(&services));
            assert!(!matches!(read, Err(TokenError::WrongSignature)));
        }
    }
}
