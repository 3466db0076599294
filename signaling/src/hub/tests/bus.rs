//! What is between the hubs of a [`Stage`]: the directory, and a bus that loses what is on its
//! way when one of them is cut off.

use super::{stage::Stage, *};
use crate::nodes::{NodeId, ToNode, directory::Directory, message};

#[derive(Default)]
pub struct Bus {
    pub directory: Directory,
    /// Who is in touch, as whom.
    pub nodes: BTreeMap<char, NodeId>,
    processes: BTreeMap<char, u64>,
    lives: u32,
    /// What each wants done, in order.
    pub queue: VecDeque<(char, NodeId, Errand)>,
    /// Nothing is done before `deliver`.
    pub held: bool,
}

impl Bus {
    pub fn send(&mut self, home: char, errand: Errand) {
        let from = *self.nodes.get(&home).expect("it is out of touch");
        self.queue.push_back((home, from, errand));
    }

    /// Which hub that is, if it is still the same.
    pub fn home_of(&self, node: NodeId) -> Option<char> {
        let mut nodes = self.nodes.iter();
        nodes.find(|(_, id)| **id == node).map(|(home, _)| *home)
    }

    pub fn cut(&mut self, home: char) {
        self.nodes.remove(&home);
        self.queue.retain(|(from, ..)| *from != home);
    }
}

impl Stage {
    /// - `nodes a b`: these are there, and in touch;
    /// - `b is lost`, `b is back`: out of touch with the others, and in touch again;
    /// - `b dies`, `b stops`: without a word, and with one;
    /// - `redis forgets` what is in the directory;
    /// - `beat`: all look whether the others are still there;
    /// - `hold`, `deliver`: what they want of each other waits meanwhile.
    pub fn node_step(&mut self, words: &[&str]) -> bool {
        let node = |text: &str| text.chars().next().unwrap();
        match words {
            ["nodes", names @ ..] => {
                for home in names.iter().map(|name| node(name)) {
                    let first = 1 + 100 * (u64::from(home) - u64::from('a'));
                    self.hubs.insert(home, Hub::new(SMALL, first));
                    self.joins_the_others(home);
                }
            }
            [name, "is", "lost"] => self.out_of_touch(node(name)),
            [name, "is", "back"] => self.in_touch(node(name)),
            [name, "stops"] => {
                self.feed(node(name), Input::Shutdown);
                self.dies(node(name));
            }
            [name, "dies"] => self.dies(node(name)),
            ["redis", "forgets"] => self.bus.directory.forget_all(),
            ["beat"] => {
                for home in self.bus.nodes.keys().copied().collect::<Vec<_>>() {
                    self.feed(home, Input::Others(News::Beat));
                }
            }
            ["hold"] => self.bus.held = true,
            ["deliver"] => {
                self.bus.held = false;
                self.deliver();
            }
            _ => return false,
        }
        true
    }

    /// It is a new process.
    pub fn joins_the_others(&mut self, home: char) {
        let process = 1000 + u64::from(self.bus.lives); // another each time
        self.bus.processes.insert(home, process);
        self.in_touch(home);
    }

    pub fn in_touch(&mut self, home: char) {
        self.bus.lives += 1;
        let (process, life) = (self.bus.processes[&home], self.bus.lives);
        self.bus.nodes.insert(home, NodeId { process, life });
        self.feed(home, Input::Others(News::Linked));
    }

    pub fn out_of_touch(&mut self, home: char) {
        self.bus.cut(home);
        self.feed(home, Input::Others(News::Lost));
    }

    fn dies(&mut self, home: char) {
        self.bus.cut(home);
        self.hubs.remove(&home);
        self.lends_no_more(home);
        let suffix = format!("@{home}");
        self.names.retain(|_, name| !name.ends_with(&suffix));
    }

    /// Carries out everything that is wanted, in order.
    pub fn deliver(&mut self) {
        while let Some((home, from, errand)) = self.bus.queue.pop_front() {
            for (home, news) in self.carry_out(home, from, errand) {
                self.feed_only(home, Input::Others(news));
            }
        }
    }

    /// Carries one thing out. Gives who hears what of it.
    pub fn carry_out(&mut self, home: char, from: NodeId, errand: Errand) -> Vec<(char, News)> {
        let pass = |message| {
            let text = message::encode(from, &message);
            let (from, message) = message::decode(text.as_bytes()).unwrap();
            News::Told { from, message }
        };
        match errand {
            Errand::Claim(claim) => {
                let (outcome, displaced) = self.bus.directory.claim(from, &claim, self.now);
                let (route, claim) = (claim.route, claim.claim);
                let mut heard = vec![(home, News::Claimed { claim, outcome })];
                if let Some((node, claim)) = displaced
                    && let Some(to) = self.bus.home_of(node)
                {
                    heard.push((to, pass(ToNode::Taken { route, claim })));
                }
                heard
            }
            Errand::Release { route, claim } => {
                self.bus.directory.release(from, route, claim);
                vec![]
            }
            Errand::Find { socket, route } => {
                let found = self.bus.directory.find(route, self.now);
                let holder = found.map(|(node, _)| node);
                vec![(home, News::Found { socket, holder })]
            }
            Errand::Tell { node, message } => match self.bus.home_of(node) {
                Some(to) => vec![(to, pass(message))],
                None => vec![(home, News::Gone { node })],
            },
            Errand::TellAll { message } => {
                let others = self.bus.nodes.keys().filter(|to| **to != home);
                others.map(|to| (*to, pass(message.clone()))).collect()
            }
            Errand::Visit { node } => match self.bus.home_of(node) {
                Some(_) => vec![],
                None => vec![(home, News::Gone { node })],
            },
        }
    }
}
