use deskhand_protocol::{
    handshake::{
        novice::{Answered, Challenged, Charged, Record},
        resume::Resumable,
    },
    id::{InvitationId, LinkSecret},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::*;

const PASSWORD: &str = "seven blue lamps";
const EXPERT: Fingerprint = Fingerprint([1; 32]);
const NOVICE: Fingerprint = Fingerprint([2; 32]);

/// A page and a novice's computer with the same invitation.
struct Pair {
    page: Handshake,
    record: Record,
    rng: ChaCha20Rng,
}

impl Pair {
    fn new(typed: &str) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let link = Link {
            id: InvitationId::random(&mut rng),
            secret: LinkSecret::random(&mut rng),
            password: true,
        };
        Self {
            record: Record::new(link.id, &link.secret, PASSWORD, &mut rng).unwrap(),
            page: Handshake::new(&link, typed, Name::new("Maria"), EXPERT),
            rng,
        }
    }

    fn hear(&mut self, message: &ToPage) -> Vec<Output> {
        let payload = Payload::new(wire::encode(message)).unwrap();
        self.page
            .handle(&ToExpert::Relay { payload }, &mut self.rng)
    }

    /// Up to KE2, and the page's answer to it.
    fn meet(&mut self) -> (Answered, Vec<Output>) {
        let (challenged, challenge) = Challenged::new(self.record.id(), NOVICE, &mut self.rng);
        let out = self.hear(&ToPage::Challenge(challenge));
        let [ToAgent::Hello(hello)] = &said(&out)[..] else {
            panic!("{out:?}")
        };
        assert!(out.contains(&Output::Tell(News::Checking)));
        let (answered, ke2) = challenged
            .verify_link(&self.record, hello)
            .unwrap()
            .answer(&self.record, Charged::written_down(), &mut self.rng)
            .unwrap();
        (answered, self.hear(&ToPage::Ke2(ke2)))
    }

    fn established(&mut self) -> Established {
        let (answered, out) = self.meet();
        let [ToAgent::Ke3(ke3), ToAgent::Sealed(sealed)] = &said(&out)[..] else {
            panic!("{out:?}")
        };
        let mut novice = answered.finish(ke3).unwrap();
        assert_eq!(
            novice.channel.open(sealed),
            Ok(SealedToAgent::Introduce {
                name: Name::new("Maria")
            })
        );
        novice
    }

    fn hear_sealed(&mut self, novice: &mut Established, message: &SealedToPage) -> Vec<Output> {
        let sealed = novice.channel.seal(message);
        self.hear(&ToPage::Sealed(sealed))
    }
}

fn said(outputs: &[Output]) -> Vec<ToAgent> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(FromExpert::Relay { payload }) => wire::decode(payload.as_bytes()).ok(),
            Output::Send(_) | Output::Tell(_) => None,
        })
        .collect()
}

fn over(over: Over) -> Vec<Output> {
    vec![Output::Tell(News::Over(over))]
}

fn accepted() -> SealedToPage {
    SealedToPage::Accepted {
        novice: Name::new("Anna"),
    }
}

fn offer_of(fingerprint: Fingerprint) -> Sdp {
    let hex: Vec<_> = fingerprint.0.iter().map(|b| format!("{b:02X}")).collect();
    Sdp::exact(format!(
        "v=0\r\na=fingerprint:sha-256 {}\r\n",
        hex.join(":")
    ))
    .unwrap()
}

#[test]
fn the_right_password_leads_to_the_same_words_and_an_offer() {
    let mut pair = Pair::new(PASSWORD);
    let mut novice = pair.established();
    assert_eq!(
        pair.hear_sealed(&mut novice, &accepted()),
        [Output::Tell(News::Accepted(Met {
            novice: Name::new("Anna"),
            words: novice.words
        }))]
    );
    let offer = offer_of(NOVICE);
    assert_eq!(
        pair.hear_sealed(&mut novice, &SealedToPage::Offer(offer.clone())),
        [Output::Tell(News::Offer(offer))]
    );
    let answer = pair
        .page
        .seal(&SealedToAgent::Leave)
        .map(|m| said(&[Output::Send(m)]));
    let Some([ToAgent::Sealed(sealed)]) = answer.as_deref() else {
        panic!("{answer:?}")
    };
    assert_eq!(novice.channel.open(sealed), Ok(SealedToAgent::Leave));
}

#[test]
fn a_wrong_password_is_a_refusal_and_sends_nothing_more() {
    let mut pair = Pair::new("seven green lamps");
    let (_, out) = pair.meet();
    assert_eq!(out, over(Over::Refused));
    assert_eq!(pair.page.seal(&SealedToAgent::Leave), None);
}

#[test]
fn an_offer_with_another_certificate_is_tampering() {
    let mut pair = Pair::new(PASSWORD);
    let mut novice = pair.established();
    assert_eq!(
        pair.hear_sealed(
            &mut novice,
            &SealedToPage::Offer(offer_of(Fingerprint([3; 32])))
        ),
        over(Over::Tampered)
    );
}

