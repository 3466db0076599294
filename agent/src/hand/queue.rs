//! Commands on their way to the hand: bounded, with the latest motion only, and with a stop
//! ahead of everything that it makes void.

use std::collections::VecDeque;

use deskhand_protocol::{
    id::GrantId,
    input::{Action, InputEvent, Position},
};

use super::wire::Command;

/// The most commands that wait.
pub const CAPACITY: usize = 256;

/// The queue.
#[derive(Debug, Default)]
pub struct Queue(VecDeque<Command>);

/// The queue is full of commands that cannot be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Queue {
    /// Takes a command in.
    ///
    /// # Errors
    /// [`Full`]; the command was not taken.
    pub fn push(&mut self, command: Command) -> Result<(), Full> {
        let full = self.0.len() >= CAPACITY;
        match (&command, self.0.back_mut()) {
            // What waits would be dropped or released at once.
            (Command::Close | Command::Prompt(true), _) => self.0.retain(|c| !is_input(c)),
            // The latest motion wins.
            (Command::Motion(new), Some(Command::Motion(old))) if new.grant == old.grant => {
                if new.seq > old.seq {
                    *old = *new;
                }
                return Ok(());
            }
            (Command::Motion(_), _) if full => return Ok(()),
            // One heartbeat says as much as two.
            (Command::Input(new), Some(Command::Input(old)))
                if new.action == Action::Heartbeat
                    && old.action == Action::Heartbeat
                    && new.grant == old.grant =>
            {
                return Ok(());
            }
            _ => {}
        }
        if self.0.len() >= CAPACITY {
            return Err(Full);
        }
        self.0.push_back(command);
        Ok(())
    }

    /// Takes the next command out.
    pub fn pop(&mut self) -> Option<Command> {
        self.0.pop_front()
    }

    /// Takes the next command out unless it is input.
    pub fn pop_order(&mut self) -> Option<Command> {
        self.0.pop_front_if(|command| !is_input(command))
    }

    /// Puts back what was taken out last.
    pub fn put_back(&mut self, command: Command) {
        self.0.push_front(command);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives up everything the expert did that still waits, for one "release everything":
    /// what a flood leaves behind is a desktop with nothing held.
    pub fn shed(&mut self, grant: GrantId) {
        self.0.retain(|c| !is_input(c));
        self.0.push_back(Command::Input(InputEvent {
            grant,
            epoch: 0,
            at: Position::default(),
            action: Action::ReleaseAll,
        }));
    }
}

fn is_input(command: &Command) -> bool {
    matches!(command, Command::Input(_) | Command::Motion(_))
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::{
        input::{Button, Motion, Norm},
        key::KeyCode,
    };

    use super::*;

    const GRANT: GrantId = GrantId(1);

    fn motion(seq: u32) -> Command {
        Command::Motion(Motion {
            grant: GRANT,
            epoch: 0,
            seq,
            at: Position {
                x: Norm(u16::try_from(seq).unwrap()),
                y: Norm(0),
            },
        })
    }

    fn input(action: Action) -> Command {
        Command::Input(InputEvent {
            grant: GRANT,
            epoch: 0,
            at: Position::default(),
            action,
        })
    }

    fn click(down: bool) -> Command {
        let button = Button::Left;
        input(Action::Button { button, down })
    }

    fn all(queue: &mut Queue) -> Vec<Command> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn only_the_latest_motion_waits_and_clicks_keep_their_place() {
        let mut queue = Queue::default();
        for command in [motion(1), motion(3), motion(2), click(true), motion(4)] {
            queue.push(command).unwrap();
        }
        assert_eq!(all(&mut queue), [motion(3), click(true), motion(4)]);
    }

    #[test]
    fn a_stop_overtakes_what_it_makes_void() {
        for stop in [Command::Close, Command::Prompt(true)] {
            let mut queue = Queue::default();
            queue.push(Command::Open(GRANT)).unwrap();
            queue.push(click(true)).unwrap();
            queue.push(motion(1)).unwrap();
            queue.push(stop.clone()).unwrap();
            assert_eq!(all(&mut queue), [Command::Open(GRANT), stop]);
        }
    }

    #[test]
    fn while_input_has_to_wait_orders_pass_it_only_if_they_make_it_void() {
        let mut queue = Queue::default();
        queue.push(click(true)).unwrap();
        let click = queue.pop().unwrap();
        queue.put_back(click.clone());
        queue.push(Command::Prompt(false)).unwrap();
        assert_eq!(queue.pop_order(), None);
        assert_eq!(all(&mut queue), [click.clone(), Command::Prompt(false)]);
        queue.put_back(click);
        queue.push(Command::Close).unwrap();
        assert_eq!(queue.pop_order(), Some(Command::Close));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_full_queue_still_takes_motions_by_leaving_them_out() {
        let mut queue = Queue::default();
        let key = |i: usize| {
            input(Action::Key {
                code: KeyCode::KeyA,
                keysym: None,
                down: i.is_multiple_of(2),
            })
        };
        for i in 0..CAPACITY {
            queue.push(key(i)).unwrap();
        }
        assert_eq!(queue.push(motion(1)), Ok(()));
        assert_eq!(queue.push(key(0)), Err(Full));
        queue.shed(GRANT);
        assert_eq!(all(&mut queue), [input(Action::ReleaseAll)]);
    }

    #[test]
    fn heartbeats_do_not_pile_up() {
        let mut queue = Queue::default();
        for _ in 0..1000 {
            queue.push(input(Action::Heartbeat)).unwrap();
        }
        assert_eq!(all(&mut queue), [input(Action::Heartbeat)]);
    }
}
