//! Encoders: a picture and what changed in it go in, a packet comes out.

pub mod vp9;

use std::time::Duration;

use bytes::Bytes;

use super::{blocks::ActiveMap, convert::I420, rect::Size};

/// One picture to encode.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// All of it, also where nothing changed.
    pub picture: &'a I420,
    /// Which blocks to look at; `None`: all. Ignored for key frames.
    pub map: Option<&'a ActiveMap>,
    /// Whether it must be decodable alone.
    pub key: bool,
    /// Whether to follow the bitrate or to refine.
    pub effort: Effort,
    /// Since the previous picture.
    pub elapsed: Duration,
}

/// What decides how many bits a picture gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The bitrate, with no quantizer below this floor.
    Live {
        /// From 0 (no floor) to 63.
        floor: u8,
    },
    /// This quantizer, from 0 (lossless) to 63, whatever it costs. It is charged to nobody: the
    /// caller makes sure that the link has room.
    Refine(u8),
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// One frame of the codec's bitstream.
    pub data: Bytes,
    /// Whether it is decodable alone.
    pub key: bool,
    /// That was used, from 0 (lossless) to 63.
    pub quantizer: u8,
}

/// The encoder cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{codec} encoder failed to {action}: {detail}")]
pub struct EncodeError {
    codec: &'static str,
    action: &'static str,
    detail: String,
}

/// Turns pictures of one size into packets, one in, at most one out, at once.
pub trait Encoder {
    /// Encodes one picture. `None`: the encoder left it out; the next one makes up for it.
    fn encode(&mut self, job: Job<'_>) -> Result<Option<Encoded>, EncodeError>;

    /// Follows this bitrate from now on.
    fn set_bitrate(&mut self, kbit: u32) -> Result<(), EncodeError>;
}

/// Opens the best encoder there is for pictures of this (even) size.
pub fn open(size: Size, kbit: u32) -> Result<Box<dyn Encoder>, EncodeError> {
    Ok(Box::new(vp9::Vp9::open(size, kbit)?))
}
