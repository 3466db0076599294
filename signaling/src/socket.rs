//! One WebSocket, from its first message to its last: an edge of the [`crate::hub`].
//!
//! It decodes and encodes, keeps time and keeps the peer's pace; it decides nothing else.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use deskhand_protocol::{
    VERSION,
    signal::{FromExpert, FromNovice, MAX_SIGNAL, Refusal, ToExpert, ToNovice, decode, encode},
};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use rand_core::OsRng;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

use crate::{
    config::Patience,
    driver::Event,
    hub::{Input, Role, SocketId},
    metrics::Metrics,
    outbox::{Mail, outbox},
    relay::lend::Lender,
    token::KeyRing,
    visitor::{Limits, Seat, Visitor},
};

/// Frames wait here only while the peer takes none; see [`Patience::write`].
const MAX_WRITE_BUFFER: usize = 256 * 1024;
/// Messages a socket may send at once; after that it is read this often a second.
const BURST: NonZeroU32 = NonZeroU32::new(512).unwrap();
const PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// What every socket shares.
pub(crate) struct Shared {
    pub(crate) driver: mpsc::Sender<Event>,
    pub(crate) keys: KeyRing,
    pub(crate) limits: Arc<Limits>,
    pub(crate) lender: Arc<Lender>,
    pub(crate) patience: Patience,
    pub(crate) metrics: Arc<Metrics>,
}

/// Bounds what a peer can make the server hold.
pub(crate) fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_SIGNAL)
        .max_frame_size(MAX_SIGNAL)
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
}

/// A socket that has been upgraded.
pub(crate) struct Socket {
    pub(crate) id: SocketId,
    pub(crate) role: Role,
    pub(crate) visitor: Visitor,
    pub(crate) web: WebSocket,
    pub(crate) shared: Arc<Shared>,
}

/// What follows from a message.
enum Read {
    /// The hub decides.
    Input(Input),
    /// This, at once.
    Answer(String),
}

/// How the conversation stands after something was written, or handed over.
enum Written {
    Yes,
    /// There is no driver any more.
    Deserted,
    /// The driver gave the peer up meanwhile.
    Abandoned,
    /// The peer is gone, or takes nothing.
    Gone,
}

impl Socket {
    /// Serves it to its end. Without a seat the visitor has too many already.
    pub(crate) async fn run(mut self, seat: Option<Seat>) {
        let Some(_seat) = seat else {
            return self.refuse(Refusal::TooMany).await;
        };
        match self.greet().await {
            Ok(()) => {}
            Err(Some(reason)) => return self.refuse(reason).await,
            Err(None) => return,
        }
        let (outbox, mail, abandoned) = outbox();
        let arrived = Event::Arrived {
            socket: self.id,
            role: self.role,
            outbox,
        };
        if self.shared.driver.send(arrived).await.is_err() {
            return self.refuse(Refusal::Restarting).await;
        }
        tracing::info!(socket = self.id.0, role = ?self.role, from = %self.visitor, "connected");
        self.converse(mail, &abandoned).await;
        tracing::info!(socket = self.id.0, "gone");
        let gone = Event::Input(Input::Gone { socket: self.id });
        // No driver: there is nobody left to tell.
        let _ = self.shared.driver.send(gone).await;
    }

