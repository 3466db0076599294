use expect_test::expect;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use super::{
    expert::{Joining, Waiting},
    novice::{Answered, Challenged, Charged, Record},
    seal::SealError,
    *,
};
use crate::{
    envelope::SealedToAgent,
    id::LinkSecret,
    invitation::{Link, Number},
    text::Name,
};

const FP_N: Fingerprint = Fingerprint([0x11; 32]);
const FP_E: Fingerprint = Fingerprint([0x22; 32]);

/// Everything both ends hold, and a seed, so that each run is the same.
struct Scene {
    link: Link,
    record: Record,
    rng: ChaCha20Rng,
}

impl Scene {
    fn new(password: &str) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let link = Link {
            id: InvitationId::from_bytes([1; 16]),
            secret: LinkSecret::from_bytes([2; 16]),
            password: !password.is_empty(),
        };
        let record = Record::new(link.id, &link.secret, password, &mut rng).unwrap();
        Self { link, record, rng }
    }

    /// As far as the hello, with the challenge altered on its way by `meddle`.
    fn hello(
        &mut self,
        password: &str,
        meddle: impl FnOnce(&mut Challenge),
    ) -> (Challenged, Waiting, Hello) {
        let (challenged, mut challenge) = Challenged::new(self.link.id, FP_N, &mut self.rng);
        meddle(&mut challenge);
        let joining = Joining::new(self.link.clone(), password);
        let (waiting, hello) = joining.hello(&challenge, FP_E, &mut self.rng).unwrap();
        (challenged, waiting, hello)
    }

    fn answer(
        &mut self,
        challenged: Challenged,
        hello: &Hello,
    ) -> Result<(Answered, Ke2), HandshakeError> {
        challenged.verify_link(&self.record, hello)?.answer(
            &self.record,
            Charged::written_down(),
            &mut self.rng,
        )
    }

    fn run(&mut self, password: &str) -> Result<(Established, Established), HandshakeError> {
        let (challenged, waiting, hello) = self.hello(password, |_| {});
        let (answered, ke2) = self.answer(challenged, &hello)?;
        let (expert, ke3) = waiting.finish(&ke2, &mut self.rng)?;
        Ok((answered.finish(&ke3)?, expert))
    }
}

fn introduce() -> SealedToAgent {
    SealedToAgent::Introduce {
        name: Name::new("Maria"),
    }
}

#[test]
fn both_ends_agree() {
    for password in ["", "k7mpq2", "Grüße 😀"] {
        let (mut novice, mut expert) = Scene::new(password).run(password).unwrap();
        assert_eq!(novice.words, expert.words);
        assert_eq!((novice.peer, expert.peer), (FP_E, FP_N));
        let sealed = expert.channel.seal(&introduce());
        assert_eq!(novice.channel.open(&sealed), Ok(introduce()));
    }
}

#[test]
fn the_password_is_one_whichever_way_it_is_composed() {
    assert!(Scene::new("caf\u{e9}").run("cafe\u{301}").is_ok());
}

#[test]
fn a_wrong_password_is_found_out_by_the_expert() {
    let error = Scene::new("right").run("wrong").unwrap_err();
    assert_eq!(error, HandshakeError::Mismatch);
}

#[test]
fn without_the_link_no_attempt_is_charged() {
    let mut scene = Scene::new("right");
    scene.link.secret = LinkSecret::from_bytes([3; 16]);
    let (challenged, _, hello) = scene.hello("right", |_| {});
    assert_eq!(
        challenged.verify_link(&scene.record, &hello).unwrap_err(),
        HandshakeError::BadLink
    );
}

#[test]
fn a_swapped_certificate_is_refused_on_either_side() {
    let mut scene = Scene::new("p");
    let (challenged, _, hello) = scene.hello("p", |c| c.fingerprint = Fingerprint([0x66; 32]));
    assert_eq!(
        scene.answer(challenged, &hello).unwrap_err(),
        HandshakeError::BadLink
    );

    let (challenged, _, mut hello) = scene.hello("p", |_| {});
    hello.fingerprint = Fingerprint([0x66; 32]);
    assert_eq!(
        scene.answer(challenged, &hello).unwrap_err(),
        HandshakeError::BadLink
    );
}

