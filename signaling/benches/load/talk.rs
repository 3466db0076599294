//! Two sockets that speak to each other by way of a server.

use std::time::Instant;

use anyhow::ensure;
use deskhand_protocol::{
    id::JoinId,
    signal::{FromExpert, FromNovice, Payload, ToExpert, ToNovice, encode},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::{
    script::{End, Turn},
    socket::Socket,
    tally::Tally,
};

/// One message: what is sent, and what has to arrive.
struct Line {
    sent: Utf8Bytes,
    arrives: Utf8Bytes,
}

/// Several, of one end.
pub struct Lines {
    end: End,
    /// Back at the end that sent them.
    echoed: bool,
    all: Vec<Line>,
}

impl Lines {
    /// As our server relays them.
    pub fn relayed(turn: &Turn, join: JoinId) -> Self {
        let line = |payload: &Payload| {
            let payload = payload.clone();
            let (sent, arrives) = match turn.end {
                End::Novice => (
                    encode(&FromNovice::Relay {
                        join,
                        payload: payload.clone(),
                    }),
                    encode(&ToExpert::Relay { payload }),
                ),
                End::Expert => (
                    encode(&FromExpert::Relay {
                        payload: payload.clone(),
                    }),
                    encode(&ToNovice::Relay { join, payload }),
                ),
            };
            Line {
                sent: sent.into(),
                arrives: arrives.into(),
            }
        };
        Self {
            end: turn.end,
            echoed: false,
            all: turn.payloads.iter().map(line).collect(),
        }
    }

    /// The same, sent to a server that echoes.
    pub fn echoed(turn: &Turn) -> Self {
        // As long as those that are counted on a server of ours.
        let Self { end, all, .. } = Self::relayed(turn, JoinId(1 << 51));
        let back = |line: Line| Line {
            arrives: line.sent.clone(),
            sent: line.sent,
        };
        Self {
            end,
            echoed: true,
            all: all.into_iter().map(back).collect(),
        }
    }
}

/// See the module.
pub struct Talk {
    /// The novice's.
    pub novice: Socket,
    /// The expert's.
    pub expert: Socket,
}

impl Talk {
    /// Says all of a turn, then hears all of it, and counts how long each message took.
    ///
    /// # Errors
    /// If anything else arrives.
    pub async fn goes(&mut self, turn: &Lines, tally: &mut Tally) -> anyhow::Result<()> {
        let (speaker, listener) = match turn.end {
            End::Novice => (&mut self.novice, &mut self.expert),
            End::Expert => (&mut self.expert, &mut self.novice),
        };
        let mut began = Vec::with_capacity(turn.all.len());
        for line in &turn.all {
            began.push(Instant::now());
            speaker.send(line.sent.clone()).await?;
        }
        let listener = if turn.echoed { speaker } else { listener };
        for (line, began) in turn.all.iter().zip(began) {
            let arrived = listener.next().await?;
            ensure!(arrived == line.arrives, "another message: {arrived}");
            tally.count(began);
        }
        Ok(())
    }
}
