//! `token`: prints a token, and nothing else.

use std::path::PathBuf;
use std::time::Duration;

use super::duration;
use crate::protocol::token::{self, TokenKind, TokenSpec};
use crate::protocol::{Account, AppId};
use crate::server::config::{FileError, apps_in};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration file, in which the app's certificate stands
    #[arg(long, env = "CALLSIGN_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// The app; not needed if there is only one
    #[arg(long, value_name = "ID")]
    app: Option<AppId>,
    /// Whom the token is for
    #[arg(long, value_name = "NAME")]
    account: Account,
    /// How long it is good: 45s, 30m, 2h, 90d
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration::parse)]
    expires: Duration,
    /// Its form: signaling, 006 or 007
    #[arg(long, default_value = "signaling")]
    kind: TokenKind,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Choose(#[from] super::ChooseError),
    #[error("app {app} has no certificate to make a token with: add one to `certificates`")]
    NoCertificate { app: AppId },
    #[error(transparent)]
    Build(#[from] token::BuildError),
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    println!("{}", make(args, crate::server::unix_s())?.expose());
    Ok(())
}

fn make(args: &Args, now_s: u64) -> Result<token::Token, Error> {
    let apps = apps_in(&args.config)?;
    let app = super::choose(&apps, args.app.as_ref())?;
    let Some(certificate) = app.rules.certificates.first() else {
        return Err(Error::NoCertificate {
            app: app.id.clone(),
        });
    };
    let spec = TokenSpec {
        app: &app.id,
        certificate,
        account: &args.account,
        issued_s: now_s,
        expires_s: now_s.saturating_add(args.expires.as_secs()),
        salt: getrandom::u32()?,
    };
    Ok(token::build(args.kind, &spec)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::token::{Certificate, verify};

    const APP: &str = "0123456789abcdef0123456789abcdef";
    const NOW_S: u64 = 1_700_000_000;

    fn args(dir: &tempfile::TempDir, kind: TokenKind) -> Args {
        let config = dir.path().join("callsign.toml");
        let text = format!(
            "[[app]]\nid = \"{APP}\"\ncertificates = [\"new\", \"old\"]\n[[app]]\nid = \"open\"\n"
        );
        std::fs::write(&config, text).expect("written");
        Args {
            config,
            app: Some(AppId::try_from(APP).expect("an app id")),
            account: Account::try_from("alice").expect("a name"),
            expires: Duration::from_secs(7200),
            kind,
        }
    }

    #[test]
    fn every_kind_is_made_with_the_first_certificate() {
        let dir = tempfile::tempdir().expect("a directory");
        for kind in TokenKind::ALL {
            let args = args(&dir, kind);
            let token = make(&args, NOW_S).expect("made");
            let app = AppId::try_from(APP).expect("an app id");
            let new = [Certificate::new("new")];
            let verified = verify(&token, &app, &args.account, &new, NOW_S).expect("good");
            assert_eq!(verified.expires_s, NOW_S + 7200, "{kind}");
        }
    }

    #[test]
    fn an_app_without_a_certificate_makes_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut args = args(&dir, TokenKind::Signaling);
        args.app = Some(AppId::try_from("open").expect("an app id"));
        let error = make(&args, NOW_S).expect_err("refused");
        assert!(matches!(error, Error::NoCertificate { .. }), "{error}");
    }
}
