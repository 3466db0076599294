//! Pointer geometry and arithmetic: where on the display, which buttons, how far the wheel. Pure.

use deskhand_protocol::input::{Action, Button, Norm, Position};

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Never negative.
    pub width: f64,
    /// Never negative.
    pub height: f64,
}

impl Rect {
    /// Where a picture of `size` lies inside this box when it is fitted into it as
    /// `object-fit: contain` does: as large as possible, in the middle, bars beside it.
    #[must_use]
    pub fn contain(self, size: (f64, f64)) -> Self {
        if size.0 <= 0.0 || size.1 <= 0.0 {
            return self;
        }
        let scale = (self.width / size.0).min(self.height / size.1);
        let (width, height) = (size.0 * scale, size.1 * scale);
        Self {
            left: self.left + (self.width - width) / 2.0,
            top: self.top + (self.height - height) / 2.0,
            width,
            height,
        }
    }

    /// Whether a point is inside.
    pub fn contains(self, x: f64, y: f64) -> bool {
        (self.left..self.left + self.width).contains(&x)
            && (self.top..self.top + self.height).contains(&y)
    }

    /// A point as a place on the display that fills this box; points outside land on its edge.
    pub fn position(self, x: f64, y: f64) -> Position {
        Position {
            x: Norm::from_fraction(x - self.left, self.width),
            y: Norm::from_fraction(y - self.top, self.height),
        }
    }

    /// The point of a place on the display that fills this box.
    pub fn point(self, at: Position) -> (f64, f64) {
        let fraction = |norm: Norm| (f64::from(norm.0) + 0.5) / 65_536.0;
        (
            self.left + self.width * fraction(at.x),
            self.top + self.height * fraction(at.y),
        )
    }
}

/// Which buttons are down at the novice's.
#[derive(Debug, Default)]
pub struct Buttons {
    held: u16,
}

impl Buttons {
    /// In the order of the bits of
    /// [`MouseEvent.buttons`](https://www.w3.org/TR/uievents/#dom-mouseevent-buttons), which is
    /// not the order of `MouseEvent.button`.
    const BITS: [Button; 5] = [
        Button::Left,
        Button::Right,
        Button::Middle,
        Button::Back,
        Button::Forward,
    ];

    /// Follows `MouseEvent.buttons`. Releases are always believed, so that a lost `pointerup`
    /// ends with the next event; presses only where `may_press`, so that a drag which began
    /// elsewhere presses nothing here.
    pub fn follow(&mut self, now: u16, may_press: bool) -> Vec<Action> {
        let changed = (self.held ^ now) & if may_press { 0b1_1111 } else { self.held };
        self.held ^= changed;
        Self::BITS
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| changed & (1 << bit) != 0)
            .map(|(bit, button)| Action::Button {
                button,
                down: self.held & (1 << bit) != 0,
            })
            .collect()
    }
}

/// How far a wheel turned, as the browser says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// `WheelEvent.deltaX` and `deltaY`.
    pub delta: (f64, f64),
    /// `WheelEvent.deltaMode`: pixels, lines or pages.
    pub mode: u32,
    /// `WheelEvent.wheelDeltaX` and `wheelDeltaY`, where the browser has them: already in 1/120
    /// of a notch, but with the opposite sign.
    pub notches: Option<(f64, f64)>,
}

impl Turn {
    /// In 1/120 of a notch, positive right and down.
    fn units(self) -> (f64, f64) {
        match self.notches {
            Some((x, y)) if x != 0.0 || y != 0.0 => (-x, -y),
            _ => {
                // A notch is 100 pixels or three lines in the browsers that have no wheelDelta.
                let unit = match self.mode {
                    0 => 1.2,
                    1 => 40.0,
                    _ => 120.0,
                };
                (self.delta.0 * unit, self.delta.1 * unit)
            }
        }
    }
}

/// Adds up fractions of a 1/120 notch, as touchpads send them.
#[derive(Debug, Default)]
pub struct Wheel {
    rest: (f64, f64),
}

impl Wheel {
    /// The whole units that are due, if any.
    pub fn turn(&mut self, turn: Turn) -> Option<Action> {
        let (x, y) = turn.units();
        let dx = Self::whole(&mut self.rest.0, x);
        let dy = Self::whole(&mut self.rest.1, y);
        (dx != 0 || dy != 0).then_some(Action::Wheel { dx, dy })
    }

    fn whole(rest: &mut f64, more: f64) -> i16 {
        if !more.is_finite() {
            return 0;
        }
        // Turning back starts afresh: a fraction left over from the other way is no debt.
        if *rest * more < 0.0 {
            *rest = 0.0;
        }
        let sum = *rest + more;
        *rest = sum.fract();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "clamped, and a whole number"
        )]
        let whole = sum.trunc().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
        whole
    }
}

