//! Settings of a profile, as names and JSON values. What they mean is the app's.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde_json::Value;

use super::Store;
use super::code::{all, change, unreadable};
use super::error::StoreError;

impl Store {
    /// All settings that were ever made.
    pub async fn settings(&self) -> Result<BTreeMap<String, Value>, StoreError> {
        self.read(|connection| {
            let settings = all(connection, "SELECT name, value FROM settings", [], setting)?;
            Ok(settings.into_iter().collect())
        })
        .await
    }

    /// Keeps a setting. Never a token or a password: the file is not encrypted.
    pub async fn put_setting(&self, name: String, value: Value) -> Result<(), StoreError> {
        self.write(move |connection| {
            let statement = "INSERT INTO settings (name, value) VALUES (?, ?)
                             ON CONFLICT DO UPDATE SET value = excluded.value";
            change(connection, statement, [name, value.to_string()]).map(drop)
        })
        .await
    }

    /// Forgets a setting, so that its default counts again.
    pub async fn remove_setting(&self, name: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            change(connection, "DELETE FROM settings WHERE name = ?", [name]).map(drop)
        })
        .await
    }
}

fn setting(row: &Row<'_>) -> Result<(String, Value), StoreError> {
    let text: String = row.get(1)?;
    let value = serde_json::from_str(&text).map_err(|_| unreadable("value of a setting"))?;
    Ok((row.get(0)?, value))
}
