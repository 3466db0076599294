//! Which monitors a desktop has, and which part of it is shown. Pure.

use deskhand_protocol::{
    monitor::{Monitor, MonitorId, Monitors, Shown},
    picture::MAX_SIDE,
    text::Name,
};

use super::CaptureError;
use crate::media::rect::{Rect, Size};

/// What a desktop without monitors is called.
const WHOLE: &str = "Screen";

/// A desktop as its platform describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desktop {
    /// All of it.
    pub size: Size,
    /// In any order; may reach outside.
    pub monitors: Vec<Found>,
    /// Where the pointer is.
    pub pointer: (i16, i16),
}

/// A monitor as its platform describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The same for as long as it is connected, and nobody else's.
    pub id: MonitorId,
    /// What people know it by.
    pub name: String,
    /// Where on the desktop.
    pub area: Rect,
    /// The platform's first choice.
    pub primary: bool,
}

/// The monitors of a desktop, and what of them is shown.
#[derive(Debug)]
pub struct Layout {
    desktop: Desktop,
    shown: Shown,
}

impl Layout {
    /// Shows the monitor that is meant to come first, else the one with the pointer on it.
    ///
    /// # Errors
    /// The desktop is too small to show anything.
    pub fn new(desktop: Desktop) -> Result<Self, CaptureError> {
        let desktop = tidy(desktop)?;
        Ok(Self {
            shown: Shown::One(first(&desktop).id),
            desktop,
        })
    }

    /// A desktop without monitors.
    ///
    /// # Errors
    /// It is too small to show anything.
    pub fn whole(size: Size) -> Result<Self, CaptureError> {
        Self::new(Desktop {
            size,
            monitors: vec![],
            pointer: (0, 0),
        })
    }

    /// The desktop is like this now. If the monitor that is shown is gone, the one that comes
    /// first takes its place.
    ///
    /// # Errors
    /// The desktop is too small to show anything.
    pub fn update(&mut self, desktop: Desktop) -> Result<(), CaptureError> {
        self.desktop = tidy(desktop)?;
        if self.one().is_none() && self.shown != Shown::All {
            self.shown = Shown::One(first(&self.desktop).id);
        }
        Ok(())
    }

    /// Shows this from now on; a monitor that is not there changes nothing.
    pub fn show(&mut self, shown: Shown) {
        let known = |id| self.desktop.monitors.iter().any(|one| one.id == id);
        if match shown {
            Shown::One(id) => known(id),
            Shown::All => true,
        } {
            self.shown = shown;
        }
    }

    /// The part of the desktop that is shown, with even sides.
    pub fn view(&self) -> Rect {
        let area = match self.one() {
            Some(monitor) => monitor.area,
            None => self.desktop.size.rect(),
        };
        let most = u32::from(MAX_SIDE);
        Rect {
            width: area.width.min(most) & !1,
            height: area.height.min(most) & !1,
            ..area
        }
    }

    /// For the page: from left to right.
    pub fn monitors(&self) -> Option<Monitors> {
        let list = self.desktop.monitors.iter().map(|found| Monitor {
            id: found.id,
            name: Name::new(&found.name),
            x: side(found.area.x),
            y: side(found.area.y),
            width: side(found.area.width),
            height: side(found.area.height),
        });
        Monitors::new(list.collect(), self.shown)
    }

    fn one(&self) -> Option<&Found> {
        let Shown::One(id) = self.shown else {
            return None;
        };
        self.desktop.monitors.iter().find(|one| one.id == id)
    }
}

/// The part of a screen that can be shown.
fn usable(size: Size) -> Result<Size, CaptureError> {
    let Size { width, height } = size;
    if width < 2 || height < 2 {
        return Err(CaptureError::TooSmall { width, height });
    }
    Ok(size)
}

/// Leaves at least one monitor and at most as many as can be listed, none of which reaches
/// outside or shows the same as another, from left to right.
fn tidy(mut desktop: Desktop) -> Result<Desktop, CaptureError> {
    let whole = usable(desktop.size)?.rect();
    // Of two that show the same, the one that comes first for its owner does so for us.
    desktop.monitors.sort_by_key(|one| !one.primary);
    let mut kept: Vec<Found> = Vec::new();
    for found in desktop.monitors {
        let Some(area) = found.area.overlap(&whole) else {
            continue;
        };
        let seen = |other: &Found| other.area == area || other.id == found.id;
        if area.width >= 2 && area.height >= 2 && !kept.iter().any(seen) {
            kept.push(Found { area, ..found });
        }
    }
    kept.truncate(Monitors::MAX);
    kept.sort_by_key(|one| (one.area.x, one.area.y));
    if kept.is_empty() {
        kept.push(Found {
            id: MonitorId(0),
            name: WHOLE.into(),
            area: whole,
            primary: true,
        });
    }
    Ok(Desktop {
        monitors: kept,
        ..desktop
    })
}

/// Which one is shown unless somebody chooses; `tidy` has left one at least.
fn first(desktop: &Desktop) -> &Found {
    let (x, y) = desktop.pointer;
    let under = Rect {
        x: u32::try_from(x).unwrap_or(0),
        y: u32::try_from(y).unwrap_or(0),
        width: 1,
        height: 1,
    };
    let all = &desktop.monitors;
    let primary = all.iter().find(|one| one.primary);
    let pointed_at = || all.iter().find(|one| one.area.contains(&under));
    primary.or_else(pointed_at).unwrap_or(&all[0])
}

