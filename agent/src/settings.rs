//! The names of what is remembered in the store.

/// The setting that holds the server's address.
pub const SERVER: &str = "server";
/// The setting that holds the file with the certificate of an authority of one's own.
pub const CA: &str = "ca";
/// The setting that holds the novice's name.
pub const NAME: &str = "name";
/// The setting that holds the [`Way`](crate::channel::mail::Way) to the mail program.
pub const MAIL: &str = "mail";
/// What people set.
pub const ALL: [&str; 4] = [SERVER, CA, NAME, MAIL];
/// The setting that is there once the novice was warned.
pub const WARNED: &str = "warned";
