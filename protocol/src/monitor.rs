//! Which monitors the novice has, and what of them is shown.

use serde::{Deserialize, Serialize};

use crate::text::Name;

/// Names a monitor for as long as it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonitorId(pub u32);

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// One monitor.
    One(MonitorId),
    /// The whole desktop, with all monitors on it.
    All,
}

/// One of the novice's monitors, in pixels of the desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    /// Which one.
    pub id: MonitorId,
    /// What the novice's desktop calls it, such as "HDMI-1".
    pub name: Name,
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// Across.
    pub width: u16,
    /// Along.
    pub height: u16,
}

/// All monitors, in the order in which they are counted, and what of them is shown.
///
/// INVARIANT: holds between one and [`Monitors::MAX`] of them, each with a number of its own;
/// one that is shown is among them. After [`Monitors::new`] and after deserialising alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawMonitors")]
pub struct Monitors {
    list: Vec<Monitor>,
    shown: Shown,
}

#[derive(Deserialize)]
struct RawMonitors {
    list: Vec<Monitor>,
    shown: Shown,
}

impl Monitors {
    /// More are not listed.
    pub const MAX: usize = 16;

    /// `None` if the invariant does not hold.
    pub fn new(list: Vec<Monitor>, shown: Shown) -> Option<Self> {
        let distinct = list.iter().enumerate().all(|(index, monitor)| {
            let before = &list[..index];
            before.iter().all(|other| other.id != monitor.id)
        });
        let listed = match shown {
            Shown::One(id) => list.iter().any(|monitor| monitor.id == id),
            Shown::All => true,
        };
        let fits = (1..=Self::MAX).contains(&list.len()) && distinct && listed;
        fits.then_some(Self { list, shown })
    }

    /// All of them.
    pub fn list(&self) -> &[Monitor] {
        &self.list
    }

    /// What of them is shown.
    pub fn shown(&self) -> Shown {
        self.shown
    }

    /// That one, and its place in the list, counted from one.
    pub fn find(&self, id: MonitorId) -> Option<(usize, &Monitor)> {
        let mut counted = (1..).zip(&self.list);
        counted.find(|(_, monitor)| monitor.id == id)
    }

    /// Whether there is anything to choose.
    pub fn are_several(&self) -> bool {
        self.list.len() > 1
    }
}

impl TryFrom<RawMonitors> for Monitors {
    type Error = &'static str;

    fn try_from(raw: RawMonitors) -> Result<Self, Self::Error> {
        Self::new(raw.list, raw.shown).ok_or("monitors contradict each other")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        VERSION,
        control::{FromExpert, FromNovice},
        wire,
    };

    fn monitor(id: u32) -> Monitor {
        Monitor {
            id: MonitorId(id),
            name: Name::new("DP-1"),
            x: 300,
            y: 0,
            width: 1920,
            height: 1080,
        }
    }

    /// The golden vectors: whoever changes the wire changes these, and the version with it.
    #[test]
    fn monitors_and_the_choice_of_one_on_the_wire() {
        let monitors = Monitors::new(vec![monitor(7)], Shown::One(MonitorId(7))).unwrap();
        assert_eq!(
            wire::encode(&FromNovice::Monitors(monitors)),
            [
                &[VERSION, 10, 1, 7, 4][..],
                b"DP-1",
                &[172, 2, 0, 128, 15, 184, 8, 0, 7],
            ]
            .concat()
        );
        let show = |shown| wire::encode(&FromExpert::Show(shown));
        assert_eq!(show(Shown::One(MonitorId(7))), [VERSION, 6, 0, 7]);
        assert_eq!(show(Shown::All), [VERSION, 6, 1]);
    }

    #[test]
    fn lists_that_contradict_themselves_are_refused_on_the_wire_too() {
        let many = |count| (0..count).map(monitor).collect::<Vec<_>>();
        for (list, shown) in [
            (vec![], Shown::All),
            (many(17), Shown::All),
            (vec![monitor(1), monitor(1)], Shown::All),
            (vec![monitor(1)], Shown::One(MonitorId(2))),
        ] {
            assert_eq!(Monitors::new(list.clone(), shown), None);
            let wrong = FromNovice::Monitors(Monitors { list, shown });
            assert!(wire::decode::<FromNovice>(&wire::encode(&wrong)).is_err());
        }
        assert!(Monitors::new(many(16), Shown::One(MonitorId(15))).is_some());
    }

    #[test]
    fn monitors_are_counted_from_one() {
        let monitors = Monitors::new(vec![monitor(4), monitor(2)], Shown::All).unwrap();
        let place = |id| monitors.find(MonitorId(id)).map(|(place, _)| place);
        assert_eq!((place(4), place(2), place(3)), (Some(1), Some(2), None));
    }
}
