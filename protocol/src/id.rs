//! Names for things: every id is a type of its own, and what is secret hides from `Debug`.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Text is not the base64url of the right number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct BadId;

pub(crate) fn from_text<const N: usize>(text: &str) -> Result<[u8; N], BadId> {
    let mut bytes = [0; N];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(n) if n == N => Ok(bytes),
        _ => Err(BadId),
    }
}

pub(crate) fn to_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Names an invitation. Known to the two ends only: the server sees its [`Route`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InvitationId([u8; 16]);

impl InvitationId {
    /// A fresh random id.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// From its sixteen bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From base64url without padding.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        from_text(text).map(Self)
    }

    /// As base64url without padding. Not `Display`, so that no log prints it by accident.
    pub fn to_text(self) -> String {
        to_text(&self.0)
    }

    /// What the server knows this invitation as: `SHA-256("ra/1 route" ‖ id)`.
    pub fn route(&self) -> Route {
        let digest = Sha256::new()
            .chain_update(b"ra/1 route")
            .chain_update(self.0)
            .finalize();
        Route(digest.into())
    }
}

impl fmt::Debug for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationId(..)")
    }
}

/// The secret inside a link; it never reaches the server.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct LinkSecret([u8; 16]);

impl LinkSecret {
    /// A fresh random secret.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// From its sixteen bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its sixteen bytes.
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Result<Self, BadId> {
        from_text(text).map(Self)
    }

    pub(crate) fn to_text(&self) -> String {
        to_text(&self.0)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// The server's name for an invitation. Knowing it opens nothing.
///
/// Text (JSON) form: base64url without padding, 43 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route([u8; 32]);

impl Route {
    /// From its thirty-two bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its thirty-two bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From base64url without padding.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        from_text(text).map(Self)
    }

    /// As base64url without padding.
    pub fn to_text(self) -> String {
        to_text(&self.0)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough to tell two apart in a log, too little to find the invitation by.
        write!(f, "Route({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

impl Serialize for Route {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// One expert's attempt to join, named by the server; unique on its socket to the novice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JoinId(pub u64);

/// The SHA-256 fingerprint of a DTLS certificate
/// ([RFC 8122 §5](https://www.rfc-editor.org/rfc/rfc8122#section-5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// From SDP's form, `AB:CD:…`, upper or lower case.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let mut bytes = [0; 32];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|p| p.len() == 2).ok_or(BadId)?;
            if !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(BadId);
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| BadId)?;
        }
        parts.next().is_none().then_some(Self(bytes)).ok_or(BadId)
    }

    /// Whether `sdp` carries at least one fingerprint and every one of them, in the session
    /// part and in every media part, is sha-256 and this very one.
    ///
    /// This is what ties the peer connection to the handshake: a server that swapped the
    /// certificate in an offer or answer is found out here.
    pub fn matches_sdp(&self, sdp: &str) -> bool {
        let mut found = false;
        for line in sdp.lines() {
            let line = line.trim_end();
            let Some(value) = line.strip_prefix("a=fingerprint:") else {
                continue;
            };
            let same = value
                .split_once(' ')
                .filter(|(hash, _)| hash.eq_ignore_ascii_case("sha-256"))
                .and_then(|(_, hex)| Self::parse(hex.trim()).ok())
                .is_some_and(|other| other == *self);
            if !same {
                return false;
            }
            found = true;
        }
        found
    }
}

/// Numbers the grants of control within a session; rises strictly, never reused. Every input
/// event carries the number of the grant it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GrantId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:\
                       00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";

    #[test]
    fn fingerprints_read_either_case_and_nothing_else() {
        assert!(Fingerprint::parse(HEX).is_ok());
        for bad in [
            "",
            "00",
            &HEX[3..],
            &format!("{HEX}:00"),
            &HEX.replace("AA", "+A"),
        ] {
            assert_eq!(Fingerprint::parse(bad), Err(BadId), "{bad}");
        }
    }

    #[test]
    fn every_fingerprint_of_an_sdp_must_be_the_bound_one() {
        let bound = Fingerprint::parse(HEX).unwrap();
        let line = format!("a=fingerprint:sha-256 {HEX}\r\n");
        let other = line.replace("00:11", "01:11");
        assert!(bound.matches_sdp(&format!("v=0\r\n{line}m=video\r\n{line}")));
        assert!(!bound.matches_sdp("v=0\r\n"), "none at all");
        assert!(
            !bound.matches_sdp(&format!("{line}{other}")),
            "a second, foreign one"
        );
        assert!(
            !bound.matches_sdp(&line.replace("sha-256", "sha-1")),
            "a weak hash"
        );
    }

    #[test]
    fn ids_survive_text_and_hide_from_debug() {
        let id = InvitationId::from_bytes([7; 16]);
        assert_eq!(InvitationId::parse(&id.to_text()), Ok(id));
        assert_eq!(format!("{id:?}"), "InvitationId(..)");
        assert_eq!(
            format!("{:?}", LinkSecret::from_bytes([7; 16])),
            "LinkSecret(..)"
        );
        assert!(InvitationId::parse(&format!("{}A", id.to_text())).is_err());
    }
}
