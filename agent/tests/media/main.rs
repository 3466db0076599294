//! The media thread against real X servers: what it sends, what it does not send, and whether
//! the expert would see what is on the screen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail tests"
)]

mod decoder;
mod draw;
mod listen;
mod monitors;
mod nested;
mod page;
mod xserver;

use std::time::{Duration, Instant};

use deskhand_agent::congestion::Flow;
use deskhand_agent::media::{
    Media, MediaEvent, Settings,
    capture::{CaptureError, synthetic::Synthetic, x11},
    rect::Size,
};
use deskhand_agent::scope::Scope;
use deskhand_protocol::{
    control::Quality,
    picture::{Codec, Codecs, Part},
};
use draw::Painter;
use listen::{Listener, update};
use xserver::XServer;

const SETTINGS: Settings = Settings {
    max_bitrate_kbit: 8000,
    max_fps: 60,
};
const SIZE: (u16, u16) = (1280, 720);
const MS: Duration = Duration::from_millis(1);

fn share(server: &XServer) -> (Media, Listener) {
    let display = server.display();
    Listener::start(move || x11::open(&display), SETTINGS)
}

#[test]
fn first_comes_the_display_then_a_fresh_picture_and_once_all_is_there_nothing_more() {
    let server = XServer::start(SIZE);
    Painter::new(&server).text(0);
    let display = server.display();
    let (_media, mut listener) = Listener::start_alone(move || x11::open(&display), SETTINGS);
    let first = listener.next();
    assert!(
        matches!(&first, MediaEvent::Monitors(monitors) if monitors.list().len() == 1),
        "{first:?}"
    );
    let second = listener.next();
    assert!(is_display(&second, [0, 0, 1280, 720]), "{second:?}");
    assert!(update(&listener.packet()).fresh);
    listener.until_quiet(500 * MS);
    let busy = Listener::cpu();
    let silent = listener.events_for(1000 * MS);
    assert!(silent.is_empty(), "a still screen sent {silent:?}");
    // A tick is 10 ms: less than a hundredth of the second.
    let took = Listener::cpu().saturating_sub(busy);
    assert!(took <= 10 * MS, "a still screen took {took:?} of CPU time");
}

