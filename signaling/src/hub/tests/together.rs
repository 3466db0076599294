//! Random transcripts of several nodes, over a bus that is late and breaks.

use super::{
    super::{Ends, Peer, Stage as ExpertStage},
    *,
};

/// Each hub hears answers in the order in which it asked, and messages in the order in which they
/// were sent, but one may overtake the other.
#[derive(Default)]
struct Inbox {
    answers: VecDeque<News>,
    messages: VecDeque<News>,
}

struct World {
    stage: Stage,
    inboxes: BTreeMap<char, Inbox>,
}

impl World {
    fn new() -> Self {
        let mut stage = Stage::new();
        stage.step("nodes a b c");
        stage.step("hold");
        Self {
            stage,
            inboxes: BTreeMap::new(),
        }
    }

    fn touched(&self) -> Vec<char> {
        self.stage.bus.nodes.keys().copied().collect()
    }

    /// The first thing that this node wants done is done; what comes of it is on its way.
    fn work(&mut self, home: char) -> bool {
        let queue = &mut self.stage.bus.queue;
        let Some(at) = queue.iter().position(|(from, ..)| *from == home) else {
            return false;
        };
        let (home, from, errand) = queue.remove(at).unwrap();
        for (to, news) in self.stage.carry_out(home, from, errand) {
            let inbox = self.inboxes.entry(to).or_default();
            match news {
                News::Told { .. } => inbox.messages.push_back(news),
                _ => inbox.answers.push_back(news),
            }
        }
        true
    }

    fn hears(&mut self, home: char, answers_first: bool) -> bool {
        let inbox = self.inboxes.entry(home).or_default();
        let news = if answers_first {
            inbox
                .answers
                .pop_front()
                .or_else(|| inbox.messages.pop_front())
        } else {
            inbox
                .messages
                .pop_front()
                .or_else(|| inbox.answers.pop_front())
        };
        let Some(news) = news else { return false };
        self.stage.feed_only(home, Input::Others(news));
        true
    }

    fn cut(&mut self, home: char) {
        if self.stage.bus.nodes.contains_key(&home) {
            self.inboxes.remove(&home);
            self.stage.out_of_touch(home);
        }
    }

    fn step(&mut self, (kind, who, home, which): (u8, u8, u8, u8)) {
        let home = char::from(b'a' + home);
        let route = char::from(b'w' + which % 3);
        // Joins that are not theirs are none of their business, so any number will do.
        let join = u64::from(which) + 1 + 100 * (u64::from(home) - u64::from('a'));
        let (novice, expert) = (format!("n{}@{home}", who % 2), format!("e{who}@{home}"));
        let line = match kind {
            0 | 1 => format!("{novice} registers {route}"),
            2 | 3 => format!("{novice} registers {route} with token"),
            4 => format!("{novice} unregisters {route}"),
            5 => format!("{novice} reserves"),
            6 => format!("{novice} registers number {which}"),
            7 => format!("{novice} registers number {which} with token"),
            8 => format!("{novice} says x to {join}"),
            9 => format!("{novice} approves {join}"),
            10 => format!("{novice} dismisses {join}"),
            11 => format!("{novice} goes"),
            12..=15 => format!("{expert} joins {route}"),
            16 => format!("{expert} joins number {which}"),
            17 => format!("{expert} says x"),
            18 => format!("{expert} goes"),
            19 => "wait 1".to_owned(),
            20..=29 => {
                self.work(home);
                return;
            }
            30..=39 => {
                self.hears(home, who % 2 == 0);
                return;
            }
            40 => return self.cut(home),
            41 | 42 if !self.touched().contains(&home) => return self.stage.in_touch(home),
            43 if which == 0 => {
                // Each notices that it is forgotten itself.
                for home in self.touched() {
                    self.cut(home);
                }
                "redis forgets".to_owned()
            }
            44 if which == 0 => {
                self.inboxes.remove(&home);
                let line = format!("{home} dies");
                self.stage.step(&line);
                format!("nodes {home}")
            }
            45 => "beat".to_owned(),
            _ => return,
        };
        self.stage.step(&line);
    }

    /// Everybody is in touch, and everything arrives.
    fn settle(&mut self) {
        for home in ['a', 'b', 'c'] {
            if !self.touched().contains(&home) {
                self.stage.in_touch(home);
            }
        }
        self.drain();
        self.stage.step("beat");
        self.drain();
    }

    fn drain(&mut self) {
        let homes = ['a', 'b', 'c'];
        while homes
            .iter()
            .any(|home| self.work(*home) || self.hears(*home, true))
        {}
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let hubs = &self.stage.hubs;
        prop_assert!(self.stage.bus.queue.is_empty());
        for (home, hub) in hubs {
            let own = self.stage.bus.nodes[home];
            prop_assert!(hub.others.pending.is_empty() && hub.others.unclaimed.is_empty());
            let lent = (self.stage.lent.iter()).filter(|(lender, _)| lender == home);
            let lent: BTreeSet<JoinId> = lent.map(|(_, join)| *join).collect();
            let approved = hub.joins.iter().filter(|(_, join)| join.approved);
            let approved: BTreeSet<JoinId> = approved.map(|(join, _)| *join).collect();
            prop_assert_eq!(approved, lent, "what is lent is taken back");
            for (route, held) in &hub.routes {
                let known = self.stage.bus.directory.find(*route, self.stage.now);
                prop_assert_eq!(known, held.claim.map(|claim| (own, claim)), "{:?}", route);
            }
            for peer in hub.peers.values() {
                let seeking = matches!(
                    peer,
                    Peer::Expert {
                        stage: ExpertStage::Seeking(_),
                        ..
                    }
                );
                prop_assert!(!seeking, "no answer came");
            }
            for (join, held) in &hub.joins {
                match held.ends {
                    Ends::Here { .. } => {}
                    Ends::ExpertThere { node, theirs, .. } => {
                        let there = self.stage.bus.home_of(node).map(|home| &hubs[&home]);
                        let other = there.and_then(|hub| hub.joins.get(&theirs));
                        let back = other.and_then(|join| join.ends.node());
                        prop_assert_eq!(back, Some(own), "a novice talks to nobody");
                        prop_assert_eq!(hub.others.visitor(node, theirs), Some(*join));
                    }
                    Ends::NoviceThere { node, answered, .. } => {
                        prop_assert!(answered);
                        let there = self.stage.bus.home_of(node).map(|home| &hubs[&home]);
                        let other = there.and_then(|hub| hub.others.visitor(own, *join));
                        prop_assert!(other.is_some(), "an expert talks to nobody");
                    }
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens: nothing is said to a socket that is gone or closed, and to no other node
    /// while they cannot be reached (the stage sees to both); and once all are in touch, each
    /// route is held where the directory says, both ends of each join know of each other, and
    /// what either was lent has been taken back when the join is gone.
    #[test]
    fn nodes_agree_in_the_end(
        steps in proptest::collection::vec((0..46_u8, 0..4_u8, 0..3_u8, 0..9_u8), 0..300),
    ) {
        let mut world = World::new();
        let draws: Vec<_> = (0..40).map(|n| n.to_string()).collect();
        let draws = format!("draws {}", draws.join(" "));
        for step in steps {
            world.stage.step(&draws);
            world.step(step);
        }
        world.settle();
        world.check()?;
    }
}
