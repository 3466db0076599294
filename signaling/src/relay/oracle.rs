//! What must hold for any bytes that reach the relay; see [`crate::oracle`].

mod script;
mod stage;
#[cfg(test)]
mod tests;

use super::stun::{Key, Message, Writer, attribute};
use script::Script;
use stage::Stage;

/// Beyond, a message differs by nothing but its length, and a signature may find no room.
const LONG: usize = 0xff00;

/// So many steps reach every bound, and more would only take longer.
const STEPS: usize = 32;

/// A message of STUN: what is read can be written and signed, and then says the same.
pub fn stun(bytes: &[u8]) -> bool {
    let Ok(message) = Message::parse(bytes) else {
        return false;
    };
    if bytes.len() > LONG {
        return false;
    }
    let begun = || Writer::new(message.class, message.method, &message.transaction);
    let key = |password| Key::new("name", "realm", password);
    let written = message
        .attributes()
        .fold(begun(), |writer, (kind, value)| {
            writer.attribute(kind, value)
        })
        .sign(&key("password"))
        .finish();
    let Ok(again) = Message::parse(&written) else {
        panic!("what was written cannot be read");
    };
    assert_eq!(
        (again.class, again.method, again.transaction),
        (message.class, message.method, message.transaction)
    );
    assert!(again.attributes().eq(message.attributes()));
    assert!(again.is_signed_by(&key("password")) && !again.is_signed_by(&key("guess")));
    for kind in [
        attribute::XOR_PEER_ADDRESS,
        attribute::XOR_RELAYED_ADDRESS,
        attribute::XOR_MAPPED_ADDRESS,
    ] {
        for address in message.addresses(kind).flatten() {
            let written = begun().address(kind, address).finish();
            let read = Message::parse(&written).ok();
            let read = read.and_then(|message| message.addresses(kind).next());
            assert_eq!(read, Some(Some(address)));
        }
    }
    true
}

/// Plays a whole relay what [`Script`] reads in those bytes: clients and peers speak, with what
/// was lent and without, sessions come and go, and time passes. After every step what the relay
/// promises has to hold. True: it did something for somebody.
pub fn turn(bytes: &[u8]) -> bool {
    let mut stage = Stage::new();
    for step in Script::new(bytes).take(STEPS) {
        stage.play(&step);
        stage.look_around();
    }
    stage.close()
}
