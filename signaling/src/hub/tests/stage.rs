//! Runs scripts and writes down what happens.
//!
//! A script names sockets by their first letter: `n…` is a novice's, `e…` an expert's, `f…` that
//! of an expert's page from a file. Routes are single letters, spoken numbers single digits;
//! seconds pass with `wait`. `draws 1 2` says which numbers come out next.

use super::*;

/// A hub, and the names that the script gives to its sockets.
pub struct Stage {
    hub: Hub,
    now: Instant,
    names: BTreeMap<SocketId, String>,
    lots: VecDeque<Number>,
    pub said: String,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            hub: Hub::new(SMALL, 1),
            now: Instant::now(),
            names: BTreeMap::new(),
            lots: VecDeque::new(),
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
        let role = match name.chars().next() {
            Some('n') => Role::Novice,
            Some('f') => Role::Expert(Page::File),
            _ => Role::Expert(Page::Served),
        };
        self.feed(Input::Connected { socket: id, role });
        id
    }

    pub fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let join = |text: &str| JoinId(text.parse().unwrap());
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
            ref names if words[0] == "draws" => {
                self.lots.extend(names.iter().copied().map(number));
                return;
            }
            ["joins", "number", name] => {
                let number = number(name);
                return self.expert(words[0], FromExpert::JoinNumber { number });
            }
            ["joins", "route", "of", name] => {
                let route = number(name).route();
                return self.expert(words[0], FromExpert::Join { route });
            }
            ["joins", name] => {
                return self.expert(words[0], FromExpert::Join { route: route(name) });
            }
            ["says", text] if !words[0].starts_with('n') => {
                let payload = payload(text);
                return self.expert(words[0], FromExpert::Relay { payload });
            }
            ["hello"] if !words[0].starts_with('n') => {
                return self.expert(words[0], FromExpert::Hello { version: 1 });
            }
            ["hello"] => FromNovice::Hello { version: 1 },
            ["reserves"] => FromNovice::Reserve,
            ["registers", "number", name] => register_number(number(name)),
            ["registers", "number", name, "with", "token"] => {
                proof = Some(OwnerProof::for_number(number(name)));
                register_number(number(name))
            }
            ["registers", "number", name, "with", "token", "of", "route"] => {
                proof = Some(OwnerProof::for_test(number(name).route()));
                register_number(number(name))
            }
            ["registers", "number", name, "at", other] => FromNovice::Register {
                route: route(other),
                ttl_secs: 60,
                token: None,
                file: false,
                number: Some(number(name)),
            },
            ["registers", "route", "of", name] => register(number(name).route(), 60),
            ["registers", name, "for", "a", "file"] => FromNovice::Register {
                route: route(name),
                ttl_secs: 60,
                token: None,
                file: true,
                number: None,
            },
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
            ["says", text, "to", name] => FromNovice::Relay {
                join: join(name),
                payload: payload(text),
            },
            ["approves", name] => FromNovice::Approved { join: join(name) },
            ["dismisses", name] => FromNovice::Dismiss { join: join(name) },
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
            if let Output::Draw { socket } = output {
                let number = self.lots.pop_front().expect("nothing is left to draw");
                self.feed(Input::Drawn { socket, number });
            } else if let Output::Lend { join } = output {
                let servers = vec![];
                self.feed(Input::Lent { join, servers });
            } else {
                self.write(&output);
            }
        }
    }

    fn write(&mut self, output: &Output) {
        use std::fmt::Write as _;
        let letter =
            |route: &Route| match (0..10).find(|n| number(&n.to_string()).route() == *route) {
                Some(n) => n.to_string(),
                None => char::from(route.as_bytes()[0]).to_string(),
            };
        let text = |payload: &Payload| String::from_utf8(payload.as_bytes().to_vec()).unwrap();
        let (socket, what) = match output {
            Output::ToNovice { socket, message } => (
                socket,
                match message {
                    ToNovice::Registered { .. } => unreachable!("the driver says this"),
                    ToNovice::Reserved { number } => {
                        format!("<- reserved {}", number.get() % 10)
                    }
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
                    ToNovice::IceServers { join, .. } => format!("<- relays for {}", join.0),
                    ToNovice::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::ToExpert { socket, message } => (
                socket,
                match message {
                    ToExpert::Joined => "<- joined".to_owned(),
                    ToExpert::Relay { payload } => format!("<- {}", text(payload)),
                    ToExpert::Left => "<- left".to_owned(),
                    ToExpert::IceServers { .. } => "<- relays".to_owned(),
                    ToExpert::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::Registered {
                socket, route, ttl, ..
            } => (
                socket,
                format!("<- registered {} for {ttl:?}", letter(route)),
            ),
            Output::Draw { .. } | Output::Lend { .. } => unreachable!("done at once"),
            Output::Reclaim { join, over } => {
                let when = if *over { " at once" } else { " soon" };
                writeln!(self.said, "{} has no relays{when}", join.0).unwrap();
                return;
            }
            Output::Close { socket } => {
                let name = self.names.remove(socket).unwrap();
                writeln!(self.said, "{name} closed").unwrap();
                return;
            }
        };
        writeln!(self.said, "{} {what}", self.names[socket]).unwrap();
    }
}