#[test]
fn at_rest_the_expert_sees_exactly_the_text_that_is_on_the_screen() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    let (_media, mut listener) = share(&server);
    listener.until_quiet(500 * MS);
    painter.text(0);
    listener.watch_for(1000 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

#[test]
fn typing_sends_small_packets_that_show_it() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    painter.text(0);
    let (_media, mut listener) = share(&server);
    listener.until_quiet(500 * MS);
    let mut delays = Vec::new();
    for column in 0..20 {
        let typed = Instant::now();
        painter.letter(column);
        let packet = listener.packet();
        delays.push(typed.elapsed());
        assert!(!update(&packet).fresh);
        assert!(packet.data.len() < 4000, "{} bytes", packet.data.len());
        listener.watch_for(100 * MS);
    }
    delays.sort();
    println!("drawn letter to packet: median {:?}", delays[10]);
    listener.until_quiet(500 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

#[test]
fn while_the_link_is_backed_up_nothing_is_made_and_then_the_latest() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    painter.text(0);
    let (media, mut listener) = share(&server);
    listener.until_quiet(500 * MS);
    let flow = |backed_up| Flow {
        kbit: 8000,
        backed_up,
        refused: 0,
    };
    media.follow(flow(true));
    for column in 0..10 {
        painter.letter(column);
        assert_eq!(packets(&listener.events_for(30 * MS)), 0);
    }
    media.follow(flow(false));
    listener.packet();
    assert!(
        packets(&listener.events_for(25 * MS)) <= 1,
        "the letters came together"
    );
    listener.until_quiet(500 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

#[test]
fn while_nobody_looks_nothing_is_made_and_then_the_latest_at_once() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    painter.text(0);
    let (media, mut listener) = share(&server);
    listener.until_quiet(500 * MS);
    media.look(false);
    media.pause(true);
    media.pause(false);
    for column in 0..10 {
        painter.letter(column);
        assert!(listener.events_for(30 * MS).is_empty());
    }
    media.look(true);
    assert!(!update(&listener.packet()).fresh, "it goes on from there");
    listener.until_quiet(500 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

#[test]
fn what_the_expert_prefers_counts_at_once_within_the_settings() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    let (media, mut listener) = share(&server);
    media.decodes(Codecs::from_iter([Codec::Vp9, Codec::Av1]));
    listener.until_quiet(500 * MS);
    // Pictures and bytes of a second of film, and what drew the last one.
    let mut film = |quality| {
        media.prefer(quality);
        let (mut pictures, mut bytes, mut last) = (0, 0, None);
        for frame in 0..60 {
            painter.film(frame);
            for event in listener.events_for(16 * MS) {
                let MediaEvent::Packet(packet) = event else {
                    continue;
                };
                bytes += packet.data.len();
                for part in &update(&packet).parts {
                    if let Part::Video { codec, .. } = part {
                        (pictures, last) = (pictures + 1, Some(*codec));
                    }
                }
            }
        }
        listener.until_quiet(500 * MS);
        assert_eq!(listener.wrong(&painter.screenshot()), 0, "{quality:?}");
        (pictures, bytes, last)
    };
    let (auto, many, by) = film(Quality::Auto);
    assert_eq!(by, Some(Codec::Vp9));
    let (low, few, by) = film(Quality::LowBandwidth);
    assert_eq!(by, Some(Codec::Av1));
    assert!(low * 3 < auto * 2, "{low} pictures instead of {auto}");
    assert!(few * 2 < many, "{few} bytes instead of {many}");
}

#[test]
fn a_picture_of_which_something_was_refused_is_made_anew() {
    let server = XServer::start(SIZE);
    Painter::new(&server).text(0);
    let (media, mut listener) = share(&server);
    listener.until_quiet(1100 * MS);
    media.follow(Flow {
        kbit: 8000,
        backed_up: false,
        refused: 3,
    });
    assert!(update(&listener.packet()).fresh);
}

/// Left, top, width and height.
fn is_display(event: &MediaEvent, area: [u16; 4]) -> bool {
    let MediaEvent::Display(Scope { display, left, top }) = event else {
        return false;
    };
    [*left, *top, display.width, display.height] == area
}

fn packets(events: &[MediaEvent]) -> usize {
    let packets = events
        .iter()
        .filter(|event| matches!(event, MediaEvent::Packet(_)));
    packets.count()
}

#[test]
fn scrolled_and_dragged_pictures_are_sharp_again_afterwards() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    let (_media, mut listener) = share(&server);
    for step in 0..30 {
        painter.text(step);
        painter.window(step * 20, step * 10);
        listener.watch_for(33 * MS);
    }
    listener.until_quiet(500 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

/// What drew the next picture that a codec draws, once the film is there.
fn drawn_by(frame: u32, painter: &Painter, listener: &mut Listener) -> Codec {
    painter.film(frame);
    loop {
        let packet = listener.packet();
        for part in &update(&packet).parts {
            if let Part::Video { codec, .. } = part {
                return *codec;
            }
        }
    }
}

#[test]
fn a_film_is_drawn_well_by_either_codec_and_is_exact_once_it_stands_still() {
    for codec in [Codec::Vp9, Codec::Av1] {
        let server = XServer::start(SIZE);
        let painter = Painter::new(&server);
        let (media, mut listener) = share(&server);
        media.decodes(Codecs::from_iter([codec]));
        listener.until_quiet(500 * MS);
        for frame in 0..20 {
            assert_eq!(drawn_by(frame, &painter, &mut listener), codec);
        }
        let screen = painter.screenshot();
        let psnr = listener.psnr(&screen);
        println!("{codec:?}: {psnr:.1} dB");
        assert!(listener.wrong(&screen) > 0 && psnr > 40.0, "{psnr} dB");
        listener.until_quiet(500 * MS);
        assert_eq!(listener.wrong(&painter.screenshot()), 0);
    }
}

#[test]
fn a_page_that_finds_it_cannot_decode_after_all_gets_the_other_codec() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    let (media, mut listener) = share(&server);
    media.decodes(Codecs::from_iter([Codec::Av1]));
    listener.until_quiet(500 * MS);
    assert_eq!(drawn_by(0, &painter, &mut listener), Codec::Av1);
    media.decodes(Codecs::from_iter([Codec::Vp9]));
    media.refresh();
    listener.until(
        "all of it anew",
        |event| matches!(event, MediaEvent::Packet(packet) if update(packet).fresh),
    );
    assert_eq!(drawn_by(1, &painter, &mut listener), Codec::Vp9);
    listener.until_quiet(500 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

#[test]
fn a_new_screen_size_comes_as_a_display_and_a_fresh_picture() {
    let server = XServer::start_resizable(SIZE);
    let painter = Painter::new(&server);
    let (_media, mut listener) = share(&server);
    listener.until_quiet(300 * MS);
    // Odd sides are cropped.
    for (width, height) in [(1023, 767), (1600, 900)] {
        server.resize(width, height);
        listener.until("the new size", |event| {
            is_display(event, [0, 0, width & !1, height & !1])
        });
        assert!(update(&listener.packet()).fresh);
        painter.text(0);
        listener.until_quiet(500 * MS);
        assert_eq!(listener.wrong(&painter.screenshot()), 0);
    }
}

#[test]
fn the_pointer_is_sent_apart_and_costs_no_picture() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    let (_media, mut listener) = share(&server);
    listener.until_quiet(500 * MS);
    painter.set_pointer_shape();
    let shape = listener.until("the shape", |event| {
        matches!(event, MediaEvent::CursorShape(_))
    });
    let MediaEvent::CursorShape(shape) = shape else {
        unreachable!()
    };
    assert!(shape.size().0 > 0 && shape.rgba().iter().any(|&byte| byte > 0));
    painter.move_pointer(320, 180);
    let moved = listener.until("the motion", |event| {
        matches!(event, MediaEvent::CursorMoved(_))
    });
    let MediaEvent::CursorMoved(at) = moved else {
        unreachable!()
    };
    assert_eq!((at.x.to_pixel(1280), at.y.to_pixel(720)), (320, 180));
    let rest = listener.events_for(300 * MS);
    assert!(
        !rest
            .iter()
            .any(|event| matches!(event, MediaEvent::Packet(packet)
                if !update(packet).parts.is_empty())),
        "{rest:?}"
    );
}

#[test]
fn while_paused_nothing_is_sent_and_afterwards_what_is_there_then() {
    let server = XServer::start(SIZE);
    let painter = Painter::new(&server);
    let (media, mut listener) = share(&server);
    listener.until_quiet(500 * MS);
    media.pause(true);
    listener.until_quiet(50 * MS);
    painter.text(0);
    painter.move_pointer(10, 10);
    painter.set_pointer_shape();
    let paused = listener.events_for(300 * MS);
    assert!(paused.is_empty(), "while paused came {paused:?}");
    media.pause(false);
    listener.watch_for(1000 * MS);
    assert_eq!(listener.wrong(&painter.screenshot()), 0);
}

#[test]
fn the_whole_picture_comes_anew_on_request_at_most_once_a_second() {
    let server = XServer::start(SIZE);
    Painter::new(&server).text(0);
    let (media, mut listener) = share(&server);
    listener.until_quiet(1000 * MS);
    let mut keys = 0;
    let begun = Instant::now();
    while begun.elapsed() < 1500 * MS {
        media.refresh();
        let events = listener.events_for(20 * MS);
        keys += events
            .iter()
            .filter(|event| matches!(event, MediaEvent::Packet(packet) if update(packet).fresh))
            .count();
    }
    assert_eq!(keys, 2, "at 0 s and at 1 s");
}

#[test]
fn a_display_that_goes_away_is_told_in_a_sentence() {
    let mut server = XServer::start(SIZE);
    let (_media, mut listener) = share(&server);
    listener.until_quiet(300 * MS);
    server.kill();
    let failed = listener.until("the failure", |event| {
        matches!(event, MediaEvent::Failed(_))
    });
    let MediaEvent::Failed(sentence) = failed else {
        unreachable!()
    };
    assert_eq!(
        sentence,
        "The desktop was closed, so there is nothing left to show."
    );
    assert!(listener.is_over());
}

#[test]
fn displays_that_cannot_be_shown_are_refused_in_a_sentence() {
    let error = |display: &str| x11::open(display).err().expect("refused");
    let missing = error(":4711");
    assert!(matches!(missing, CaptureError::Unreachable { .. }));
    assert!(missing.sentence().contains(":4711"));
    for depth in [8, 15, 16, 30] {
        let screen = format!("640x480x{depth}");
        let other = XServer::start_with(&["-screen", "0", &screen]);
        let refused = error(&other.display());
        assert!(
            matches!(refused, CaptureError::Format(found) if found == depth),
            "{refused}"
        );
        let said = format!("{depth} bits of colour");
        assert!(refused.sentence().contains(&said), "{refused:?}");
    }
}

#[test]
fn whatever_extension_is_missing_the_picture_still_comes_and_stops() {
    for missing in [
        ["MIT-SHM"].as_slice(),
        &["DAMAGE"],
        &["DAMAGE", "MIT-SHM"],
        &["XFIXES"],
        &["RANDR"],
        &["DAMAGE", "MIT-SHM", "RANDR", "XFIXES"],
    ] {
        let mut options = vec!["-screen", "0", "640x480x24"];
        for &extension in missing {
            options.extend(["-extension", extension]);
        }
        let server = XServer::start_with(&options);
        let painter = Painter::new(&server);
        let (_media, mut listener) = share(&server);
        listener.until_quiet(500 * MS);
        painter.text(0);
        assert!(!update(&listener.packet()).fresh);
        listener.until_quiet(700 * MS);
        assert_eq!(
            listener.wrong(&painter.screenshot()),
            0,
            "without {missing:?}"
        );
    }
}

#[test]
fn a_slow_receiver_gets_the_latest_picture_and_can_decode_all_that_it_gets() {
    let size = Size {
        width: 640,
        height: 480,
    };
    let source = move || Ok(Box::new(Synthetic::new(size, 60, 10 * MS)) as Box<_>);
    let (_media, mut listener) = Listener::start_with_room(source, SETTINGS, 1);
    std::thread::sleep(700 * MS);
    let waiting = listener.events_for(MS);
    assert!(waiting.len() <= 2, "bounded, not {}", waiting.len());
    let rest = listener.until_quiet(500 * MS);
    assert!(rest < 40, "frames were left out, not queued: {rest} came");
}

#[test]
fn dropping_the_handle_ends_the_thread_at_once() {
    let server = XServer::start(SIZE);
    let (media, mut listener) = share(&server);
    listener.until_quiet(300 * MS);
    let begun = Instant::now();
    drop(media);
    assert!(begun.elapsed() < 200 * MS);
    assert!(listener.is_over());
}
