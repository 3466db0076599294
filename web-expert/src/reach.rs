//! What this browser's network lets through, as far as making a connection has shown. Pure.

use deskhand_protocol::ice::{IceServer, Scheme};

/// What has been found. It grows while the browser looks for ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// The server lends a relay.
    offered: bool,
    /// The relay answers in datagrams.
    datagrams: bool,
    /// The relay answers over a stream.
    streams: bool,
    search: Search,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Search {
    #[default]
    Going,
    Done,
}

/// The kind of a relayed candidate stands in the first byte of its priority, and browsers put
/// those over datagrams highest: from here on.
const OVER_DATAGRAMS: u32 = 2;

impl Reach {
    /// Nothing yet, with the help of these servers.
    pub fn new(servers: &[IceServer]) -> Self {
        Self {
            offered: servers.iter().any(|one| one.url.scheme != Scheme::Stun),
            ..Self::default()
        }
    }

    /// With one more of the browser's candidates; an empty one is the last
    /// ([RFC 8839 §5.1](https://www.rfc-editor.org/rfc/rfc8839#section-5.1)).
    #[must_use]
    pub fn with(mut self, candidate: &str) -> Self {
        let mut words = candidate.split_ascii_whitespace().skip(3);
        let priority = words.next().and_then(|word| word.parse::<u32>().ok());
        let in_datagrams = priority.is_some_and(|one| one >> 24 >= OVER_DATAGRAMS);
        match words.skip_while(|word| *word != "typ").nth(1) {
            Some("relay") if !in_datagrams => self.streams = true,
            // One's own address from outside is asked for in datagrams, too.
            Some("relay" | "srflx") => self.datagrams = true,
            Some(_) => {}
            None => self.search = Search::Done,
        }
        self
    }

    /// In a few words; `None` while it is not known yet.
    pub fn words(self) -> Option<&'static str> {
        match (self.search, self.offered, self.datagrams, self.streams) {
            (_, true, true, true) => Some("lets UDP and TCP through"),
            (Search::Going, ..) => None,
            (Search::Done, false, ..) => Some("the server has no relay"),
            (Search::Done, true, true, false) => Some("lets UDP through"),
            (Search::Done, true, false, true) => Some("blocks UDP, so the relay is used over TCP"),
            (Search::Done, true, false, false) => Some("blocks the relay, over UDP and TCP"),
        }
    }

    /// Why no connection came about, as far as this side can tell.
    pub fn failure(self) -> &'static str {
        match (self.offered, self.datagrams || self.streams) {
            (false, _) => {
                "No direct connection to the novice's computer could be made, and this server has \
                 no relay that could help. Ask its operator for one, or try another network, such \
                 as a mobile phone's."
            }
            (true, false) => {
                "No connection to the novice's computer could be made: this network lets you reach \
                 neither them nor the server's relay, over UDP or TCP. Ask whoever runs the network, \
                 or try another one, such as a mobile phone's."
            }
            (true, true) => {
                "No connection to the novice's computer could be made, though the server's relay \
                 answers from here. The network of the novice may block it. Try again, or ask them \
                 to try another network."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::ice::Credential;

    use super::*;

    const HOST: &str = "candidate:1 1 udp 2113937151 4f0c.local 40000 typ host generation 0";
    const SRFLX: &str =
        "candidate:2 1 udp 1677729535 25.1.0.1 40000 typ srflx raddr 0.0.0.0 rport 0";
    // As Chromium gives them, and Firefox.
    const UDP: [&str; 2] = [
        "candidate:3 1 udp 41885439 25.64.0.1 50000 typ relay raddr 25.1.0.1 rport 40000",
        "candidate:3 1 UDP 92217086 25.64.0.1 50000 typ relay raddr 25.1.0.1 rport 40000",
    ];
    const TCP: [&str; 2] = [
        "candidate:4 1 udp 25108223 25.64.0.1 50001 typ relay raddr 25.1.0.1 rport 40001",
        "candidate:4 1 UDP 8331263 25.64.0.1 50001 typ relay raddr 25.1.0.1 rport 40001",
    ];

    fn after(candidates: &[&str]) -> Reach {
        let server = IceServer {
            url: "turn:example.org".parse().unwrap(),
            username: "u".into(),
            credential: Credential::default(),
        };
        let begun = Reach::new(&[server]);
        candidates.iter().fold(begun, |reach, one| reach.with(one))
    }

    #[test]
    fn what_is_blocked_is_said_in_a_few_words() {
        assert_eq!(after(&[HOST]).words(), None);
        assert_eq!(
            after(&[HOST, ""]).words(),
            Some("blocks the relay, over UDP and TCP")
        );
        for (udp, tcp) in UDP.into_iter().zip(TCP) {
            assert_eq!(after(&[udp, tcp]).words(), Some("lets UDP and TCP through"));
            assert_eq!(after(&[tcp]).words(), None, "UDP may yet answer");
            let stream = Some("blocks UDP, so the relay is used over TCP");
            assert_eq!(after(&[HOST, tcp, ""]).words(), stream);
            assert_eq!(after(&[udp, ""]).words(), Some("lets UDP through"));
        }
        assert_eq!(after(&[SRFLX, ""]).words(), Some("lets UDP through"));
        let alone = Reach::new(&[]);
        assert_eq!(alone.with(HOST).words(), None);
        assert_eq!(alone.with("").words(), Some("the server has no relay"));
    }

    #[test]
    fn a_failure_names_what_this_side_knows() {
        assert!(Reach::new(&[]).failure().contains("no relay"));
        assert!(after(&[HOST, ""]).failure().contains("neither"));
        assert!(after(&[TCP[0]]).failure().contains("network of the novice"));
    }

    #[test]
    fn nonsense_is_no_way() {
        for text in ["x", "a b c d", "candidate:1 1 udp x 1 1 typ", "typ relay"] {
            assert_eq!(after(&[text]), after(&[""]), "{text}");
        }
    }
}
