//! What each choice of quality makes of the same screen.

use super::*;

/// A plain screen that is shown, to somebody who prefers this, over a link of so much.
fn shown(quality: Quality, kbit: u32) -> Scene {
    let mut scene = Scene::new();
    let taste = Taste::of(quality);
    let kbit = kbit.min(taste.kbit);
    scene.composer.set_taste(taste);
    scene.pacer = Pacer::new(taste.fps);
    scene.does(&Act::Bitrate(kbit));
    scene.link = Link::new(kbit, scene.now);
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    scene.bytes = 0;
    scene
}

const FILM: Rect = Rect {
    x: 16,
    y: 16,
    width: 112,
    height: 64,
};

/// Plays a film of 30 pictures a second for a second, and sends whatever is due; gives how many
/// pictures of it a codec drew.
fn plays(scene: &mut Scene) -> usize {
    let mut drawn = 0;
    for frame in 0..30 {
        scene.does(&Act::Noise(FILM, frame));
        let before = scene.videos;
        for ms in [0, 16, 17] {
            scene.now += MS * ms;
            let may = scene.pacer.next().is_none_or(|next| next <= scene.now);
            if may && scene.composer.due(scene.now) == Due::Now {
                scene.sends(usize::MAX);
                scene.pacer.encoded(scene.now, MS);
            }
        }
        drawn += scene.videos - before;
    }
    drawn
}

#[test]
fn with_sharp_text_a_photograph_is_exact_at_once_and_only_film_is_drawn() {
    let mut sharp = shown(Quality::SharpText, 8000);
    let mut auto = shown(Quality::Auto, 8000);
    for scene in [&mut sharp, &mut auto] {
        scene.now += 1000 * MS;
        scene.does(&Act::Noise(FILM, 1));
        scene.does(&Act::Text(rect_below(FILM), 1));
        assert!(scene.sends(usize::MAX));
    }
    assert!(sharp.is_exact());
    assert!(!auto.is_exact(), "drawn by a codec at first");
    auto.settles(usize::MAX);
    assert!(auto.is_exact());
}

fn rect_below(rect: Rect) -> Rect {
    Rect {
        y: rect.bottom() + 8,
        height: 40,
        ..rect
    }
}

#[test]
fn with_sharp_text_a_film_has_fewer_pictures_and_text_beside_it_is_exact_all_the_time() {
    let mut sharp = shown(Quality::SharpText, 2000);
    let mut auto = shown(Quality::Auto, 2000);
    let (few, all) = (plays(&mut sharp), plays(&mut auto));
    assert!((12..=16).contains(&few), "{few} a second");
    assert!(all >= 28, "{all} a second");

    // While it plays, a line of text changes in the middle of it.
    let line = Rect {
        x: FILM.x + 16,
        y: FILM.y + 16,
        width: 64,
        height: 16,
    };
    for frame in 0..10 {
        sharp.now += 33 * MS;
        sharp.does(&Act::Noise(FILM, 100 + frame));
        sharp.does(&Act::Text(line, frame));
        sharp.sends(usize::MAX);
        assert!(sharp.page.equals(&sharp.screen, line), "at once");
    }
    sharp.settles(usize::MAX);
    assert!(sharp.is_exact());
}

#[test]
fn film_that_waits_for_its_turn_keeps_nobody_awake() {
    let mut scene = shown(Quality::SharpText, 2000);
    plays(&mut scene);
    scene.does(&Act::Noise(FILM, 77));
    while scene.sends(usize::MAX) {
        scene.now += 10 * MS;
        scene.does(&Act::Noise(FILM, 78));
    }
    let Due::At(at) = scene.composer.due(scene.now) else {
        panic!("film is left")
    };
    assert!(at <= scene.now + Duration::from_millis(66));
    scene.does(&Act::Text(rect_below(FILM), 3));
    assert_eq!(scene.composer.due(scene.now), Due::Now, "and text is not");
}

#[test]
fn a_page_that_does_not_fit_is_drawn_first_where_moving_evenly_matters() {
    for (quality, drawn) in [
        (Quality::Auto, false),
        (Quality::SharpText, false),
        (Quality::Balanced, true),
        (Quality::LowBandwidth, true),
    ] {
        let mut scene = shown(quality, 700);
        scene.does(&Act::Text(SIZE.rect(), 5));
        let budget = 300;
        assert!(scene.sends(budget));
        assert_eq!(scene.videos > 0, drawn, "{quality:?}");
        assert_eq!(scene.composer.due(scene.now) == Due::Now, !drawn);
        scene.settles(budget);
        assert!(scene.is_exact(), "{quality:?}");
    }
}

#[test]
fn with_low_bandwidth_a_film_takes_fewer_bytes_and_av1_on_any_link() {
    let bytes = |quality| {
        let mut scene = shown(quality, 20_000);
        scene.does(&Act::Decodes(vec![Codec::Vp9, Codec::Av1]));
        plays(&mut scene);
        (scene.bytes, scene.decoder)
    };
    let (auto, by) = bytes(Quality::Auto);
    assert_eq!(by, Some(Codec::Vp9));
    let (low, by) = bytes(Quality::LowBandwidth);
    assert_eq!(by, Some(Codec::Av1));
    assert!(low * 3 < auto * 2, "{low} instead of {auto}");
}

#[test]
fn every_choice_keeps_to_what_its_table_says() {
    use Quality::{Auto, Balanced, LowBandwidth, SharpText};
    let said = [Auto, SharpText, Balanced, LowBandwidth]
        .map(Taste::of)
        .map(|taste| (taste.fps, taste.kbit < 800));
    assert_eq!(said, [(60, false), (60, false), (30, false), (15, true)]);
    assert_eq!(Taste::default(), Taste::of(Auto));
}
