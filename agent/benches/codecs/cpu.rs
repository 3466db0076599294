//! Processor time.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Of all threads of this process: encoders have some of their own.
pub fn spent() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}
