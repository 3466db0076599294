//! Runs scripts and writes down what happens.
//!
//! A script names sockets by their first letter: `n…` is a novice's, `e…` an expert's, `f…` that
//! of an expert's page from a file. Routes are single letters, spoken numbers single digits;
//! seconds pass with `wait`. `draws 1 2` says which numbers come out next.
//!
//! `nodes a b` makes several hubs, which are in touch; `n@b` is then a socket of the second. See
//! [`Stage::node_step`] for what can happen to them.

use std::fmt::Write as _;

use super::*;
use bus::Bus;

/// Hubs, and the names that the script gives to their sockets.
pub struct Stage {
    pub hubs: BTreeMap<char, Hub>,
    pub now: Instant,
    pub names: BTreeMap<SocketId, String>,
    sockets: u64,
    lots: VecDeque<Number>,
    /// Which join has been lent something, by which hub.
    pub lent: BTreeSet<(char, JoinId)>,
    pub bus: Bus,
    pub said: String,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            hubs: BTreeMap::from([('a', Hub::new(SMALL, 1))]),
            now: Instant::now(),
            names: BTreeMap::new(),
            sockets: 0,
            lots: VecDeque::new(),
            lent: BTreeSet::new(),
            bus: Bus::default(),
            said: String::new(),
        }
    }

    /// The hub that a name belongs to.
    fn home(name: &str) -> char {
        let node = name.split_once('@').map(|(_, node)| node);
        node.and_then(|node| node.chars().next()).unwrap_or('a')
    }

    /// The socket of that name; a name is used again once its socket is closed.
    fn socket(&mut self, name: &str) -> SocketId {
        if let Some((id, _)) = self.names.iter().find(|(_, n)| *n == name) {
            return *id;
        }
        self.sockets += 1;
        let id = SocketId(self.sockets);
        self.names.insert(id, name.to_owned());
        let role = match name.chars().next() {
            Some('n') => Role::Novice,
            Some('f') => Role::Expert(Page::File),
            _ => Role::Expert(Page::Served),
        };
        self.feed(Self::home(name), Input::Connected { socket: id, role });
        id
    }

    pub fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if self.node_step(&words) {
            return;
        }
        let home = Self::home(words[0]);
        let join = |text: &str| JoinId(text.parse().unwrap());
        let mut proof = None;
        let message = match words[1..] {
            [] if words[0] == "restart" => return self.feed(home, Input::Shutdown),
            [secs] if words[0] == "wait" => {
                self.now += Duration::from_secs(secs.parse().unwrap());
                for home in self.hubs.keys().copied().collect::<Vec<_>>() {
                    self.feed(home, Input::Tick);
                }
                return;
            }
            ["goes"] => {
                let socket = self.socket(words[0]);
                self.names.remove(&socket);
                return self.feed(home, Input::Gone { socket });
            }
            ["garbles"] => {
                let socket = self.socket(words[0]);
                let reason = Refusal::Protocol;
                return self.feed(home, Input::Expel { socket, reason });
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
        let said = Input::Novice {
            socket,
            message,
            proof,
        };
        self.feed(home, said);
    }

    fn expert(&mut self, name: &str, message: FromExpert) {
        let socket = self.socket(name);
        self.feed(Self::home(name), Input::Expert { socket, message });
    }

    /// Hands something to a hub, and then everything that follows from it to all of them.
    pub fn feed(&mut self, home: char, input: Input) {
        self.feed_only(home, input);
        if !self.bus.held {
            self.deliver();
        }
    }

    /// Hands something to a hub. What it wants of the others waits.
    pub fn feed_only(&mut self, home: char, input: Input) {
        if let Input::Shutdown = input {
            self.lends_no_more(home);
        }
        let hub = self.hubs.get_mut(&home).expect("there is such a node");
        for output in hub.handle(input, self.now) {
            match output {
                Output::Draw { socket } => {
                    let number = self.lots.pop_front().expect("nothing is left to draw");
                    self.feed_only(home, Input::Drawn { socket, number });
                }
                Output::Lend { join } => {
                    self.lent.insert((home, join));
                    let servers = vec![];
                    self.feed_only(home, Input::Lent { join, servers });
                }
                Output::Reclaim { join, over } => {
                    assert!(self.lent.remove(&(home, join)), "it had nothing");
                    let when = if over { "at once" } else { "soon" };
                    writeln!(self.said, "{} has no relays {when}", join.0).unwrap();
                }
                Output::Others(errand) => self.bus.send(home, errand),
                output => self.write(&output),
            }
        }
    }

    /// What a server has lent ends with it.
    pub fn lends_no_more(&mut self, home: char) {
        self.lent.retain(|(lender, _)| *lender != home);
    }

    fn write(&mut self, output: &Output) {
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
                    ToExpert::Trial { .. } => "<- trial".to_owned(),
                    ToExpert::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::Registered {
                socket, route, ttl, ..
            } => (
                socket,
                format!("<- registered {} for {ttl:?}", letter(route)),
            ),
            Output::Draw { .. }
            | Output::Lend { .. }
            | Output::Reclaim { .. }
            | Output::Others(_) => unreachable!("it is no socket's"),
            Output::Close { socket } => {
                let name = self.names.remove(socket).unwrap();
                writeln!(self.said, "{name} closed").unwrap();
                return;
            }
        };
        writeln!(self.said, "{} {what}", self.names[socket]).unwrap();
    }
}
