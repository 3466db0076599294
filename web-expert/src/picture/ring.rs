//! Memory that the page shares with the worker of [`frames`](super::frames), which puts frames in.
//!
//! Three counters, and a ring of slots of [`SLOT`] bytes, each with one frame: when it came (in ms,
//! a 64-bit float), its length in bytes (32 bits), and from [`SLOT_HEADER`] on the frame itself. All
//! in the machine's own order of bytes. Frames too long, or too many, the worker sends otherwise.

use std::time::Duration;

use js_sys::{
    Atomics, Float64Array, Int32Array, Reflect, SharedArrayBuffer, Uint8Array, Uint32Array,
};

const HEADER: u32 = 64;
const SLOT: u32 = 2048;
const SLOT_HEADER: u32 = 16;
/// At 20 Mbit/s more than a fifth of a second.
const SLOTS: u32 = 512;

/// So many frames were put in; by the worker.
const PUT: u32 = 0;
/// So many were taken out.
const TAKEN: u32 = 1;
/// Not zero: the page was told that something is there.
const TOLD: u32 = 2;

/// The page's end.
#[derive(Debug, Clone)]
pub struct Ring {
    memory: SharedArrayBuffer,
    state: Int32Array,
}

impl Ring {
    /// An empty one; none where pages may share no memory
    /// (<https://html.spec.whatwg.org/#dom-crossoriginisolated>).
    pub fn new() -> Option<Self> {
        let isolated = Reflect::get(&js_sys::global(), &"crossOriginIsolated".into());
        if !isolated.is_ok_and(|isolated| isolated.is_truthy()) {
            return None;
        }
        let memory = SharedArrayBuffer::new(HEADER + SLOTS * SLOT);
        let state = Int32Array::new_with_byte_offset_and_length(&memory, 0, 3);
        Some(Self { memory, state })
    }

    /// For the worker.
    pub fn memory(&self) -> &SharedArrayBuffer {
        &self.memory
    }

    /// From now on the worker says again when something is put in. Whoever looks says so first:
    /// then nothing can be missed.
    pub fn looking(&self) {
        Atomics::store(&self.state, TOLD, 0).ok();
    }

    /// The next frame, and when it came.
    pub fn take(&self) -> Option<(Vec<u8>, Duration)> {
        let [put, taken] = [PUT, TAKEN].map(|at| Atomics::load(&self.state, at).unwrap_or(0));
        if put == taken {
            return None;
        }
        let start = HEADER + taken.cast_unsigned() % SLOTS * SLOT;
        let at = Float64Array::new_with_byte_offset_and_length(&self.memory, start, 1).get_index(0);
        let length =
            Uint32Array::new_with_byte_offset_and_length(&self.memory, start + 8, 1).get_index(0);
        let frame = Uint8Array::new_with_byte_offset_and_length(
            &self.memory,
            start + SLOT_HEADER,
            length.min(SLOT - SLOT_HEADER),
        );
        let frame = frame.to_vec();
        Atomics::store(&self.state, TAKEN, taken.wrapping_add(1)).ok();
        let at = Duration::try_from_secs_f64(at / 1000.0).unwrap_or_default();
        Some((frame, at))
    }
}
