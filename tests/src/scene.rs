//! A whole session, ready to be played.

use crate::{
    desktop::Desktop,
    expert::Expert,
    keys::SHIFT,
    novice::Novice,
    probe::{Probe, typed},
    server::Server,
};

/// Everybody. Dropped in this order: those who depend on others first.
pub struct Scene {
    /// Sees the desktop.
    pub expert: Expert,
    /// Let them in.
    pub novice: Novice,
    /// A program on the novice's desktop that has the keyboard.
    pub probe: Probe,
    /// The novice's desktop.
    pub desktop: Desktop,
    /// Introduced them.
    pub server: Server,
}

impl Scene {
    /// Up to the point where the expert sees the desktop.
    pub async fn viewing() -> Self {
        Self::viewing_with("").await
    }

    /// As [`Self::viewing`], in a browser that runs this script before the page's own.
    pub async fn viewing_with(script: &str) -> Self {
        let server = Server::start().await;
        let desktop = Desktop::start().await;
        let probe = Probe::open(&desktop).await;
        let mut novice = Novice::invite(&server, &desktop).await;
        let expert = Expert::view_with(&mut novice, script).await;
        Self {
            expert,
            novice,
            probe,
            desktop,
            server,
        }
    }

    /// Up to the point where the expert has mouse and keyboard, and has clicked on the probe.
    pub async fn controlling() -> Self {
        let mut scene = Self::viewing().await;
        scene.shares_control().await;
        scene
    }

    /// The expert asks for control, which the novice allows, and clicks on the probe.
    pub async fn shares_control(&mut self) {
        self.expert.gets_control(&mut self.novice).await;
        self.expert_reaches_probe().await;
    }

    /// The expert clicks on the probe, and it arrives there.
    pub async fn expert_reaches_probe(&mut self) {
        let middle = self.probe.middle();
        self.expert.clicks(middle, 0).await;
        self.probe
            .wait("click of the expert", |events| {
                events.iter().any(|e| e.is_button(1, false)).then_some(())
            })
            .await;
        self.probe.forget();
    }

    /// The expert types, and that and nothing else arrives at the probe.
    pub async fn types_through(&self, text: &str) {
        self.expert.types(text).await;
        self.probe
            .wait("typing", |events| (typed(events) == text).then_some(()))
            .await;
    }

    /// The expert holds Shift and a letter down, and they are down at the probe.
    pub async fn holds_keys(&self) {
        self.expert.holds(&[SHIFT, 'x']).await;
        self.probe
            .wait("held keys", |events| {
                let held = events.iter().any(|e| e.is_key(u32::from('X'), true));
                held.then_some(())
            })
            .await;
    }

    /// The expert sees what happens on the desktop.
    pub async fn expert_sees_changes(&mut self) {
        for rgb in [[220, 30, 40], [30, 60, 210]] {
            self.probe.paint(rgb).await;
            self.expert.sees_colour(self.probe.middle(), rgb).await;
        }
    }

    /// The end: nobody may have found an error in the browser.
    pub async fn close(self) {
        self.expert.browser.close().await;
    }
}
