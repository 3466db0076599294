//! VP9 through the system's libvpx: real-time, constant bitrate, tuned for screens.
//!
//! The only unsafe code is the door to `vp9.c`; see `vp9.h` for its contract.

use std::{
    ffi::{CStr, c_char},
    ptr::{self, NonNull},
    time::Duration,
};

use bytes::Bytes;

use super::{Effort, EncodeError, Encoded, Encoder, Job};
use crate::media::rect::Size;

/// Two are worth their memory on the weakest machines that Deskhand runs on; more gained
/// nothing.
const THREADS: u32 = 2;

/// The rate control's clock goes on by at most so much per picture. It grants the bits of the
/// time that has passed, and would answer a quiet minute with one picture of megabytes.
const LONGEST_STEP: Duration = Duration::from_millis(100);

/// A VP9 encoder for pictures of one size.
pub struct Vp9 {
    raw: NonNull<ffi::Vp9>,
    size: Size,
    /// In units of 1/90000 s, as all below.
    pts: i64,
}

impl Vp9 {
    /// Opens one for pictures of this (even) size.
    pub fn open(size: Size, kbit: u32) -> Result<Self, EncodeError> {
        let kbit = kbit.max(1);
        // SAFETY: takes numbers only; gives memory of its own, or null.
        #[allow(unsafe_code)]
        let raw = unsafe { ffi::deskhand_vp9_open(size.width, size.height, kbit, THREADS) };
        let raw = NonNull::new(raw).ok_or_else(|| EncodeError {
            codec: "VP9",
            action: "start",
            detail: format!("refused {} x {} pixels", size.width, size.height),
        })?;
        Ok(Self { raw, size, pts: 0 })
    }
}

impl Encoder for Vp9 {
    fn encode(&mut self, job: Job<'_>) -> Result<Option<Encoded>, EncodeError> {
        if job.picture.size() != self.size {
            return Err(failure("encode", "the picture has another size"));
        }
        let step = job.elapsed.min(LONGEST_STEP).as_micros() * 9 / 100;
        let step = u32::try_from(step).unwrap_or(u32::MAX).max(1);
        self.pts += i64::from(step);
        let (quantizer, floor) = match job.effort {
            Effort::Live { floor } => (-1, i32::from(floor)),
            Effort::Refine(quantizer) => (i32::from(quantizer.min(63)), 0),
        };
        let map = job.map.filter(|_| !job.key);
        let picture = ffi::Picture {
            y: job.picture.y().as_ptr(),
            u: job.picture.u().as_ptr(),
            v: job.picture.v().as_ptr(),
            map: map.map_or(ptr::null(), |map| map.cells.as_ptr()),
            columns: self.size.width.div_ceil(16),
            rows: self.size.height.div_ceil(16),
            pts: self.pts,
            duration: step,
            quantizer,
            floor,
            key: i32::from(job.key),
        };
        if let Some(map) = map
            && (map.columns, map.rows) != (picture.columns, picture.rows)
        {
            return Err(failure("encode", "the map has another size"));
        }
        let mut packet = ffi::Packet {
            data: ptr::null(),
            size: 0,
            key: 0,
            quantizer: 0,
        };
        // SAFETY: `raw` is open until drop; the planes and the map have the size it was opened
        // with (checked above; `I420` keeps its planes complete) and are only read, until the
        // call returns.
        #[allow(unsafe_code)]
        let error = unsafe {
            ffi::deskhand_vp9_encode(self.raw.as_ptr(), &raw const picture, &raw mut packet)
        };
        check("encode", error)?;
        if packet.size == 0 {
            return Ok(None);
        }
        // SAFETY: libvpx's own buffer of that many bytes, valid until the next call, copied here.
        #[allow(unsafe_code)]
        let data = unsafe { std::slice::from_raw_parts(packet.data, packet.size) };
        Ok(Some(Encoded {
            data: Bytes::copy_from_slice(data),
            key: packet.key != 0,
            quantizer: u8::try_from(packet.quantizer).unwrap_or(63),
        }))
    }

    fn set_bitrate(&mut self, kbit: u32) -> Result<(), EncodeError> {
        // SAFETY: `raw` is open until drop; takes a number.
        #[allow(unsafe_code)]
        let error = unsafe { ffi::deskhand_vp9_set_bitrate(self.raw.as_ptr(), kbit.max(1)) };
        check("change the bitrate", error)
    }
}

impl Drop for Vp9 {
    fn drop(&mut self) {
        // SAFETY: `raw` came from `deskhand_vp9_open` and is closed only here.
        #[allow(unsafe_code)]
        unsafe {
            ffi::deskhand_vp9_close(self.raw.as_ptr());
        }
    }
}

fn failure(action: &'static str, detail: &str) -> EncodeError {
    EncodeError {
        codec: "VP9",
        action,
        detail: detail.into(),
    }
}

fn check(action: &'static str, error: i32) -> Result<(), EncodeError> {
    if error == 0 {
        return Ok(());
    }
    // SAFETY: takes a number; gives a constant string.
    #[allow(unsafe_code)]
    let detail = unsafe { CStr::from_ptr(ffi::deskhand_vp9_error(error)) };
    Err(failure(action, &detail.to_string_lossy()))
}

/// `vp9.h`, field by field.
mod ffi {
    use super::c_char;

    /// Opaque.
    #[repr(C)]
    pub struct Vp9 {
        _opaque: [u8; 0],
    }

    #[repr(C)]
    pub struct Picture {
        pub y: *const u8,
        pub u: *const u8,
        pub v: *const u8,
        pub map: *const u8,
        pub columns: u32,
        pub rows: u32,
        pub pts: i64,
        pub duration: u32,
        pub quantizer: i32,
        pub floor: i32,
        pub key: i32,
    }

    #[repr(C)]
    pub struct Packet {
        pub data: *const u8,
        pub size: usize,
        pub key: i32,
        pub quantizer: i32,
    }

    // SAFETY: the declarations match `vp9.h`.
    #[allow(unsafe_code)]
    unsafe extern "C" {
        pub fn deskhand_vp9_open(width: u32, height: u32, kbit: u32, threads: u32) -> *mut Vp9;
        pub fn deskhand_vp9_encode(
            this: *mut Vp9,
            picture: *const Picture,
            packet: *mut Packet,
        ) -> i32;
        pub fn deskhand_vp9_set_bitrate(this: *mut Vp9, kbit: u32) -> i32;
        pub fn deskhand_vp9_close(this: *mut Vp9);
        pub fn deskhand_vp9_error(number: i32) -> *const c_char;
    }
}
