//! The one loop that runs the agent: waits for whatever happens next, hands it to the pure
//! [`Desk`], and does what comes out. Nothing in here decides anything, and nothing in here
//! waits for network or disk except the store, whose delay is the point.

mod edges;
mod errands;
mod link;
mod requests;
mod screen;

use std::time::Duration;

use rand_core::{CryptoRng, RngCore};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

pub use edges::Place;
pub use errands::{Errands, Papers, try_out};
pub use requests::{Requests, intent};

use crate::{
    clock::Now,
    desk::Desk,
    front::{FrontEnd, Intent, Notice, Rules, View},
    io::{Input, Outcome},
};
use edges::{Edges, Event};

/// Notices that a front end has not shown yet.
const NOTICE_QUEUE: usize = 256;
/// How often the policy is read again.
const LOOK_AROUND: Duration = Duration::from_secs(30);

/// The driver's end of the wires to a front end.
pub struct Wires {
    view: watch::Sender<View>,
    notices: mpsc::Sender<Notice>,
    intents: mpsc::Receiver<Intent>,
    own_windows: watch::Receiver<Vec<u32>>,
}

impl Wires {
    /// Tells the front end something.
    pub(crate) fn tell(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::warn!("the front end does not keep up with what there is to say");
        }
    }
}

/// Wires for one front end, showing `view` at first.
pub fn wires(view: View) -> (Wires, FrontEnd) {
    let (view, view_end) = watch::channel(view);
    let (notices, notices_end) = mpsc::channel(NOTICE_QUEUE);
    let (intents_end, intents) = mpsc::channel(32);
    let (own_windows_end, own_windows) = watch::channel(Vec::new());
    let wires = Wires {
        view,
        notices,
        intents,
        own_windows,
    };
    let front = FrontEnd {
        view: view_end,
        notices: notices_end,
        intents: intents_end,
        own_windows: own_windows_end,
    };
    (wires, front)
}

/// Runs the agent to its end.
pub async fn run<R: RngCore + CryptoRng>(
    mut desk: Desk<R>,
    place: Place,
    rules: Rules,
    errands: Errands,
    mut requests: Requests,
    mut wires: Wires,
) -> Outcome {
    let mut edges = Edges::new(place, errands, rules);
    let mut looks = interval(LOOK_AROUND);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let wake = desk.wake(Now::read());
        // What the novice does comes first, whatever else is waiting.
        let event = tokio::select! {
            biased;
            intent = wires.intents.recv() => match intent.unwrap_or(Intent::Quit) {
                Intent::UseServer(text) => {
                    Event::Input(Input::Server(edges.errands.check_server(text)))
                }
                intent => Event::Input(Input::Novice(intent)),
            },
            _ = looks.tick() => edges.look_around().map_or(Event::Nothing, Event::Input),
            asked = requests.next() => {
                let fed = requests.handle(asked, &mut desk, &mut edges, &mut wires);
                if let Some(outcome) = fed.done {
                    edges.finish().await;
                    return outcome;
                }
                continue;
            }
            Ok(()) = wires.own_windows.changed() => {
                edges.own_windows(&mut wires.own_windows);
                continue;
            }
            event = edges.next() => event,
            () = tokio::time::sleep_until(wake.into()) => Event::Input(Input::Tick),
        };
        let input = match event {
            Event::Input(input) => input,
            Event::Errand(errands::Done::Tell(notice)) => {
                wires.tell(notice);
                continue;
            }
            Event::Errand(errands::Done::Server(found)) => {
                Input::Server(found.map_or_else(errands::refused, |address| {
                    let named = errands::named(&address);
                    if address.shows_who_meets() {
                        wires.tell(Notice::SeenOnTheWay);
                    }
                    edges.use_server(address);
                    named
                }))
            }
            Event::Nothing => continue,
        };
        let fed = edges.feed(&mut desk, input, &mut wires);
        requests.answer(&fed, &desk);
        if let Some(outcome) = fed.done {
            edges.finish().await;
            return outcome;
        }
    }
}