#[test]
fn a_holder_of_the_link_cannot_swap_the_certificate_either() {
    // Knows the link, so the tag fits; does not know the password.
    let mut scene = Scene::new("p");
    let (challenged, waiting, _) = scene.hello("p", |_| {});
    let (_, _, mut forged) = scene.hello("guess", |_| {});
    forged.fingerprint = Fingerprint([0x66; 32]);
    let context = Context {
        id: scene.link.id,
        nonce_n: Nonce([0; 32]),
        nonce_e: forged.nonce,
        fp_e: forged.fingerprint,
        fp_n: FP_N,
    };
    let key = LinkKey::derive(&scene.link.id, scene.link.secret.expose());
    forged.tag = Bytes(
        context
            .tag(&key, &forged.ke1.0)
            .finalize()
            .into_bytes()
            .into(),
    );
    assert!(scene.answer(challenged, &forged).is_err(), "another nonce");
    drop(waiting);
}

#[test]
fn no_flipped_bit_is_accepted() {
    let mut scene = Scene::new("p");
    for bit in (0..320 * 8).step_by(7) {
        let (challenged, waiting, hello) = scene.hello("p", |_| {});
        let (_, mut ke2) = scene.answer(challenged, &hello).unwrap();
        ke2.0.0[bit / 8] ^= 1 << (bit % 8);
        assert!(
            waiting.finish(&ke2, &mut scene.rng).is_err(),
            "bit {bit} of KE2"
        );
    }
    for bit in 0..64 * 8 {
        let (challenged, waiting, hello) = scene.hello("p", |_| {});
        let (answered, ke2) = scene.answer(challenged, &hello).unwrap();
        let (_, mut ke3) = waiting.finish(&ke2, &mut scene.rng).unwrap();
        ke3.0.0[bit / 8] ^= 1 << (bit % 8);
        assert!(answered.finish(&ke3).is_err(), "bit {bit} of KE3");
    }
}

#[test]
fn a_replayed_hello_meets_another_challenge() {
    let mut scene = Scene::new("p");
    let (_, _, old) = scene.hello("p", |_| {});
    let (challenged, _, _) = scene.hello("p", |_| {});
    assert!(scene.answer(challenged, &old).is_err());
}

#[test]
fn sealed_messages_cannot_be_repeated_reordered_reflected_or_crossed() {
    let (mut novice, mut expert) = Scene::new("p").run("p").unwrap();
    let first = expert.channel.seal(&introduce());
    let second = expert.channel.seal(&SealedToAgent::Leave);
    assert_eq!(
        expert.channel.open::<SealedToAgent>(&first),
        Err(SealError::Forged),
        "reflected"
    );
    assert!(novice.channel.open::<SealedToAgent>(&second).is_ok());
    assert_eq!(
        novice.channel.open::<SealedToAgent>(&second),
        Err(SealError::Replayed)
    );
    assert_eq!(
        novice.channel.open::<SealedToAgent>(&first),
        Err(SealError::Replayed)
    );

    let mut renumbered = first.clone();
    renumbered.counter = 9;
    assert_eq!(
        novice.channel.open::<SealedToAgent>(&renumbered),
        Err(SealError::Forged)
    );

    let mut scene = Scene::new("p");
    scene.rng = ChaCha20Rng::seed_from_u64(8);
    let (mut other, _) = scene.run("p").unwrap();
    assert_eq!(
        other.channel.open::<SealedToAgent>(&first),
        Err(SealError::Forged),
        "crossed"
    );
}

