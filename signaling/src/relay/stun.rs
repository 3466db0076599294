//! Messages of STUN ([RFC 8489](https://www.rfc-editor.org/rfc/rfc8489)) as TURN uses them
//! ([RFC 8656](https://www.rfc-editor.org/rfc/rfc8656)): reading borrows, writing signs.
//!
//! Strict where it costs nothing: a message fills its datagram, every attribute lies inside it,
//! and nothing behind the signature counts, since nobody has signed that.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const INTEGRITY_LEN: usize = 20;
/// The most bytes behind the header: a length in 16 bits, of whole attributes.
const LONGEST: usize = 0xfffc;
/// What a fingerprint is combined with by XOR.
const FINGERPRINT_MASK: u32 = 0x5354_554e;

/// The attributes that are read or written here.
pub mod attribute {
    #![allow(missing_docs, reason = "each name is the RFC's")]
    pub const USERNAME: u16 = 0x0006;
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub const ERROR_CODE: u16 = 0x0009;
    pub const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub const CHANNEL_NUMBER: u16 = 0x000c;
    pub const LIFETIME: u16 = 0x000d;
    pub const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub const DATA: u16 = 0x0013;
    pub const REALM: u16 = 0x0014;
    pub const NONCE: u16 = 0x0015;
    pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub const FINGERPRINT: u16 = 0x8028;
}

/// Of those that nobody may ignore, the ones that need not be refused.
const UNDERSTOOD: [u16; 12] = [
    attribute::USERNAME,
    attribute::MESSAGE_INTEGRITY,
    attribute::CHANNEL_NUMBER,
    attribute::LIFETIME,
    attribute::XOR_PEER_ADDRESS,
    attribute::DATA,
    attribute::REALM,
    attribute::NONCE,
    attribute::XOR_RELAYED_ADDRESS,
    attribute::REQUESTED_ADDRESS_FAMILY,
    attribute::REQUESTED_TRANSPORT,
    attribute::XOR_MAPPED_ADDRESS,
];

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// The answer: done.
    Success,
    /// The answer: not done.
    Error,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name is the RFC's")]
pub enum Method {
    Binding,
    Allocate,
    Refresh,
    Send,
    Data,
    CreatePermission,
    ChannelBind,
    Other(u16),
}

const METHODS: [(Method, u16); 7] = [
    (Method::Binding, 0x001),
    (Method::Allocate, 0x003),
    (Method::Refresh, 0x004),
    (Method::Send, 0x006),
    (Method::Data, 0x007),
    (Method::CreatePermission, 0x008),
    (Method::ChannelBind, 0x009),
];

impl Method {
    fn from_number(number: u16) -> Self {
        let known = METHODS.iter().find(|(_, n)| *n == number);
        known.map_or(Self::Other(number), |(method, _)| *method)
    }

    fn number(self) -> u16 {
        match self {
            Self::Other(number) => number,
            known => METHODS.iter().find(|(m, _)| *m == known).map_or(0, |m| m.1),
        }
    }
}

/// Pairs an answer with its request.
pub type Transaction = [u8; 12];

/// What signs a client's messages: made of name, realm and password. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 16]);

impl Key {
    /// The long-term key ([RFC 8489 §9.2.2](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.2)).
    /// MD5 is what browsers speak; the password that goes into it has 128 random bits.
    pub fn new(username: &str, realm: &str, password: &str) -> Self {
        Self(Md5::digest(format!("{username}:{realm}:{password}")).into())
    }