#[test]
fn a_repeated_seal_is_tampering() {
    let mut pair = Pair::new(PASSWORD);
    let mut novice = pair.established();
    let sealed = novice.channel.seal(&accepted());
    pair.hear(&ToPage::Sealed(sealed.clone()));
    assert_eq!(pair.hear(&ToPage::Sealed(sealed)), over(Over::Tampered));
}

#[test]
fn before_the_first_seal_the_novice_may_still_refuse_and_after_it_nobody_can_fake_that() {
    let mut pair = Pair::new(PASSWORD);
    pair.established();
    assert_eq!(pair.hear(&ToPage::Refused), over(Over::Refused));

    let mut pair = Pair::new(PASSWORD);
    let mut novice = pair.established();
    pair.hear_sealed(&mut novice, &accepted());
    assert_eq!(pair.hear(&ToPage::Refused), over(Over::Tampered));
}

#[test]
fn busy_and_wait_come_before_any_password() {
    assert_eq!(Pair::new(PASSWORD).hear(&ToPage::Busy), over(Over::Busy));
    assert_eq!(
        Pair::new(PASSWORD).hear(&ToPage::Wait(8)),
        over(Over::Wait(8))
    );
}

#[test]
fn a_message_out_of_order_or_garbage_ends_the_attempt() {
    let mut pair = Pair::new(PASSWORD);
    let (_, challenge) = Challenged::new(pair.record.id(), NOVICE, &mut pair.rng);
    pair.hear(&ToPage::Challenge(challenge.clone()));
    assert_eq!(
        pair.hear(&ToPage::Challenge(challenge.clone())),
        over(Over::Tampered)
    );
    assert!(pair.hear(&ToPage::Challenge(challenge)).is_empty(), "deaf");

    let mut pair = Pair::new(PASSWORD);
    let payload = Payload::new(vec![1, 255]).unwrap();
    let out = pair
        .page
        .handle(&ToExpert::Relay { payload }, &mut pair.rng);
    assert_eq!(out, over(Over::Tampered));
}

#[test]
fn a_number_is_joined_by_its_number_and_opened_by_its_password() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let number = Number::random(&mut rng);
    let key = Key::Number(number);
    let typed = "Lamp, river - STONE moon";
    let mut pair = Pair {
        record: Record::spoken(number, "lamp river stone moon", &mut rng).unwrap(),
        page: Handshake::new(key, typed, Name::new("Maria"), EXPERT),
        rng,
    };
    let [
        FromExpert::Hello { .. },
        FromExpert::JoinNumber { number: asked },
    ] = pair.page.open()
    else {
        panic!("{:?}", pair.page.open())
    };
    assert_eq!(asked, number);
    pair.established();
}

/// A session that the novice has approved, and a page that comes back to it.
fn returning() -> (Pair, Resumable) {
    let mut pair = Pair::new(PASSWORD);
    assert!(pair.page.resume_key().is_none());
    let mut novice = pair.established();
    assert!(
        pair.page.resume_key().is_none(),
        "not before the first seal"
    );
    pair.hear_sealed(&mut novice, &accepted());
    let key = pair.page.resume_key().unwrap().clone();
    pair.page = Handshake::resume(key, EXPERT);
    (pair, Resumable::new(novice.resume))
}

#[test]
fn a_page_comes_back_without_a_password_and_has_another_key_then() {
    let (mut pair, mut novice) = returning();
    let [_, FromExpert::Join { route }] = pair.page.open() else {
        panic!("{:?}", pair.page.open())
    };
    assert_eq!(route, novice.route());
    let (challenged, challenge) = novice.challenge(NOVICE, &mut pair.rng);
    let out = pair.hear(&ToPage::Challenge(challenge));
    let [ToAgent::Resume(resume)] = &said(&out)[..] else {
        panic!("{out:?}")
    };
    let mut established = novice.accept(&challenged, resume).unwrap();
    assert!(
        pair.page.resume_key().is_none(),
        "not before the first seal"
    );
    let out = pair.hear_sealed(&mut established, &accepted());
    assert!(matches!(&out[..], [Output::Tell(News::Accepted(_))]));
    let key = pair.page.resume_key().unwrap();
    assert_eq!(key.to_text(), established.resume.to_text());
    let offer = offer_of(Fingerprint([3; 32]));
    assert_eq!(
        pair.hear_sealed(&mut established, &SealedToPage::Offer(offer)),
        over(Over::Tampered),
        "the certificate is bound here too"
    );
}

#[test]
fn who_comes_back_may_be_refused_and_is_not_fooled() {
    let (mut pair, _) = returning();
    assert_eq!(pair.hear(&ToPage::Refused), over(Over::Refused));

    let (mut pair, novice) = returning();
    let (_, challenge) = novice.challenge(NOVICE, &mut pair.rng);
    pair.hear(&ToPage::Challenge(challenge));
    let mut stranger = Pair::new(PASSWORD).established();
    assert_eq!(
        pair.hear_sealed(&mut stranger, &accepted()),
        over(Over::Tampered)
    );
    assert!(pair.page.resume_key().is_none());
}
