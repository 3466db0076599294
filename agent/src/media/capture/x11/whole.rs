//! The whole picture at once through memory of System V, by the crate `scrap`: for displays that
//! share memory, but not by descriptor (MIT-SHM before 1.2), as those of `X2Go`.
//!
//! What version 0.5.0 does not do by itself is done here:
//! - its list of monitors reads what it has freed, and follows a null pointer where there is no
//!   `RandR` 1.5: it is never asked, the part to read is named instead;
//! - its memory is open to every user of the computer and outlives a program that is killed: it is
//!   closed to others at once, nobody but the server may have been quicker, and it goes with its
//!   last user;
//! - a server that shares no memory looks like a black screen: whether it does is checked;
//! - a screen that has become smaller and a server that is gone look like the last picture: whoever
//!   reads has to ask the server afterwards, over a connection of their own.

use std::{ffi::CString, fs, io, rc::Rc};

use scrap::x11::{Capturer, Display, Rect as Part, Server};
use x11rb::protocol::xproto::Window;

use crate::media::rect::Rect;

/// The mode of its memory, as it is made.
const OPEN: u32 = 0o777;
/// Whose memory it is, and nobody else's.
const PRIVATE: u16 = 0o600;
/// Who may be attached: this program and the server.
const USERS: u64 = 2;

/// Reads one part of a screen, always all of it.
pub struct Whole(Capturer);

impl Whole {
    /// Opens `display` to read this part of the screen with this root window.
    ///
    /// # Errors
    /// The server shares no memory of this kind, or somebody else got at it.
    pub fn open(display: &str, root: Window, view: Rect) -> io::Result<Self> {
        let name = CString::new(display)?;
        let server = Server::connect(name.as_ptr().cast())
            .map_err(|error| io::Error::other(format!("no connection: {error:?}")))?;
        let part = as_scrap(view).ok_or_else(|| io::Error::other("too large"))?;
        // SAFETY: it only keeps what it is given; root is the server's own number for a window, and
        // one that it does not know it answers with an error.
        #[allow(unsafe_code)]
        let display = unsafe { Display::new(Rc::new(server), true, part, root) };
        let before = Segment::own()?;
        let mut capturer = Capturer::new(display)?;
        let mut new = Segment::own()?;
        new.retain(|segment| segment.mode & OPEN == OPEN && !before.contains(segment));
        let [segment] = new[..] else {
            return Err(io::Error::other("its memory cannot be told from others"));
        };
        segment.close_to_others()?;
        // The first picture: the server has attached by then, or never will.
        capturer.frame();
        segment.remove_with_last()?;
        let users = segment.users()?;
        if users != USERS {
            let detail = format!("{users} have its memory instead of two");
            return Err(io::Error::other(detail));
        }
        Ok(Self(capturer))
    }

    /// What is there now: rows of four bytes a pixel, from the top.
    pub fn frame(&mut self) -> &[u8] {
        self.0.frame()
    }
}

fn as_scrap(view: Rect) -> Option<Part> {
    Some(Part {
        x: view.x.try_into().ok()?,
        y: view.y.try_into().ok()?,
        w: view.width.try_into().ok()?,
        h: view.height.try_into().ok()?,
    })
}

/// A piece of memory of System V.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    id: i32,
    mode: u32,
}

impl Segment {
    /// All that this program has made.
    fn own() -> io::Result<Vec<Self>> {
        Ok(parse(
            &fs::read_to_string("/proc/sysvipc/shm")?,
            std::process::id(),
        ))
    }

    fn close_to_others(self) -> io::Result<()> {
        let mut state = self.state()?;
        state.shm_perm.mode = PRIVATE;
        self.control(libc::IPC_SET, &mut state)
    }

    fn remove_with_last(self) -> io::Result<()> {
        let mut state = self.state()?;
        self.control(libc::IPC_RMID, &mut state)
    }

    fn users(self) -> io::Result<u64> {
        Ok(self.state()?.shm_nattch)
    }

    fn state(self) -> io::Result<libc::shmid_ds> {
        // SAFETY: a structure of numbers, for which all zero is a value.
        #[allow(unsafe_code)]
        let mut state = unsafe { std::mem::zeroed() };
        self.control(libc::IPC_STAT, &mut state)?;
        Ok(state)
    }

    fn control(self, command: i32, state: &mut libc::shmid_ds) -> io::Result<()> {
        // SAFETY: `state` is of the type that each of the three commands reads or writes, and lives
        // until the call returns.
        #[allow(unsafe_code)]
        let result = unsafe { libc::shmctl(self.id, command, state) };
        if result == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

/// The lines that process `pid` made in the kernel's table (`proc_sysvipc(5)`): key, number, mode
/// in octal, size, maker.
fn parse(table: &str, pid: u32) -> Vec<Segment> {
    let lines = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let id = fields.next()?.parse().ok()?;
        let mode = u32::from_str_radix(fields.next()?, 8).ok()?;
        let maker: u32 = fields.nth(1)?.parse().ok()?;
        (maker == pid).then_some(Segment { id, mode })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ones_own_segments_are_found_in_the_kernels_table() {
        let table = "\
       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
         0          3   777               8294400  4711  4712      2  1000  1000  1000  1000 1795754434          0 1795754434               8294400                     0
         0      65540  1600                  4096  4711  4712      2  1000  1000  1000  1000 1795754434          0 1795754434                  4096                     0
         0          7   777               8294400    12    13      2     0     0     0     0 1795754434          0 1795754434               8294400                     0
";
        let open = Segment { id: 3, mode: OPEN };
        let removed = Segment {
            id: 65540,
            mode: 0o1600,
        };
        assert_eq!(parse(table, 4711), [open, removed]);
        assert_eq!(parse("", 4711), []);
    }
}
