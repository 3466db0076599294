//! What must hold for any bytes at all, as in [`deskhand_protocol::oracle`]: the fuzz targets of
//! what only servers read.

use deskhand_protocol::oracle::Oracle;

pub use crate::{
    nodes::message::oracle as nodes,
    relay::oracle::{stun, turn},
};

/// All of them.
pub const ALL: &[Oracle] = &[
    Oracle {
        name: "stun",
        check: stun,
    },
    Oracle {
        name: "turn",
        check: turn,
    },
    Oracle {
        name: "nodes",
        check: nodes,
    },
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ALL;

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for oracle in ALL {
                (oracle.check)(&bytes);
            }
        }
    }
}
