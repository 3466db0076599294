//! Runs scripts and writes down what happens.
//!
//! A script names sockets by their first letter: `n…` is a novice's, `e…` an expert's. Routes
//! are single letters, seconds pass with `wait`.

use super::*;

/// A hub, and the names that the script gives to its sockets.
pub struct Stage {
    hub: Hub,
    now: Instant,
    names: BTreeMap<SocketId, String>,
    pub said: String,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            hub: Hub::new(SMALL, 1),
            now: Instant::now(),
            names: BTreeMap::new(),
            said: String::new(),
        }
    }

    /// The socket of that name; a name is used again once its socket is closed.
    fn socket(&mut self, name: &str) -> SocketId {
        if let Some((id, _)) = self.names.iter().find(|(_, n)| *n == name) {
            return *id;
        }
        let id = SocketId(self.names.last_key_value().map_or(1, |(id, _)| id.0 + 1));
        self.names.insert(id, name.to_owned());
        let role = if name.starts_with('n') {
            Role::Novice
        } else {
            Role::Expert
        };
        self.feed(Input::Connected { socket: id, role });
        id
    }

    pub fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |text: &str| JoinId(text.parse().unwrap());
        let mut proof = None;
        let message = match words[1..] {
            [] if words[0] == "restart" => return self.feed(Input::Shutdown),
            [secs] if words[0] == "wait" => {
                self.now += Duration::from_secs(secs.parse().unwrap());
                return self.feed(Input::Tick);
            }
            ["goes"] => {
                let socket = self.socket(words[0]);
                self.names.remove(&socket);
                return self.feed(Input::Gone { socket });
            }
            ["garbles"] => {
                let socket = self.socket(words[0]);
                let reason = Refusal::Protocol;
                return self.feed(Input::Expel { socket, reason });
            }
            ["joins", name] => {
                return self.expert(words[0], FromExpert::Join { route: route(name) });
            }
            ["says", text] if words[0].starts_with('e') => {
                let payload = payload(text);
                return self.expert(words[0], FromExpert::Relay { payload });
            }
            ["hello"] if words[0].starts_with('e') => {
                return self.expert(words[0], FromExpert::Hello { version: 1 });
            }
            ["hello"] => FromNovice::Hello { version: 1 },
            ["registers", name] => register(route(name), 60),
            ["registers", name, "with", "token"] => {
                proof = Some(OwnerProof::for_test(route(name)));
                register(route(name), 60)
            }
            ["registers", name, "with", "token", "of", other] => {
                proof = Some(OwnerProof::for_test(route(other)));
                register(route(name), 60)
            }
            ["registers", name, "for", secs] => register(route(name), secs.parse().unwrap()),
            ["unregisters", name] => FromNovice::Unregister { route: route(name) },
            ["says", text, "to", join] => FromNovice::Relay {
                join: number(join),
                payload: payload(text),
            },
            ["approves", join] => FromNovice::Approved { join: number(join) },
            ["dismisses", join] => FromNovice::Dismiss { join: number(join) },
            _ => panic!("not understood: {line}"),
        };
        let socket = self.socket(words[0]);
        self.feed(Input::Novice {
            socket,
            message,
            proof,
        });
    }

    fn expert(&mut self, name: &str, message: FromExpert) {
        let socket = self.socket(name);
        self.feed(Input::Expert { socket, message });
    }

    fn feed(&mut self, input: Input) {
        for output in self.hub.handle(input, self.now) {
            self.write(&output);
        }
    }

    fn write(&mut self, output: &Output) {
        use std::fmt::Write as _;
        let letter = |route: &Route| char::from(route.as_bytes()[0]);
        let text = |payload: &Payload| String::from_utf8(payload.as_bytes().to_vec()).unwrap();
        let (socket, what) = match output {
            Output::ToNovice { socket, message } => (
                socket,
                match message {
                    ToNovice::Registered { .. } => unreachable!("the driver says this"),
                    ToNovice::Unregistered { route, reason } => {
                        format!("<- unregistered {}: {reason:?}", letter(route))
                    }
                    ToNovice::Joined { join, route } => {
                        format!("<- joined {} at {}", join.0, letter(route))
                    }
                    ToNovice::Relay { join, payload } => {
                        format!("<- {} from {}", text(payload), join.0)
                    }
                    ToNovice::Left { join } => format!("<- left {}", join.0),
                    ToNovice::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::ToExpert { socket, message } => (
                socket,
                match message {
                    ToExpert::Joined => "<- joined".to_owned(),
                    ToExpert::Relay { payload } => format!("<- {}", text(payload)),
                    ToExpert::Left => "<- left".to_owned(),
                    ToExpert::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::Registered { socket, route, ttl } => (
                socket,
                format!("<- registered {} for {ttl:?}", letter(route)),
            ),
            Output::Close { socket } => {
                let name = self.names.remove(socket).unwrap();
                writeln!(self.said, "{name} closed").unwrap();
                return;
            }
        };
        writeln!(self.said, "{} {what}", self.names[socket]).unwrap();
    }
}
