//! What Ctrl+C in the terminal and the system's request to end mean.

use std::time::{Duration, Instant};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};

use crate::front::{Control, Intent, Stage, View};

/// In the agent's own terminal one press of Ctrl+C reaches both the hand, which closes its gate,
/// and this process. The later news of the two must not end the session as well.
const SAME_PRESS: Duration = Duration::from_secs(1);

/// Reads interrupts as what they mean.
#[derive(Debug, Default)]
struct Interrupts {
    shared: bool,
    /// An interrupt is ending control.
    stopping: bool,
    /// When something else ended it last: perhaps the hand, by the press whose signal follows.
    ended: Option<Instant>,
}

impl Interrupts {
    /// Whether control is shared, as of now.
    fn see(&mut self, shared: bool, now: Instant) {
        if self.shared && !shared {
            let by_us = std::mem::take(&mut self.stopping);
            self.ended = (!by_us).then_some(now);
        }
        self.shared = shared;
    }

    /// What one interrupt means: it stops control while that is shared, and else ends
    /// everything.
    fn read(&mut self, now: Instant) -> Option<Intent> {
        let just_ended = |ended: Instant| now.duration_since(ended) < SAME_PRESS;
        if self.shared {
            self.stopping = true;
            Some(Intent::StopControl)
        } else if self.ended.take().is_some_and(just_ended) {
            None
        } else {
            Some(Intent::Quit)
        }
    }
}

/// Ctrl+C in the terminal takes control back while it is given, and else ends; so does the
/// system's request to end.
pub async fn obey(mut view: watch::Receiver<View>, intents: mpsc::Sender<Intent>) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    let mut interrupts = Interrupts::default();
    loop {
        interrupts.see(is_shared(&view.borrow_and_update()), Instant::now());
        let intent = tokio::select! {
            Ok(()) = view.changed() => continue,
            _ = interrupt.recv() => {
                interrupts.see(is_shared(&view.borrow_and_update()), Instant::now());
                match interrupts.read(Instant::now()) {
                    Some(intent) => intent,
                    None => continue,
                }
            }
            _ = terminate.recv() => Intent::Quit,
        };
        if intents.send(intent).await.is_err() {
            return;
        }
    }
}

fn is_shared(view: &View) -> bool {
    matches!(
        view.stage,
        Stage::Viewing {
            control: Control::Shared { .. },
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_press_of_ctrl_c_ends_control_only_whoever_hears_of_it_first() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        // The signal comes first.
        let mut interrupts = Interrupts::default();
        interrupts.see(true, at(0));
        assert!(matches!(interrupts.read(at(10)), Some(Intent::StopControl)));
        interrupts.see(false, at(20));
        assert!(matches!(interrupts.read(at(400)), Some(Intent::Quit)));
        // The hand closes its gate first.
        let mut interrupts = Interrupts::default();
        interrupts.see(true, at(0));
        interrupts.see(false, at(10));
        assert!(interrupts.read(at(20)).is_none());
        assert!(matches!(interrupts.read(at(400)), Some(Intent::Quit)));
    }

    #[test]
    fn long_after_control_ctrl_c_ends() {
        let begin = Instant::now();
        let mut interrupts = Interrupts::default();
        assert!(matches!(interrupts.read(begin), Some(Intent::Quit)));
        interrupts.see(true, begin);
        interrupts.see(false, begin);
        let later = begin + SAME_PRESS;
        assert!(matches!(interrupts.read(later), Some(Intent::Quit)));
    }
}
