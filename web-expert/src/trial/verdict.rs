//! What to conclude from what a trial has shown. Pure.

use std::time::Duration;

use deskhand_protocol::ice::{IceServer, Scheme, Transport};

/// What there was to try, and what came of it. It grows while a trial goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each was seen or not")]
pub struct Seen {
    /// Somebody there tells how one's own address looks from outside.
    pub asked: bool,
    /// There is a relay that is lent in sessions only.
    pub withheld: bool,
    /// Addresses of this computer.
    pub local: bool,
    /// Its address as seen from outside, which was told in datagrams.
    pub outside: bool,
    /// The relay, in datagrams.
    pub datagrams: Relayed,
    /// The relay, over a stream.
    pub streams: Relayed,
    /// Where the relay is.
    pub relay: Option<String>,
}

/// What came of sending something through the relay and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relayed {
    /// It was not tried.
    #[default]
    Untried,
    /// Nothing came back, so far.
    Silent,
    /// It came back. So long is the way to the relay and back.
    Back(Duration),
}

impl Relayed {
    fn works(self) -> bool {
        matches!(self, Self::Back(_))
    }
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server was not reached.
    NoServer,
    /// It wants a pause.
    TooOften,
    /// This is what was seen.
    Seen(Seen),
}

impl Seen {
    /// Nothing yet, with these servers to try.
    pub fn new(servers: &[IceServer], withheld: bool) -> Self {
        let tried = |transport| {
            let any = relays(servers, transport).next().is_some();
            if any {
                Relayed::Silent
            } else {
                Relayed::Untried
            }
        };
        let relay = servers.iter().find(|one| one.url.scheme != Scheme::Stun);
        Self {
            asked: servers.iter().any(|one| one.url.scheme == Scheme::Stun),
            withheld,
            datagrams: tried(Transport::Udp),
            streams: tried(Transport::Tcp),
            relay: relay.map(|one| one.url.authority()),
            ..Self::default()
        }
    }

    /// With one more of the browser's candidates.
    pub fn note(&mut self, candidate: &str) {
        let mut words = candidate.split_ascii_whitespace();
        match words.find(|word| *word == "typ").and_then(|_| words.next()) {
            Some("host") => self.local = true,
            Some("srflx") => self.outside = true,
            _ => {}
        }
    }

    /// Whether looking for addresses can show nothing more.
    pub fn has_all_addresses(&self) -> bool {
        self.local && (self.outside || !self.asked)
    }

