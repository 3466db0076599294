//! How far the server is on its way down.

use tokio::sync::watch;

/// In this order, and never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Everybody is welcome.
    Serving,
    /// No new sockets; those that are there go on for a moment.
    Draining,
    /// Everybody is told, and connections end.
    Closing,
}

/// Resolves when that phase is reached, or whoever could go on to it is gone.
pub(crate) async fn reached(mut phase: watch::Receiver<Phase>, wanted: Phase) {
    // An error is the latter.
    let _ = phase.wait_for(|phase| *phase >= wanted).await;
}
