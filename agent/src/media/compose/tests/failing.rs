//! Codecs that fail on this computer.

use super::*;
use crate::media::encode::{self, EncodeError, Encoder, Job};

/// An encoder that works for a while.
struct Failing {
    inner: Box<dyn Encoder>,
    left: u32,
}

impl Encoder for Failing {
    fn codec(&self) -> Codec {
        self.inner.codec()
    }

    fn encode(&mut self, job: Job<'_>) -> Result<Option<encode::Encoded>, EncodeError> {
        self.left = self.left.checked_sub(1).ok_or(EncodeError {
            codec: self.codec(),
            action: "encode",
            detail: "out of memory".into(),
        })?;
        self.inner.encode(job)
    }
}

/// Whose AV1 works for two pictures and whose VP9 for three.
fn open_failing(codec: Codec, size: Size, kbit: u32) -> Result<Box<dyn Encoder>, EncodeError> {
    let inner = encode::open(codec, size, kbit)?;
    let left = match codec {
        Codec::Av1 => 2,
        Codec::Vp9 => 3,
    };
    Ok(Box::new(Failing { inner, left }))
}

/// Where nothing can even be opened.
fn open_nothing(codec: Codec, _: Size, _: u32) -> Result<Box<dyn Encoder>, EncodeError> {
    Err(EncodeError {
        codec,
        action: "start",
        detail: "out of memory".into(),
    })
}

#[test]
fn a_codec_that_fails_is_replaced_by_the_other_and_that_by_exact_tiles() {
    let mut scene = Scene::new();
    scene.composer.film.open = open_failing;
    scene.does(&Act::Bitrate(10));
    scene.does(&Act::Decodes(vec![Codec::Vp9, Codec::Av1]));
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    let mut drawn_by = Vec::new();
    for seed in 0..8 {
        scene.now += 33 * MS;
        scene.does(&Act::Noise(SIZE.rect(), seed));
        assert!(scene.sends(usize::MAX), "no picture is left out");
        drawn_by.push(scene.decoder.filter(|_| !scene.is_exact()));
    }
    let (av1, vp9) = (Some(Codec::Av1), Some(Codec::Vp9));
    // The first noise after stillness is sent as it is.
    let first_film = drawn_by.iter().position(Option::is_some).unwrap();
    assert_eq!(
        drawn_by[first_film..first_film + 6],
        [av1, av1, vp9, vp9, vp9, None]
    );
    scene.settles(1000);
    assert!(scene.is_exact());
}

#[test]
fn where_no_codec_can_be_opened_everything_is_exact_and_the_budget_still_counts() {
    let mut scene = Scene::new();
    scene.composer.film.open = open_nothing;
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    for seed in 0..4 {
        scene.now += 33 * MS;
        scene.does(&Act::Noise(SIZE.rect(), seed));
        scene.bytes = 0;
        assert!(scene.sends(5_000));
        assert!(scene.bytes < 110_000, "{} bytes", scene.bytes);
    }
    scene.settles(5_000);
    assert!(scene.is_exact());
}
