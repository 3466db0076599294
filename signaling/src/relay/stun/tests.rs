use proptest::prelude::*;

use super::*;

/// [RFC 5769 §2.4](https://www.rfc-editor.org/rfc/rfc5769#section-2.4): a request with long-term
/// authentication.
const SAMPLE: [u8; 116] = [
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0,
    0x29, 0xda, 0x41, 0x2e, 0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83,
    0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c,
    0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36, 0x4f, 0x4c, 0x33, 0x34,
    0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b,
    0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x08, 0x00, 0x14,
    0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2,
    0x8c, 0xa8, 0x96, 0x66,
];

fn sample_key() -> Key {
    Key::new("マトリックス", "example.org", "TheMatrIX")
}

#[test]
fn the_sample_of_the_rfc_is_read_and_its_signature_holds() {
    let message = Message::parse(&SAMPLE).unwrap();
    assert_eq!(
        (message.class, message.method),
        (Class::Request, Method::Binding)
    );
    assert_eq!(message.text(attribute::USERNAME), Some("マトリックス"));
    assert_eq!(
        message.text(attribute::NONCE),
        Some("f//499k954d6OL34oL9FSTvy64sA")
    );
    assert_eq!(message.text(attribute::REALM), Some("example.org"));
    assert!(message.is_signed_by(&sample_key()));
    assert!(!message.is_signed_by(&Key::new("マトリックス", "example.org", "TheMatrix")));
}

#[test]
fn the_sample_of_the_rfc_is_written_bit_by_bit() {
    let message = Message::parse(&SAMPLE).unwrap();
    let mut writer = Writer::new(message.class, message.method, &message.transaction);
    for (kind, value) in message.attributes() {
        writer = writer.attribute(kind, value);
    }
    assert_eq!(writer.sign(&sample_key()).finish(), SAMPLE);
}

#[test]
fn a_changed_bit_breaks_the_form_or_the_signature() {
    for bit in 0..SAMPLE.len() * 8 {
        let mut bytes = SAMPLE;
        bytes[bit / 8] ^= 1 << (bit % 8);
        let holds = Message::parse(&bytes).is_ok_and(|m| m.is_signed_by(&sample_key()));
        // The padding of an attribute is signed, too.
        assert!(!holds, "bit {bit}");
    }
}

#[test]
fn nothing_behind_the_signature_counts() {
    let peer = "25.64.0.9:9".parse().unwrap();
    let forged = Writer::new(Class::Request, Method::CreatePermission, &[7; 12])
        .attribute(attribute::USERNAME, b"u")
        .sign(&sample_key())
        .address(attribute::XOR_PEER_ADDRESS, peer)
        .finish();
    let message = Message::parse(&forged).unwrap();
    assert!(message.is_signed_by(&sample_key()));
    assert_eq!(message.addresses(attribute::XOR_PEER_ADDRESS).count(), 0);
}

#[test]
fn addresses_of_both_families_survive() {
    for address in [
        "192.0.2.1:32853",
        "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
    ] {
        let address: SocketAddr = address.parse().unwrap();
        let bytes = Writer::new(Class::Success, Method::Binding, &[0x5a; 12])
            .address(attribute::XOR_MAPPED_ADDRESS, address)
            .finish();
        let message = Message::parse(&bytes).unwrap();
        let read: Vec<_> = message.addresses(attribute::XOR_MAPPED_ADDRESS).collect();
        assert_eq!(read, [Some(address)]);
    }
}

#[test]
fn a_message_may_be_full_and_no_longer() {
    for (data, fits) in [(0xfff8, true), (0xfff7, true), (0xfff9, false)] {
        let bytes = Writer::new(Class::Indication, Method::Send, &[1; 12])
            .attribute(attribute::DATA, &vec![7; data])
            .sign(&sample_key())
            .finish();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(
            message.get(attribute::DATA).map(<[u8]>::len),
            fits.then_some(data)
        );
        assert_eq!(message.is_signed(), !fits, "there is no room for both");
    }
}

#[test]
fn kinds_are_told_apart() {
    let classes = [
        Class::Request,
        Class::Indication,
        Class::Success,
        Class::Error,
    ];
    for class in classes {
        for method in METHODS
            .map(|(method, _)| method)
            .into_iter()
            .chain([Method::Other(0xabc)])
        {
            let bytes = Writer::new(class, method, &[1; 12]).finish();
            let message = Message::parse(&bytes).unwrap();
            assert_eq!((message.class, message.method), (class, method));
        }
    }
}

#[test]
fn a_fingerprint_is_checked_where_there_is_one() {
    let mut bytes = Writer::new(Class::Request, Method::Binding, &[1; 12])
        .attribute(attribute::FINGERPRINT, &[0; 4])
        .finish();
    assert!(Message::parse(&bytes).is_err());
    let print = crc32fast::hash(&bytes[..HEADER]) ^ FINGERPRINT_MASK;
    bytes[HEADER + 4..].copy_from_slice(&print.to_be_bytes());
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.attributes().count(), 0);
}

#[test]
fn a_key_is_never_printed() {
    assert_eq!(format!("{:?}", sample_key()), "Key(..)");
}

proptest! {
    /// Whatever comes: no panic, and all that is read lies inside.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::parse(&bytes);
    }

    /// Bytes that look right at first sight.
    #[test]
    fn any_attributes_are_read_or_refused(
        attributes in proptest::collection::vec(any::<u8>(), 0..200),
        kind in 0..0x4000_u16,
    ) {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
        bytes.extend(COOKIE);
        bytes.extend([9; 12]);
        bytes.extend(&attributes);
        if let Ok(message) = Message::parse(&bytes) {
            let total: usize = message.attributes().map(|(_, value)| value.len() + 4).sum();
            prop_assert!(total <= attributes.len());
            let _ = message.addresses(attribute::XOR_PEER_ADDRESS).count();
            prop_assert!(!message.is_signed_by(&sample_key()));
        }
    }
}
