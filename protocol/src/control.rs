//! Channel `control`: requests, grants, chat and session events, reliable and in order.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    id::GrantId,
    input::Position,
    monitor::{Monitors, Shown},
    picture::Codecs,
    text::ChatText,
};

/// Page to agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromExpert {
    /// Says something to the novice.
    Chat(ChatText),
    /// Asks for mouse and keyboard.
    RequestControl,
    /// Gives control back.
    ReleaseControl(GrantId),
    /// Needs all of the picture anew, because too much of it got lost.
    Refresh,
    /// Ends the session.
    End,
    /// Can decode these videos, of which the agent chooses one: VP9 until this has come. Said at
    /// first, and again whenever it turns out to be otherwise.
    Decodes(Codecs),
    /// Wants to see this from now on. A monitor that is not there is passed over: it may have been
    /// disconnected in the same moment.
    Show(Shown),
    /// Looks at the page, or does not: then no picture is made. It is looked at until this has
    /// come.
    Looking(bool),
    /// Wants the picture so; [`Quality::Auto`] until this has come.
    Quality(Quality),
}

/// What matters most about the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Quality {
    /// What suits what is on the screen.
    #[default]
    Auto,
    /// That text can be read at any moment.
    SharpText,
    /// That it moves evenly, at half the rate.
    Balanced,
    /// That it takes little of the network.
    LowBandwidth,
}

/// Agent to page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromNovice {
    /// What is shown; sent before any picture, and again whenever it changes.
    Display(Display),
    /// Says something to the expert.
    Chat(ChatText),
    /// The novice is being asked for control.
    Asking,
    /// Control is granted under this number.
    Granted(GrantId),
    /// Control is refused; asking again is possible after so many seconds.
    Denied {
        /// Why.
        reason: Denial,
        /// When to ask again.
        retry_secs: u16,
    },
    /// Control has ended; viewing goes on.
    Stopped {
        /// Which grant.
        grant: GrantId,
        /// How.
        cause: StopCause,
    },
    /// The novice uses mouse or keyboard: the expert's input is dropped while this is true.
    LocalHand(bool),
    /// The novice paused the picture, or went on.
    Paused(bool),
    /// What the novice's pointer looks like.
    CursorShape(CursorShape),
    /// The session is over.
    Ended(EndReason),
    /// Which monitors there are and what of them is shown; sent before the first
    /// [`Display`](Self::Display), and again whenever that changes.
    Monitors(Monitors),
    /// The novice's desktop does not answer, so that what is seen may be old; or it answers again.
    Stalled(bool),
}

/// What is shown: a monitor, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Display {
    /// Rises, and wraps around, whenever it is another or has another size. Every update of the
    /// picture names the one it shows, input events the one they were aimed at.
    pub epoch: u16,
    /// In pixels.
    pub width: u16,
    /// In pixels.
    pub height: u16,
}

/// Why control is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Denial {
    /// The novice said no.
    Refused,
    /// The novice did not answer.
    NoAnswer,
    /// Asked again before the wait was over.
    TooSoon,
    /// This computer cannot give control safely (see the agent's own message).
    Unavailable,
}

/// How control ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopCause {
    /// The novice pressed Esc.
    Escape,
    /// The novice pressed Ctrl+C.
    CtrlC,
    /// The novice pressed the button, or typed the command.
    Button,
    /// The expert gave it back.
    Released,
    /// Nothing was heard from the page for a second.
    Silence,
    /// The agent lost the means to inject.
    Broken,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The novice refused to show the screen.
    Refused,
    /// The novice did not answer.
    NoAnswer,
    /// The novice ended it.
    Novice,
    /// The expert ended it.
    Expert,
    /// The connection broke.
    Lost,
    /// The novice's computer cannot share its screen.
    Failed,
    /// The expert's page sent what is not of this protocol.
    Malformed,
}

/// A pointer's picture. At most 96 × 96 pixels, so that it fits one message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawShape")]
pub struct CursorShape {
    width: u16,
    height: u16,
    hot_x: u16,
    hot_y: u16,
    rgba: Vec<u8>,
    /// Where the pointer is right now, if known.
    at: Option<Position>,
}

#[derive(Deserialize)]
struct RawShape {
    width: u16,
    height: u16,
    hot_x: u16,
    hot_y: u16,
    rgba: Vec<u8>,
    at: Option<Position>,
}

impl CursorShape {
    /// The longest side in pixels.
    pub const MAX_SIDE: u16 = 96;

    /// A shape of `width` × `height` pixels with four bytes each, not premultiplied.
    /// `None` if the sizes do not fit together or are out of bounds.
    pub fn new(
        size: (u16, u16),
        hot: (u16, u16),
        rgba: Vec<u8>,
        at: Option<Position>,
    ) -> Option<Self> {
        let (width, height) = size;
        let fits = width <= Self::MAX_SIDE
            && height <= Self::MAX_SIDE
            && rgba.len() == usize::from(width) * usize::from(height) * 4
            && (hot.0 < width.max(1) && hot.1 < height.max(1));
        fits.then_some(Self {
            width,
            height,
            hot_x: hot.0,
            hot_y: hot.1,
            rgba,
            at,
        })
    }

    /// Width and height in pixels; zero for a hidden pointer.
    pub fn size(&self) -> (u16, u16) {
        (self.width, self.height)
    }

    /// The pixel that points.
    pub fn hot_spot(&self) -> (u16, u16) {
        (self.hot_x, self.hot_y)
    }

    /// Rows of red, green, blue, alpha.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Where the pointer was when it took this shape.
    pub fn position(&self) -> Option<Position> {
        self.at
    }
}

impl TryFrom<RawShape> for CursorShape {
    type Error = &'static str;

    fn try_from(raw: RawShape) -> Result<Self, Self::Error> {
        Self::new(
            (raw.width, raw.height),
            (raw.hot_x, raw.hot_y),
            raw.rgba,
            raw.at,
        )
        .ok_or("cursor shape is out of bounds")
    }
}

impl fmt::Debug for CursorShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CursorShape({} x {})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{VERSION, wire};

    #[test]
    fn what_the_page_wishes_of_the_picture_on_the_wire() {
        for (wish, expected) in [
            (FromExpert::Looking(false), [7, 0]),
            (FromExpert::Looking(true), [7, 1]),
            (FromExpert::Quality(Quality::Auto), [8, 0]),
            (FromExpert::Quality(Quality::SharpText), [8, 1]),
            (FromExpert::Quality(Quality::Balanced), [8, 2]),
            (FromExpert::Quality(Quality::LowBandwidth), [8, 3]),
        ] {
            assert_eq!(wire::encode(&wish), [&[VERSION], &expected[..]].concat());
        }
    }
}
