//! What a page comes back with after it was loaded again, as it is kept: the key, and when the
//! session was last seen to stand, by the wall clock.
//!
//! That time only spares the expert a wait that is in vain. How long a session is waited for, the
//! novice's computer decides.

use std::{fmt, time::Duration};

use deskhand_protocol::handshake::resume::{PATIENCE, ResumeKey};

/// See the module.
#[derive(Clone)]
pub struct Kept {
    /// Secret.
    pub key: ResumeKey,
    /// How long the novice's computer may still wait.
    pub left: Duration,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({:?} left)", self.left)
    }
}

/// As text; `now` is the time since the epoch.
pub fn write(key: &ResumeKey, now: Duration) -> String {
    format!("{}.{}", *key.to_text(), now.as_secs())
}

/// From that text, unless it is too old. A clock that was set back makes nothing young again.
pub fn read(text: &str, now: Duration) -> Option<Kept> {
    let (key, seen) = text.split_once('.')?;
    let seen = Duration::from_secs(seen.parse().ok()?);
    let passed = now.checked_sub(seen)?;
    let left = PATIENCE.checked_sub(passed)?;
    let key = ResumeKey::parse(key).ok()?;
    (!left.is_zero()).then_some(Kept { key, left })
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::handshake::{Challenge, Nonce};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;

    fn key() -> ResumeKey {
        ResumeKey::parse(&"A".repeat(110)).expect("82 zeros")
    }

    fn at(secs: u64) -> Duration {
        Duration::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn what_is_kept_can_be_used_for_two_minutes() {
        let text = write(&key(), at(0));
        let kept = read(&text, at(30)).unwrap();
        assert_eq!(kept.left, Duration::from_secs(90));
        assert!(read(&text, at(120)).is_none());
        let earlier = at(0).checked_sub(Duration::from_secs(1)).unwrap();
        assert!(read(&text, earlier).is_none());
        let challenge = Challenge {
            nonce: Nonce([1; 32]),
            fingerprint: deskhand_protocol::id::Fingerprint([2; 32]),
        };
        let proof = |key: &ResumeKey| {
            let mut rng = ChaCha20Rng::seed_from_u64(7);
            key.prove(&challenge, challenge.fingerprint, &mut rng).1
        };
        assert_eq!(proof(&kept.key), proof(&key()), "the same key");
    }

    #[test]
    fn anything_else_is_nothing() {
        let text = write(&key(), at(0));
        for bad in ["", ".", "AAAA.1800000000", &text[1..], &format!("{text}x")] {
            assert!(read(bad, at(0)).is_none(), "{bad}");
        }
        let kept = read(&text, at(0)).unwrap();
        assert!(!format!("{kept:?}").contains("AAAA"));
    }
}
