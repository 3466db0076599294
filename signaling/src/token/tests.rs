//! Owner tokens: what they prove, and everything that they do not.

use super::*;

const ROUTE: Route = Route::from_bytes([7; 32]);

fn key(kid: &str, byte: u8) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        from: byte.into(),
        secret: [byte; KEY_LEN],
    }
}

fn now() -> SystemTime {
    SystemTime::now()
}

fn hour() -> Duration {
    Duration::from_hours(1)
}

type Change = fn(&mut Header, &mut serde_json::Value);

fn without(claims: &mut serde_json::Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}

/// Signs with the right key what `change` made of a good token.
fn forged(change: impl FnOnce(&mut Header, &mut serde_json::Value)) -> OwnerToken {
    let secs = now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("a".to_owned());
    let mut claims = serde_json::json!({
        "sub": ROUTE.to_text(), "iss": ISSUER, "aud": AUDIENCE, "nbf": secs, "exp": secs + 60,
    });
    change(&mut header, &mut claims);
    let secret = EncodingKey::from_secret(&[1; KEY_LEN]);
    OwnerToken(jsonwebtoken::encode(&header, &claims, &secret).unwrap())
}

#[test]
fn a_token_proves_its_route_and_no_other() {
    let ring = KeyRing::new(&[key("a", 1)]);
    let token = ring.mint(ROUTE, None, hour(), now()).unwrap();
    let proof = ring.check(&token).unwrap();
    assert!(proof.covers(&ROUTE));
    assert!(!proof.covers(&Route::from_bytes([8; 32])));
}

#[test]
fn a_token_proves_its_number_and_no_other() {
    let ring = KeyRing::new(&[key("a", 1)]);
    let (one, other) = (123_456_789, 123_456_780);
    let [one, other] = [one, other].map(|n| Number::new(n).unwrap());
    let proven = |route, number| {
        let token = ring.mint(route, number, hour(), now()).unwrap();
        ring.check(&token).unwrap()
    };
    let spoken = proven(one.route(), Some(one));
    assert!(spoken.covers(&one.route()) && spoken.covers_number(one));
    assert!(!spoken.covers_number(other));
    assert!(!proven(one.route(), None).covers_number(one), "not spoken");
    assert!(!proven(ROUTE, Some(one)).covers_number(one));
}

#[test]
fn it_lives_five_minutes_longer_than_its_invitation() {
    let ring = KeyRing::new(&[key("a", 1)]);
    let made = |ago: u64| {
        let past = now() - Duration::from_secs(ago);
        ring.mint(ROUTE, None, hour(), past).unwrap()
    };
    assert!(ring.check(&made(3600 + 290)).is_some());
    assert!(
        ring.check(&made(3600 + 300 + LEEWAY.as_secs() + 2))
            .is_none()
    );
}

#[test]
fn an_older_key_checks_but_does_not_sign() {
    let before = KeyRing::new(&[key("a", 1)]);
    let after = KeyRing::new(&[key("a", 1), key("b", 2)]);
    let old = before.mint(ROUTE, None, hour(), now()).unwrap();
    let new = after.mint(ROUTE, None, hour(), now()).unwrap();
    assert!(after.check(&old).is_some());
    assert!(before.check(&new).is_none(), "a key it does not know");
}

#[test]
fn a_key_signs_once_its_time_has_come_and_copies_hear_of_it() {
    let ring = KeyRing::new(&[key("a", 1)]);
    let copy = ring.clone();
    let later = now() + hour();
    let from = later.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let next = SigningKey {
        from: from.as_secs(),
        ..key("b", 2)
    };
    assert!(ring.replace(&[key("a", 1), next.clone()]));
    assert!(!ring.replace(&[key("a", 1), next]), "the same again");
    let signer = |at| {
        let token = copy.mint(ROUTE, None, hour(), at).unwrap();
        jsonwebtoken::decode_header(&token.0).unwrap().kid.unwrap()
    };
    assert_eq!(signer(now()), "a");
    assert_eq!(signer(later), "b");
    assert_eq!(signer(SystemTime::UNIX_EPOCH), "a", "a clock that is wrong");
    assert!(copy.replace(&[key("c", 3)]));
    assert_eq!(signer(now()), "c");
}

#[test]
fn a_key_that_was_taken_away_checks_nothing_any_more() {
    let ring = KeyRing::new(&[key("a", 1)]);
    let token = ring.mint(ROUTE, None, hour(), now()).unwrap();
    assert!(ring.check(&token).is_some());
    ring.replace(&[key("b", 2)]);
    assert!(ring.check(&token).is_none());
}

#[test]
fn anything_off_proves_nothing() {
    let ring = KeyRing::new(&[key("b", 0), key("a", 1)]);
    assert!(
        ring.check(&forged(|_, _| {})).is_some(),
        "the unchanged one is good"
    );
    let table: &[(&str, Change)] = &[
        ("another algorithm", |h, _| h.alg = Algorithm::HS512),
        ("no key named", |h, _| h.kid = None),
        ("an unknown key named", |h, _| h.kid = Some("z".to_owned())),
        ("another key named", |h, _| h.kid = Some("b".to_owned())),
        ("another audience", |_, c| c["aud"] = "deskhand-join".into()),
        ("another issuer", |_, c| c["iss"] = "somebody".into()),
        ("ended", |_, c| c["exp"] = 1_000_000_000.into()),
        ("not yet", |_, c| c["nbf"] = 99_000_000_000_u64.into()),
        ("no route", |_, c| c["sub"] = "route".into()),
        ("no end", |_, c| without(c, "exp")),
        ("no start", |_, c| without(c, "nbf")),
        ("no audience", |_, c| without(c, "aud")),
        ("no issuer", |_, c| without(c, "iss")),
        ("no subject", |_, c| without(c, "sub")),
    ];
    for (what, change) in table {
        assert_eq!(ring.check(&forged(change)), None, "{what}");
    }
}

#[test]
fn unsigned_and_garbled_tokens_prove_nothing() {
    let ring = KeyRing::new(&[key("a", 1)]);
    let good = forged(|_, _| {}).0;
    let (_, rest) = good.split_once('.').unwrap();
    let unsigned = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","kid":"a"}"#);
    let claims = rest.split_once('.').unwrap().0;
    for text in [
        String::new(),
        "..".to_owned(),
        format!("{unsigned}.{claims}."),
        format!("{good}A"),
        good[..good.len() - 2].to_owned(),
    ] {
        assert_eq!(ring.check(&OwnerToken(text)), None);
    }
}

#[test]
fn keys_hide_from_debug() {
    assert_eq!(
        format!("{:?}", KeyRing::ephemeral().unwrap()),
        "KeyRing(1 keys)"
    );
}
