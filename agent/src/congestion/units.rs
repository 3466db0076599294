//! Bytes, times and rates. A rate is in bits a second.

use std::time::Duration;

/// Bytes of a full packet, about.
pub const PACKET: usize = 1250;

/// How fast so many bytes in so long are.
pub fn rate(bytes: usize, time: Duration) -> f64 {
    bits(bytes) / time.as_secs_f64().max(1e-6)
}

/// How many bytes go in so long.
pub fn bytes_in(rate: f64, time: Duration) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative; saturates"
    )]
    let bytes = (rate * time.as_secs_f64() / 8.0) as usize;
    bytes
}

/// How long so many bytes take.
pub fn time_for(bytes: usize, rate: f64) -> Duration {
    Duration::from_secs_f64(bits(bytes) / rate.max(1.0))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn bits(bytes: usize) -> f64 {
    bytes as f64 * 8.0
}
