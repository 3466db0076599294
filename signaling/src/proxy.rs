//! Proxies of our own, whose word about who is calling counts.

use std::{net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv6Net};

/// One address, or a network of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy(IpNet);

impl Proxy {
    /// Whether a connection from there is this proxy's.
    pub fn is(&self, peer: IpAddr) -> bool {
        self.0.contains(&peer.to_canonical())
    }

    /// The same for an IPv6 address of which only the network is left.
    pub(crate) fn may_be(&self, network: IpAddr) -> bool {
        match self.0 {
            IpNet::V6(own) if own.prefix_len() > 64 => {
                Ipv6Net::new(own.addr(), 64).is_ok_and(|own| IpNet::V6(own).contains(&network))
            }
            own => own.contains(&network),
        }
    }
}

impl FromStr for Proxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = match text.parse::<IpAddr>() {
            Ok(ip) => IpNet::from(ip.to_canonical()),
            Err(_) => text.parse().map_err(
                |_| "It has to be an address, such as 10.0.0.7, or a network, such as 10.0.0.0/24",
            )?,
        };
        Ok(Self(network))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_itself_and_a_network_all_of_it() {
        let table = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("172.16.0.0/12", "172.31.255.255", true),
            ("172.16.0.0/12", "172.32.0.0", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::2", false),
            ("2001:db8::/32", "2001:db8:ffff::9", true),
        ];
        for (proxy, peer, is) in table {
            let proxy: Proxy = proxy.parse().unwrap();
            assert_eq!(proxy.is(peer.parse().unwrap()), is, "{proxy:?} {peer}");
        }
    }

    #[test]
    fn the_network_of_a_proxy_is_enough_for_its_seats() {
        let proxy: Proxy = "2001:db8:1:2::7".parse().unwrap();
        assert!(proxy.may_be("2001:db8:1:2::".parse().unwrap()));
        assert!(!proxy.may_be("2001:db8:1:3::".parse().unwrap()));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "proxy", "10.0.0.0/33", "10.0.0", "10.0.0.1:80", "*"] {
            assert!(text.parse::<Proxy>().is_err(), "{text}");
        }
    }
}
