//! Numbers and texts as AccessTokens lay them out: little-endian, a text behind its length in 16 bits.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Writes.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn u16(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// A text or bytes behind their length.
    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let length = u16::try_from(bytes.len())
            .expect("names and signatures are far below 64 KiB, by their types");
        let mut writer = self.u16(length);
        writer.0.extend_from_slice(bytes);
        writer
    }

    /// Bytes without a length.
    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads; `None` where the bytes end too soon.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn u16(&mut self) -> Option<u16> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*number))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    /// A text or bytes behind their length.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        let (bytes, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(bytes)
    }

    /// A list of privileges with their times, of which it returns the time of one if that is there.
    pub(super) fn privilege(&mut self, wanted: u16) -> Option<Option<u32>> {
        let mut found = None;
        for _ in 0..self.u16()? {
            let (privilege, time) = (self.u16()?, self.u32()?);
            if privilege == wanted {
                found = Some(time);
            }
        }
        Some(found)
    }
}

/// HMAC-SHA256 over the parts in turn.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
