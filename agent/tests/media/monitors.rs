//! Several monitors on one real X server: what is shown at first, when another is chosen, and
//! when they come and go.

use deskhand_agent::media::{Media, MediaEvent};
use deskhand_protocol::monitor::{MonitorId, Monitors, Shown};

use crate::{MS, draw::Painter, is_display, listen::Listener, packets, share, xserver::XServer};

const LEFT: [u16; 4] = [0, 0, 700, 720];
/// Begins at an odd column, and has odd sides.
const RIGHT: [u16; 4] = [701, 20, 579, 601];
const RIGHT_SHOWN: [u16; 4] = [701, 20, 578, 600];

struct Desk {
    server: XServer,
    painter: Painter,
    media: Media,
    listener: Listener,
}

impl Desk {
    /// Two monitors full of text, the left one primary.
    fn start() -> Self {
        Self::start_on(XServer::start((1280, 720)))
    }

    fn start_on(server: XServer) -> Self {
        server.set_monitor("LEFT", LEFT, true);
        server.set_monitor("RIGHT", RIGHT, false);
        let painter = Painter::new(&server);
        painter.text(0);
        let (media, listener) = share(&server);
        Self {
            server,
            painter,
            media,
            listener,
        }
    }

    fn monitors(&mut self) -> Monitors {
        let event = self.listener.until("the monitors", |event| {
            matches!(event, MediaEvent::Monitors(_))
        });
        match event {
            MediaEvent::Monitors(monitors) => monitors,
            other => unreachable!("{other:?}"),
        }
    }

    fn sees(&mut self, area: [u16; 4]) {
        self.listener
            .until("the display", |event| is_display(event, area));
        self.is_exact(area);
    }

    fn is_exact(&mut self, area: [u16; 4]) {
        self.listener.until_quiet(700 * MS);
        let screen = self.painter.screenshot_of(area);
        assert_eq!(self.listener.wrong(&screen), 0);
    }

    fn show(&self, shown: Shown) {
        self.media.show(shown);
    }
}

fn called(monitors: &Monitors, name: &str) -> MonitorId {
    let found = (monitors.list().iter()).find(|one| one.name.as_str() == name);
    found.expect("a monitor of that name").id
}

fn names(monitors: &Monitors) -> Vec<&str> {
    let list = monitors.list().iter();
    list.map(|one| one.name.as_str()).collect()
}

#[test]
fn at_first_the_primary_monitor_is_shown_and_then_any_other_or_all() {
    let mut desk = Desk::start();
    let monitors = desk.monitors();
    assert_eq!(names(&monitors), ["LEFT", "RIGHT"]);
    assert_eq!(monitors.shown(), Shown::One(called(&monitors, "LEFT")));
    desk.sees(LEFT);

    let right = Shown::One(called(&monitors, "RIGHT"));
    desk.show(right);
    assert_eq!(desk.monitors().shown(), right);
    desk.sees(RIGHT_SHOWN);

    desk.show(Shown::All);
    assert_eq!(desk.monitors().shown(), Shown::All);
    desk.sees([0, 0, 1280, 720]);
}

#[test]
fn without_damage_another_monitor_is_shown_all_the_same() {
    let options = ["-screen", "0", "1280x720x24", "-extension", "DAMAGE"];
    let mut desk = Desk::start_on(XServer::start_with(&options));
    let monitors = desk.monitors();
    desk.sees(LEFT);
    desk.show(Shown::One(called(&monitors, "RIGHT")));
    desk.sees(RIGHT_SHOWN);
    desk.painter.text(7);
    desk.is_exact(RIGHT_SHOWN);
}

#[test]
fn what_changes_on_a_monitor_is_sent_only_while_it_is_shown() {
    let mut desk = Desk::start();
    let monitors = desk.monitors();
    desk.sees(LEFT);
    for step in 0..10 {
        desk.painter.window(800, step * 20);
        assert_eq!(packets(&desk.listener.events_for(20 * MS)), 0);
    }
    desk.show(Shown::One(called(&monitors, "RIGHT")));
    desk.sees(RIGHT_SHOWN);
    desk.painter.window(720, 40);
    desk.listener.packet();
    desk.is_exact(RIGHT_SHOWN);
}

