//! The page's edges in a browser: what only a browser can say.
//!
//! Built by `cargo xtask test`, which has the end-to-end tests run them.
#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::{cell::RefCell, rc::Rc};

use deskhand_protocol::{
    control::{CursorShape, Quality},
    envelope::{ToAgent, ToPage},
    handshake::novice::{Challenged, Charged, Record},
    id::{Fingerprint, InvitationId, LinkSecret},
    input::Position,
    invitation::Link,
    picture::{Area, Codec},
    signal::{FromExpert, Payload, ToExpert},
    text::Name,
    wire,
};
use deskhand_web_expert::{
    certificate::Certificate,
    cursor::{Cursor, Elements},
    handshake::{Handshake, Output},
    js, memory,
    own_worker::OwnWorker,
    picture::decoder::{self, Decoder, Frame},
};
use js_sys::Promise;
use rand_core::OsRng;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{
    CanvasRenderingContext2d, Document, Element, HtmlCanvasElement, RtcPeerConnection,
    RtcSessionDescriptionInit,
};

wasm_bindgen_test_configure!(run_in_browser);

const PASSWORD: &str = "seven blue lamps";

fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

fn element<T: wasm_bindgen::JsCast>(name: &str) -> T {
    let made: Element = document().create_element(name).unwrap();
    document().body().unwrap().append_child(&made).unwrap();
    made.unchecked_into()
}

/// What the page tells the novice's computer.
fn said(outputs: &[Output]) -> Vec<ToAgent> {
    let relayed = |output: &Output| match output {
        Output::Send(FromExpert::Relay { payload }) => wire::decode(payload.as_bytes()).ok(),
        Output::Send(_) | Output::Tell(_) => None,
    };
    outputs.iter().filter_map(relayed).collect()
}

fn hear(page: &mut Handshake, message: &ToPage) -> Vec<ToAgent> {
    let payload = Payload::new(wire::encode(message)).unwrap();
    said(&page.handle(&ToExpert::Relay { payload }, &mut OsRng))
}

#[wasm_bindgen_test]
async fn the_fingerprint_is_of_the_certificate_that_connections_show() {
    let certificate = Certificate::make().await.unwrap();
    let another = Certificate::make().await.unwrap();
    assert_ne!(certificate.fingerprint, another.fingerprint, "made afresh");

    let connection =
        RtcPeerConnection::new_with_configuration(&certificate.configuration(&[])).unwrap();
    connection.create_data_channel("any");
    let offer = JsFuture::from(connection.create_offer()).await.unwrap();
    let sdp = offer
        .unchecked_into::<RtcSessionDescriptionInit>()
        .get_sdp();
    let shown = sdp.unwrap().lines().find_map(|line| {
        let text = line.strip_prefix("a=fingerprint:sha-256 ")?;
        Fingerprint::parse(text).ok()
    });
    assert_eq!(shown, Some(certificate.fingerprint));
    connection.close();
}

#[wasm_bindgen_test]
fn the_handshake_runs_on_the_browsers_randomness_and_is_there_at_once() {
    let link = Link {
        id: InvitationId::random(&mut OsRng),
        secret: LinkSecret::random(&mut OsRng),
        password: true,
    };
    let record = Record::new(link.id, &link.secret, PASSWORD, &mut OsRng).unwrap();
    let theirs = Fingerprint([1; 32]);
    let mut page = Handshake::new(&link, PASSWORD, Name::new("Maria"), theirs);

    let (challenged, challenge) = Challenged::new(link.id, Fingerprint([2; 32]), &mut OsRng);
    let [ToAgent::Hello(hello)] = &hear(&mut page, &ToPage::Challenge(challenge))[..] else {
        panic!("no hello")
    };
    let tagged = challenged.verify_link(&record, hello).unwrap();
    let answer = tagged.answer(&record, Charged::written_down(), &mut OsRng);
    let (answered, ke2) = answer.unwrap();
    let [ToAgent::Ke3(ke3), ToAgent::Sealed(_)] = &hear(&mut page, &ToPage::Ke2(ke2))[..] else {
        panic!("no answer")
    };
    answered.finish(ke3).expect("both have the same key");
}

#[wasm_bindgen_test]
fn nothing_is_remembered_but_the_name_and_the_choice_of_quality() {
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    storage.clear().unwrap();
    assert_eq!(memory::name(), "");
    memory::remember_name("Maria <b>");
    assert_eq!(memory::name(), "Maria <b>");
    assert_eq!(storage.length(), Ok(1));
    assert_eq!(memory::quality(), Quality::Auto);
    memory::remember_quality(Quality::SharpText);
    assert_eq!(memory::quality(), Quality::SharpText);
    assert_eq!(storage.length(), Ok(2));
    storage.clear().unwrap();
}

