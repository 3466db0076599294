//! What must hold for any bytes at all: for fuzz targets to call. The test here calls it with
//! random bytes.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    control, envelope, input,
    invitation::{FileData, Link, Number},
    picture::{Answer, Feedback},
    signal,
    spoken::normal_spoken,
    wire,
};

fn round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = wire::decode::<T>(bytes) {
        assert_eq!(
            wire::decode::<T>(&wire::encode(&message)).as_ref(),
            Ok(&message)
        );
    }
}

fn signal_round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(message) = signal::decode::<T>(text) {
        assert_eq!(
            signal::decode::<T>(&signal::encode(&message)).as_ref(),
            Ok(&message)
        );
    }
}

/// Reads `bytes` as everything that comes from a data channel.
pub fn channels(bytes: &[u8]) {
    round_trips::<control::FromExpert>(bytes);
    round_trips::<control::FromNovice>(bytes);
    round_trips::<input::InputEvent>(bytes);
    round_trips::<input::Motion>(bytes);
    round_trips::<input::CursorMoved>(bytes);
    round_trips::<Feedback>(bytes);
    round_trips::<Answer>(bytes);
    if let Ok(Feedback::Arrived(arrivals)) = wire::decode(bytes) {
        arrivals.told();
    }
}

/// Reads `bytes` as everything that comes through the server from the other end.
pub fn envelopes(bytes: &[u8]) {
    round_trips::<envelope::ToAgent>(bytes);
    round_trips::<envelope::ToPage>(bytes);
    round_trips::<envelope::SealedToAgent>(bytes);
    round_trips::<envelope::SealedToPage>(bytes);
}

/// Reads `bytes` as socket messages of all four kinds.
pub fn signals(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        signal_round_trips::<signal::FromNovice>(text);
        signal_round_trips::<signal::ToNovice>(text);
        signal_round_trips::<signal::FromExpert>(text);
        signal_round_trips::<signal::ToExpert>(text);
    }
}

/// Reads `bytes` as the fragment of a link.
pub fn links(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(link) = Link::parse(text)
    {
        assert_eq!(Link::parse(&link.to_fragment()), Ok(link));
    }
}

/// Reads `bytes` as what an expert types: a spoken number, a spoken password.
pub fn typed(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(number) = Number::parse(text) {
        assert_eq!(Number::parse(&number.to_string()), Ok(number));
    }
    let normal = normal_spoken(text);
    assert_eq!(normal_spoken(&normal), normal);
}

/// Reads `bytes` as the invitation inside a file.
pub fn files(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok((server, link)) = FileData::parse(text)
    {
        let again = FileData::new(&server, &link).to_json();
        assert_eq!(FileData::parse(&again), Ok((server, link)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            super::signals(&bytes);
            super::links(&bytes);
            super::typed(&bytes);
            super::files(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = crate::VERSION;
            }
            super::channels(&bytes);
            super::envelopes(&bytes);
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}", digits in "[-0-9 .]{0,14}") {
            super::typed(text.as_bytes());
            super::typed(digits.as_bytes());
        }

        /// Nearly right files, which random bytes never are.
        #[test]
        fn any_file_is_read_without_panic(
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
            super::files(json.to_string().as_bytes());
        }
    }
}
