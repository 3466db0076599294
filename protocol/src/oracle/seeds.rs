//! Messages as they are really said, of every kind: every oracle has to understand them.

use serde::Serialize;

use crate::{
    control::{self, CursorShape, Denial, Display, EndReason, Quality, StopCause},
    envelope::{Candidate, Sealed, SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::{Bytes, Challenge, Hello, Ke2, Ke3, Nonce},
    id::{Fingerprint, GrantId, InvitationId, JoinId, LinkSecret, Route},
    input::{
        Action, Button, CursorMoved, InputEvent, Motion, Norm, Position, redundancy::Redundant,
    },
    invitation::{FileData, Link, Number, Origin},
    key::{KeyCode, Keysym},
    monitor::{Monitor, MonitorId, Monitors, Shown},
    picture::{
        Answer, Area, Arrival, Arrivals, Codec, Codecs, Feedback, Missing, Part, Piece, Update,
        tile::{self, Pixels},
    },
    signal::{self, OwnerToken, Payload, Refusal},
    text::{CandidateText, ChatText, Name, Sdp},
    wire,
};

/// The seeds of one target.
pub(super) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "envelope" => envelope(),
        "control" => control(),
        "input" => input(),
        "redundant" => vec![body(&Redundant {
            first: 300,
            events: actions().map(event).to_vec(),
        })],
        "pointer" => vec![body(&Motion {
            grant: GrantId(3),
            epoch: 1,
            seq: 700,
            at: AT,
        })],
        "cursor" => vec![body(&CursorMoved { seq: 700, at: AT })],
        "feedback" => feedback(),
        "update" => vec![update()[1..].to_vec()],
        "tile" => (0..4).map(|kind| tile(kind, [24, 16])).collect(),
        "pieces" => vec![pieces()],
        "signal" => signal(),
        "link" => [true, false]
            .map(|password| link(password).to_fragment().into_bytes())
            .to_vec(),
        "file" => ["https://help.example.org:8443", "http://[::1]:8080"]
            .map(|server| FileData::new(&origin(server), &link(true)).to_json())
            .map(String::into_bytes)
            .to_vec(),
        "spoken" => ["123 456-009", "Lamp, río - STONE  cafe\u{301}"]
            .map(|typed| typed.as_bytes().to_vec())
            .to_vec(),
        "sdp" => vec![sdp().into_bytes()],
        // Which message is altered, and nothing in it.
        "handshake" => (0..6).map(|which| vec![which, 0]).collect(),
        other => panic!("{other} has no seeds"),
    }
}

const AT: Position = Position {
    x: Norm(0x1234),
    y: Norm(0xfff0),
};

fn body<T: Serialize>(message: &T) -> Vec<u8> {
    wire::encode(message).split_off(1)
}

fn link(password: bool) -> Link {
    Link {
        id: InvitationId::from_bytes([3; 16]),
        secret: LinkSecret::from_bytes([9; 16]),
        password,
    }
}

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn sdp() -> String {
    let fingerprint = ["5A"; 32].join(":");
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
         a=fingerprint:sha-256 {fingerprint}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n\
         a=fingerprint:SHA-256 {}\r\n",
        fingerprint.to_lowercase()
    )
}

