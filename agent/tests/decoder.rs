//! What would the expert see? libvpx's own decoder, for tests only.

use std::ptr::NonNull;

/// A VP9 decoder and the last picture that came out.
pub struct Decoder {
    raw: NonNull<ffi::Codec>,
    luma: Vec<u8>,
    size: (u32, u32),
}

impl Decoder {
    const MAX_PIXELS: usize = 4096 * 4096;

    pub fn new() -> Self {
        // SAFETY: takes nothing; gives memory of its own, or null.
        #[allow(unsafe_code)]
        let raw = unsafe { ffi::deskhand_test_decoder_open() };
        Self {
            raw: NonNull::new(raw).expect("libvpx decodes VP9"),
            luma: vec![0; Self::MAX_PIXELS],
            size: (0, 0),
        }
    }

    /// Panics if the packet cannot be decoded.
    pub fn decode(&mut self, data: &[u8]) {
        let (mut width, mut height) = (0, 0);
        // SAFETY: `raw` is open until drop; both buffers are passed with their true lengths.
        #[allow(unsafe_code)]
        let error = unsafe {
            ffi::deskhand_test_decode(
                self.raw.as_ptr(),
                data.as_ptr(),
                u32::try_from(data.len()).unwrap(),
                self.luma.as_mut_ptr(),
                self.luma.len(),
                &raw mut width,
                &raw mut height,
            )
        };
        assert_eq!(error, 0, "a packet cannot be decoded");
        self.size = (width, height);
    }

    /// Of the last picture: luma, row by row.
    pub fn luma(&self) -> (&[u8], (u32, u32)) {
        let (width, height) = self.size;
        (&self.luma[..(width * height) as usize], self.size)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: `raw` came from open and is closed only here.
        #[allow(unsafe_code)]
        unsafe {
            ffi::deskhand_test_decoder_close(self.raw.as_ptr());
        }
    }
}

/// `decoder.c`.
mod ffi {
    #[repr(C)]
    pub struct Codec {
        _opaque: [u8; 0],
    }

    // SAFETY: the declarations match `decoder.c`; the build script has compiled it.
    #[allow(unsafe_code)]
    #[link(name = "deskhand_vp9_decoder", kind = "static")]
    #[link(name = "vpx")]
    unsafe extern "C" {
        pub fn deskhand_test_decoder_open() -> *mut Codec;
        pub fn deskhand_test_decode(
            codec: *mut Codec,
            data: *const u8,
            size: u32,
            luma: *mut u8,
            room: usize,
            width: *mut u32,
            height: *mut u32,
        ) -> i32;
        pub fn deskhand_test_decoder_close(codec: *mut Codec);
    }
}
