//! Where the ends of the load come from.

use std::net::Ipv4Addr;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sockets from one address: what the server lets one ordinary visitor have, though it lets this
/// very computer have more.
const EACH: usize = 20;
/// Beside the sockets.
const OTHER_DESCRIPTORS: u64 = 200;

/// The address that the `n`th socket comes from: all of this computer's, and none of it the one
/// that a server listens on.
pub fn of(n: usize) -> Ipv4Addr {
    let place = n / EACH;
    let part = |of: usize| u8::try_from(of % 250 + 1).unwrap_or(u8::MAX);
    Ipv4Addr::new(
        127,
        part(place / 62_500 + 9),
        part(place / 250),
        part(place),
    )
}

/// Lets this process, and those that it starts, have so many sockets each.
///
/// # Errors
/// If the system does not.
pub fn make_room(sockets: usize) -> anyhow::Result<()> {
    let wanted = u64::try_from(sockets)? + OTHER_DESCRIPTORS;
    let now = getrlimit(Resource::Nofile);
    // Where there is no figure there is no limit.
    if now.current.is_none_or(|most| most >= wanted) {
        return Ok(());
    }
    let limit = Rlimit {
        current: Some(wanted),
        maximum: now.maximum.map(|most| most.max(wanted)),
    };
    setrlimit(Resource::Nofile, limit).with_context(|| {
        format!("{wanted} descriptors are needed, and the system does not allow them")
    })
}