    fn mac(&self) -> Option<Hmac<Sha1>> {
        Hmac::new_from_slice(&self.0).ok() // a key may have any length
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a STUN message")]
pub struct BadStun;

/// A message that was read; borrows its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// What it is for.
    pub class: Class,
    /// What it is about.
    pub method: Method,
    /// Which one.
    pub transaction: Transaction,
    whole: &'a [u8],
    /// Where what counts ends: at the signature, if there is one.
    end: usize,
    signature: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// Reads a whole message.
    ///
    /// # Errors
    /// [`BadStun`] if anything about its form is wrong, the fingerprint included.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadStun> {
        let head = bytes.get(..HEADER).ok_or(BadStun)?;
        let (kind, len) = (number(&head[0..2]), usize::from(number(&head[2..4])));
        if kind >> 14 != 0
            || head[4..8] != COOKIE
            || !len.is_multiple_of(4)
            || bytes.len() != HEADER + len
        {
            return Err(BadStun);
        }
        let class = match kind & 0x0110 {
            0x0000 => Class::Request,
            0x0010 => Class::Indication,
            0x0100 => Class::Success,
            _ => Class::Error,
        };
        let method = (kind & 0x000f) | ((kind & 0x00e0) >> 1) | ((kind & 0x3e00) >> 2);
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&head[8..]);

        let mut end = bytes.len();
        let mut signature = None;
        let mut attributes = Attributes {
            rest: &bytes[HEADER..],
        };
        loop {
            let at = bytes.len() - attributes.rest.len();
            let Some(found) = attributes.next() else {
                break;
            };
            let (kind, value) = found?;
            if kind == attribute::FINGERPRINT {
                let wanted = crc32fast::hash(&bytes[..at]) ^ FINGERPRINT_MASK;
                if !attributes.rest.is_empty() || value != wanted.to_be_bytes() {
                    return Err(BadStun);
                }
                end = end.min(at);
            } else if kind == attribute::MESSAGE_INTEGRITY && signature.is_none() {
                if value.len() != INTEGRITY_LEN {
                    return Err(BadStun);
                }
                signature = Some(value);
                end = at;
            }
        }
        Ok(Self {
            class,
            method: Method::from_number(method),
            transaction,
            whole: bytes,
            end,
            signature,
        })
    }

    /// Every attribute that counts, in order.
    pub fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let rest = &self.whole[HEADER..self.end];
        Attributes { rest }.flatten() // all have been read once
    }

    /// The first attribute of a kind.
    pub fn get(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes().find(|(k, _)| *k == kind).map(|(_, v)| v)
    }

    /// The first attribute of a kind, as text.
    pub fn text(&self, kind: u16) -> Option<&'a str> {
        std::str::from_utf8(self.get(kind)?).ok()
    }

    /// The addresses in all attributes of a kind; `None` in place of each that is none.
    pub fn addresses(&self, kind: u16) -> impl Iterator<Item = Option<SocketAddr>> + use<'a> {
        let transaction = self.transaction;
        self.attributes()
            .filter(move |(k, _)| *k == kind)
            .map(move |(_, value)| read_address(value, &transaction))
    }

    /// Attributes that have to be understood and are not.
    pub fn unknown(&self) -> Vec<u16> {
        self.attributes()
            .map(|(kind, _)| kind)
            .filter(|kind| *kind < 0x8000 && !UNDERSTOOD.contains(kind))
            .collect()
    }

    /// Whether it is signed at all.
    pub fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Whether this key has signed it.
    pub fn is_signed_by(&self, key: &Key) -> bool {
        let (Some(signature), Some(mut mac)) = (self.signature, key.mac()) else {
            return false;
        };
        update(&mut mac, &self.whole[..self.end]);
        mac.verify_slice(signature).is_ok()
    }
}

/// Goes through attributes; after the first that is broken there are no more.
struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, &'a [u8]), BadStun>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = || {
            let (head, rest) = self.rest.split_at_checked(4)?;
            let len = usize::from(number(&head[2..4]));
            let (padded, rest) = rest.split_at_checked(len.next_multiple_of(4))?;
            Some((number(&head[0..2]), &padded[..len], rest))
        };
        let Some((kind, value, rest)) = read() else {
            self.rest = &[];
            return Some(Err(BadStun));
        };
        self.rest = rest;
        Some(Ok((kind, value)))
    }
}

