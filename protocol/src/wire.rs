//! How messages become bytes: one version byte, then postcard.

use serde::{Serialize, de::DeserializeOwned};

use crate::VERSION;

/// The longest message either end accepts, in bytes. Every message of this crate stays below
/// it, and it is below what every browser takes on a data channel (64 KiB).
pub const MAX_MESSAGE: usize = 60 * 1024;

/// Why bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than [`MAX_MESSAGE`].
    #[error("message is too long")]
    TooLong,
    /// The other end speaks another version of the protocol.
    #[error("message has protocol version {0}, not {VERSION}")]
    Version(u8),
    /// Truncated, malformed, or a field is out of its bounds.
    #[error("message is malformed")]
    Malformed,
    /// A whole message with bytes left over.
    #[error("message has trailing bytes")]
    Trailing,
}

/// Encodes a message: version byte, then postcard.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    // Serialising our own plain types into a growing buffer cannot fail; if it ever did, the
    // bare version byte is refused by every receiver.
    postcard::to_extend(message, vec![VERSION]).unwrap_or_else(|_| vec![VERSION])
}

/// Decodes what [`encode`] made.
///
/// # Errors
/// Anything that is not exactly one message of this version, with all fields in bounds.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLong);
    }
    match bytes.split_first() {
        None => Err(DecodeError::Malformed),
        Some((&VERSION, body)) => match postcard::take_from_bytes(body) {
            Ok((message, [])) => Ok(message),
            Ok(_) => Err(DecodeError::Trailing),
            Err(_) => Err(DecodeError::Malformed),
        },
        Some((&other, _)) => Err(DecodeError::Version(other)),
    }
}
