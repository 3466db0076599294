use proptest::prelude::*;

use super::{ALL, seeds};

#[test]
fn what_is_really_said_is_understood() {
    for oracle in ALL {
        for (nth, seed) in seeds::of(oracle.name).into_iter().enumerate() {
            assert!((oracle.check)(&seed), "{}, seed {nth}", oracle.name);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for oracle in ALL {
            (oracle.check)(&bytes);
        }
    }

    #[test]
    fn any_text_does_no_harm(text in ".{0,60}", digits in "[-0-9 .]{0,14}") {
        super::spoken(text.as_bytes());
        super::spoken(digits.as_bytes());
    }

    /// Nearly right files, which random bytes never are.
    #[test]
    fn nearly_right_files_do_no_harm(
        version in prop_oneof![Just(1), 0..4_u16],
        server in prop_oneof![
            "https?://[a-c.:0-9-]{1,12}",
            r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{0,6})?",
        ],
        fragment in r"1\.[A-Za-z0-9_-]{21}[AQgw]\.[A-Za-z0-9_-]{21}[AQgw](\.p)?",
    ) {
        let json = serde_json::json!({
            "version": version, "server": server, "fragment": fragment,
        });
        super::file(json.to_string().as_bytes());
    }
}
