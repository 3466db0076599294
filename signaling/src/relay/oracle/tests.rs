use super::{
    super::stun::{Class, Key, Message, Method, Writer, attribute},
    stun, turn,
};

/// Numbers of what happens in a step.
const SAY: u8 = 0;
const ASK: u8 = 1;
const PEER: u8 = 2;
const PASS: u8 = 3;
const LEND: u8 = 4;
const RECLAIM: u8 = 5;
const GONE: u8 = 6;
const OPEN: u8 = 7;

/// And of what is asked for.
const REFRESH: u8 = 1;
const PERMIT: u8 = 2;
const BIND: u8 = 3;
const SEND: u8 = 4;

const UDP_WANTED: (u8, &[u8]) = (0, &[17, 0, 0, 0]);

fn step(client: u8, login: u8, what: u8, body: &[u8]) -> Vec<u8> {
    let len = u8::try_from(body.len()).unwrap();
    [&[client | login << 2 | what << 4, len][..], body].concat()
}

fn ask(client: u8, login: u8, method: u8, attributes: &[(u8, &[u8])]) -> Vec<u8> {
    let mut body = vec![method];
    for (kind, value) in attributes {
        body.extend([*kind, u8::try_from(value.len()).unwrap()]);
        body.extend(*value);
    }
    step(client, login, ASK, &body)
}

fn allocate(client: u8, login: u8) -> Vec<u8> {
    ask(client, login, 0, &[UDP_WANTED])
}

/// The socket is not opened at once.
fn allocate_later(client: u8, login: u8) -> Vec<u8> {
    let mut step = allocate(client, login);
    step[0] |= 1 << 7;
    step
}

fn permit(client: u8, login: u8, peer: u8) -> Vec<u8> {
    ask(client, login, PERMIT, &[(2, &[peer])])
}

fn bind(client: u8, login: u8, peer: u8) -> Vec<u8> {
    ask(client, login, BIND, &[(3, &[0x40, 0, 0, 0]), (2, &[peer])])
}

fn send(client: u8, peer: u8) -> Vec<u8> {
    ask(client, 0, SEND, &[(2, &[peer]), (4, b"hello")])
}

fn channel(client: u8) -> Vec<u8> {
    step(
        client,
        0,
        SAY,
        &[0x40, 0, 0, 5, b'h', b'e', b'l', b'l', b'o'],
    )
}

fn said(client: u8, class: Class, method: Method) -> Vec<u8> {
    step(
        client,
        0,
        SAY,
        &Writer::new(class, method, &[9; 12]).finish(),
    )
}

/// What is told below, as scripts.
fn scripts() -> Vec<(&'static str, Vec<u8>)> {
    let scripts = [
        (
            "a session reaches a host, and is reached, until it has enough",
            vec![
                said(0, Class::Request, Method::Allocate),
                allocate(0, 0),
                send(0, 0),
                permit(0, 0, 0),
                send(0, 0),
                step(0, 0, PEER, b"\0hi"),
                bind(0, 0, 1),
                channel(0),
                step(0, 0, PEER, b"\x01hi"),
                permit(0, 0, 5),
                ask(0, 0, REFRESH, &[(1, &[0, 0, 7, 0])]),
                ask(0, 0, REFRESH, &[(1, &[0; 4])]),
            ],
        ),
        (
            "the ends of a session meet, and no other's",
            vec![
                allocate(0, 0),
                allocate(1, 0),
                allocate(2, 1),
                permit(0, 0, 11),
                permit(2, 1, 11),
                bind(1, 0, 10),
                send(0, 11),
                channel(1),
                send(2, 11),
                step(1, 0, GONE, &[]),
                send(0, 11),
            ],
        ),
        (
            "no more is opened than may be",
            vec![
                allocate_later(0, 0),
                allocate_later(0, 0),
                allocate_later(1, 0),
                allocate_later(2, 0),
                allocate_later(3, 0),
                step(0, 0, OPEN, &[]),
                step(0, 0, OPEN, &[]),
                step(0, 0, OPEN, &[]),
                step(0, 0, OPEN | 8, &[]),
                step(0, 0, OPEN, &[]),
                step(0, 0, RECLAIM, &[0]),
            ],
        ),
        (
            "a trial has itself",
            vec![
                allocate(0, 2),
                allocate(1, 2),
                permit(0, 2, 11),
                bind(1, 2, 10),
                permit(0, 2, 0),
                send(0, 11),
                step(0, 2, LEND, &[]),
                step(0, 0, PASS, &[0, 29]),
                channel(1),
                step(0, 0, PASS, &[0, 1]),
            ],
        ),
        (
            "a session that is over has what it had for a while",
            vec![
                allocate(0, 0),
                permit(0, 0, 0),
                step(0, 0, LEND, &[]),
                step(0, 0, RECLAIM, &[120]),
                allocate(1, 0),
                step(0, 0, PASS, &[0, 119]),
                send(0, 0),
                step(0, 0, LEND, &[]),
                allocate(1, 0),
                step(0, 0, PASS, &[0, 1]),
                send(0, 0),
            ],
        ),
        (
            "whoever was lent nothing learns their address",
            vec![
                allocate(0, 3),
                said(0, Class::Request, Method::Other(0x00a)),
                said(0, Class::Request, Method::Binding),
                step(0, 0, SAY, b"noise"),
            ],
        ),
    ];
    scripts
        .into_iter()
        .map(|(name, steps)| (name, steps.concat()))
        .collect()
}

fn messages() -> Vec<Vec<u8>> {
    let begun = |class, method| Writer::new(class, method, &[7; 12]);
    let [v4, v6] = ["25.1.0.1:4000", "[2a00::2]:5000"].map(|text| text.parse().unwrap());
    vec![
        begun(Class::Request, Method::Binding).finish(),
        begun(Class::Request, Method::Allocate)
            .attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
            .attribute(attribute::USERNAME, b"some name")
            .attribute(attribute::REALM, b"deskhand")
            .attribute(attribute::NONCE, b"0123456789")
            .sign(&Key::new("some name", "deskhand", "password"))
            .finish(),
        begun(Class::Error, Method::Refresh)
            .error(401, "Unauthorized")
            .finish(),
        begun(Class::Success, Method::Allocate)
            .address(attribute::XOR_RELAYED_ADDRESS, v6)
            .address(attribute::XOR_MAPPED_ADDRESS, v4)
            .finish(),
        begun(Class::Indication, Method::Send)
            .address(attribute::XOR_PEER_ADDRESS, v4)
            .attribute(attribute::DATA, b"hello")
            .finish(),
    ]
}

#[test]
fn what_is_really_said_is_understood() {
    for message in messages() {
        assert!(stun(&message), "{:?}", Message::parse(&message));
    }
}

#[test]
fn what_really_happens_is_served() {
    for (name, script) in scripts() {
        assert!(turn(&script), "{name}");
    }
}

#[test]
fn nobody_is_served_who_says_nothing_good() {
    for steps in [
        vec![],
        vec![allocate(0, 3)],
        vec![allocate_later(0, 0), step(0, 0, OPEN | 8, &[])],
        vec![
            step(0, 0, RECLAIM, &[0]),
            allocate(0, 0),
            said(0, Class::Request, Method::Allocate),
        ],
    ] {
        assert!(!turn(&steps.concat()), "{steps:?}");
    }
}
