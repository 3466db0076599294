//! Sleeping until the screen, the handle or the clock has something to say.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Instant,
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    io::Errno,
};

/// Ends a [`Waker::sleep`] from another thread; an early call ends the next one.
#[derive(Debug)]
pub struct Waker(OwnedFd);

impl Waker {
    /// Nothing to wake for yet.
    pub fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(eventfd(0, flags)?))
    }

    /// Ends the sleep.
    pub fn wake(&self) {
        // It fails only when the counter is full, and then the sleeper is awake already.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Sleeps until woken, until `source` can be read or until `until`; `None`: for ever.
    pub fn sleep(&self, source: Option<BorrowedFd<'_>>, until: Option<Instant>) -> io::Result<()> {
        let own = self.0.as_fd();
        let mut fds = [
            PollFd::from_borrowed_fd(own, PollFlags::IN),
            PollFd::from_borrowed_fd(source.unwrap_or(own), PollFlags::IN),
        ];
        let left = until.map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            Timespec::try_from(left).unwrap_or_default()
        });
        match poll(&mut fds, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Empty unless somebody woke us.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
        Ok(())
    }
}
