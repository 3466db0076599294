//! What is looked after while the server runs: certificate and keys, which change under their
//! names on the disk.

use std::{sync::Arc, time::SystemTime};

use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{Duration, MissedTickBehavior, interval},
};

use crate::{state::KeyFile, tls::Certificates, token::KeyRing};

pub(crate) struct Upkeep {
    pub(crate) certificates: Option<Certificates>,
    pub(crate) keys: KeyRing,
    pub(crate) key_file: Option<KeyFile>,
}

impl Upkeep {
    /// Looks after them: every so often, and when told to. Never ends by itself.
    pub(crate) async fn run(self, every: Duration, reload: Arc<Notify>) {
        let shared = Arc::new(self);
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut complaint = String::new();
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = reload.notified() => tracing::info!("reading certificate and keys again"),
            }
            let upkeep = Arc::clone(&shared);
            // Files may be on a disk that takes its time.
            let look = spawn_blocking(move || upkeep.once(SystemTime::now()));
            let said = match look.await {
                Ok(said) => said,
                // It panicked, or the runtime ends: so does this part, and the server with it.
                Err(error) => return tracing::error!(%error, "certificate and keys"),
            };
            // A fault that stays is said once.
            if said != complaint {
                complaint = said;
                if !complaint.is_empty() {
                    tracing::warn!("{complaint}");
                }
            }
        }
    }

    /// One look; what is wrong with the keys. (Certificates say by themselves what is new.)
    fn once(&self, now: SystemTime) -> String {
        if let Some(certificates) = &self.certificates {
            match certificates.renew() {
                Ok(true) => tracing::info!("the certificate was renewed"),
                Ok(false) => {}
                Err(errors) => {
                    for error in errors {
                        tracing::warn!("{error} The certificate from before stays in use.");
                    }
                }
            }
        }
        let Some(file) = &self.key_file else {
            return String::new();
        };
        match file.tend(&self.keys, now) {
            Ok(renewed) => {
                if renewed {
                    tracing::info!("the keys of owner tokens were renewed");
                }
                String::new()
            }
            Err(error) => format!("{error} The keys from before stay in use."),
        }
    }
}
