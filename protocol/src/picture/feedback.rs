//! Channel `feedback`, in both directions: what is said about how the picture travels.

use serde::{Deserialize, Serialize};

use super::{Arrivals, Missing};

/// Page to agent. What gets lost is said again, or not needed any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feedback {
    /// These pieces did not arrive.
    Missing(Missing),
    /// These packets did, from a page that was asked for it.
    Arrived(Arrivals),
    /// What does the agent's clock show? The number comes back with the [answer](Answer::Clock).
    Clock(u32),
}

/// Agent to page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The clock by which updates are [taken](super::Update::taken), when the question came.
    Clock {
        /// Which question.
        asked: u32,
        /// In microseconds; wraps around.
        micros: u32,
    },
    /// The browser does not say what arrives: the page shall. Said again until it does.
    Report,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{VERSION, picture::Arrival, wire};

    /// Golden vectors: whoever changes the wire changes these, and the version with them.
    #[test]
    fn feedback_on_the_wire() {
        let arrivals = Arrivals {
            next: 300,
            since: 1000,
            packets: vec![
                Arrival { step: 1, wait: 0 },
                Arrival {
                    step: -3,
                    wait: 200,
                },
            ],
        };
        for (said, expected) in [
            (
                Feedback::Missing(Missing { numbers: vec![300] }),
                &[0, 1, 172, 2][..],
            ),
            (
                Feedback::Arrived(arrivals),
                &[1, 172, 2, 232, 7, 2, 2, 0, 5, 200, 1],
            ),
            (Feedback::Clock(7), &[2, 7]),
        ] {
            assert_eq!(wire::encode(&said), [&[VERSION], expected].concat());
        }
        let clock = Answer::Clock {
            asked: 7,
            micros: 70_000,
        };
        assert_eq!(wire::encode(&clock), [VERSION, 0, 7, 240, 162, 4]);
        assert_eq!(wire::encode(&Answer::Report), [VERSION, 1]);
    }
}
