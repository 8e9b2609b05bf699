//! Frame <-> text: the only file that knows the wire's JSON.

use super::{ClientFrame, ServerFrame};

/// Why a text is no frame.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(pub String);

/// Reads a frame that a client sent.
///
/// # Errors
/// If the text is not a frame, or one that cannot be answered.
pub fn decode_client(_text: &str) -> Result<ClientFrame, DecodeError> {
    Err(DecodeError(String::new()))
}

/// Writes a frame for a client.
#[must_use]
pub fn encode_server(_frame: &ServerFrame) -> String {
    String::new()
}
