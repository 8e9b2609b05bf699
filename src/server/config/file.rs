//! The configuration file: TOML, in which an unknown key is an error.
//!
//! Certificates stand here alone, so what is wrong with a file is told without quoting them.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de};

use super::App;
use super::sources::{LimitKeys, ServerKeys};
use crate::hub::AppRules;
use crate::protocol::token::Certificate;
use crate::protocol::{Account, AppId};

/// Why a configuration file cannot be used. Never quotes a value that may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {path}", path = .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something that is not understood.
    #[error("{path}, line {line}: {key}{problem}", path = .path.display(), key = .key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
    Content {
        /// Which file.
        path: PathBuf,
        /// In which line, from 1.
        line: usize,
        /// The key of that line.
        key: Option<String>,
        /// What is wrong.
        problem: String,
    },
}

/// What a file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) server: ServerKeys,
    pub(super) limits: LimitKeys,
    app: Vec<AppKeys>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppKeys {
    id: AppId,
    #[serde(default, deserialize_with = "certificates")]
    certificates: Vec<Certificate>,
    token_required: Option<bool>,
    #[serde(default)]
    observers: HashSet<Account>,
    #[serde(default)]
    uid_zero: bool,
    #[serde(default)]
    legacy_codes: bool,
    #[serde(default)]
    extra_as_peeruid: bool,
    gateway: Option<Account>,
}

/// The apps of a configuration file, for a command that needs nothing else of it.
///
/// # Errors
/// The file cannot be read or understood.
pub fn apps_in(path: &Path) -> Result<Vec<App>, FileError> {
    Ok(File::read(path)?.into_apps())
}

impl File {
    /// Reads one.
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let text = fs::read_to_string(path).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut file = Self::parse(&text, path)?;
        // Paths in the file are relative to the file, so that it means the same wherever the server is started.
        if let Some(dir) = path.parent() {
            let server = &mut file.server;
            for inner in [&mut server.data, &mut server.tls_cert, &mut server.tls_key] {
                *inner = inner.take().map(|inner| dir.join(inner));
            }
        }
        Ok(file)
    }

    /// Its apps.
    pub(super) fn into_apps(self) -> Vec<App> {
        self.app.into_iter().map(App::from).collect()
    }

    fn parse(text: &str, path: &Path) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            // Only what looks like one of our keys is shown: the rest of a line may be a certificate.
            let key = text[line_start..]
                .lines()
                .next()
                .and_then(|line| line.split_once('='))
                .map(|(key, _)| key.trim())
                .filter(|key| {
                    key.bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                })
                .filter(|key| !key.is_empty() && !error.message().contains(key))
                .map(str::to_owned);
            FileError::Content {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                key,
                problem: error.message().to_owned(),
            }
        })
    }
}

impl From<AppKeys> for App {
    fn from(keys: AppKeys) -> Self {
        let token_required = keys.token_required.unwrap_or(!keys.certificates.is_empty());
        Self {
            id: keys.id,
            rules: AppRules {
                certificates: keys.certificates,
                token_required,
                observers: keys.observers,
                uid_zero: keys.uid_zero,
                legacy_codes: keys.legacy_codes,
                extra_as_peeruid: keys.extra_as_peeruid,
                gateway: keys.gateway,
            },
        }
    }
}

/// Reads certificates through a plain value, since serde's own errors would quote them.
fn certificates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Certificate>, D::Error> {
    const FORM: &str = "takes a list of texts, each a certificate in quotes";
    let toml::Value::Array(list) = toml::Value::deserialize(deserializer)? else {
        return Err(de::Error::custom(FORM));
    };
    list.iter()
        .map(|value| match value.as_str() {
            Some("") => Err(de::Error::custom("has an empty certificate")),
            // A placeholder, from an example.
            Some(text) if !text.contains(char::is_alphanumeric) => Err(de::Error::custom(
                "has a certificate without a letter or digit",
            )),
            Some(text) => Ok(Certificate::new(text)),
            None => Err(de::Error::custom(FORM)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "fedcba9876543210fedcba9876543210";

    #[test]
    fn tokens_are_required_where_they_can_be_verified_unless_the_file_says_otherwise() {
        let required = |keys: &str| {
            let text = format!("[[app]]\nid = \"a\"\n{keys}");
            let file = File::parse(&text, Path::new("x.toml")).expect("understood");
            file.into_apps()[0].rules.token_required
        };
        assert!(!required(""));
        assert!(required("certificates = [\"x\"]"));
        assert!(!required("certificates = [\"x\"]\ntoken_required = false"));
        assert!(required("token_required = true"), "which the check refuses");
    }

    #[test]
    fn no_error_quotes_a_certificate() {
        for file in [
            format!("[[app]]\nid = \"a\"\ncertificates = \"{SECRET}\""),
            format!("[[app]]\nid = \"a\"\ncertificates = {SECRET}"),
            format!("[[app]]\nid = \"a\"\ncertificates = [{SECRET}]"),
            format!("[[app]]\nid = \"a\"\ncertificates = [\"{SECRET}\", 1]"),
            format!("[[app]]\nid = \"a\"\ncertificates = [\"{SECRET}]\n"),
            format!("[[app]]\nid = \"a\"\ncertificates = [\"{SECRET}\", \"\"]"),
            format!("[[app]]\nid = \"a\"\ncertificates = [\"{SECRET}\", \"...\"]"),
            format!("[[app]]\nid = \"a\"\ncertificates = [\n\"{SECRET}\"\n\"{SECRET}\"]"),
            format!("[[app]]\nid = \"a\"\ntoken_required = true\ncertificate = [\"{SECRET}\"]"),
        ] {
            let error = File::parse(&file, Path::new("x.toml")).expect_err("refused");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(!shown.contains(&SECRET[..12]), "{shown}");
        }
    }

    #[test]
    fn a_missing_file_is_told() {
        let error = apps_in(Path::new("/nowhere/callsign.toml")).expect_err("refused");
        let text = error.to_string();
        assert!(
            text.contains("cannot read /nowhere/callsign.toml"),
            "{text}"
        );
    }
}
