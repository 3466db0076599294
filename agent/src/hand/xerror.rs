//! One error for everything that can go wrong with an X display.

use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};

/// The display failed. The text never contains what was typed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XError {
    /// Nobody answers there.
    #[error("the display cannot be reached: {0}")]
    Connect(#[from] ConnectError),
    /// The connection broke.
    #[error("the display is gone: {0}")]
    Connection(#[from] ConnectionError),
    /// It refused a request.
    #[error("the display refused a request: {0}")]
    Reply(#[from] ReplyError),
    /// It lacks something that is needed.
    #[error("the display lacks {0}")]
    Lacks(&'static str),
}

impl XError {
    /// Whether only one request failed, as when a window vanished meanwhile, and the display
    /// is still there.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Reply(ReplyError::X11Error(_)))
    }
}

impl From<ReplyOrIdError> for XError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => Self::Lacks("free resource ids"),
            ReplyOrIdError::ConnectionError(error) => Self::Connection(error),
            ReplyOrIdError::X11Error(error) => Self::Reply(ReplyError::X11Error(error)),
        }
    }
}