#[wasm_bindgen_test]
fn under_control_the_experts_own_pointer_takes_the_remote_shape() {
    let elements = Elements {
        stage: element("div"),
        screen: element("canvas"),
        pointer: element("canvas"),
    };
    let style = elements.stage.style();
    let cursor = Cursor::default();
    cursor.attach(Some(elements.clone()));
    let red = [255, 0, 0, 255].repeat(6);
    let shape = CursorShape::new((3, 2), (1, 1), red, Some(Position::default())).unwrap();
    cursor.shape(shape);
    assert_eq!(style.get_property_value("cursor").unwrap(), "");
    let remote = elements.pointer.style();
    assert_eq!(remote.get_property_value("visibility").unwrap(), "visible");

    cursor.own(true);
    let own = style.get_property_value("cursor").unwrap();
    assert!(own.starts_with("url(\"data:image/png;base64,"), "{own}");
    assert!(own.ends_with("1 1, default"), "{own}");
    assert_eq!(remote.get_property_value("visibility").unwrap(), "hidden");
    assert_eq!(
        (elements.pointer.width(), elements.pointer.height()),
        (3, 2)
    );
}

#[wasm_bindgen_test]
fn this_browser_can_do_what_the_page_needs() {
    assert!(js::has_webrtc(&web_sys::window().unwrap()));
    let before = js::now();
    assert!(js::now() >= before && !before.is_zero());
}

#[wasm_bindgen_test]
async fn a_worker_that_fails_does_not_fail_in_silence() {
    let mut failing = None;
    let told = Promise::new(&mut |done, _| {
        let worker = OwnWorker::start("unused.js", "throw new Error('on purpose')").unwrap();
        let listeners = worker.on_failure(move || {
            done.call0(&JsValue::NULL).unwrap();
        });
        failing = Some((worker, listeners));
    });
    JsFuture::from(told).await.unwrap();
}

/// A red picture of 32 x 32 pixels.
const RED_VP9: [u8; 91] = [
    130, 73, 131, 66, 64, 1, 240, 1, 244, 10, 56, 36, 28, 24, 128, 0, 0, 32, 64, 0, 34, 219, 255,
    254, 65, 149, 31, 61, 73, 143, 48, 41, 87, 206, 111, 45, 201, 124, 136, 162, 32, 212, 203, 175,
    230, 149, 129, 10, 231, 95, 255, 245, 102, 37, 179, 191, 229, 97, 6, 253, 163, 117, 28, 132,
    226, 189, 208, 224, 117, 99, 87, 196, 248, 153, 250, 34, 25, 0, 95, 255, 255, 242, 34, 255,
    255, 255, 255, 177, 216, 0, 0,
];
const RED_AV1: [u8; 41] = [
    18, 0, 10, 13, 0, 0, 0, 2, 39, 254, 105, 124, 136, 8, 8, 8, 32, 50, 22, 16, 0, 160, 0, 24, 97,
    134, 36, 16, 72, 67, 243, 184, 191, 127, 231, 238, 109, 105, 135, 37, 88,
];

/// What comes of decoding a picture: its number and it, or `None` if the decoder cannot go on.
async fn decoded(codec: Codec, data: &[u8]) -> Option<(u32, Frame)> {
    let got = Rc::new(RefCell::new(None));
    let mut decoder = None;
    let done = Promise::new(&mut |done, _| {
        let (got, failed, refused) = (Rc::clone(&got), done.clone(), done.clone());
        let on_frame = move |seq, frame| {
            got.replace(Some((seq, frame)));
            done.call0(&JsValue::NULL).unwrap();
        };
        let on_error = move |_| {
            failed.call0(&JsValue::NULL).unwrap();
        };
        let made = Decoder::new(codec, on_frame, on_error).unwrap();
        // What is no picture at all is refused at once.
        if made.decode(7, true, data).is_err() {
            refused.call0(&JsValue::NULL).unwrap();
        }
        decoder = Some(made);
    });
    JsFuture::from(done).await.unwrap();
    got.take()
}

#[wasm_bindgen_test]
async fn the_browser_decodes_both_codecs_and_says_when_it_cannot() {
    let canvas: HtmlCanvasElement = element("canvas");
    let context = canvas.get_context("2d").unwrap().unwrap();
    let context: CanvasRenderingContext2d = context.unchecked_into();
    let known = decoder::supported().await;
    for (codec, red) in [(Codec::Vp9, &RED_VP9[..]), (Codec::Av1, &RED_AV1)] {
        assert!(known.has(codec), "{codec:?}");
        let (seq, frame) = decoded(codec, red).await.unwrap();
        assert_eq!(seq, 7);
        context.clear_rect(0.0, 0.0, 300.0, 150.0);
        let part = Area {
            x: 8,
            y: 0,
            width: 16,
            height: 32,
        };
        frame.paint(&context, part, (32, 32)).unwrap();
        let colour = |x: f64| context.get_image_data(x, 51.0, 1.0, 1.0).unwrap().data();
        let [r, g, b, _] = colour(41.0)[..] else {
            unreachable!()
        };
        assert!(r > 250 && g < 5 && b < 5, "{codec:?}: {r} {g} {b}");
        for beside in [31.0, 49.0] {
            assert_eq!(colour(beside)[3], 0, "nothing beside that part");
        }
        let garbled: Vec<u8> = red.iter().map(|byte| byte ^ 0x5a).collect();
        assert!(decoded(codec, &garbled).await.is_none());
    }
}
