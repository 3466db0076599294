#![no_main]

use deskhand_protocol::oracle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    oracle::redundant(bytes);
});
