//! What a later start of the program asks of this one.

use std::time::Duration;

use rand_core::{CryptoRng, RngCore};
use tokio::sync::{mpsc, oneshot};

use super::{
    Wires,
    edges::{Edges, Fed},
};
use crate::{
    desk::Desk,
    front::{Channel, Intent, Serial, Stage, View},
    instance::{Asked, InvitationLine, InvitedLine, Local, Reply, Request},
    io::Input,
    ui::window::Show,
};

const IN_SESSION: &str = "Somebody sees this screen right now. End the session first.";
const NO_WINDOW: &str =
    "Deskhand is running in a terminal. Look for it there, or end it and start it again.";

/// See the module.
pub struct Requests {
    local: Local,
    /// The window, if there is one.
    show: Option<mpsc::Sender<Show>>,
    /// Who waits for an invitation of that kind, which takes a while.
    waiting: Option<(Channel, oneshot::Sender<Reply>)>,
}

impl Requests {
    /// Answers for this program; `show` leads to its window.
    pub fn new(local: Local, show: Option<mpsc::Sender<Show>>) -> Self {
        Self {
            local,
            show,
            waiting: None,
        }
    }

    pub(super) async fn next(&mut self) -> Asked {
        self.local.asked().await
    }

    /// Does what is asked, and answers as soon as that is done.
    pub(super) fn handle<R: RngCore + CryptoRng>(
        &mut self,
        (request, reply): Asked,
        desk: &mut Desk<R>,
        edges: &mut Edges,
        wires: &mut Wires,
    ) -> Fed {
        let view = desk.view();
        let intent = match request {
            Request::Show => Err(self.show()),
            Request::Invite(_) if self.waiting.is_some() => {
                refuse("Another invitation is being made. Try again in a moment.")
            }
            Request::Settings => Err(edges.settings()),
            Request::Set { name, value } if !in_session(&view) => Err(edges.set(&name, &value)),
            request => intent(request, &view),
        };
        let intent = match intent {
            Ok(intent) => intent,
            Err(answer) => {
                // Who does not wait for the answer does not need it.
                let _ = reply.send(answer);
                return Fed::default();
            }
        };
        let invites = match &intent {
            Intent::Invite(order) => Some(order.channel),
            _ => None,
        };
        let fed = edges.feed(desk, Input::Novice(intent), wires);
        if let Some(channel) = invites {
            self.waiting = Some((channel, reply));
            self.answer(&fed, desk);
        } else {
            let _ = reply.send(match &fed.unsaved {
                Some(why) => Reply::Refused(unsaved(why)),
                None => Reply::Done,
            });
        }
        fed
    }

    fn show(&self) -> Reply {
        match &self.show {
            Some(show) => {
                // A window that is that busy is there already.
                let _ = show.try_send(Show::Window);
                Reply::Done
            }
            None => Reply::Refused(NO_WINDOW.into()),
        }
    }

    /// An invitation was made, or not: perhaps somebody waits for it.
    pub(super) fn answer<R: RngCore + CryptoRng>(&mut self, fed: &Fed, desk: &Desk<R>) {
        let (Some((made, invited)), Some((wanted, _))) = (&fed.invited, &self.waiting) else {
            return;
        };
        // Made in the window meanwhile, perhaps.
        if made != wanted {
            return;
        }
        let answer = match invited {
            Ok(serial) => match desk.view().invitation(*serial) {
                Some(made) => Reply::Invited(Box::new(InvitedLine::from(made))),
                None => unknown(*serial),
            },
            Err(why) => Reply::Refused(why.clone()),
        };
        if let Some((_, reply)) = self.waiting.take() {
            let _ = reply.send(answer);
        }
    }
}

/// Whoever has mouse and keyboard makes nothing last longer than they do.
fn in_session(view: &View) -> bool {
    matches!(view.stage, Stage::Connecting { .. } | Stage::Viewing { .. })
}

/// What a request comes to for the agent's core, or the answer to it.
///
/// # Errors
/// The answer.
pub fn intent(request: Request, view: &View) -> Result<Intent, Reply> {
    match request {
        Request::Status => {
            let lines = view.invitations.iter().map(InvitationLine::from);
            Err(Reply::Status(lines.collect()))
        }
        Request::Invite(_)
        | Request::Read(_)
        | Request::Extend { .. }
        | Request::Forget(_)
        | Request::Set { .. }
            if in_session(view) =>
        {
            refuse(IN_SESSION)
        }
        Request::Invite(wish) => Ok(Intent::Invite(wish.into())),
        Request::Read(serial) => {
            open(view, serial)?;
            Err(match view.invitation(serial) {
                Some(one) => Reply::Invited(Box::new(InvitedLine::from(one))),
                None => unknown(serial),
            })
        }
        Request::Expire(serial) => open(view, serial).map(|()| Intent::Expire(serial)),
        Request::Extend { serial, secs } => {
            let by = Duration::from_secs(secs.into());
            open(view, serial).map(|()| Intent::Extend(serial, by))
        }
        Request::Forget(serial) => match view.invitation(serial) {
            Some(one) if one.standing.is_closed() => Ok(Intent::Forget(serial)),
            Some(_) => refuse(&format!(
                "Invitation {serial} is still open. Close it first: deskhand expire {serial}"
            )),
            None => Err(unknown(serial)),
        },
        Request::Quit => Ok(Intent::Quit),
        // Not for the core.
        Request::Show | Request::Settings | Request::Set { .. } => Err(Reply::Done),
    }
}

fn unsaved(why: &str) -> String {
    format!(
        "It is done for now, but could not be saved: {why} If Deskhand is started again before it \
         can be, everything is as it was."
    )
}

fn refuse(why: &str) -> Result<Intent, Reply> {
    Err(Reply::Refused(why.into()))
}

fn open(view: &View, serial: Serial) -> Result<(), Reply> {
    match view.invitation(serial) {
        Some(one) if one.standing.is_closed() => Err(Reply::Refused(format!(
            "Invitation {serial} is closed already."
        ))),
        Some(_) => Ok(()),
        None => Err(unknown(serial)),
    }
}

fn unknown(serial: Serial) -> Reply {
    Reply::Refused(format!(
        "There is no invitation {serial}. deskhand status lists them."
    ))
}
