//! Encoders: a picture and what changed in it go in, a packet comes out.

mod door;

use std::time::Duration;

use bytes::Bytes;
use deskhand_protocol::picture::{Codec, Codecs};

use super::{blocks::ActiveMap, convert::I420, rect::Size};
use door::Native;

/// One picture to encode.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// All of it, also where nothing changed.
    pub picture: &'a I420,
    /// Which blocks to look at; `None`: all. Ignored for key frames.
    pub map: Option<&'a ActiveMap>,
    /// Whether it must be decodable alone.
    pub key: bool,
    /// How many kbit/s to follow from here on.
    pub kbit: u32,
    /// No quantizer below this one is used, whatever the bitrate allows: from 0 to 63.
    pub floor: u8,
    /// Since the previous picture.
    pub elapsed: Duration,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// One frame of the codec's bitstream.
    pub data: Bytes,
    /// Whether it is decodable alone.
    pub key: bool,
}

/// The encoder cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{codec:?} encoder failed to {action}: {detail}")]
pub struct EncodeError {
    /// Which.
    pub codec: Codec,
    /// What it should have done.
    pub action: &'static str,
    /// What it says.
    pub detail: String,
}

/// Turns pictures of one size into packets, one in, at most one out, at once.
pub trait Encoder {
    /// What it makes.
    fn codec(&self) -> Codec;

    /// Encodes one picture. `None`: the encoder left it out; the next one makes up for it.
    fn encode(&mut self, job: Job<'_>) -> Result<Option<Encoded>, EncodeError>;
}

/// Opens an encoder; [`open`], unless a test has it fail.
pub type Open = fn(Codec, Size, u32) -> Result<Box<dyn Encoder>, EncodeError>;

/// The better codec, of those that can be used, for pictures of this size over a link that
/// carries so many kbit/s; `None` if there is none.
///
/// AV1 takes 1.3 to 2 times the processor of VP9 (`cargo bench --bench codecs`). On a link that
/// carries less than a bit a second for each pixel it is worth that: it is 0.5 to 4 dB better there.
/// With more, it takes a sixth to a third fewer bits for a picture that nobody can tell from the
/// other.
pub fn best(usable: Codecs, size: Size, kbit: u32) -> Option<Codec> {
    let lean = u64::from(kbit) * 1000 < u64::from(size.rect().area());
    choose(usable, lean)
}

/// The codec for a lean link or another one, of those that can be used.
pub fn choose(usable: Codecs, lean: bool) -> Option<Codec> {
    match (usable.has(Codec::Vp9), usable.has(Codec::Av1)) {
        (true, true) if lean => Some(Codec::Av1),
        (true, _) => Some(Codec::Vp9),
        (false, true) => Some(Codec::Av1),
        (false, false) => None,
    }
}

/// Opens an encoder for pictures of this (even) size.
pub fn open(codec: Codec, size: Size, kbit: u32) -> Result<Box<dyn Encoder>, EncodeError> {
    Ok(Box::new(Native::open(codec, size, kbit)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn av1_is_for_lean_links_of_pages_that_decode_it() {
        use Codec::{Av1, Vp9};
        let size = Size {
            width: 1280,
            height: 720,
        };
        for (decodable, kbit, expected) in [
            (&[Vp9, Av1][..], 500, Some(Av1)),
            (&[Vp9, Av1], 5000, Some(Vp9)),
            (&[Vp9], 500, Some(Vp9)),
            (&[Av1], 5000, Some(Av1)),
            (&[], 500, None),
        ] {
            let codec = best(decodable.iter().copied().collect(), size, kbit);
            assert_eq!(codec, expected, "{decodable:?} at {kbit} kbit/s");
        }
    }
}
