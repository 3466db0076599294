//! A piece of memory that the X server writes pixels into.
//!
//! It has no name: it goes to the server as a file descriptor (MIT-SHM 1.2), so that no other
//! process can ever open it, and it ends with its last user. The only unsafe code of the X11
//! back end is here.

use std::{ffi::c_void, os::fd::OwnedFd, ptr::NonNull};

use rustix::{
    fs::{MemfdFlags, ftruncate, memfd_create},
    io,
    mm::{MapFlags, ProtFlags, mmap, munmap},
};

/// Mapped memory, shared with one X server.
#[derive(Debug)]
pub struct SharedMemory {
    start: NonNull<c_void>,
    len: usize,
}

impl SharedMemory {
    /// New memory, and the descriptor to hand to the server.
    pub fn new(len: usize) -> io::Result<(Self, OwnedFd)> {
        let file = memfd_create("deskhand-screen", MemfdFlags::CLOEXEC)?;
        ftruncate(&file, len as u64)?;
        // SAFETY: a mapping of our own at an address that the kernel chooses; nothing else
        // refers to it. The file is never made shorter, by us or by the server, which gets it
        // to write into.
        #[allow(unsafe_code)]
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                len,
                ProtFlags::READ,
                MapFlags::SHARED,
                &file,
                0,
            )?
        };
        let start = NonNull::new(start).ok_or(io::Errno::NOMEM)?;
        Ok((Self { start, len }, file))
    }

    /// What the server has written. Call it only after the server has answered: it writes
    /// nothing that it was not asked for, so the bytes stay as they are while they are borrowed.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: mapped with this length until drop, readable, and initialised (a new file is
        // all zero). The server writes only between a request and its reply, and `grab` waits
        // for every reply before it looks.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len)
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length and unmapped only here; `bytes` borrows
        // from `self`, so nothing can look at it any more.
        #[allow(unsafe_code)]
        let result = unsafe { munmap(self.start.as_ptr(), self.len) };
        debug_assert!(result.is_ok(), "unmapping what was mapped cannot fail");
    }
}
