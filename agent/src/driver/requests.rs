//! What a second start of the program asks of this one.

use rand_core::{CryptoRng, RngCore};

use super::{
    Wires,
    edges::{Edges, Fed},
};
use crate::{desk::Desk, io::Outcome};

/// See the module.
#[derive(Debug, Default)]
pub struct Requests {}

impl Requests {
    pub(super) async fn next(&mut self) -> Option<()> {
        std::future::pending().await
    }

    pub(super) fn handle<R: RngCore + CryptoRng>(
        &mut self,
        (): (),
        _desk: &mut Desk<R>,
        _edges: &mut Edges,
        _wires: &mut Wires,
    ) -> Option<Outcome> {
        None
    }

    pub(super) fn answer<R: RngCore + CryptoRng>(&mut self, _fed: &Fed, _desk: &Desk<R>) {}
}