/// Lets one motion through per animation frame: the first at once, then the latest.
#[derive(Debug, Default)]
pub struct Pace {
    /// A frame is awaited; what moved meanwhile waits for it.
    awaiting: bool,
    latest: Option<Position>,
}

/// What to do about a motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paced {
    /// Send it, and ask for the next animation frame.
    Now(Position),
    /// Nothing: the frame that was asked for will take it along.
    Later,
}

impl Pace {
    /// The pointer moved.
    pub fn moved(&mut self, at: Position) -> Paced {
        if self.awaiting {
            self.latest = Some(at);
            return Paced::Later;
        }
        self.awaiting = true;
        Paced::Now(at)
    }

    /// The animation frame came: what to send and then ask for another frame, or nothing.
    pub fn frame(&mut self) -> Option<Position> {
        let latest = self.latest.take();
        self.awaiting = latest.is_some();
        latest
    }

    /// A motion that waits is told by something else, such as a click at its place.
    pub fn told(&mut self) {
        self.latest = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect {
        left: 10.0,
        top: 20.0,
        width: 400.0,
        height: 400.0,
    };

    #[test]
    fn a_wide_picture_has_bars_above_and_below() {
        let picture = AREA.contain((800.0, 400.0));
        assert_eq!(
            picture,
            Rect {
                left: 10.0,
                top: 120.0,
                width: 400.0,
                height: 200.0
            }
        );
        assert!(!picture.contains(200.0, 119.0), "on the bar");
        assert!(picture.contains(200.0, 120.0));
        let at = picture.position(210.0, 220.0);
        assert_eq!((at.x.to_pixel(800), at.y.to_pixel(400)), (400, 200));
        let corner = picture.position(-5.0, 1e9);
        assert_eq!((corner.x.to_pixel(800), corner.y.to_pixel(400)), (0, 399));
    }

    #[test]
    fn a_place_comes_back_to_its_point() {
        let picture = AREA.contain((1280.0, 800.0));
        for (x, y) in [(10.0, 95.0), (200.5, 200.25), (409.0, 340.0)] {
            let (px, py) = picture.point(picture.position(x, y));
            assert!((px - x).abs() < 0.01 && (py - y).abs() < 0.01, "{px} {py}");
        }
    }

    #[test]
    fn buttons_follow_the_mask_but_press_only_where_allowed() {
        let mut buttons = Buttons::default();
        assert!(buttons.follow(1, false).is_empty(), "a drag from elsewhere");
        let left = |down| Action::Button {
            button: Button::Left,
            down,
        };
        let right = |down| Action::Button {
            button: Button::Right,
            down,
        };
        assert_eq!(buttons.follow(1, true), [left(true)]);
        assert_eq!(buttons.follow(3, true), [right(true)]);
        assert_eq!(buttons.follow(2, false), [left(false)], "a lost release");
        assert_eq!(buttons.follow(0, false), [right(false)]);
        assert_eq!(buttons.follow(0, false), []);
    }

    #[test]
    fn the_wheel_counts_in_notches_whatever_the_browser_counts_in() {
        let turn = |y, mode, notches| {
            Wheel::default().turn(Turn {
                delta: (0.0, y),
                mode,
                notches,
            })
        };
        let notch = Some(Action::Wheel { dx: 0, dy: 120 });
        assert_eq!(turn(100.0, 0, None), notch);
        assert_eq!(turn(3.0, 1, None), notch);
        assert_eq!(turn(1.0, 2, None), notch);
        assert_eq!(turn(53.0, 0, Some((0.0, -120.0))), notch);
        assert_eq!(turn(f64::NAN, 0, None), None);
    }

    #[test]
    fn fractions_of_the_wheel_add_up_and_turn_back_without_debt() {
        let mut wheel = Wheel::default();
        let mut small = |y| {
            wheel.turn(Turn {
                delta: (0.0, y),
                mode: 0,
                notches: None,
            })
        };
        assert_eq!(small(0.5), None);
        assert_eq!(small(0.5), Some(Action::Wheel { dx: 0, dy: 1 }));
        assert_eq!(small(-1.0), Some(Action::Wheel { dx: 0, dy: -1 }));
    }

    #[test]
    fn the_first_motion_goes_at_once_and_then_the_latest_per_frame() {
        let at = |x| Position {
            x: Norm(x),
            y: Norm(0),
        };
        let mut pace = Pace::default();
        assert_eq!(pace.moved(at(1)), Paced::Now(at(1)));
        assert_eq!(pace.moved(at(2)), Paced::Later);
        assert_eq!(pace.moved(at(3)), Paced::Later);
        assert_eq!(pace.frame(), Some(at(3)));
        assert_eq!(pace.frame(), None);
        assert_eq!(pace.moved(at(4)), Paced::Now(at(4)));
        pace.moved(at(5));
        pace.told();
        assert_eq!(pace.frame(), None);
    }
}
