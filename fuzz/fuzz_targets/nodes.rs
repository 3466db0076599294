#![no_main]

use deskhand_signaling::oracle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    oracle::nodes(bytes);
});
