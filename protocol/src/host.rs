//! How near a host is, as far as its address alone tells.

use std::net::{IpAddr, Ipv6Addr};

/// Where a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    /// This very computer.
    Here,
    /// The network that this computer is in: an address that means nothing outside of it.
    Network,
    /// Anywhere.
    Anywhere,
}

impl Nearness {
    /// Of a host as it stands in a web address: an address of IP version 6 in brackets.
    ///
    /// A name can lead anywhere, also one that ends in `.local`, and tomorrow elsewhere than
    /// today: so only `localhost` and addresses are near. Those behind a carrier's NAT
    /// (100.64.0.0/10) are shared with strangers, and a link-local one of IP version 6 cannot be
    /// written in a web address, so neither counts.
    pub fn of(host: &str) -> Self {
        if host.eq_ignore_ascii_case("localhost") {
            return Self::Here;
        }
        let inner = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let ip = match inner {
            Some(inner) => inner.parse::<Ipv6Addr>().map(IpAddr::from),
            None => host.parse().map(IpAddr::V4),
        };
        match ip {
            Ok(ip) if ip.is_loopback() => Self::Here,
            Ok(IpAddr::V4(ip)) if ip.is_private() || ip.is_link_local() => Self::Network,
            Ok(IpAddr::V6(ip)) if ip.is_unique_local() => Self::Network,
            Ok(_) | Err(_) => Self::Anywhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_tell_that_a_host_is_near() {
        use Nearness::{Anywhere, Here, Network};
        let table = [
            (
                Here,
                &["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "[::1]"][..],
            ),
            (
                Network,
                &[
                    "10.0.0.1",
                    "10.255.255.255",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.0.1",
                    "192.168.255.255",
                    "169.254.7.7",
                    "[fd00::1]",
                    "[fc00::1]",
                    "[fdff:ffff::1]",
                ],
            ),
            (
                Anywhere,
                &[
                    "",
                    "example.org",
                    "server.local",
                    "localhost.example.org",
                    "192.168.1.5.nip.io",
                    "9.255.255.255",
                    "11.0.0.0",
                    "172.15.0.1",
                    "172.32.0.1",
                    "192.169.0.1",
                    "100.64.0.1",
                    "169.253.0.1",
                    "0.0.0.0",
                    "255.255.255.255",
                    "224.0.0.251",
                    "192.168.1",
                    "192.168.01.5",
                    "0xc0a80105",
                    "3232235781",
                    "[::]",
                    "[2001:db8::1]",
                    "[fe80::1]",
                    "[fe80::1%eth0]",
                    "[::ffff:192.168.1.5]",
                    "[::ffff:127.0.0.1]",
                    "::1",
                    "fd00::1",
                    "[fd00::1",
                    "[192.168.1.5]",
                ],
            ),
        ];
        for (nearness, hosts) in table {
            for host in hosts {
                assert_eq!(Nearness::of(host), nearness, "{host}");
            }
        }
    }
}