#[test]
fn records_survive_the_store() {
    let mut scene = Scene::new("p");
    let bytes = scene.record.to_bytes();
    scene.record = Record::from_bytes(&bytes).unwrap();
    assert!(scene.run("p").is_ok());
    assert!(scene.run("q").is_err());
    for cut in 0..bytes.len() {
        assert!(Record::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

/// The golden vector: whoever changes the handshake changes this, and the version with it.
#[test]
fn the_handshake_is_as_it_was() {
    let mut scene = Scene::new("k7mpq2");
    let (challenged, waiting, hello) = scene.hello("k7mpq2", |_| {});
    let (answered, ke2) = scene.answer(challenged, &hello).unwrap();
    let (mut expert, ke3) = waiting.finish(&ke2, &mut scene.rng).unwrap();
    let novice = answered.finish(&ke3).unwrap();
    let sealed = expert.channel.seal(&introduce());
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    let shown = format!(
        "route {}\nke1 {}\ntag {}\nke2 {}\nke3 {}\nwords {}\nsealed {}",
        scene.link.id.route().to_text(),
        hex(&hello.ke1.0[..16]),
        hex(&hello.tag.0),
        hex(&ke2.0.0[..16]),
        hex(&ke3.0.0),
        novice.words,
        hex(&sealed.ciphertext),
    );
    expect![[r"
        route 2eyaR7twnhqoZE_xlYTImnu8mJKu9vvdP1_UAng3yGo
        ke1 fe6004db7a1f356d5b3c28154bf235b7
        tag f484cf76c403930ff13a0c4ef860eea54d6a4fe8ff10381fa628c3575bc5db3b
        ke2 28da9f41151e4176970df81b228e9166
        ke3 9f0b74709829bc70cfcd5bdc6d0bda90c380b51f5c935ff29ba6a1f6ad3acc7fa66ed7ae269efba1e1733ab800d7c071669bd119992652738e2a91f1f6cbbf0d
        words paddle wizard
        sealed 4da2bfe482c5ee0479c2c70bf65f8340bb01d7d274f0e8ff"]].assert_eq(&shown);
}

fn number() -> Number {
    Number::new(123_456_789).unwrap()
}

/// A spoken invitation, joined with what the expert heard.
fn spoken(
    number: Number,
    heard: &str,
) -> Result<(Hello, Established, Established), HandshakeError> {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let record = Record::spoken(self::number(), "lamp river stone moon", &mut rng)?;
    let (challenged, challenge) = Challenged::new(record.id(), FP_N, &mut rng);
    let joining = Joining::spoken(number, heard);
    let (waiting, hello) = joining.hello(&challenge, FP_E, &mut rng)?;
    let (answered, ke2) = challenged.verify_link(&record, &hello)?.answer(
        &record,
        Charged::written_down(),
        &mut rng,
    )?;
    let (expert, ke3) = waiting.finish(&ke2, &mut rng)?;
    Ok((hello, answered.finish(&ke3)?, expert))
}

#[test]
fn a_number_and_a_password_are_enough_however_they_are_typed() {
    for heard in ["lamp river stone moon", "Lamp, river - STONE  moon"] {
        let (_, mut novice, mut expert) = spoken(number(), heard).unwrap();
        assert_eq!(novice.words, expert.words);
        let sealed = expert.channel.seal(&introduce());
        assert_eq!(novice.channel.open(&sealed), Ok(introduce()));
    }
}

#[test]
fn a_wrong_spoken_password_is_charged_and_a_wrong_number_is_not() {
    let wrong = spoken(number(), "lamp river stone").unwrap_err();
    assert_eq!(wrong, HandshakeError::Mismatch);
    let other = Number::new(123_456_780).unwrap();
    let error = spoken(other, "lamp river stone moon").unwrap_err();
    assert_eq!(error, HandshakeError::BadLink);
}

#[test]
fn a_spoken_record_cannot_be_searched_without_the_stretching() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let record = Record::spoken(number(), "p", &mut rng).unwrap();
    let mut joining = Joining::spoken(number(), "p");
    joining.stretch = Stretch::None;
    let (challenged, challenge) = Challenged::new(record.id(), FP_N, &mut rng);
    let (waiting, hello) = joining.hello(&challenge, FP_E, &mut rng).unwrap();
    let tagged = challenged.verify_link(&record, &hello).unwrap();
    let (_, ke2) = tagged
        .answer(&record, Charged::written_down(), &mut rng)
        .unwrap();
    assert_eq!(
        waiting.finish(&ke2, &mut rng).unwrap_err(),
        HandshakeError::Mismatch
    );
}

/// The golden vector of spoken invitations.
#[test]
fn the_spoken_handshake_is_as_it_was() {
    let (hello, novice, mut expert) = spoken(number(), "lamp river stone moon").unwrap();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    let shown = format!(
        "id {}\nroute {}\ntag {}\nwords {}\nsealed {}",
        number().id().to_text(),
        number().route().to_text(),
        hex(&hello.tag.0),
        novice.words,
        hex(&expert.channel.seal(&introduce()).ciphertext),
    );
    expect![[r"
        id XfyPqWVVoi8nRCxQWkrQtA
        route mSV0a81f3LLolbL78apDUyI4zPXvIYIQWvdnjtvc3yU
        tag 325496c69b459d258fbd863d41855629fa7738a53ed98eee936f10b0a660295b
        words yellow diamond
        sealed 660c6b88ef4147ce590b1fe5ca5b1618f803c449908d607a"]]
    .assert_eq(&shown);
}
