//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Long enough for anything that works, on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at that announces itself by no event.
const BETWEEN: Duration = Duration::from_millis(25);

/// Tries until `attempt` gives something.
///
/// # Panics
/// After `during`, with a sentence that says what did not happen.
pub async fn until<T>(what: &str, during: Duration, attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let found = within(during, attempt).await;
    found.unwrap_or_else(|| panic!("{what}: did not happen within {during:?}"))
}

/// Tries until `attempt` gives something, or for so long.
pub async fn within<T>(during: Duration, mut attempt: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + during;
    loop {
        let found = attempt().await;
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
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
