use expect_test::expect;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use super::*;
use crate::{
    envelope::{SealedToAgent, SealedToPage},
    handshake::seal::SealError,
    text::Name,
};

const FP_N: Fingerprint = Fingerprint([0x11; 32]);
const FP_E: Fingerprint = Fingerprint([0x22; 32]);
const OTHER: Fingerprint = Fingerprint([0x66; 32]);

/// Both ends of an approved session, and a seed, so that each run is the same.
struct Scene {
    novice: Resumable,
    page: ResumeKey,
    rng: ChaCha20Rng,
}

impl Scene {
    fn new() -> Self {
        let hk = Hkdf::new(Some(b"salt"), b"a session key");
        let key = ResumeKey::first(&hk, InvitationId::from_bytes([1; 16]), [3, 4]);
        Self {
            novice: Resumable::new(key.clone()),
            page: key,
            rng: ChaCha20Rng::seed_from_u64(7),
        }
    }

    /// As far as the page's proof, made with `key`.
    fn prove(&mut self, key: &ResumeKey) -> (Challenged, Established, Resume) {
        let (challenged, challenge) = self.novice.challenge(FP_N, &mut self.rng);
        let (established, resume) = key.prove(&challenge, FP_E, &mut self.rng);
        (challenged, established, resume)
    }

    /// Comes back with `key`; both ends, if the novice lets it.
    fn come(&mut self, key: &ResumeKey) -> Result<(Established, Established), HandshakeError> {
        let (challenged, page, resume) = self.prove(key);
        Ok((self.novice.accept(&challenged, &resume)?, page))
    }

    fn refuses(&mut self, key: &ResumeKey) -> bool {
        let came = self.come(key).map(drop);
        came == Err(HandshakeError::Mismatch)
    }
}

fn accepted() -> SealedToPage {
    SealedToPage::Accepted {
        novice: Name::new("Anna"),
    }
}

#[test]
fn both_ends_agree_on_new_keys_and_keep_the_words() {
    let mut scene = Scene::new();
    let key = scene.page.clone();
    let (mut novice, mut page) = scene.come(&key).unwrap();
    assert_eq!((novice.peer, page.peer), (FP_E, FP_N));
    assert_eq!(novice.words, Words::from_bytes([3, 4]));
    assert_eq!(novice.words, page.words);
    assert_eq!(novice.resume.to_text(), page.resume.to_text());
    assert_ne!(novice.resume.to_text(), key.to_text());
    assert_eq!(page.resume.route(), key.route(), "the same place");
    let sealed = novice.channel.seal(&accepted());
    assert_eq!(page.channel.open(&sealed), Ok(accepted()));
    let sealed = page.channel.seal(&SealedToAgent::Leave);
    assert_eq!(novice.channel.open(&sealed), Ok(SealedToAgent::Leave));
}

#[test]
fn a_key_works_once() {
    let mut scene = Scene::new();
    let first = scene.page.clone();
    let (_, page) = scene.come(&first).unwrap();
    scene.novice.confirmed();
    assert!(scene.refuses(&first), "used up");
    let second = page.resume;
    let (_, page) = scene.come(&second).unwrap();
    scene.novice.confirmed();
    assert!(scene.refuses(&first) && scene.refuses(&second));
    assert!(scene.come(&page.resume).is_ok(), "and so on");
}

#[test]
fn an_answer_that_got_lost_locks_nobody_out() {
    // The page never heard the answer: it still has the key that it came with.
    let mut scene = Scene::new();
    let key = scene.page.clone();
    scene.come(&key).unwrap();
    let (_, page) = scene.come(&key).unwrap();

    // It did, and nothing that it said arrived: it has the next one only.
    let next = page.resume;
    let (_, page) = scene.come(&next).unwrap();
    assert!(scene.refuses(&key), "showing the next one uses it up");
    scene.novice.confirmed();
    assert!(scene.refuses(&next));
    assert!(scene.come(&page.resume).is_ok());
}

#[test]
fn of_two_pages_with_one_key_only_the_later_one_goes_on() {
    let mut scene = Scene::new();
    let key = scene.page.clone();
    let (_, earlier) = scene.come(&key).unwrap();
    let (_, later) = scene.come(&key).unwrap();
    scene.novice.confirmed();
    assert!(scene.refuses(&earlier.resume) && scene.refuses(&key));
    assert!(scene.come(&later.resume).is_ok());
}

#[test]
fn a_replayed_proof_meets_another_challenge() {
    let mut scene = Scene::new();
    let key = scene.page.clone();
    let (challenged, _, resume) = scene.prove(&key);
    scene.novice.accept(&challenged, &resume).unwrap();
    let (challenged, _, _) = scene.prove(&key);
    let error = scene.novice.accept(&challenged, &resume).unwrap_err();
    assert_eq!(error, HandshakeError::Mismatch);
}

