//! Which windows are the agent's own, so that nobody but the novice can press what is in them.
//!
//! Own is: every window of the agent's process, every window the agent named (the terminal
//! that it runs in, for one), everything inside these, and the frames that a window manager
//! put around them.

use std::collections::{HashMap, HashSet};

use x11rb::{
    NONE,
    connection::Connection as _,
    protocol::{
        res::{self, ConnectionExt as _},
        xproto::{AtomEnum, ConnectionExt as _, Window},
    },
    rust_connection::RustConnection,
};

use super::{gate::Pixel, xerror::XError};

/// Windows inside windows are followed so deep.
const DEPTH: usize = 16;
/// In search of an own window inside a frame, so many are looked at.
const WIDTH: usize = 64;
/// Where keys go when the focus follows the pointer.
const POINTER_ROOT: Window = 1;

/// Knows the agent's own windows.
pub struct Own {
    root: Window,
    agent: u32,
    named: HashSet<Window>,
    /// By the part of a window's id that its program shares: whether it is the agent's.
    programs: HashMap<u32, bool>,
    /// Top-level windows: what is inside.
    frames: HashMap<Window, Inside>,
}

/// What is inside a top-level window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// An own window.
    Own,
    /// None.
    Others,
    /// Too many windows to look at all.
    Many,
}

impl Own {
    /// Nothing but the windows of process `agent`.
    pub fn new(root: Window, agent: u32) -> Self {
        Self {
            root,
            agent,
            named: HashSet::new(),
            programs: HashMap::new(),
            frames: HashMap::new(),
        }
    }

    /// Replaces the windows that count as own by name.
    pub fn name(&mut self, windows: Vec<Window>) {
        self.named = windows.into_iter().collect();
        self.forget();
    }

    /// Windows came, went or moved into others: ask again.
    pub fn forget(&mut self) {
        self.programs.clear();
        self.frames.clear();
    }

    /// Whether a click there would go to an own window.
    ///
    /// # Errors
    /// The display is gone.
    pub fn is_at(&mut self, connection: &RustConnection, at: Pixel) -> Result<bool, XError> {
        when_in_doubt_own(self.try_is_at(connection, at))
    }

    /// Whether a key pressed now would go to an own window.
    ///
    /// # Errors
    /// The display is gone.
    pub fn is_focused(&mut self, connection: &RustConnection) -> Result<bool, XError> {
        when_in_doubt_own(self.try_is_focused(connection))
    }

    fn try_is_at(&mut self, connection: &RustConnection, at: Pixel) -> Result<bool, XError> {
        let signed = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
        let mut window = self.root;
        for depth in 0..DEPTH {
            let child = connection
                .translate_coordinates(self.root, window, signed(at.x), signed(at.y))?
                .reply()?
                .child;
            if child == NONE {
                return Ok(false);
            }
            if depth == 0 {
                match self.inside(connection, child)? {
                    Inside::Own => return Ok(true),
                    Inside::Others => return Ok(false),
                    Inside::Many => {}
                }
            }
            if self.is_own(connection, child)? {
                return Ok(true);
            }
            window = child;
        }
        Ok(true)
    }

    fn try_is_focused(&mut self, connection: &RustConnection) -> Result<bool, XError> {
        let mut window = connection.get_input_focus()?.reply()?.focus;
        if window == NONE {
            return Ok(false);
        }
        if window == POINTER_ROOT || window == self.root {
            // Then keys go where the pointer is.
            let pointer = connection.query_pointer(self.root)?.reply()?;
            let unsigned = |n: i16| u16::try_from(n).unwrap_or_default();
            let (x, y) = (unsigned(pointer.root_x), unsigned(pointer.root_y));
            return self.try_is_at(connection, Pixel { x, y });
        }
        for _ in 0..DEPTH {
            if self.is_own(connection, window)? {
                return Ok(true);
            }
            let parent = connection.query_tree(window)?.reply()?.parent;
            if parent == self.root || parent == NONE {
                return Ok(self.inside(connection, window)? == Inside::Own);
            }
            window = parent;
        }
        Ok(true)
    }

    fn is_own(&mut self, connection: &RustConnection, window: Window) -> Result<bool, XError> {
        if self.named.contains(&window) {
            return Ok(true);
        }
        let program = window & !connection.setup().resource_id_mask;
        if let Some(own) = self.programs.get(&program) {
            return Ok(*own);
        }
        let process = process_of(connection, window)?;
        let own = process == Some(self.agent);
        if process.is_some() {
            self.programs.insert(program, own);
        }
        Ok(own)
    }

    fn inside(&mut self, connection: &RustConnection, top: Window) -> Result<Inside, XError> {
        if let Some(known) = self.frames.get(&top) {
            return Ok(*known);
        }
        let mut waiting = vec![top];
        let mut inside = Inside::Many;
        for _ in 0..WIDTH {
            let Some(window) = waiting.pop() else {
                inside = Inside::Others;
                break;
            };
            if self.is_own(connection, window)? {
                inside = Inside::Own;
                break;
            }
            waiting.extend(connection.query_tree(window)?.reply()?.children);
        }
        self.frames.insert(top, inside);
        Ok(inside)
    }
}

/// The process whose window this is, as the X server knows it, else as the window claims.
///
/// # Errors
/// The display is gone, or the window is.
pub fn process_of(connection: &RustConnection, window: Window) -> Result<Option<u32>, XError> {
    use x11rb::connection::RequestConnection as _;

    if connection
        .extension_information(res::X11_EXTENSION_NAME)?
        .is_some()
    {
        let ask = res::ClientIdSpec {
            client: window,
            mask: res::ClientIdMask::LOCAL_CLIENT_PID,
        };
        let reply = connection.res_query_client_ids(&[ask])?.reply()?;
        let pid = reply.ids.first().and_then(|id| id.value.first().copied());
        if let Some(pid) = pid.filter(|pid| *pid != 0) {
            return Ok(Some(pid));
        }
    }
    let name = connection.intern_atom(false, b"_NET_WM_PID")?.reply()?.atom;
    let property = connection
        .get_property(false, window, name, AtomEnum::CARDINAL, 0, 1)?
        .reply()?;
    Ok(property.value32().and_then(|mut values| values.next()))
}

/// A window that vanished while it was looked at may have been an own one.
fn when_in_doubt_own(answer: Result<bool, XError>) -> Result<bool, XError> {
    match answer {
        Err(error) if error.is_passing() => Ok(true),
        other => other,
    }
}
