//! Whom the relay speaks to: nobody but hosts of the open Internet.
//!
//! A relay carries what strangers send to addresses that strangers name. Whatever is special about
//! an address leads inwards, to one network or to many at once, and is refused; so is every
//! spelling of an address of IP version 4 inside one of version 6, since a gateway would open it
//! behind our back. That the server's own addresses are refused, too, is for whoever knows them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The [registry](https://www.iana.org/assignments/iana-ipv4-special-registry) of special
/// addresses, multicast and the reserved rest, each with the length of its prefix.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // behind a carrier's NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local; metadata of clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // gateways to 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and broadcast
];

/// All that is routed in the whole Internet lies in `2000::/3`; mapped (`::ffff:0:0/96`) and
/// compatible addresses, both kinds of NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`), unique-local,
/// link-local and multicast ones lie outside.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// What is [special](https://www.iana.org/assignments/iana-ipv6-special-registry) in there.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Protocol assignments, with Teredo and benchmarks.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),     // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),     // documentation
];

/// Whether an address is one of the open Internet, in its own right.
pub fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|range| in_v4(ip, *range)),
        IpAddr::V6(ip) => in_v6(ip, GLOBAL_V6) && !SPECIAL_V6.iter().any(|range| in_v6(ip, *range)),
    }
}

fn in_v4(ip: Ipv4Addr, (range, prefix): (Ipv4Addr, u32)) -> bool {
    (ip.to_bits() ^ range.to_bits()) >> (32 - prefix) == 0
}

fn in_v6(ip: Ipv6Addr, (range, prefix): (Ipv6Addr, u32)) -> bool {
    (ip.to_bits() ^ range.to_bits()) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// First and last address of each range, and its neighbours that are fine.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn special_addresses_are_refused_to_their_very_edges() {
        let refused = [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.0",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "169.254.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.0",
            "192.0.0.9",
            "192.0.0.171",
            "192.0.0.255",
            "192.0.2.0",
            "192.0.2.255",
            "192.88.99.0",
            "192.88.99.255",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.0",
            "198.51.100.255",
            "203.0.113.0",
            "203.0.113.255",
            "224.0.0.0",
            "224.0.0.251",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.254",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::",
            "fdff:ffff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff00::",
            "ff02::1",
            "ffff::1",
            "100::",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:1::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::",
            "2001:db8:ffff::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "4000::1",
            "1fff::1",
        ];
        for ip in refused {
            assert!(!is_global(ip.parse().unwrap()), "{ip}");
        }
        let allowed = [
            "1.0.0.0",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "25.64.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2003::1",
            "2a00:1450::1",
            "3ffe::1",
            "3fff:1000::1",
        ];
        for ip in allowed {
            assert!(is_global(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn version_four_hides_in_no_spelling_of_version_six() {
        for inner in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "1.1.1.1"] {
            let inner: Ipv4Addr = inner.parse().unwrap();
            let [a, b] =
                [inner.to_bits() >> 16, inner.to_bits() & 0xffff].map(|n| format!("{n:x}"));
            for outer in [
                format!("::ffff:{a}:{b}"),                     // mapped
                format!("::ffff:0:{a}:{b}"),                   // translated
                format!("::{a}:{b}"),                          // compatible
                format!("2002:{a}:{b}::1"),                    // 6to4
                format!("64:ff9b::{a}:{b}"),                   // NAT64
                format!("64:ff9b:1::{a}:{b}"),                 // NAT64, local
                format!("2001:0:{a}:{b}::1"),                  // Teredo, server
                format!("2001:0:4136:e378:8000:63bf:{a}:{b}"), // Teredo, client
                format!("fe80::5efe:{a}:{b}"),                 // ISATAP
            ] {
                assert!(!is_global(outer.parse().unwrap()), "{outer}");
            }
        }
    }

    proptest! {
        /// What the standard library calls special is never allowed.
        #[test]
        fn the_standard_library_agrees(four in any::<u32>(), six in any::<u128>()) {
            let four = Ipv4Addr::from(four);
            if is_global(four.into()) {
                prop_assert!(!four.is_private() && !four.is_loopback() && !four.is_link_local());
                prop_assert!(!four.is_broadcast() && !four.is_documentation());
                prop_assert!(!four.is_multicast() && !four.is_unspecified());
            }
            let six = Ipv6Addr::from(six);
            if is_global(six.into()) {
                prop_assert!(!six.is_loopback() && !six.is_multicast() && !six.is_unspecified());
                prop_assert!(!six.is_unique_local() && !six.is_unicast_link_local());
                prop_assert_eq!(six.to_ipv4(), None);
            }
        }
    }
}
