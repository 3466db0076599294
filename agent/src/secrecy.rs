//! What this program knows stays in it.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// No core file is written when it crashes, and no other program of the same person may look into
/// its memory (`PR_SET_DUMPABLE`, `prctl(2)`). Programs that want to look into whoever asks them, as
/// portals do, have to be asked by another process.
pub fn keep_memory_private() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "this program's memory can be looked into");
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn memory_is_private() {
        keep_memory_private();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
