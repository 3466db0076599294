//! What this program knows stays in it.

use rustix::{
    io,
    process::{DumpableBehavior, set_dumpable_behavior},
};

/// No core file is written when it crashes, and no other program of the same person may look into
/// its memory (`PR_SET_DUMPABLE`, `prctl(2)`).
///
/// # Errors
/// The system's own; then they may.
pub fn keep_memory_private() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(test)]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn memory_is_private() {
        keep_memory_private().unwrap();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
