//! The vectors of the protocol page, section 16, and what holds for tokens of every kind.

use super::*;

/// A time at which the tokens of the vectors stand, in Unix seconds.
pub(super) const NOW: u64 = 1_700_000_010;
/// When those of section 16 end, in Unix seconds.
const ENDS: u64 = 1_893_456_000;

pub(super) fn app() -> AppId {
    AppId::try_from("0123456789abcdef0123456789abcdef").expect("an app id")
}

pub(super) fn certificate() -> Certificate {
    Certificate::new("fedcba9876543210fedcba9876543210")
}

pub(super) fn alice() -> Account {
    account("alice")
}

/// A random source whose seed a failing test shows; `CALLSIGN_SEED` sets it.
pub(super) fn seed() -> fastrand::Rng {
    let seed = std::env::var("CALLSIGN_SEED")
        .ok()
        .map(|text| text.parse().expect("CALLSIGN_SEED is a number"))
        .unwrap_or_else(|| fastrand::u64(..));
    println!("CALLSIGN_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

fn account(name: &str) -> Account {
    Account::try_from(name).expect("an account")
}

fn build_for(kind: TokenKind, account: &Account, expires_s: u64) -> Token {
    let spec = TokenSpec {
        app: &app(),
        certificate: &certificate(),
        account,
        issued_s: 1_700_000_000,
        expires_s,
        salt: 1,
    };
    build(kind, &spec).expect("a token")
}

fn check(token: &Token) -> Result<Verified, TokenError> {
    verify(token, &app(), &alice(), &[certificate()], NOW)
}

#[test]
fn signaling_vectors() {
    let token = build_for(TokenKind::Signaling, &alice(), ENDS);
    assert_eq!(
        token.expose(),
        "1:0123456789abcdef0123456789abcdef:1893456000:ea7eb566e1194e54e09fd5569eee874e"
    );
    let lei = account("李雷");
    let token = build_for(TokenKind::Signaling, &lei, ENDS);
    assert!(
        token
            .expose()
            .ends_with(":fce3f3c81e1bfecc44d421dfbdd5640f")
    );
    assert!(verify(&token, &app(), &lei, &[certificate()], NOW).is_ok());
}

#[test]
fn access_006_vector() {
    let token = build_for(TokenKind::Access006, &alice(), ENDS);
    assert_eq!(
        token.expose(),
        "0060123456789abcdef0123456789abcdefIAAtn6HOj7wn8hKoXaB86harRtejdQM025iNWINVuDfcjEe8jicAAAAAEAABAAAAgNjbcAEA6AOA2Ntw"
    );
}

#[test]
fn every_kind_is_believed_until_it_ends() {
    for kind in TokenKind::ALL {
        let token = build_for(kind, &alice(), NOW + 5);
        let at = |now_s| verify(&token, &app(), &alice(), &[certificate()], now_s);
        let verified = at(NOW + 4).expect("believed");
        assert_eq!(verified.expires_s, NOW + 5, "{kind}");
        let issued = (kind == TokenKind::Access007).then_some(1_700_000_000);
        assert_eq!(verified.issued_s, issued, "{kind}");
        let over = TokenError::Expired { expires_s: NOW + 5 };
        assert_eq!(at(NOW + 5), Err(over), "{kind}");
        assert_eq!(over.to_string(), "TokenErrorExpired");
        assert_eq!(over.code(), Code::LoginTokenExpired);
    }
}

#[test]
fn any_certificate_of_the_app_will_do_and_none_will_not() {
    let old = Certificate::new("old");
    for kind in TokenKind::ALL {
        let token = build_for(kind, &alice(), ENDS);
        let by = |certificates: &[Certificate]| {
            verify(&token, &app(), &alice(), certificates, NOW).map(|verified| verified.expires_s)
        };
        assert_eq!(by(&[old.clone(), certificate()]), Ok(ENDS), "{kind}");
        assert_eq!(by(&[certificate(), old.clone()]), Ok(ENDS), "{kind}");
        let wrong = Err(TokenError::WrongSignature);
        assert_eq!(by(std::slice::from_ref(&old)), wrong, "{kind}");
        assert_eq!(by(&[]), wrong, "{kind}");
    }
}

#[test]
fn a_token_is_for_one_app_in_its_exact_case_and_for_one_account() {
    let upper = AppId::try_from("0123456789ABCDEF0123456789ABCDEF").expect("an app id");
    for kind in TokenKind::ALL {
        let token = build_for(kind, &alice(), ENDS);
        let for_app = verify(&token, &upper, &alice(), &[certificate()], NOW);
        assert_eq!(for_app, Err(TokenError::WrongApp), "{kind}");
        let for_bob = verify(&token, &app(), &account("bob"), &[certificate()], NOW);
        let wrong = match kind {
            TokenKind::Signaling => TokenError::WrongSignature,
            TokenKind::Access006 | TokenKind::Access007 => TokenError::WrongAccount,
        };
        assert_eq!(for_bob, Err(wrong), "{kind}");
    }
}

/// An expired token of somebody else is wrong, not expired: nothing is told to whoever guesses.
#[test]
fn the_time_is_checked_last() {
    for kind in TokenKind::ALL {
        let token = build_for(kind, &alice(), NOW);
        let others = Certificate::new("others");
        assert_eq!(
            verify(&token, &app(), &alice(), &[others], NOW + 1),
            Err(TokenError::WrongSignature),
            "{kind}"
        );
    }
}

#[test]
fn no_token_is_told_from_a_wrong_one() {
    for text in ["", "_no_need_token"] {
        assert!(Token::new(text).is_none());
        assert_eq!(check(&Token::new(text)), Err(TokenError::NeedToken));
    }
    assert!(!Token::new("_no_need_token ").is_none());
}

#[test]
fn what_is_no_token_is_malformed() {
    let digest = "ea7eb566e1194e54e09fd5569eee874e";
    let (app, upper) = (app(), digest.to_uppercase());
    for text in [
        "x".to_owned(),
        "1:".to_owned(),
        "1:::".to_owned(),
        "006".to_owned(),
        "007".to_owned(),
        format!("006{app}"),
        format!("006{}é", &app.as_str()[1..]),
        "007AAAA".to_owned(),
        format!("2:{app}:1893456000:{digest}"),
        format!("1:{app}:1893456000:{upper}"),
        format!("1:{app}:1893456000:{digest}:"),
        format!("1:{app}:1893456000:{digest}0"),
        format!("1:{app}:+1893456000:{digest}"),
        format!("1:{app}:-1:{digest}"),
        format!("1:{app}: 1893456000:{digest}"),
        format!("1:{app}::{digest}"),
        format!("1:{app}:99999999999999999999:{digest}"),
        format!("1:{app}:1:{}", "0".repeat(limits::TOKEN_BYTES)),
    ] {
        assert_eq!(
            check(&Token::new(text.as_str())),
            Err(TokenError::Malformed),
            "{text}"
        );
    }
}

#[test]
fn a_kind_without_room_says_so() {
    let build = |kind, app: &str, expires_s| {
        let spec = TokenSpec {
            app: &AppId::try_from(app).expect("an app id"),
            certificate: &certificate(),
            account: &alice(),
            issued_s: NOW,
            expires_s,
            salt: 1,
        };
        build(kind, &spec).map(|_| ())
    };
    let (short, far) = ("callsign", 1 << 40);
    assert_eq!(build(TokenKind::Signaling, short, far), Ok(()));
    assert_eq!(build(TokenKind::Access007, short, ENDS), Ok(()));
    assert_eq!(
        build(TokenKind::Access006, short, ENDS),
        Err(BuildError::AppWidth { bytes: 8 })
    );
    assert_eq!(
        build(TokenKind::Signaling, "a:b", ENDS),
        Err(BuildError::AppColon)
    );
    for kind in [TokenKind::Access006, TokenKind::Access007] {
        assert_eq!(
            build(kind, app().as_str(), far),
            Err(BuildError::TimeTooFar { kind })
        );
    }
    for kind in TokenKind::ALL {
        assert_eq!(
            build(kind, app().as_str(), NOW),
            Err(BuildError::NeverValid)
        );
    }
}

#[test]
fn kinds_have_names() {
    for kind in TokenKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    assert_eq!("008".parse::<TokenKind>(), Err(UnknownKind));
}

/// Clients of the API take any text that begins so for a wrong token (protocol page, section 4).
#[test]
fn every_text_begins_as_clients_expect() {
    for error in [
        TokenError::NeedToken,
        TokenError::Malformed,
        TokenError::WrongApp,
        TokenError::WrongAccount,
        TokenError::WrongSignature,
        TokenError::NoPrivilege,
    ] {
        assert!(error.to_string().starts_with("TokenError"));
        assert_eq!(error.code(), Code::LoginTokenWrong);
        assert_eq!(
            crate::protocol::reason::login_failed_code(&error.to_string()),
            error.code()
        );
    }
}

#[test]
fn secrets_are_not_shown() {
    assert_eq!(format!("{:?}", Token::new("secret")), "***");
    assert_eq!(format!("{:?}", Certificate::new("secret")), "***");
}

/// No text makes it panic, and a changed token says at most what it said before.
#[test]
fn random_and_changed_tokens_are_survived_and_give_nothing() {
    let mut random = seed();
    for round in 0..3_000 {
        let kind = TokenKind::ALL[round % 3];
        let token = build_for(kind, &alice(), ENDS);
        let said = check(&token).expect("believed");
        let mut bytes = token.expose().as_bytes().to_vec();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..bytes.len());
            match random.u8(..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes[at] = random.alphanumeric() as u8,
                2 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, random.u8(..)),
            }
        }
        let changed = Token::new(String::from_utf8_lossy(&bytes));
        if let Ok(now_says) = check(&changed) {
            assert_eq!(now_says, said);
        }
    }
    for prefix in ["", signaling::PREFIX, access6::PREFIX, access7::PREFIX] {
        for _ in 0..500 {
            let length = random.usize(..200);
            let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
            let packed = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &bytes);
            let app = if prefix == access6::PREFIX {
                app().to_string()
            } else {
                String::new()
            };
            for text in [String::from_utf8_lossy(&bytes).into_owned(), app + &packed] {
                assert!(check(&Token::new(format!("{prefix}{text}"))).is_err());
            }
        }
    }
}
