//! Where the passwords come from that the wizard offers.

use std::fmt;

use zeroize::Zeroizing;

/// Makes a new password whenever one is asked for.
pub struct Passwords(Box<dyn FnMut() -> Zeroizing<String>>);

impl Passwords {
    /// `make` is called for every password.
    pub fn new(make: impl FnMut() -> Zeroizing<String> + 'static) -> Self {
        Self(Box::new(make))
    }

    pub(super) fn make(&mut self) -> Zeroizing<String> {
        (self.0)()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(..)")
    }
}