/// No desktop is larger.
fn side(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: u32, area: [u32; 4]) -> Found {
        let [x, y, width, height] = area;
        Found {
            id: MonitorId(id),
            name: format!("DP-{id}"),
            area: Rect {
                x,
                y,
                width,
                height,
            },
            primary: false,
        }
    }

    fn desktop(monitors: Vec<Found>) -> Desktop {
        Desktop {
            size: Size {
                width: 3201,
                height: 1081,
            },
            monitors,
            pointer: (1930, 10),
        }
    }

    fn two() -> Vec<Found> {
        vec![found(2, [1921, 0, 1280, 801]), found(1, [0, 0, 1921, 1081])]
    }

    fn view(layout: &Layout) -> [u32; 4] {
        let view = layout.view();
        [view.x, view.y, view.width, view.height]
    }

    fn listed(layout: &Layout) -> Vec<u32> {
        let monitors = layout.monitors().unwrap();
        monitors.list().iter().map(|one| one.id.0).collect()
    }

    #[test]
    fn a_desktop_without_monitors_is_shown_whole_with_even_sides() {
        let layout = Layout::new(desktop(vec![])).unwrap();
        assert_eq!(view(&layout), [0, 0, 3200, 1080]);
        assert_eq!(listed(&layout), [0]);
    }

    #[test]
    fn at_first_the_primary_monitor_is_shown_else_the_one_with_the_pointer() {
        let mut monitors = two();
        assert_eq!(
            view(&Layout::new(desktop(monitors.clone())).unwrap()),
            [1921, 0, 1280, 800]
        );
        monitors[1].primary = true;
        let layout = Layout::new(desktop(monitors)).unwrap();
        assert_eq!(view(&layout), [0, 0, 1920, 1080]);
        assert_eq!(listed(&layout), [1, 2], "from left to right");
    }

    #[test]
    fn any_monitor_can_be_chosen_and_all_and_unknown_ones_change_nothing() {
        let mut layout = Layout::new(desktop(two())).unwrap();
        layout.show(Shown::One(MonitorId(1)));
        assert_eq!(view(&layout), [0, 0, 1920, 1080]);
        layout.show(Shown::One(MonitorId(3)));
        assert_eq!(view(&layout), [0, 0, 1920, 1080]);
        layout.show(Shown::All);
        assert_eq!(view(&layout), [0, 0, 3200, 1080]);
        assert_eq!(layout.monitors().unwrap().shown(), Shown::All);
    }

    #[test]
    fn when_the_shown_monitor_goes_another_takes_its_place() {
        let mut layout = Layout::new(desktop(two())).unwrap();
        layout.update(desktop(vec![two().remove(1)])).unwrap();
        assert_eq!(view(&layout), [0, 0, 1920, 1080]);
        layout.update(desktop(two())).unwrap();
        assert_eq!(view(&layout), [0, 0, 1920, 1080], "coming back is no wish");
        layout.show(Shown::All);
        layout.update(desktop(vec![])).unwrap();
        assert_eq!(layout.monitors().unwrap().shown(), Shown::All);
    }

    #[test]
    fn a_monitor_that_is_moved_is_followed() {
        let mut layout = Layout::new(desktop(two())).unwrap();
        assert_eq!(view(&layout), [1921, 0, 1280, 800]);
        let moved = vec![found(2, [0, 0, 1280, 800]), found(1, [1280, 0, 1921, 1081])];
        layout.update(desktop(moved)).unwrap();
        assert_eq!(view(&layout), [0, 0, 1280, 800]);
        assert_eq!(listed(&layout), [2, 1]);
    }

    #[test]
    fn what_reaches_outside_is_cut_and_what_shows_the_same_is_listed_once() {
        let mut mirror = found(9, [0, 0, 1921, 1081]);
        mirror.primary = true;
        let monitors = vec![
            found(1, [0, 0, 1921, 1081]),
            mirror,
            found(3, [3000, 1000, 1280, 800]),
            found(4, [3200, 0, 100, 100]),
            found(5, [4000, 0, 100, 100]),
        ];
        let mut layout = Layout::new(desktop(monitors)).unwrap();
        assert_eq!(listed(&layout), [9, 3]);
        layout.show(Shown::One(MonitorId(3)));
        assert_eq!(view(&layout), [3000, 1000, 200, 80]);
    }

    #[test]
    fn nothing_is_too_large_or_too_many_or_too_small() {
        let many = (0..99).map(|id| found(id, [id * 10, 0, 10, 10])).collect();
        assert_eq!(listed(&Layout::new(desktop(many)).unwrap()).len(), 16);
        let size = |width, height| Size { width, height };
        let wide = Layout::whole(size(30_000, 10)).unwrap();
        assert_eq!(view(&wide), [0, 0, 16_384, 10]);
        assert!(matches!(
            Layout::whole(size(800, 1)),
            Err(CaptureError::TooSmall { .. })
        ));
    }
}
