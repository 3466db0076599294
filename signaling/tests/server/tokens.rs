//! Owner tokens and the keys they are signed with, on the real program.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deskhand_protocol::signal::{OwnerToken, Refusal};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    process::Running,
    support::{route, still_talk},
};

/// A key as the program keeps it.
struct Kept {
    kid: String,
    secret: Vec<u8>,
}

fn kept(state: &Path) -> Vec<Kept> {
    let text = fs::read_to_string(state.join("owner-token-key")).unwrap();
    let keys = text.lines().map(|line| {
        let mut words = line.split(' ');
        Kept {
            kid: words.next().unwrap().to_owned(),
            secret: URL_SAFE_NO_PAD.decode(words.next().unwrap()).unwrap(),
        }
    });
    keys.collect()
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs()
}

/// What a token of this server's says.
fn claims() -> Value {
    json!({
        "sub": route(1).to_text(), "iss": "deskhand-server", "aud": "deskhand-owner",
        "nbf": now(), "exp": now() + 60,
    })
}

fn signed(key: &Kept, algorithm: Algorithm, claims: &Value) -> OwnerToken {
    let mut header = Header::new(algorithm);
    header.kid = Some(key.kid.clone());
    let secret = EncodingKey::from_secret(&key.secret);
    OwnerToken(encode(&header, claims, &secret).unwrap())
}

type Change = fn(&mut Value);

#[tokio::test]
async fn a_token_with_anything_off_owns_nothing_even_if_the_key_is_right() {
    let state = tempfile::tempdir().unwrap();
    let running = Running::start(state.path(), &[]).await;
    let (owner, _) = running.waiting_novice(route(1)).await;
    drop(owner);
    let key = &kept(state.path())[0];
    assert_eq!(key.secret.len(), 32, "256 bits");
    let mut novice = running.novice().await;
    let table: &[(&str, Change)] = &[
        ("another route", |c| c["sub"] = route(2).to_text().into()),
        ("no route", |c| {
            drop(c.as_object_mut().unwrap().remove("sub"));
        }),
        ("another issuer", |c| c["iss"] = "somebody".into()),
        ("no issuer", |c| {
            drop(c.as_object_mut().unwrap().remove("iss"));
        }),
        ("another audience", |c| c["aud"] = "deskhand-join".into()),
        ("no audience", |c| {
            drop(c.as_object_mut().unwrap().remove("aud"));
        }),
        ("ended", |c| c["exp"] = (now() - 10).into()),
        ("no end", |c| drop(c.as_object_mut().unwrap().remove("exp"))),
        ("not yet", |c| c["nbf"] = (now() + 10).into()),
        ("no start", |c| {
            drop(c.as_object_mut().unwrap().remove("nbf"));
        }),
    ];
    let mut bad: Vec<(&str, OwnerToken)> = table
        .iter()
        .map(|(what, change)| {
            let mut claims = claims();
            change(&mut claims);
            (*what, signed(key, Algorithm::HS256, &claims))
        })
        .collect();
    let other = |kid: &str, byte| Kept {
        kid: kid.to_owned(),
        secret: vec![byte; 32],
    };
    let unsigned = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "kid": key.kid}).to_string());
    let body = URL_SAFE_NO_PAD.encode(claims().to_string());
    bad.extend([
        ("HS384", signed(key, Algorithm::HS384, &claims())),
        ("HS512", signed(key, Algorithm::HS512, &claims())),
        (
            "another key",
            signed(&other(&key.kid, 1), Algorithm::HS256, &claims()),
        ),
        (
            "an empty key",
            signed(
                &Kept {
                    secret: vec![],
                    ..other(&key.kid, 0)
                },
                Algorithm::HS256,
                &claims(),
            ),
        ),
        (
            "an unknown key",
            signed(&other("nobody", 1), Algorithm::HS256, &claims()),
        ),
        (
            "a path for a key",
            signed(&other("../../dev/null", 0), Algorithm::HS256, &claims()),
        ),
        ("unsigned", OwnerToken(format!("{unsigned}.{body}."))),
        ("nothing", OwnerToken(String::new())),
    ]);
    for (what, token) in bad {
        let refused = novice.register(route(1), Some(token)).await;
        assert_eq!(refused.err(), Some(Refusal::NotOwner), "{what}");
    }
    let good = signed(key, Algorithm::HS256, &claims());
    assert!(novice.register(route(1), Some(good)).await.is_ok());
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    still_talk(&mut novice, &mut expert, join).await;
}

#[tokio::test]
async fn a_key_that_is_old_gets_a_successor_and_stays_for_its_tokens() {
    let state = tempfile::tempdir().unwrap();
    let running = Running::start(state.path(), &[]).await;
    let (novice, token) = running.waiting_novice(route(1)).await;
    drop((novice, running));
    // As if it had been made 40 days ago.
    let file = state.path().join("owner-token-key");
    let text = fs::read_to_string(&file).unwrap();
    let (key, _) = text.trim_end().rsplit_once(' ').unwrap();
    fs::write(&file, format!("{key} {}\n", now() - 40 * 24 * 3600)).unwrap();
    let old = kept(state.path());

    let mut running = Running::start(state.path(), &[]).await;
    running.hears("the keys of owner tokens were renewed").await;
    let both = kept(state.path());
    assert_eq!(both.len(), 2);
    assert_eq!(both[0].secret, old[0].secret);
    assert_ne!(both[1].secret, old[0].secret);
    let mut novice = running.novice().await;
    assert!(novice.register(route(1), Some(token)).await.is_ok());
    // What the new one signs is good before it signs by itself, as another node may be ahead.
    let ahead = signed(&both[1], Algorithm::HS256, &claims());
    let mut other = running.novice().await;
    assert!(other.register(route(1), Some(ahead)).await.is_ok());
    novice.is_closed(Refusal::Replaced).await;

    // What is taken out by hand is out.
    fs::write(&file, format!("{key} {}\n", now())).unwrap();
    running.signal(Signal::HUP);
    running.hears("the keys of owner tokens were renewed").await;
    let former = signed(&both[1], Algorithm::HS256, &claims());
    let refused = running
        .novice()
        .await
        .register(route(1), Some(former))
        .await;
    assert_eq!(refused.err(), Some(Refusal::NotOwner));
}