fn envelope() -> Vec<Vec<u8>> {
    let nonce = Nonce([7; 32]);
    let fingerprint = Fingerprint([8; 32]);
    let sealed = Sealed {
        counter: 300,
        ciphertext: vec![5; 20],
    };
    let candidate = Candidate {
        candidate: CandidateText::new("candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host"),
        mid: Some(CandidateText::new("0")),
        line: Some(0),
    };
    vec![
        body(&ToAgent::Hello(Hello {
            nonce,
            fingerprint,
            ke1: Bytes([1; 96]),
            tag: Bytes([2; 32]),
        })),
        body(&ToAgent::Ke3(Ke3(Bytes([3; 64])))),
        body(&ToAgent::Sealed(sealed.clone())),
        body(&ToPage::Challenge(Challenge { nonce, fingerprint })),
        body(&ToPage::Ke2(Ke2(Bytes([4; 320])))),
        body(&ToPage::Refused),
        body(&ToPage::Busy),
        body(&ToPage::Wait(16)),
        body(&ToPage::Sealed(sealed)),
        body(&SealedToAgent::Introduce {
            name: Name::new("Maria"),
        }),
        body(&SealedToAgent::Answer(Sdp::new(&sdp()))),
        body(&SealedToAgent::Candidate(candidate.clone())),
        body(&SealedToAgent::Leave),
        body(&SealedToPage::Accepted {
            novice: Name::new("Anna"),
        }),
        body(&SealedToPage::Offer(Sdp::new(&sdp()))),
        body(&SealedToPage::Candidate(candidate)),
        body(&SealedToPage::Ended(EndReason::NoAnswer)),
    ]
}

fn control() -> Vec<Vec<u8>> {
    use control::{FromExpert, FromNovice};
    let monitor = |id, x| Monitor {
        id: MonitorId(id),
        name: Name::new("DP-1"),
        x,
        y: 0,
        width: 1920,
        height: 1080,
    };
    let monitors = Monitors::new(
        vec![monitor(1, 0), monitor(2, 1920)],
        Shown::One(MonitorId(2)),
    );
    let shape = CursorShape::new((2, 2), (1, 0), vec![200; 16], Some(AT));
    vec![
        body(&FromExpert::Chat(ChatText::new("Grüße,\nMaria"))),
        body(&FromExpert::RequestControl),
        body(&FromExpert::ReleaseControl(GrantId(3))),
        body(&FromExpert::Refresh),
        body(&FromExpert::End),
        body(&FromExpert::Decodes(Codecs::from_iter([
            Codec::Vp9,
            Codec::Av1,
        ]))),
        body(&FromExpert::Show(Shown::One(MonitorId(2)))),
        body(&FromExpert::Show(Shown::All)),
        body(&FromExpert::Looking(false)),
        body(&FromExpert::Quality(Quality::Balanced)),
        body(&FromNovice::Display(Display {
            epoch: 1,
            width: 1920,
            height: 1080,
        })),
        body(&FromNovice::Chat(ChatText::new("hello"))),
        body(&FromNovice::Asking),
        body(&FromNovice::Granted(GrantId(3))),
        body(&FromNovice::Denied {
            reason: Denial::TooSoon,
            retry_secs: 30,
        }),
        body(&FromNovice::Stopped {
            grant: GrantId(3),
            cause: StopCause::CtrlC,
        }),
        body(&FromNovice::LocalHand(true)),
        body(&FromNovice::Paused(false)),
        body(&FromNovice::CursorShape(shape.unwrap())),
        body(&FromNovice::Ended(EndReason::Novice)),
        body(&FromNovice::Monitors(monitors.unwrap())),
    ]
}

fn actions() -> [Action; 5] {
    [
        Action::Key {
            code: KeyCode::KeyQ,
            keysym: Keysym::from_char('Ж'),
            down: true,
        },
        Action::Button {
            button: Button::Forward,
            down: false,
        },
        Action::Wheel { dx: -120, dy: 480 },
        Action::ReleaseAll,
        Action::Heartbeat,
    ]
}

fn event(action: Action) -> InputEvent {
    InputEvent {
        grant: GrantId(3),
        epoch: 1,
        at: AT,
        action,
    }
}

fn input() -> Vec<Vec<u8>> {
    actions().map(|action| body(&event(action))).to_vec()
}

fn feedback() -> Vec<Vec<u8>> {
    let arrivals = Arrivals {
        next: 300,
        since: 1000,
        packets: vec![
            Arrival { step: 1, wait: 0 },
            Arrival {
                step: -3,
                wait: 200,
            },
            Arrival { step: 9, wait: 1 },
        ],
    };
    vec![
        body(&Feedback::Missing(Missing {
            numbers: vec![300, 301, 7],
        })),
        body(&Feedback::Arrived(arrivals)),
        body(&Feedback::Clock(7)),
        body(&Answer::Clock {
            asked: 7,
            micros: 70_000,
        }),
        body(&Answer::Report),
    ]
}

