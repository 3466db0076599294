//! The door to the video encoders of the system's libraries: libaom's AV1 and libvpx's VP9, both
//! real-time, at a constant bitrate, tuned for what Deskhand has them draw.
//!
//! The only unsafe code of the encoders; see `door.h` for the contract of `av1.c` and `vp9.c`.

use std::{
    ffi::CStr,
    ptr::{self, NonNull},
    time::Duration,
};

use bytes::Bytes;
use deskhand_protocol::picture::Codec;

use super::{EncodeError, Encoded, Encoder, Job};
use crate::media::rect::Size;

/// Two are worth their memory on the weakest machines that Deskhand runs on; more gained
/// nothing.
const THREADS: u32 = 2;

/// The rate control's clock goes on by at most so much per picture. It grants the bits of the
/// time that has passed, and would answer a quiet minute with one picture of megabytes.
const LONGEST_STEP: Duration = Duration::from_millis(100);

/// An encoder behind the door, for pictures of one size.
pub struct Native {
    codec: Codec,
    door: &'static ffi::Door,
    raw: NonNull<ffi::Encoder>,
    size: Size,
    /// In units of 1/90000 s, as all below.
    pts: i64,
}

impl Native {
    /// Opens one for pictures of this (even) size.
    pub fn open(codec: Codec, size: Size, kbit: u32) -> Result<Self, EncodeError> {
        // SAFETY: constants that live for ever.
        #[allow(unsafe_code)]
        let door = unsafe {
            match codec {
                Codec::Av1 => &ffi::deskhand_av1,
                Codec::Vp9 => &ffi::deskhand_vp9,
            }
        };
        let shape = ffi::Shape {
            width: size.width,
            height: size.height,
            kbit: kbit.max(1),
            threads: THREADS,
        };
        // SAFETY: reads the shape until it returns; gives memory of its own, or null.
        #[allow(unsafe_code)]
        let raw = unsafe { (door.open)(&raw const shape) };
        let raw = NonNull::new(raw).ok_or_else(|| EncodeError {
            codec,
            action: "start",
            detail: format!("refused {} x {} pixels", size.width, size.height),
        })?;
        Ok(Self {
            codec,
            door,
            raw,
            size,
            pts: 0,
        })
    }

    fn failure(&self, action: &'static str, detail: &str) -> EncodeError {
        EncodeError {
            codec: self.codec,
            action,
            detail: detail.into(),
        }
    }

    fn check(&self, action: &'static str, error: i32) -> Result<(), EncodeError> {
        if error == 0 {
            return Ok(());
        }
        // SAFETY: takes a number; gives a constant string.
        #[allow(unsafe_code)]
        let detail = unsafe { CStr::from_ptr((self.door.error)(error)) };
        Err(self.failure(action, &detail.to_string_lossy()))
    }
}

impl Encoder for Native {
    fn codec(&self) -> Codec {
        self.codec
    }

    fn encode(&mut self, job: Job<'_>) -> Result<Option<Encoded>, EncodeError> {
        if job.picture.size() != self.size {
            return Err(self.failure("encode", "the picture has another size"));
        }
        let step = job.elapsed.min(LONGEST_STEP).as_micros() * 9 / 100;
        let step = u32::try_from(step).unwrap_or(u32::MAX).max(1);
        self.pts += i64::from(step);
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
            kbit: job.kbit.max(1),
            floor: job.floor.into(),
            key: i32::from(job.key),
        };
        if let Some(map) = map
            && (map.columns, map.rows) != (picture.columns, picture.rows)
        {
            return Err(self.failure("encode", "the map has another size"));
        }
        let mut packet = ffi::Packet {
            data: ptr::null(),
            size: 0,
            key: 0,
        };
        // SAFETY: `raw` is open until drop; the planes and the map have the size it was opened
        // with (checked above; `I420` keeps its planes complete) and are only read, until the
        // call returns.
        #[allow(unsafe_code)]
        let error =
            unsafe { (self.door.encode)(self.raw.as_ptr(), &raw const picture, &raw mut packet) };
        self.check("encode", error)?;
        if packet.size == 0 {
            return Ok(None);
        }
        // SAFETY: the library's own buffer of that many bytes, valid until the next call, copied
        // here.
        #[allow(unsafe_code)]
        let data = unsafe { std::slice::from_raw_parts(packet.data, packet.size) };
        Ok(Some(Encoded {
            data: Bytes::copy_from_slice(data),
            key: packet.key != 0,
        }))
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // SAFETY: `raw` came from this door's `open` and is closed only here.
        #[allow(unsafe_code)]
        unsafe {
            (self.door.close)(self.raw.as_ptr());
        }
    }
}

/// `door.h`, field by field.
mod ffi {
    use std::ffi::c_char;

    /// Opaque.
    #[repr(C)]
    pub struct Encoder {
        _opaque: [u8; 0],
    }

    #[repr(C)]
    pub struct Shape {
        pub width: u32,
        pub height: u32,
        pub kbit: u32,
        pub threads: u32,
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
        pub kbit: u32,
        pub floor: i32,
        pub key: i32,
    }

    #[repr(C)]
    pub struct Packet {
        pub data: *const u8,
        pub size: usize,
        pub key: i32,
    }

    #[repr(C)]
    pub struct Door {
        pub open: unsafe extern "C" fn(*const Shape) -> *mut Encoder,
        pub encode: unsafe extern "C" fn(*mut Encoder, *const Picture, *mut Packet) -> i32,
        pub close: unsafe extern "C" fn(*mut Encoder),
        pub error: unsafe extern "C" fn(i32) -> *const c_char,
    }

    // SAFETY: the declarations match `door.h`; the build script has compiled what it declares.
    #[allow(unsafe_code)]
    unsafe extern "C" {
        pub static deskhand_av1: Door;
        pub static deskhand_vp9: Door;
    }
}