#[test]
fn the_pointer_counts_from_the_corner_of_the_monitor_and_is_hidden_on_another() {
    let mut desk = Desk::start();
    let monitors = desk.monitors();
    desk.show(Shown::One(called(&monitors, "RIGHT")));
    desk.sees(RIGHT_SHOWN);
    desk.painter.move_pointer(801, 70);
    let moved = desk.listener.until("the motion", |event| {
        matches!(event, MediaEvent::CursorMoved(at)
            if (at.x.to_pixel(578), at.y.to_pixel(600)) == (100, 50))
    });
    drop(moved);
    let hidden = |event: &MediaEvent| match event {
        MediaEvent::CursorShape(shape) => Some(shape.size() == (0, 0)),
        _ => None,
    };
    desk.painter.move_pointer(50, 50);
    desk.listener
        .until("its end", |event| hidden(event) == Some(true));
    desk.painter.move_pointer(60, 60);
    let rest = desk.listener.events_for(100 * MS);
    assert!(
        !rest.iter().any(|e| matches!(e, MediaEvent::CursorMoved(_))),
        "{rest:?}"
    );
    desk.painter.move_pointer(802, 70);
    desk.listener
        .until("its return", |event| hidden(event) == Some(false));
}

#[test]
fn monitors_that_come_are_listed_and_one_that_goes_while_shown_is_replaced() {
    let mut desk = Desk::start();
    let monitors = desk.monitors();
    let right = Shown::One(called(&monitors, "RIGHT"));
    desk.show(right);
    desk.sees(RIGHT_SHOWN);

    desk.server
        .set_monitor("THIRD", [100, 100, 200, 200], false);
    let monitors = desk.monitors();
    assert_eq!(names(&monitors), ["LEFT", "THIRD", "RIGHT"]);
    assert_eq!(monitors.shown(), right, "nobody chose the new one");

    desk.server.delete_monitor("RIGHT");
    let monitors = desk.monitors();
    assert_eq!(names(&monitors), ["LEFT", "THIRD"]);
    assert_eq!(monitors.shown(), Shown::One(called(&monitors, "LEFT")));
    desk.sees(LEFT);

    // It went in the same moment in which it was chosen.
    desk.show(right);
    let rest = desk.listener.events_for(600 * MS);
    assert!(rest.is_empty(), "{rest:?}");
}

#[test]
fn a_monitor_of_which_a_smaller_screen_leaves_only_a_part_is_shown_as_far_as_it_goes() {
    let mut desk = Desk::start_on(XServer::start_resizable((1280, 720)));
    let monitors = desk.monitors();
    desk.sees(LEFT);
    desk.show(Shown::One(called(&monitors, "RIGHT")));
    desk.sees(RIGHT_SHOWN);
    desk.server.resize(901, 480);
    desk.sees([701, 20, 200, 460]);
    desk.server.resize(600, 480);
    desk.sees([0, 0, 600, 480]);
}

#[test]
fn however_often_another_is_chosen_it_changes_only_a_few_times_a_second_and_the_last_one_counts() {
    let mut desk = Desk::start();
    let monitors = desk.monitors();
    desk.sees(LEFT);
    for _ in 0..50 {
        for name in ["RIGHT", "LEFT"] {
            desk.show(Shown::One(called(&monitors, name)));
        }
        desk.show(Shown::All);
    }
    let events = desk.listener.events_for(900 * MS);
    let displays = events
        .iter()
        .filter(|event| matches!(event, MediaEvent::Display(_)));
    assert!((1..=3).contains(&displays.count()), "{events:?}");
    desk.is_exact([0, 0, 1280, 720]);
}