    /// What is said in each row.
    pub fn rows(&self) -> [(&'static str, String); 4] {
        let outside = match (self.outside, self.asked) {
            (true, _) => "seen, so UDP gets through",
            (false, true) => "no answer",
            (false, false) => "nobody to ask",
        };
        [
            (
                "Addresses of this computer",
                if self.local { "found" } else { "not shown" }.to_owned(),
            ),
            ("Its address from outside", outside.to_owned()),
            ("Relay over UDP", self.relayed(self.datagrams)),
            ("Relay over TCP", self.relayed(self.streams)),
        ]
    }

    fn relayed(&self, relayed: Relayed) -> String {
        match relayed {
            Relayed::Back(trip) => format!("works, {} ms there and back", trip.as_millis().max(1)),
            Relayed::Silent => "blocked".to_owned(),
            Relayed::Untried if self.withheld => "only to be tried in a session".to_owned(),
            Relayed::Untried => "the server has none".to_owned(),
        }
    }

    /// What is blocked, and what to ask of whom: one or two sentences.
    pub fn sentence(&self) -> String {
        let relay = self.relay.as_deref().unwrap_or("the server");
        match (self.datagrams.works(), self.streams.works()) {
            (true, true) => "Nothing is blocked here. Sessions go directly where they can, and \
                through the relay where they cannot."
                .into(),
            (true, false) if self.streams == Relayed::Untried => "Nothing is blocked here that a \
                session needs."
                .into(),
            (true, false) => format!(
                "UDP gets through, so sessions work. TCP to {relay} is blocked; it is needed only \
                 where UDP is blocked."
            ),
            (false, true) => format!(
                "This network blocks UDP. Sessions work, but through the relay over TCP, which is \
                 slower when packets get lost. Ask whoever runs this network to let UDP through to \
                 {relay}."
            ),
            (false, false) => self.without_relay(relay),
        }
    }

    fn without_relay(&self, relay: &str) -> String {
        let tried = self.datagrams == Relayed::Silent || self.streams == Relayed::Silent;
        if tried && self.outside {
            format!(
                "UDP gets through to {relay}, but its relay carries nothing, so sessions work only \
                 where both sides reach each other directly. Ask whoever runs the server to look \
                 into its relay."
            )
        } else if tried {
            format!(
                "This network blocks the server's relay, so sessions work only where both sides \
                 reach each other directly. Ask whoever runs this network to let UDP and TCP \
                 through to {relay}, or try another network, such as a mobile phone's."
            )
        } else if self.withheld && self.outside {
            "UDP gets through. The server's relay can be tried only in a session.".into()
        } else if self.withheld && self.asked {
            "UDP does not seem to get through. Sessions may still work through the server's relay, \
             which can be tried only in a session. Ask whoever runs this network to let UDP through."
                .into()
        } else if self.withheld {
            "The server's relay can be tried only in a session.".into()
        } else if !self.local {
            "This browser shows no way to this computer, and the server has no relay. A setting or \
             an extension may forbid direct connections (WebRTC): allow them, or use another browser."
                .into()
        } else {
            "This server has no relay, so sessions work only where both sides reach each other \
             directly, as they do in one network. If one fails, ask whoever runs the server for a \
             relay."
                .into()
        }
    }
}

/// The relays among them that are spoken to so.
pub fn relays(servers: &[IceServer], transport: Transport) -> impl Iterator<Item = &IceServer> {
    servers
        .iter()
        .filter(move |one| one.url.scheme != Scheme::Stun && one.url.transport == transport)
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::ice::Credential;

    use super::*;

    fn servers(urls: &[&str]) -> Vec<IceServer> {
        let server = |url: &&str| IceServer {
            url: url.parse().unwrap(),
            username: "u".into(),
            credential: Credential::default(),
        };
        urls.iter().map(server).collect()
    }

    fn all() -> Vec<IceServer> {
        servers(&[
            "stun:25.64.0.1",
            "turn:25.64.0.1?transport=udp",
            "turn:25.64.0.1?transport=tcp",
        ])
    }

    const HOST: &str = "candidate:1 1 udp 2113937151 4f0c.local 40000 typ host generation 0";
    const SRFLX: &str = "candidate:2 1 udp 1677729535 25.1.0.1 40000 typ srflx raddr 0.0.0.0";
    const BACK: Relayed = Relayed::Back(Duration::from_millis(24));

    fn seen(servers: &[IceServer], withheld: bool, candidates: &[&str]) -> Seen {
        let mut seen = Seen::new(servers, withheld);
        for candidate in candidates {
            seen.note(candidate);
        }
        seen
    }

    /// What came back, by way.
    fn with(candidates: &[&str], datagrams: Relayed, streams: Relayed) -> Seen {
        Seen {
            datagrams,
            streams,
            ..seen(&all(), false, candidates)
        }
    }

    #[test]
    fn what_is_blocked_is_said_with_whom_to_ask() {
        let silent = Relayed::Silent;
        let stun = servers(&["stun:25.64.0.1"]);
        let table = [
            (with(&[HOST, SRFLX], BACK, BACK), "Nothing is blocked"),
            (with(&[HOST], BACK, BACK), "Nothing is blocked"),
            (
                with(&[HOST, SRFLX], BACK, Relayed::Untried),
                "Nothing is blocked here that a session needs",
            ),
            (
                with(&[HOST, SRFLX], BACK, silent),
                "TCP to 25.64.0.1:3478 is blocked",
            ),
            (
                with(&[HOST], silent, BACK),
                "blocks UDP. Sessions work, but through the relay over TCP",
            ),
            (
                with(&[HOST, SRFLX], silent, silent),
                "Ask whoever runs the server to look into its relay",
            ),
            (
                with(&[HOST], silent, silent),
                "let UDP and TCP through to 25.64.0.1:3478, or try another network",
            ),
            (with(&[], silent, silent), "blocks the server's relay"),
            (
                seen(&stun, true, &[HOST, SRFLX]),
                "UDP gets through. The server's relay can",
            ),
            (
                seen(&stun, true, &[HOST]),
                "UDP does not seem to get through",
            ),
            (seen(&[], true, &[HOST]), "can be tried only in a session"),
            (seen(&[], false, &[HOST]), "This server has no relay"),
            (seen(&[], false, &[]), "use another browser"),
        ];
        for (seen, said) in table {
            let sentence = seen.sentence();
            assert!(sentence.contains(said), "{sentence}: {seen:?}");
        }
    }

    #[test]
    fn rows_tell_which_ways_there_are() {
        let rows = |seen: &Seen| seen.rows().map(|(_, said)| said).join("; ");
        assert_eq!(
            rows(&with(&[HOST], Relayed::Silent, BACK)),
            "found; no answer; blocked; works, 24 ms there and back"
        );
        let quick = Relayed::Back(Duration::from_micros(300));
        assert_eq!(
            rows(&with(&[HOST, SRFLX], quick, quick)),
            "found; seen, so UDP gets through; works, 1 ms there and back; works, 1 ms there and back"
        );
        assert_eq!(
            rows(&seen(&[], false, &[])),
            "not shown; nobody to ask; the server has none; the server has none"
        );
        assert_eq!(
            rows(&seen(&[], true, &[HOST])),
            "found; nobody to ask; only to be tried in a session; only to be tried in a session"
        );
    }

    #[test]
    fn looking_for_addresses_ends_when_all_are_there() {
        assert!(!seen(&all(), false, &[HOST]).has_all_addresses());
        assert!(!seen(&all(), false, &[SRFLX]).has_all_addresses());
        assert!(seen(&all(), false, &[SRFLX, HOST]).has_all_addresses());
        assert!(seen(&[], false, &[HOST]).has_all_addresses());
        let nonsense = ["", "typ", "a typ relay", "host srflx"];
        assert_eq!(seen(&all(), false, &nonsense), Seen::new(&all(), false));
    }
}
