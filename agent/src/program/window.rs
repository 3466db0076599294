//! The agent with a window, and with an icon in the tray where the desktop has one.

use anyhow::Context as _;
use tokio::{
    runtime::Runtime,
    sync::{mpsc, watch},
};

use super::{Job, obey_signals};
use crate::{
    driver::Requests,
    front::{Channel, Control, Intent, Invitation, Newest, Stage, View},
    instance::Local,
    io::Outcome,
    start::Ready,
    terminal,
    tray::{Tray, TrayAct, TrayState},
    ui::{
        person::DisplayDevices,
        window::{self, Show, Surroundings},
    },
};

/// How many wishes for the window, or clicks in the tray, may wait.
const QUEUE: usize = 4;

/// Runs until the window is closed for good.
pub(super) fn run(
    runtime: &Runtime,
    ready: Ready,
    local: Local,
    job: Job<'_>,
) -> anyhow::Result<Outcome> {
    let devices = DisplayDevices::new(&ready.display);
    let person = devices.context(
        "Deskhand cannot tell the mouse and keyboard of this desktop from what programs do, \
         so no control could be given. Start it with --terminal to be helped by viewing only",
    )?;
    let (show, shown) = mpsc::channel(QUEUE);
    let (there, tray) = watch::channel(false);
    let (front, agent) = ready.split(Requests::new(local, Some(show.clone())));
    let agent = runtime.spawn(agent);
    obey_signals(runtime, &front);
    if job.print {
        let made = Newest::after(front.view.clone());
        runtime.spawn(terminal::print(made, job.style));
    }
    runtime.spawn(keep_in_tray(
        front.view.clone(),
        front.intents.clone(),
        show,
        there,
    ));
    if job
        .order
        .as_ref()
        .is_some_and(|order| order.channel == Channel::File)
    {
        let made = Newest::after(front.view.clone());
        runtime.spawn(save_next(made, front.intents.clone()));
    }
    // Windows belong to the main thread; the agent runs on its own.
    let _inside = runtime.enter();
    let around = Surroundings {
        person: Box::new(person),
        show: Some(shown),
        order: job.order,
        tray,
    };
    window::run(front, around).context("start Deskhand with --terminal instead")?;
    runtime.block_on(agent).context("the session broke off")
}

/// Has the file saved that a command asked for. Its page shows where it is.
async fn save_next(mut made: Newest, intents: mpsc::Sender<Intent>) {
    if let Some(Invitation { serial, .. }) = made.next().await {
        // Without a core there is nobody to save it.
        let _ = intents.send(Intent::SaveFile(serial)).await;
    }
}

/// Shows in the tray how things stand, and does what is clicked there. `there` says whether
/// there is a tray.
async fn keep_in_tray(
    mut view: watch::Receiver<View>,
    intents: mpsc::Sender<Intent>,
    show: mpsc::Sender<Show>,
    there: watch::Sender<bool>,
) {
    let (acts, mut acted) = mpsc::channel(QUEUE);
    let state = state(&view.borrow_and_update());
    let Some(tray) = Tray::open(state, acts).await else {
        return;
    };
    let mut presence = tray.presence();
    loop {
        there.send_replace(*presence.borrow_and_update());
        let intent = tokio::select! {
            changed = view.changed() => {
                if changed.is_err() {
                    return;
                }
                tray.update(self::state(&view.borrow_and_update()));
                continue;
            }
            Ok(()) = presence.changed() => continue,
            act = acted.recv() => match act {
                Some(TrayAct::Show) => {
                    // A window that is that busy is there already.
                    let _ = show.try_send(Show::Window);
                    continue;
                }
                Some(TrayAct::StopWaiting) => Intent::Quit,
                Some(TrayAct::End) => Intent::End,
                None => return,
            },
        };
        if intents.send(intent).await.is_err() {
            return;
        }
    }
}

fn state(view: &View) -> TrayState {
    match &view.stage {
        Stage::Viewing {
            control: Control::Shared { .. },
            ..
        } => TrayState::Shared,
        Stage::Viewing { .. } => TrayState::Watched,
        _ if view.invitations.iter().any(|one| !one.standing.is_closed()) => TrayState::Waiting,
        _ => TrayState::Idle,
    }
}