/// A picture of a computer's kind: flat, of few colours, a slope, noise.
fn tile(kind: u32, head: [u8; 2]) -> Vec<u8> {
    let [width, height] = head.map(u32::from);
    let mut state = 7_u32;
    let mut bgra = Vec::new();
    for y in 0..height {
        for x in 0..width {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let colour = match kind {
                0 => 0x0020_4060,
                1 if (x * 5 + y * 3) % 7 < 2 => 0x0020_2020,
                1 => 0x00ff_ffff,
                2 => (x * 3) | ((y * 2) << 8) | ((x + y) << 16),
                _ => state >> 8,
            };
            bgra.extend(colour.to_le_bytes());
        }
    }
    let side = |side: u8| u16::from(side);
    let pixels = Pixels::new(&bgra, width as usize * 4, side(head[0]), side(head[1]));
    let mut bytes = head.to_vec();
    tile::encode(pixels.unwrap(), &mut bytes);
    bytes
}

fn update() -> Vec<u8> {
    let tile = tile(1, [24, 16]).split_off(2);
    let area = Area {
        x: 8,
        y: 4,
        width: 24,
        height: 16,
    };
    let update = Update {
        seq: 300,
        taken: 70_000,
        size: (60, 40),
        epoch: 9,
        fresh: false,
        parts: vec![
            Part::Copy {
                dx: 3,
                dy: -4,
                areas: vec![area],
            },
            Part::Tile {
                area,
                data: &tile[..],
            },
            Part::Video {
                at: (2, 2),
                codec: Codec::Av1,
                key: true,
                areas: vec![area],
                data: b"AV1".as_slice(),
            },
        ],
    };
    update.encode()
}

/// The second of five pieces comes last.
fn pieces() -> Vec<u8> {
    let update = update();
    let most = update.len().div_ceil(5) + 5;
    let mut packets: Vec<_> = Piece::cut(&update, 0, most)
        .map(|piece| piece.encode())
        .collect();
    let late = packets.remove(1);
    packets.push(late);
    let packet =
        |packet: Vec<u8>| [&[9, u8::try_from(packet.len()).unwrap()][..], &packet].concat();
    packets.into_iter().flat_map(packet).collect()
}

fn signal() -> Vec<Vec<u8>> {
    use signal::{FromExpert, FromNovice, ToExpert, ToNovice, encode};
    let route = Route::from_bytes([1; 32]);
    let join = JoinId(7);
    let number = Number::new(123_456_789).unwrap();
    let payload = Payload::new(vec![1, 2, 3]).unwrap();
    let token = OwnerToken("a.b.c".into());
    let reason = Refusal::TooMany;
    let texts = [
        encode(&FromNovice::Hello { version: 4 }),
        encode(&FromNovice::Register {
            route: number.route(),
            ttl_secs: 60,
            token: Some(token.clone()),
            file: true,
            number: Some(number),
        }),
        encode(&FromNovice::Reserve),
        encode(&FromNovice::Unregister { route }),
        encode(&FromNovice::Relay {
            join,
            payload: payload.clone(),
        }),
        encode(&FromNovice::Approved { join }),
        encode(&FromNovice::Dismiss { join }),
        encode(&ToNovice::Registered { route, token }),
        encode(&ToNovice::Reserved { number }),
        encode(&ToNovice::Unregistered { route, reason }),
        encode(&ToNovice::Joined { join, route }),
        encode(&ToNovice::Left { join }),
        encode(&ToNovice::Closing { reason }),
        encode(&FromExpert::Join { route }),
        encode(&FromExpert::JoinNumber { number }),
        encode(&FromExpert::Relay { payload }),
        encode(&ToExpert::Joined),
        encode(&ToExpert::Left),
    ];
    texts.map(String::into_bytes).to_vec()
}
