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
mod xserver;

use std::time::{Duration, Instant};

use deskhand_agent::media::{
    Media, MediaEvent, Settings,
    capture::{CaptureError, synthetic::Synthetic, x11},
    rect::Size,
};
use draw::Painter;
use listen::Listener;
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
fn first_comes_the_display_then_a_key_frame_and_once_all_is_sharp_nothing_more() {
    let server = XServer::start(SIZE);
    Painter::new(&server).text(0);
    let display = server.display();
    let (_media, mut listener) = Listener::start_alone(move || x11::open(&display), SETTINGS);
    let first = listener.next();
    assert!(
        matches!(
            first,
            MediaEvent::Display {
                width: 1280,
                height: 720
            }
        ),
        "{first:?}"
    );
    assert!(listener.packet().key);
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
    let psnr = listener.psnr(&painter.screenshot());
    println!("1 s after a screen of text: luma PSNR {psnr:.1} dB");
    assert!(psnr >= 40.0, "luma PSNR is only {psnr:.1} dB");
    listener.until_quiet(500 * MS);
    let psnr = listener.psnr(&painter.screenshot());
    assert!(psnr >= 100.0, "in the end luma is not exact: {psnr:.1} dB");
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
        assert!(!packet.key);
        assert!(packet.data.len() < 4000, "{} bytes", packet.data.len());
        listener.watch_for(100 * MS);
    }
    delays.sort();
    println!("drawn letter to packet: median {:?}", delays[10]);
    listener.until_quiet(500 * MS);
    let psnr = listener.psnr(&painter.screenshot());
    assert!(psnr >= 40.0, "luma PSNR is only {psnr:.1} dB");
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
    let psnr = listener.psnr(&painter.screenshot());
    println!("after scrolling: luma PSNR {psnr:.1} dB");
    assert!(psnr >= 40.0, "luma PSNR is only {psnr:.1} dB");
}

#[test]
fn a_new_screen_size_comes_as_a_display_and_a_key_frame() {
    let server = XServer::start_resizable(SIZE);
    let painter = Painter::new(&server);
    let (_media, mut listener) = share(&server);
    listener.until_quiet(300 * MS);
    // Odd sides are cropped.
    for (width, height) in [(1023, 767), (1600, 900)] {
        server.resize(width, height);
        listener.until("the new size", |event| {
            matches!(event, MediaEvent::Display { width: w, height: h }
                if (*w, *h) == (width & !1, height & !1))
        });
        assert!(listener.packet().key);
        painter.text(0);
        listener.until_quiet(500 * MS);
        let psnr = listener.psnr(&painter.screenshot());
        assert!(psnr >= 40.0, "luma PSNR is only {psnr:.1} dB");
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
            .any(|event| matches!(event, MediaEvent::Packet(_))),
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
    let psnr = listener.psnr(&painter.screenshot());
    assert!(psnr >= 40.0, "luma PSNR is only {psnr:.1} dB");
}

#[test]
fn key_frames_come_on_request_at_most_one_a_second() {
    let server = XServer::start(SIZE);
    Painter::new(&server).text(0);
    let (media, mut listener) = share(&server);
    listener.until_quiet(1000 * MS);
    let mut keys = 0;
    let begun = Instant::now();
    while begun.elapsed() < 1500 * MS {
        media.request_key_frame();
        let events = listener.events_for(20 * MS);
        keys += events
            .iter()
            .filter(|event| matches!(event, MediaEvent::Packet(packet) if packet.key))
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
    let shallow = XServer::start_with(&["-screen", "0", "640x480x16"]);
    let refused = error(&shallow.display());
    assert!(matches!(refused, CaptureError::Format(16)), "{refused}");
    assert!(refused.sentence().contains("16 bits of colour"));
}

#[test]
fn without_shared_memory_or_damage_the_picture_still_comes_and_stops() {
    for missing in [["MIT-SHM"].as_slice(), &["DAMAGE"], &["DAMAGE", "MIT-SHM"]] {
        let mut options = vec!["-screen", "0", "640x480x24"];
        for &extension in missing {
            options.extend(["-extension", extension]);
        }
        let server = XServer::start_with(&options);
        let painter = Painter::new(&server);
        let (_media, mut listener) = share(&server);
        listener.until_quiet(500 * MS);
        painter.text(0);
        assert!(!listener.packet().key);
        listener.until_quiet(700 * MS);
        let psnr = listener.psnr(&painter.screenshot());
        assert!(psnr >= 40.0, "without {missing:?} only {psnr:.1} dB");
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