/// A message that is being written.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins one.
    pub fn new(class: Class, method: Method, transaction: &Transaction) -> Self {
        let class = match class {
            Class::Request => 0x0000,
            Class::Indication => 0x0010,
            Class::Success => 0x0100,
            Class::Error => 0x0110,
        };
        let method = method.number();
        let kind = (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2) | class;
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(COOKIE);
        bytes.extend(transaction);
        Self { bytes }
    }

    /// Adds an attribute; one for which there is no room is left out.
    #[must_use]
    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let room = (HEADER + LONGEST).saturating_sub(self.bytes.len() + 4);
        let Some(len) = u16::try_from(value.len())
            .ok()
            .filter(|len| usize::from(*len) <= room)
        else {
            return self;
        };
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(len.to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let len = self.bytes.len() - HEADER;
        set_len(&mut self.bytes, len);
        self
    }

    /// Adds an address.
    #[must_use]
    pub fn address(self, kind: u16, address: SocketAddr) -> Self {
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&self.bytes[8..HEADER]);
        self.attribute(kind, &write_address(address, &transaction))
    }

    /// Adds what went wrong.
    #[must_use]
    pub fn error(self, code: u16, reason: &str) -> Self {
        let [class, number] = [code / 100, code % 100].map(|n| n.to_be_bytes()[1]);
        let value = [&[0, 0, class, number][..], reason.as_bytes()].concat();
        self.attribute(attribute::ERROR_CODE, &value)
    }

    /// Signs what there is so far.
    #[must_use]
    pub fn sign(self, key: &Key) -> Self {
        let Some(mut mac) = key.mac() else {
            return self;
        };
        update(&mut mac, &self.bytes);
        let signature = mac.finalize().into_bytes();
        self.attribute(attribute::MESSAGE_INTEGRITY, &signature)
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// What is signed: everything before the signature, with the length that the message has when
/// that is in it.
fn update(mac: &mut Hmac<Sha1>, before: &[u8]) {
    let mut head = [0; HEADER];
    head.copy_from_slice(&before[..HEADER]);
    set_len(&mut head, before.len() - HEADER + 4 + INTEGRITY_LEN);
    mac.update(&head);
    mac.update(&before[HEADER..]);
}

fn set_len(message: &mut [u8], len: usize) {
    let len = u16::try_from(len).unwrap_or(u16::MAX);
    message[2..4].copy_from_slice(&len.to_be_bytes());
}

fn number(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

/// What addresses are combined with by XOR, so that no router on the way rewrites them.
fn mask(transaction: &Transaction) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&COOKIE);
    mask[4..].copy_from_slice(transaction);
    mask
}

fn xor<const N: usize>(bytes: [u8; N], mask: [u8; 16]) -> [u8; N] {
    std::array::from_fn(|n| bytes[n] ^ mask[n])
}

fn read_address(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let (head, ip) = value.split_at_checked(4)?;
    let mask = mask(transaction);
    let port = number(&head[2..4]) ^ number(&mask[..2]);
    let ip = match head[1] {
        1 => IpAddr::from(xor::<4>(ip.try_into().ok()?, mask)),
        2 => IpAddr::from(xor::<16>(ip.try_into().ok()?, mask)),
        _ => return None,
    };
    Some((ip, port).into())
}

fn write_address(address: SocketAddr, transaction: &Transaction) -> Vec<u8> {
    let mask = mask(transaction);
    let port = (address.port() ^ number(&mask[..2])).to_be_bytes();
    match address.ip() {
        IpAddr::V4(ip) => [&[0, 1][..], &port, &xor(ip.octets(), mask)].concat(),
        IpAddr::V6(ip) => [&[0, 2][..], &port, &xor(ip.octets(), mask)].concat(),
    }
}

#[cfg(test)]
mod tests;
