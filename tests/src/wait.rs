//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Long enough for anything that works, on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at that announces itself by no event.
const BETWEEN: Duration = Duration::from_millis(25);

/// Tries until `attempt` gives something.
///
/// # Panics
/// After `within`, with a sentence that says what did not happen.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut attempt: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "{what}: did not happen within {within:?}"
        );
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Whether `attempt` stays without result for so long.
///
/// # Panics
/// If it gives something.
pub async fn never(what: &str, during: Duration, mut attempt: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + during;
    while Instant::now() < end {
        assert!(!attempt().await, "{what}: happened, and must not");
        tokio::time::sleep(BETWEEN).await;
    }
}
