//! The ways to a mail program on Linux and its kin.

use super::{Letter, MailError, Opened, Way};

/// In the order in which [`Way::Auto`] tries them.
pub(super) const WAYS: &[Way] = &[Way::Portal, Way::XdgEmail, Way::Draft];

/// There is no MAPI here.
#[expect(clippy::unused_async, reason = "it waits where there is")]
pub(super) async fn open_mapi(_: &Letter) -> Result<Opened, MailError> {
    Err(MailError::NoProgram)
}
