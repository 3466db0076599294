//! The tasks that a running server consists of.

use std::{collections::HashMap, future::pending};

use tokio::task::{Id, JoinSet};

/// Tasks by name. Dropped, they end.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Parts {
    /// Runs something, under a name for the log.
    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let id = self.tasks.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Waits until one has ended, by itself or in a panic, and logs which: a server without one of
    /// its parts would look as if it were whole.
    pub(crate) async fn one_fails(&mut self) {
        let (id, panic) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => (id, None),
            Some(Err(error)) => (error.id(), Some(error)),
            None => return pending().await,
        };
        let part = self.names.get(&id).copied().unwrap_or_default();
        if let Some(error) = panic {
            tracing::error!(part, %error, "a part of the server failed");
        } else {
            tracing::error!(part, "a part of the server ended by itself");
        }
    }

    /// Waits until all have ended, as they should.
    pub(crate) async fn end(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_or_panics_is_noticed() {
        for panics in [false, true] {
            let mut parts = Parts::default();
            parts.spawn("stays", pending());
            let quiet = timeout(Duration::from_millis(20), parts.one_fails()).await;
            assert!(quiet.is_err(), "nothing has failed yet");
            parts.spawn(
                "fails",
                async move { assert!(!panics, "as it should here") },
            );
            parts.one_fails().await;
            assert_eq!(parts.tasks.len(), 1);
        }
    }
}
