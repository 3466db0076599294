//! What the people in front of the screen do, told from what programs inject.
//!
//! X reports every event of every device, grabbed or not, with the device it came from
//! ([XI2 raw events](https://www.x.org/releases/X11R7.7/doc/inputproto/XI2proto.txt)). A
//! person is whoever is not an XTEST device, and also whoever injects through XTEST without
//! being this program: an on-screen keyboard.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xinput::{ConnectionExt as _, Device, EventMask, XIEventMask},
        xproto::{ConnectionExt as _, Window},
    },
    rust_connection::RustConnection,
};

use super::{
    devices::Devices,
    gate::Physical,
    held::Scancode,
    inject::{Echo, Sent},
    keymap::{self, Layout},
    layout_x11,
    xerror::XError,
};

const ESCAPE: u32 = 0xff1b;
const LETTER_C: u32 = 0x63;
/// An echo comes within the same round trip as the injection; one that never came is given up.
const ECHO_LIFE: Duration = Duration::from_secs(1);

/// One raw event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Raw {
    source: u16,
    echo: Echo,
}

/// The keys that stop control, on one keyboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopKeys {
    escape: Vec<Scancode>,
    control: Vec<Scancode>,
    c: Vec<Scancode>,
}

impl StopKeys {
    /// By what the layout says; where it says nothing, by place. C counts by place too, so
    /// that Ctrl+C stops in every language.
    pub fn of(layout: &Layout) -> Self {
        use deskhand_protocol::key::KeyCode as C;

        let or_place = |mut keys: Vec<Scancode>, places: &[C]| {
            if keys.is_empty() {
                keys.extend(places.iter().map(|code| keymap::scancode(*code)));
            }
            keys
        };
        let mut c: Vec<Scancode> = layout.keys_meaning(LETTER_C).collect();
        c.push(keymap::scancode(C::KeyC));
        Self {
            escape: or_place(layout.keys_meaning(ESCAPE).collect(), &[C::Escape]),
            control: or_place(
                layout.control_keys().collect(),
                &[C::ControlLeft, C::ControlRight],
            ),
            c,
        }
    }

    /// The keys of both.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.escape.extend(&other.escape);
        self.control.extend(&other.control);
        self.c.extend(&other.c);
        self
    }
}

/// Reads key events as what they mean for control.
#[derive(Debug, Default)]
pub struct Reader {
    /// Control keys that a person holds, by device.
    control: HashSet<(u16, u32)>,
}

impl Reader {
    /// What a person's key event means.
    pub fn read(&mut self, source: u16, key: u32, down: bool, stop: &StopKeys) -> Physical {
        let is = |keys: &[Scancode]| keys.iter().any(|k| u32::from(*k) == key);
        if is(&stop.control) {
            if down {
                self.control.insert((source, key));
            } else {
                self.control.remove(&(source, key));
            }
        }
        match down {
            true if is(&stop.escape) => Physical::Escape,
            true if is(&stop.c) && !self.control.is_empty() => Physical::CtrlC,
            _ => Physical::Other,
        }
    }

    /// Devices came or went: nobody knows what is held on them.
    pub fn forget(&mut self) {
        self.control.clear();
    }
}

/// Injected events whose report has yet to come.
#[derive(Debug, Default)]
pub struct Echoes(VecDeque<(Echo, Instant)>);

impl Echoes {
    /// Expects these from now on.
    pub fn expect(&mut self, echoes: impl IntoIterator<Item = Echo>, now: Instant) {
        self.0.extend(echoes.into_iter().map(|echo| (echo, now)));
    }

    /// Whether this report is one of ours. Each injection accounts for one report.
    pub fn take(&mut self, echo: Echo, now: Instant) -> bool {
        while let Some((_, sent)) = self.0.front()
            && now.duration_since(*sent) > ECHO_LIFE
        {
            self.0.pop_front();
        }
        let found = self.0.iter().position(|(expected, _)| *expected == echo);
        found.and_then(|at| self.0.remove(at)).is_some()
    }
}

/// Watches all devices of a display.
pub struct DeviceWatch {
    connection: RustConnection,
    devices: Devices,
    stop_keys: HashMap<u16, StopKeys>,
    /// What stopped control when it began: while it lasts, a new layout adds to these keys and
    /// takes none away, or whoever has control could take them from the novice.
    promised: Option<StopKeys>,
    reader: Reader,
    echoes: Echoes,
    sent: Sent,
}

impl DeviceWatch {
    /// Watches; what is noted in `sent` is not a person's.
    ///
    /// # Errors
    /// The display cannot be reached or lacks an extension.
    pub fn open(display: &str, sent: Sent) -> Result<Self, XError> {
        let (connection, root) = connect(display)?;
        let devices = Devices::new(&connection)?;
        layout_x11::watch(&connection)?;
        let everything = XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE
            | XIEventMask::RAW_MOTION
            | XIEventMask::RAW_TOUCH_BEGIN
            | XIEventMask::RAW_TOUCH_UPDATE
            | XIEventMask::RAW_TOUCH_END;
        select_raw(&connection, root, everything)?;
        Ok(Self {
            connection,
            devices,
            stop_keys: HashMap::new(),
            promised: None,
            reader: Reader::default(),
            echoes: Echoes::default(),
            sent,
        })
    }

    /// The connection, to wait on.
    pub fn connection(&self) -> &RustConnection {
        &self.connection
    }

    /// Control begins or is over.
    ///
    /// # Errors
    /// The display is gone.
    pub fn control(&mut self, shared: bool) -> Result<(), XError> {
        self.stop_keys.clear();
        self.promised = None;
        if shared {
            let layout = self.layout(layout_x11::CORE)?;
            self.promised = Some(StopKeys::of(&layout));
        }
        Ok(())
    }