    /// Takes the first message. `Err(None)`: the peer went away.
    async fn greet(&mut self) -> Result<(), Option<Refusal>> {
        let first = async {
            loop {
                match self.web.recv().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => return other,
                }
            }
        };
        let text = match timeout(self.shared.patience.hello, first).await {
            Ok(Some(Ok(Message::Text(text)))) => text,
            Ok(None | Some(Ok(Message::Close(_)))) => return Err(None),
            Ok(Some(_)) | Err(_) => return Err(Some(Refusal::Protocol)),
        };
        let version = match self.role {
            Role::Novice => match decode(&text) {
                Ok(FromNovice::Hello { version }) => Some(version),
                _ => None,
            },
            Role::Expert(_) => match decode(&text) {
                Ok(FromExpert::Hello { version }) => Some(version),
                _ => None,
            },
        };
        match version {
            Some(VERSION) => Ok(()),
            Some(_) => Err(Some(Refusal::Version)),
            None => Err(Some(Refusal::Protocol)),
        }
    }

    async fn converse(&mut self, mut mail: Mail, abandoned: &Notify) {
        let patience = self.shared.patience;
        let pace = RateLimiter::direct(Quota::per_second(PER_SECOND).allow_burst(BURST));
        let mut ping = interval(patience.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset(); // the first one not at once
        let mut heard = Instant::now();
        // Nothing is read any more once a reason to part has been found.
        let mut reading = true;
        // The right to read one message.
        let mut admitted = false;
        // A page that wants nobody is in the way of those that do.
        let mut undecided = matches!(self.role, Role::Expert(_));
        let decide = Instant::now() + patience.join;
        'socket: loop {
            let rest = if admitted { None } else { rest(&pace) };
            admitted = rest.is_none();
            let written = tokio::select! {
                said = self.web.recv(), if reading && admitted => 'said: {
                    admitted = false;
                    heard = Instant::now();
                    let input = match said {
                        None | Some(Ok(Message::Close(_))) => return,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue 'socket,
                        Some(Ok(Message::Text(text))) => match self.read(&text) {
                            Read::Input(input) => {
                                undecided = false;
                                input
                            }
                            Read::Answer(answer) => {
                                break 'said self.write(Message::text(answer), abandoned).await;
                            }
                        },
                        // Binary, too long, or no WebSocket frame at all.
                        Some(Ok(Message::Binary(_)) | Err(_)) => self.expel(Refusal::Protocol),
                    };
                    reading = !matches!(input, Input::Expel { .. });
                    self.hand_over(input).await
                },
                next = mail.next() => match next {
                    Some(text) => self.write(Message::text(text), abandoned).await,
                    None => return self.close(reading).await,
                },
                () = abandoned.notified() => Written::Abandoned,
                _ = ping.tick() => self.write(Message::Ping(Vec::new().into()), abandoned).await,
                () = sleep_until(heard + patience.idle) => Written::Gone,
                () = sleep_until(decide), if undecided => {
                    (undecided, reading) = (false, false);
                    self.hand_over(self.expel(Refusal::Slow)).await
                }
                () = sleep(rest.unwrap_or_default()), if rest.is_some() => Written::Yes,
            };
            match written {
                Written::Yes => {}
                Written::Abandoned => return self.refuse(Refusal::Slow).await,
                Written::Deserted => return self.refuse(Refusal::Restarting).await,
                Written::Gone => return,
            }
        }
    }

    async fn write(&mut self, message: Message, abandoned: &Notify) -> Written {
        tokio::select! {
            sent = timeout(self.shared.patience.write, self.web.send(message)) => match sent {
                Ok(Ok(())) => Written::Yes,
                Ok(Err(_)) | Err(_) => Written::Gone,
            },
            () = abandoned.notified() => Written::Abandoned,
        }
    }

    /// Lets the driver know.
    async fn hand_over(&mut self, input: Input) -> Written {
        match self.shared.driver.send(Event::Input(input)).await {
            Ok(()) => Written::Yes,
            Err(_) => Written::Deserted,
        }
    }

    fn expel(&self, reason: Refusal) -> Input {
        Input::Expel {
            socket: self.id,
            reason,
        }
    }

    /// What follows from a message: decoded, its token checked, its visitor's rate observed.
    fn read(&self, text: &str) -> Read {
        let socket = self.id;
        let limits = &self.shared.limits;
        let input = match self.role {
            Role::Novice => match decode(text) {
                Ok(FromNovice::Register { .. } | FromNovice::Reserve)
                    if !limits.registrations.allows(self.visitor) =>
                {
                    self.expel(Refusal::TooMany)
                }
                Ok(message) => {
                    let proof = match &message {
                        FromNovice::Register {
                            token: Some(token), ..
                        } => self.shared.keys.check(token),
                        _ => None,
                    };
                    Input::Novice {
                        socket,
                        message,
                        proof,
                    }
                }
                Err(_) => self.expel(Refusal::Protocol),
            },
            Role::Expert(_) => match decode(text) {
                Ok(FromExpert::Join { .. }) if !limits.joins.allows(self.visitor) => {
                    self.expel(Refusal::TooMany)
                }
                Ok(FromExpert::JoinNumber { .. }) if !limits.numbers.allows(self.visitor) => {
                    self.expel(Refusal::TooMany)
                }
                Ok(FromExpert::Try) if !limits.trials.allows(self.visitor) => {
                    self.expel(Refusal::TooMany)
                }
                Ok(FromExpert::Try) => {
                    let (servers, withheld) = self.shared.lender.lend_trial(&mut OsRng);
                    return Read::Answer(encode(&ToExpert::Trial { servers, withheld }));
                }
                Ok(message) => Input::Expert { socket, message },
                Err(_) => self.expel(Refusal::Protocol),
            },
        };
        Read::Input(input)
    }

    /// Says why, and closes: for a socket the hub does not know, or no longer.
    async fn refuse(&mut self, reason: Refusal) {
        tracing::info!(socket = self.id.0, ?reason, from = %self.visitor, "refused");
        self.shared.metrics.refused(reason);
        let text = match self.role {
            Role::Novice => encode(&ToNovice::Closing { reason }),
            Role::Expert(_) => encode(&ToExpert::Closing { reason }),
        };
        let said = timeout(
            self.shared.patience.close,
            self.web.send(Message::text(text)),
        )
        .await;
        if let Ok(Ok(())) = said {
            self.close(reason != Refusal::Protocol).await;
        }
    }

    /// Ends a socket to which everything has been said. Lets the peer read it in peace: closing
    /// on unread data would make the network drop what is under way. A peer that broke the
    /// framing cannot be read from any more (`readable`).
    async fn close(&mut self, readable: bool) {
        let frame = CloseFrame {
            code: close_code::NORMAL,
            reason: "".into(),
        };
        let goodbye = async {
            let mut open = self.web.send(Message::Close(Some(frame))).await.is_ok() && readable;
            while open {
                open = matches!(self.web.recv().await, Some(Ok(_)));
            }
        };
        // Whether the peer was polite makes no difference.
        let _ = timeout(self.shared.patience.close, goodbye).await;
    }
}

/// How long to wait before the next message may be read.
fn rest(pace: &DefaultDirectRateLimiter) -> Option<Duration> {
    let until = pace.check().err()?;
    Some(until.wait_time_from(DefaultClock::default().now()))
}
