//! What must hold for a handshake in which one message was altered; see [`crate::oracle`].

use std::sync::LazyLock;

use rand_core::{CryptoRng, RngCore};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::{
    Bytes, Challenge, Context, HandshakeError, Hello, LinkKey,
    expert::Joining,
    novice::{Challenged, Charged, Record},
};
use crate::{
    envelope::SealedToAgent,
    id::{Fingerprint, InvitationId, LinkSecret},
    invitation::Link,
    text::Name,
    wire,
};

const FP_N: Fingerprint = Fingerprint([0x11; 32]);
const FP_E: Fingerprint = Fingerprint([0x22; 32]);

/// Without a password, so that nothing is stretched: that takes time and reads nothing.
static RECORD: LazyLock<Option<Record>> = LazyLock::new(|| {
    let Link { id, secret, .. } = link();
    Record::new(id, &secret, "", &mut Drawn(0)).ok()
});

fn link() -> Link {
    Link {
        id: InvitationId::from_bytes([1; 16]),
        secret: LinkSecret::from_bytes([2; 16]),
        password: false,
    }
}

/// Numbers as good as random, and the same in every run: digests of a counter.
struct Drawn(u64);

impl RngCore for Drawn {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for chunk in dest.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&Sha256::digest(self.0.to_be_bytes())[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Drawn {}

/// Runs a handshake between two honest ends. The first byte tells which message is altered on
/// its way, the others what is changed in it, bit by bit; where they end nothing is.
///
/// Either it reaches its end and nothing was altered, or it does not and something was.
pub fn handshake(bytes: &[u8]) -> bool {
    match bytes.split_first() {
        Some((which, change)) => run(*which, change).is_some(),
        None => false,
    }
}

/// `None`: what was altered is no message any more.
fn run(which: u8, change: &[u8]) -> Option<()> {
    let at = |step: u8| if which % 6 == step { change } else { &[] };
    let record = RECORD.as_ref()?;
    let mut rng = Drawn(100);

    let (challenged, sent) = Challenged::new(record.id(), FP_N, &mut rng);
    let challenge = altered(&sent, at(0))?;
    let mut same = challenge == sent;

    // Says hello to whatever challenges.
    let answered = Joining::new(link(), "").hello(&challenge, FP_E, &mut rng);
    let (waiting, sent) = must(answered);
    let mut hello = altered(&sent, at(1))?;
    same &= hello == sent;
    if !at(2).is_empty() {
        // By somebody who holds the link, and so can make the tag fit.
        let forged = altered(&sent, at(2))?;
        same &= (forged.nonce, forged.fingerprint, forged.ke1)
            == (sent.nonce, sent.fingerprint, sent.ke1);
        hello = with_tag(&challenge, &forged);
    }

    let tagged = match challenged.verify_link(record, &hello) {
        Ok(tagged) => tagged,
        Err(error) => {
            assert!(!same, "{error}");
            // A tag that fits may be on what is no OPAQUE message.
            assert!(!at(2).is_empty() || error == HandshakeError::BadLink);
            return Some(());
        }
    };
    assert!(same || !at(2).is_empty(), "the tag binds all of it");
    let Ok((answered, sent)) = tagged.answer(record, Charged::written_down(), &mut rng) else {
        assert!(!same);
        return Some(());
    };
    let ke2 = altered(&sent, at(3))?;
    same &= ke2 == sent;

    let finished = waiting.finish(&ke2, &mut rng);
    assert_eq!(finished.is_ok(), same, "KE2");
    let Ok((mut expert, sent)) = finished else {
        return Some(());
    };
    let ke3 = altered(&sent, at(4))?;
    same &= ke3 == sent;

    let finished = answered.finish(&ke3);
    assert_eq!(finished.is_ok(), same, "KE3");
    let Ok(mut novice) = finished else {
        return Some(());
    };
    assert_eq!(novice.words, expert.words);
    assert_eq!((novice.peer, expert.peer), (FP_E, FP_N));

    let introduction = SealedToAgent::Introduce {
        name: Name::new("Maria"),
    };
    let sent = expert.channel.seal(&introduction);
    let sealed = altered(&sent, at(5))?;
    let opened = novice.channel.open::<SealedToAgent>(&sealed);
    assert_eq!(opened.is_ok(), sealed == sent, "sealed");
    Some(())
}

/// A message as it arrives; `None` if it is none any more.
fn altered<T: Serialize + DeserializeOwned>(message: &T, change: &[u8]) -> Option<T> {
    let mut bytes = wire::encode(message);
    // After the version.
    for (byte, change) in bytes.iter_mut().skip(1).zip(change) {
        *byte ^= change;
    }
    wire::decode(&bytes).ok()
}

/// As somebody says it who holds the link.
fn with_tag(challenge: &Challenge, hello: &Hello) -> Hello {
    use hmac::Mac as _;
    let Link { id, secret, .. } = link();
    let context = Context {
        id,
        nonce_n: challenge.nonce,
        nonce_e: hello.nonce,
        fp_e: hello.fingerprint,
        fp_n: challenge.fingerprint,
    };
    let key = LinkKey::derive(&id, secret.expose());
    let tag = context.tag(&key, &hello.ke1.0).finalize().into_bytes();
    Hello {
        tag: Bytes(tag.into()),
        ..hello.clone()
    }
}

fn must<T>(result: Result<T, HandshakeError>) -> T {
    result.unwrap_or_else(|error| panic!("no input makes it fail: {error}"))
}