    fn layout(&self, device: u16) -> Result<Layout, XError> {
        match layout_x11::read(&self.connection, device) {
            Ok(layout) => Ok(layout),
            // The device is gone, or is no keyboard by itself: go by place.
            Err(error) if error.is_passing() => Ok(Layout::default()),
            Err(error) => Err(error),
        }
    }

    /// The next thing that a person did, if something has been reported; never waits for one.
    ///
    /// # Errors
    /// The display is gone.
    pub fn next(&mut self, now: Instant) -> Result<Option<Physical>, XError> {
        self.echoes.expect(self.sent.borrow_mut().drain(..), now);
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::XinputHierarchy(_) => {
                    self.devices.forget();
                    self.stop_keys.clear();
                    self.reader.forget();
                }
                Event::XkbMapNotify(_)
                | Event::XkbNewKeyboardNotify(_)
                | Event::MappingNotify(_) => self.stop_keys.clear(),
                other => {
                    if let Some(raw) = raw(&other)
                        && let Some(person) = self.person(raw, now)?
                    {
                        return Ok(Some(person));
                    }
                }
            }
        }
        Ok(None)
    }

    fn person(&mut self, raw: Raw, now: Instant) -> Result<Option<Physical>, XError> {
        if self.devices.is_xtest(&self.connection, raw.source)? && self.echoes.take(raw.echo, now) {
            return Ok(None);
        }
        let Echo::Key(key, down) = raw.echo else {
            return Ok(Some(Physical::Other));
        };
        if !self.stop_keys.contains_key(&raw.source) {
            let mut stop = StopKeys::of(&self.layout(raw.source)?);
            if let Some(promised) = &self.promised {
                stop = stop.and(promised);
            }
            self.stop_keys.insert(raw.source, stop);
        }
        let stop = &self.stop_keys[&raw.source];
        Ok(Some(self.reader.read(raw.source, key, down, stop)))
    }
}

/// For a front end: whether a press that it was just given came from a person.
///
/// Open it together with a prompt and ask it at every press: what nobody asks about waits.
pub struct Watcher {
    connection: RustConnection,
    devices: Devices,
}

/// Presses of keys and buttons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presses {
    /// By a person's own device.
    pub physical: u32,
    /// By a program, on-screen keyboards among them.
    pub injected: u32,
    /// Whether the last of them was a person's, if there was any.
    pub last_by_person: Option<bool>,
}

impl Presses {
    /// Whether there was one, and every one was a person's.
    pub fn are_all_by_people(self) -> bool {
        self.physical > 0 && self.injected == 0
    }
}

impl Watcher {
    /// Watches a display.
    ///
    /// # Errors
    /// The display cannot be reached or lacks an extension.
    pub fn open(display: &str) -> Result<Self, XError> {
        let (connection, root) = connect(display)?;
        let devices = Devices::new(&connection)?;
        let presses = XIEventMask::RAW_KEY_PRESS | XIEventMask::RAW_BUTTON_PRESS;
        select_raw(&connection, root, presses)?;
        Ok(Self {
            connection,
            devices,
        })
    }

    /// All presses since the last call, among them every one that the caller has been given.
    ///
    /// # Errors
    /// The display is gone.
    pub fn presses(&mut self) -> Result<Presses, XError> {
        // The answer comes after all reports of what happened before the question.
        self.connection.get_input_focus()?.reply()?;
        let mut presses = Presses::default();
        while let Some(event) = self.connection.poll_for_event()? {
            if matches!(event, Event::XinputHierarchy(_)) {
                self.devices.forget();
            }
            let Some(raw) = raw(&event) else { continue };
            let by_person = !self.devices.is_xtest(&self.connection, raw.source)?;
            presses.physical += u32::from(by_person);
            presses.injected += u32::from(!by_person);
            presses.last_by_person = Some(by_person);
        }
        Ok(presses)
    }
}

fn connect(display: &str) -> Result<(RustConnection, Window), XError> {
    let (connection, screen) = x11rb::connect(Some(display))?;
    let root = connection.setup().roots[screen].root;
    Ok((connection, root))
}

fn select_raw(connection: &RustConnection, root: Window, raw: XIEventMask) -> Result<(), XError> {
    let of = |device: Device, mask: XIEventMask| EventMask {
        deviceid: device.into(),
        mask: vec![mask],
    };
    let masks = [
        of(Device::ALL, XIEventMask::HIERARCHY),
        of(Device::ALL_MASTER, raw),
    ];
    connection.xinput_xi_select_events(root, &masks)?.check()?;
    Ok(())
}

fn raw(event: &Event) -> Option<Raw> {
    let (source, echo) = match event {
        Event::XinputRawKeyPress(e) => (e.sourceid, Echo::Key(e.detail, true)),
        Event::XinputRawKeyRelease(e) => (e.sourceid, Echo::Key(e.detail, false)),
        Event::XinputRawButtonPress(e) => (e.sourceid, Echo::Button(e.detail, true)),
        Event::XinputRawButtonRelease(e) => (e.sourceid, Echo::Button(e.detail, false)),
        Event::XinputRawMotion(e) => (e.sourceid, Echo::Motion),
        Event::XinputRawTouchBegin(e)
        | Event::XinputRawTouchUpdate(e)
        | Event::XinputRawTouchEnd(e) => (e.sourceid, Echo::Motion),
        _ => return None,
    };
    Some(Raw { source, echo })
}

#[cfg(test)]
mod tests;
