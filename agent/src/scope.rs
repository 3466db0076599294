//! What of the desktop is shown, as media, session and hand tell each other.

use deskhand_protocol::{control::Display, input::Position};
use serde::{Deserialize, Serialize};

/// A display, and where on the desktop it lies: both sides are even, the corner need not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// As the page knows it.
    pub display: Display,
    /// Its left edge, in pixels of the desktop.
    pub left: u16,
    /// Its top edge.
    pub top: u16,
}

impl Scope {
    /// Which pixel of the desktop a place on the display is; never one outside the display.
    pub fn pixel(&self, at: Position) -> (u16, u16) {
        let x = at.x.to_pixel(self.display.width);
        let y = at.y.to_pixel(self.display.height);
        (self.left.saturating_add(x), self.top.saturating_add(y))
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::input::Norm;

    use super::*;

    #[test]
    fn places_are_counted_from_the_corner_of_what_is_shown_and_stay_inside() {
        let scope = Scope {
            display: Display {
                epoch: 1,
                width: 640,
                height: 480,
            },
            left: 1281,
            top: 100,
        };
        let pixel = |x, y| scope.pixel(Position { x, y });
        assert_eq!(pixel(Norm(0), Norm(0)), (1281, 100));
        let (x, y) = (Norm::of_pixel(17, 640), Norm::of_pixel(99, 480));
        assert_eq!(pixel(x, y), (1298, 199));
        assert_eq!(pixel(Norm(u16::MAX), Norm(u16::MAX)), (1920, 579));
    }
}
