//! In the place of certificates by ACME where the program is built without them.

use clap::Args;

use crate::{config::Around, origin::Origin, tls::Certificates};

/// None.
#[derive(Debug, Clone, Default, Args)]
pub struct AcmeOptions {}

/// There is none.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum AcmeError {}

/// There is none.
#[derive(Debug, Clone, Copy)]
pub enum Acme {}

impl AcmeError {
    pub(crate) fn is_of_the_order(self) -> bool {
        match self {}
    }
}

#[expect(clippy::unused_self, reason = "as the real ones are called")]
impl AcmeOptions {
    pub(crate) fn public_url(&self) -> Option<Origin> {
        None
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same")]
    pub(crate) fn check(
        self,
        _: &Around<'_>,
        _: &mut Vec<String>,
    ) -> Result<Option<Acme>, Vec<AcmeError>> {
        Ok(None)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "as the real ones are called"
)]
impl Acme {
    pub(crate) fn certificates(&self) -> Certificates {
        match *self {}
    }

    pub(crate) async fn run(self) {
        match self {}
    }
}
