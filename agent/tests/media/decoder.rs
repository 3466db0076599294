//! The codecs' own decoders, for tests only.

use std::ptr::NonNull;

use deskhand_protocol::picture::Codec;
use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix};

/// A decoder of one codec.
pub struct Decoder {
    codec: Codec,
    raw: NonNull<ffi::Decoder>,
}

/// A decoded picture: its luma and both chromas, at half the resolution, one after the other.
pub struct Planes {
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

impl Decoder {
    pub fn new(codec: Codec) -> Self {
        // SAFETY: takes a number; gives memory of its own, or null.
        #[allow(unsafe_code)]
        let raw = unsafe { ffi::deskhand_test_decoder_open(i32::from(codec == Codec::Av1)) };
        Self {
            codec,
            raw: NonNull::new(raw).expect("it decodes"),
        }
    }

    pub fn codec(&self) -> Codec {
        self.codec
    }

    const MAX_PIXELS: usize = 4096 * 4096;

    /// Panics if it cannot be decoded.
    pub fn decode(&mut self, data: &[u8]) -> Planes {
        let (mut width, mut height) = (0, 0);
        let mut bytes = vec![0; Self::MAX_PIXELS * 3 / 2];
        // SAFETY: the decoder is open until drop; the buffers are as long as is said.
        #[allow(unsafe_code)]
        let error = unsafe {
            ffi::deskhand_test_decode(
                self.raw.as_ptr(),
                data.as_ptr(),
                u32::try_from(data.len()).unwrap(),
                bytes.as_mut_ptr(),
                bytes.len(),
                &raw mut width,
                &raw mut height,
            )
        };
        assert_eq!(error, 0, "a picture cannot be decoded");
        bytes.truncate((width * height) as usize * 3 / 2);
        Planes {
            width,
            height,
            bytes,
        }
    }
}

impl Planes {
    /// Red, green, blue and alpha.
    pub fn rgba(&self) -> Vec<u8> {
        let (width, height) = (self.width, self.height);
        let luma = (width * height) as usize;
        let (y_plane, chroma) = self.bytes.split_at(luma);
        let (u_plane, v_plane) = chroma.split_at(luma / 4);
        let planar = YuvPlanarImage {
            y_plane,
            y_stride: width,
            u_plane,
            u_stride: width / 2,
            v_plane,
            v_stride: width / 2,
            width,
            height,
        };
        let mut rgba = vec![0; luma * 4];
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        yuv::yuv420_to_rgba(&planar, &mut rgba, width * 4, range, matrix).unwrap();
        rgba
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: it came from open and is closed only here.
        #[allow(unsafe_code)]
        unsafe {
            ffi::deskhand_test_decoder_close(self.raw.as_ptr());
        }
    }
}

/// `decoder.c`.
mod ffi {
    #[repr(C)]
    pub struct Decoder {
        _opaque: [u8; 0],
    }

    // SAFETY: the declarations match `decoder.c`; the build script has compiled it.
    #[allow(unsafe_code)]
    #[link(name = "deskhand_decoders", kind = "static")]
    #[link(name = "aom")]
    #[link(name = "vpx")]
    unsafe extern "C" {
        pub fn deskhand_test_decoder_open(is_av1: i32) -> *mut Decoder;
        pub fn deskhand_test_decode(
            decoder: *mut Decoder,
            data: *const u8,
            size: u32,
            planes: *mut u8,
            room: usize,
            width: *mut u32,
            height: *mut u32,
        ) -> i32;
        pub fn deskhand_test_decoder_close(decoder: *mut Decoder);
    }
}
