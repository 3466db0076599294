//! Which of several screens the expert sees, in words.

use std::fmt;

use deskhand_protocol::monitor::{Monitors, Shown};

/// Which of several screens the expert sees. As text: "screen 2 of 3 (HDMI-1)".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// One of them.
    One {
        /// Counted from one, from left to right.
        place: usize,
        /// How many there are.
        of: usize,
        /// What the desktop calls it.
        name: String,
    },
    /// All.
    All {
        /// How many there are.
        of: usize,
    },
}

impl Watched {
    /// `None`: there is only one, so there is nothing to tell apart.
    pub fn of(monitors: &Monitors) -> Option<Self> {
        let of = monitors.list().len();
        match monitors.shown() {
            _ if !monitors.are_several() => None,
            Shown::All => Some(Self::All { of }),
            Shown::One(id) => {
                let (place, monitor) = monitors.find(id)?;
                let name = monitor.name.to_string();
                Some(Self::One { place, of, name })
            }
        }
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { place, of, name } => write!(f, "screen {place} of {of} ({name})"),
            Self::All { of: 2 } => f.write_str("both screens"),
            Self::All { of } => write!(f, "all {of} screens"),
        }
    }
}
