//! Keys without a meaning, lent one for characters that no key of the layout types.
//!
//! Two traps, and what is done about them:
//! - A program looks up what a key means *after* the key went down. So a key that was lent a
//!   meaning keeps it as long as possible: the one used longest ago is lent next, but not
//!   before [`READ`], and all are given back only when the hand has been idle or ends.
//! - A hand that is killed cannot give anything back. So the keys on loan stand in a property
//!   of the root window, and whoever comes next gives them back.

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use deskhand_protocol::key::Keysym;
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ConnectionExt as _, PropMode, Window},
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{
    act::Loan,
    held::Scancode,
    keymap::{Layout, canonical},
    xerror::XError,
};

/// The most keys on loan: others on the display may want to lend some too.
const MOST: usize = 12;
/// Spare keys that are always left for others.
const LEFT_FOR_OTHERS: usize = 2;
/// A program that is alive has looked up a key after so long. [`MOST`] times this is still
/// faster than anybody types.
const READ: Duration = Duration::from_millis(400);
/// A program that has not looked up a key after so long has hung.
pub const SETTLED: Duration = Duration::from_secs(2);

const PROPERTY: &[u8] = b"_DESKHAND_LENT_KEYS";

/// The keys on loan.
#[derive(Debug, Default)]
pub struct Lent {
    /// The one used longest ago first.
    keys: Vec<OnLoan>,
    used: Option<Instant>,
}

#[derive(Debug)]
struct OnLoan {
    key: Scancode,
    means: Keysym,
    used: Instant,
}

impl Lent {
    /// Whether this key is on loan.
    pub fn has(&self, key: Scancode) -> bool {
        self.keys.iter().any(|loan| loan.key == key)
    }

    /// A key that means `keysym` from now on.
    ///
    /// # Errors
    /// The display is gone.
    pub fn lend(
        &mut self,
        connection: &RustConnection,
        root: Window,
        layout: &Layout,
        keysym: Keysym,
        now: Instant,
    ) -> Result<Loan, XError> {
        self.used = Some(now);
        if let Some(at) = self.keys.iter().position(|loan| loan.means == keysym) {
            let loan = self.keys.remove(at);
            let key = loan.key;
            self.keys.push(OnLoan { used: now, ..loan });
            return Ok(Loan::Key(key));
        }
        let setup = connection.setup();
        let key = match self.choose(layout, setup.min_keycode..=setup.max_keycode, now) {
            Loan::Key(key) => key,
            other => return Ok(other),
        };
        self.keys.push(OnLoan {
            key,
            means: keysym,
            used: now,
        });
        self.write_down(connection, root)?;
        bind(connection, key, keysym.0)?;
        // Every program has been told before it can see the key: the server keeps the order.
        connection.sync()?;
        Ok(Loan::Key(key))
    }

    /// A key that may get another meaning; it is not on loan any more.
    fn choose(&mut self, layout: &Layout, exist: RangeInclusive<Scancode>, now: Instant) -> Loan {
        let mut spare = layout.spare_keys();
        spare.retain(|key| exist.contains(key) && !self.has(*key));
        if self.keys.len() < MOST
            && spare.len() > LEFT_FOR_OTHERS
            && let Some(key) = spare.first()
        {
            return Loan::Key(*key);
        }
        match self.keys.first().map(|oldest| oldest.used + READ) {
            Some(read) if read <= now => Loan::Key(self.keys.remove(0).key),
            Some(read) => Loan::Later(read),
            None => Loan::Never,
        }
    }

    /// The layout changed: what no longer means what it was lent is no longer on loan.
    pub fn check(&mut self, layout: &Layout) {
        self.keys.retain(|loan| {
            let found = layout.keysym(loan.key, 0, 0);
            found.is_some_and(|sym| canonical(sym) == canonical(loan.means.0))
        });
    }

    /// When everything can be given back.
    pub fn idle_at(&self) -> Option<Instant> {
        self.used.map(|used| used + SETTLED)
    }

    /// Gives everything back.
    ///
    /// # Errors
    /// The display is gone.
    pub fn give_back(&mut self, connection: &RustConnection, root: Window) -> Result<(), XError> {
        self.used = None;
        for loan in self.keys.drain(..) {
            bind(connection, loan.key, 0)?;
        }
        self.write_down(connection, root)
    }

    fn write_down(&self, connection: &RustConnection, root: Window) -> Result<(), XError> {
        let name = connection.intern_atom(false, PROPERTY)?.reply()?.atom;
        let keys: Vec<u8> = self.keys.iter().map(|loan| loan.key).collect();
        if keys.is_empty() {
            connection.delete_property(root, name)?;
        } else {
            let kind = AtomEnum::CARDINAL;
            connection.change_property8(PropMode::REPLACE, root, name, kind, &keys)?;
        }
        connection.sync()?;
        Ok(())
    }
}

/// Gives back what a hand that was killed left on loan.
///
/// # Errors
/// The display is gone.
pub fn clean_up(connection: &RustConnection, root: Window) -> Result<(), XError> {
    let name = connection.intern_atom(false, PROPERTY)?.reply()?.atom;
    let left = connection
        .get_property(true, root, name, AtomEnum::CARDINAL, 0, 64)?
        .reply()?;
    for key in left.value {
        if key >= connection.setup().min_keycode {
            bind(connection, key, 0)?;
        }
    }
    connection.sync()?;
    Ok(())
}

/// Two columns, since one alone would be read as a small letter and its capital.
fn bind(connection: &RustConnection, key: Scancode, keysym: u32) -> Result<(), XError> {
    connection.change_keyboard_mapping(1, key, 2, &[keysym, keysym])?;
    Ok(())
}