#[test]
fn nothing_that_is_bound_can_be_changed_on_the_way() {
    let mut scene = Scene::new();
    let key = scene.page.clone();
    let mut refused = |meddle: &dyn Fn(&mut Challenge, &mut Option<Resume>)| {
        let (challenged, mut challenge) = scene.novice.challenge(FP_N, &mut scene.rng);
        meddle(&mut challenge, &mut None);
        let (_, resume) = key.prove(&challenge, FP_E, &mut scene.rng);
        let mut resume = Some(resume);
        meddle(&mut challenge, &mut resume);
        let resume = resume.expect("it is still there");
        scene.novice.accept(&challenged, &resume).is_err()
    };
    assert!(!refused(&|_, _| {}), "untouched");
    assert!(refused(&|challenge, _| challenge.fingerprint = OTHER));
    assert!(refused(&|challenge, _| challenge.nonce = Nonce([0; 32])));
    assert!(refused(&|_, resume| if let Some(resume) = resume {
        resume.fingerprint = OTHER;
    }));
    assert!(refused(&|_, resume| if let Some(resume) = resume {
        resume.nonce = Nonce([0; 32]);
    }));
    for bit in 0..256 {
        assert!(
            refused(&|_, resume| if let Some(resume) = resume {
                resume.proof.0[bit / 8] ^= 1 << (bit % 8);
            }),
            "bit {bit}"
        );
    }
}

#[test]
fn a_failed_attempt_changes_nothing() {
    let mut scene = Scene::new();
    let stranger = ResumeKey {
        key: Zeroizing::new([9; 32]),
        ..scene.page.clone()
    };
    for _ in 0..100 {
        assert!(scene.refuses(&stranger));
    }
    let key = scene.page.clone();
    assert!(scene.come(&key).is_ok());
}

#[test]
fn another_session_or_other_words_are_another_key() {
    let mut scene = Scene::new();
    let page = scene.page.clone();
    let elsewhere = ResumeKey {
        route: Route::from_bytes([5; 32]),
        ..page.clone()
    };
    let of_another = ResumeKey {
        id: InvitationId::from_bytes([2; 16]),
        ..page.clone()
    };
    let other_words = ResumeKey {
        words: [4, 3],
        ..page
    };
    for key in [elsewhere, of_another, other_words] {
        assert!(scene.refuses(&key));
    }
}

#[test]
fn nothing_sealed_before_opens_after_nor_what_comes_back_to_its_sender() {
    let mut scene = Scene::new();
    let key = scene.page.clone();
    let (mut before, _) = scene.come(&key).unwrap();
    let (mut novice, mut page) = scene.come(&key).unwrap();
    let old = before.channel.seal(&accepted());
    assert_eq!(
        page.channel.open::<SealedToPage>(&old),
        Err(SealError::Forged)
    );
    let own = page.channel.seal(&SealedToAgent::Leave);
    assert_eq!(
        page.channel.open::<SealedToAgent>(&own),
        Err(SealError::Forged)
    );
    assert!(novice.channel.open::<SealedToAgent>(&own).is_ok());
}

#[test]
fn a_key_survives_its_store_and_hides_from_debug() {
    let mut scene = Scene::new();
    let text = scene.page.to_text();
    let read = ResumeKey::parse(&text).unwrap();
    assert_eq!(read.to_text(), text);
    assert!(scene.come(&read).is_ok());
    assert_eq!(format!("{read:?}"), "ResumeKey(..)");
    for bad in ["", &text[1..], &format!("{}A", *text)] {
        assert!(ResumeKey::parse(bad).is_err(), "{bad}");
    }
}

/// The golden vector: whoever changes how sessions are resumed changes this, and the version.
#[test]
fn coming_back_is_as_it_was() {
    let mut scene = Scene::new();
    let key = scene.page.clone();
    let (challenged, mut page, resume) = scene.prove(&key);
    let mut novice = scene.novice.accept(&challenged, &resume).unwrap();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    let shown = format!(
        "route {}\nkey {}\nproof {}\nnext {}\nto page {}\nto agent {}",
        key.route().to_text(),
        hex(&*key.key),
        hex(&resume.proof.0),
        hex(&*page.resume.key),
        hex(&novice.channel.seal(&accepted()).ciphertext),
        hex(&page.channel.seal(&SealedToAgent::Leave).ciphertext),
    );
    expect![[r"
        route q5zk95O64ezsFMRo3d0HeMMq8bEm-0OjV1Xmj_bFEcE
        key 9ea54ee7d5aaae904da078288eca59837a1b0716fa909e7eebf6d6e526cce6cf
        proof 7e80a58fc7a48b0d9bac7949eb536c4f5e427476406fac2cd57217830ae1e3a2
        next e5aa9fd269fafc77ce09806d59e4e97e0ace7a33c9e05ba9c79dcd3d71feb526
        to page 4be7efe7b2053ad2bcf0492a912d1eaccde4e2d1e6e851
        to agent 561f882362fdb1d0a12df0e82d26e9bc4f54"]]
    .assert_eq(&shown);
}
