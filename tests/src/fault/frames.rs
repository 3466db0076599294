//! Where messages begin and end in the bytes of a WebSocket
//! ([RFC 6455 §5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)). Pure.

/// Follows one direction, from the head of the upgrade on.
#[derive(Debug)]
pub(super) struct Frames {
    part: Part,
    /// How many messages there were.
    messages: usize,
}

#[derive(Debug)]
enum Part {
    /// Of HTTP; so much of the empty line at its end has been seen.
    Head(usize),
    /// Of a frame.
    Header(Vec<u8>),
    /// So much is left of so much.
    Payload { left: u64, all: u64, message: bool },
}

/// What a byte of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Of which message; the first is 0.
    pub message: usize,
    /// It is the first, of the frame's header.
    pub begins: bool,
    /// It begins the second half of what the message says.
    pub half: bool,
    /// It is the last.
    pub ends: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            part: Part::Head(0),
            messages: 0,
        }
    }
}

impl Frames {
    /// Takes a byte. `None`: it belongs to no message, but to HTTP, a ping, a pong or a farewell.
    ///
    /// Nobody here sends a message in several frames.
    pub fn push(&mut self, byte: u8) -> Option<Place> {
        let mut place = Place {
            message: self.messages,
            begins: false,
            half: false,
            ends: false,
        };
        match &mut self.part {
            Part::Head(seen) => {
                *seen = seen_of_end(*seen, byte);
                if *seen == END.len() {
                    self.part = Part::Header(Vec::new());
                }
                None
            }
            Part::Header(header) => {
                place.begins = header.is_empty();
                header.push(byte);
                let message = matches!(header[0] & 0x0f, 1 | 2);
                if let Some(all) = length(header) {
                    place.ends = all == 0;
                    self.part = Part::Payload {
                        left: all,
                        all,
                        message,
                    };
                    self.end_if_over();
                }
                message.then_some(place)
            }
            Part::Payload { left, all, message } => {
                place.half = *left == all.div_ceil(2);
                *left -= 1;
                place.ends = *left == 0;
                let message = *message;
                self.end_if_over();
                message.then_some(place)
            }
        }
    }

    /// How many of these bytes, the next ones, still belong to the head.
    pub fn left_of_head(&self, bytes: &[u8]) -> usize {
        let Part::Head(mut seen) = self.part else {
            return 0;
        };
        for (at, &byte) in bytes.iter().enumerate() {
            seen = seen_of_end(seen, byte);
            if seen == END.len() {
                return at + 1;
            }
        }
        bytes.len()
    }

    fn end_if_over(&mut self) {
        if let Part::Payload {
            left: 0, message, ..
        } = self.part
        {
            self.messages += usize::from(message);
            self.part = Part::Header(Vec::new());
        }
    }
}

/// What ends a head.
const END: &[u8] = b"\r\n\r\n";

/// How much of it has been seen after this byte, too.
fn seen_of_end(seen: usize, byte: u8) -> usize {
    match byte {
        byte if byte == END[seen] => seen + 1,
        b'\r' => 1,
        _ => 0,
    }
}

/// How long the payload is, once the whole header is there.
fn length(header: &[u8]) -> Option<u64> {
    let &[_, second, ref rest @ ..] = header else {
        return None;
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (digits, short) = match second & 0x7f {
        126 => (2, None),
        127 => (8, None),
        length => (0, Some(u64::from(length))),
    };
    if rest.len() < digits + mask {
        return None;
    }
    let long = rest[..digits]
        .iter()
        .fold(0, |sum, &digit| sum << 8 | u64::from(digit));
    Some(short.unwrap_or(long))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of all bytes, and how many messages there were.
    fn places(bytes: &[u8]) -> (Vec<Option<Place>>, usize) {
        let mut frames = Frames::default();
        let places = bytes.iter().map(|byte| frames.push(*byte)).collect();
        (places, frames.messages)
    }

    fn count(places: &[Option<Place>], what: impl Fn(&Place) -> bool) -> usize {
        places.iter().flatten().filter(|place| what(place)).count()
    }

    #[test]
    fn messages_are_counted_and_nothing_else() {
        let mut bytes = b"HTTP/1.1 101 Switching\r\nA: b\r\r\n\r\n".to_vec();
        bytes.extend([0x81, 3, b'a', b'b', b'c']); // a message
        bytes.extend([0x89, 1, 7]); // a ping
        bytes.extend([0x81, 0x80, 1, 2, 3, 4]); // an empty one, masked
        bytes.extend([0x81, 126, 1, 0]); // a long one
        bytes.extend([9; 256]);
        bytes.extend([0x82, 0x82, 1, 2, 3, 4, 5, 6]); // a binary one, masked
        bytes.extend([0x88, 0]); // a farewell
        let head = bytes.iter().position(|byte| *byte == 0x81).unwrap();
        assert_eq!(Frames::default().left_of_head(&bytes), head);
        assert_eq!(Frames::default().left_of_head(&bytes[..9]), 9);
        let (places, messages) = places(&bytes);
        assert_eq!(messages, 4);
        assert_eq!(count(&places, |place| place.begins), 4);
        assert_eq!(count(&places, |place| place.ends), 4);
        assert_eq!(count(&places, |place| place.half), 3);
        assert_eq!(count(&places, |_| true), 5 + 6 + 260 + 8);
        assert_eq!(count(&places, |place| place.message == 2), 260);
    }
}
