//! Where the page may find this computer, and how its own places are learned: what differs from one
//! network to another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ::rtc::{ice::mdns::MulticastDnsMode, mdns::MulticastSocket, shared::ifaces::ifaces};

/// Any free port of every network that this computer is in. The crate finds those by itself, and
/// again when they change, but leaves out what an address of its own choice gives a computer where
/// nobody hands out any (169.254.0.0/16,
/// [RFC 3927](https://www.rfc-editor.org/rfc/rfc3927)): two computers and a cable.
pub(super) fn sockets() -> Vec<SocketAddr> {
    let every = [
        IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::from(Ipv6Addr::UNSPECIFIED),
    ];
    let found = ifaces().unwrap_or_else(|error| {
        tracing::debug!(%error, "this computer's networks are not told");
        Vec::new()
    });
    let chosen = found
        .into_iter()
        .filter_map(|interface| Some(interface.addr?.ip()))
        .filter(|ip| matches!(ip, IpAddr::V4(ip) if ip.is_link_local()));
    every
        .into_iter()
        .chain(chosen)
        .map(|ip| SocketAddr::new(ip, 0))
        .collect()
}

/// Whether names of browsers' (`….local`) are asked for in the network itself. That needs a way to
/// its multicast addresses, which a computer without a default route often has not; then the page
/// is found by its own checks, since it knows our addresses.
pub(super) fn names() -> MulticastDnsMode {
    match MulticastSocket::new().into_std() {
        Ok(_) => MulticastDnsMode::QueryOnly,
        Err(error) => {
            tracing::debug!(%error, "names cannot be asked for in this network");
            MulticastDnsMode::Disabled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_used() {
        let sockets = sockets();
        for any in ["0.0.0.0:0", "[::]:0"] {
            assert!(sockets.contains(&any.parse().unwrap()), "{sockets:?}");
        }
        assert!(sockets.iter().all(|socket| socket.port() == 0));
    }
}
