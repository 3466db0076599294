//! How the picture travels, in plain words.

use std::time::Duration;

use deskhand_protocol::{control::Quality, picture::Codec};
use yew::{Callback, Html, Properties, component, html, use_effect_with, use_state};

use super::trial::TrialView;
use crate::{
    choice,
    gauge::Gauge,
    meter::{Figures, Spread, Way},
    picture::Picture,
    reach::Reach,
    state::{Event, Trial},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// What knows.
    pub gauge: Gauge,
    /// What it is about.
    pub picture: Picture,
    /// What the expert prefers.
    pub quality: Quality,
    /// What this side's network lets through.
    pub reach: Reach,
    /// The test of the connection, while there is none.
    pub trial: Option<Trial>,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// The panel. It asks for figures only while it is there.
#[component]
pub fn ConnectionView(props: &Props) -> Html {
    let figures = use_state(Figures::default);
    {
        let (gauge, picture) = (props.gauge.clone(), props.picture.clone());
        let figures = figures.setter();
        use_effect_with((), move |()| {
            gauge.open(&picture, Callback::from(move |news| figures.set(news)));
            move || gauge.close()
        });
    }
    let size = props.picture.size();
    html! {
        <section class="connection" id="connection" aria-label="Connection">
            <dl>
                { for rows(&figures, size, props.quality, props.reach).into_iter().map(|(what, said)| html! {
                    <div key={what}>
                        <dt>{ what }</dt>
                        <dd>{ said }</dd>
                    </div>
                }) }
            </dl>
            if let Some(trial) = &props.trial {
                <TrialView trial={trial.clone()} on={props.on.clone()} />
            }
        </section>
    }
}

/// What is said in each row.
fn rows(
    figures: &Figures,
    size: Option<(u32, u32)>,
    quality: Quality,
    reach: Reach,
) -> [(&'static str, String); 11] {
    let size = size.map(|(width, height)| format!("{width} × {height} pixels"));
    let way = figures.way.map(|way| match way {
        Way::Direct => "direct".to_owned(),
        Way::Relayed => "through a relay".to_owned(),
    });
    let codec = figures.codec.map(|codec| match codec {
        Codec::Av1 => "AV1".to_owned(),
        Codec::Vp9 => "VP9".to_owned(),
    });
    [
        ("Way", known(way)),
        ("This network", known(reach.words().map(Into::into))),
        ("Round trip", known(figures.trip.map(millis))),
        ("Delay to this page", known(figures.painted.map(spread))),
        ("Delay to your screen", known(figures.presented.map(spread))),
        ("Pictures", format!("{:.0} a second", figures.rate)),
        (
            "Arriving",
            known(figures.kbit.map(|kbit| format!("{kbit:.0} kbit/s"))),
        ),
        (
            "Lost",
            known(figures.loss.map(|loss| format!("{:.1} %", loss * 100.0))),
        ),
        ("Size", known(size)),
        (
            "Film drawn by",
            codec.unwrap_or_else(|| "none so far".into()),
        ),
        ("Quality", choice::name(quality).into()),
    ]
}

fn known(said: Option<String>) -> String {
    said.unwrap_or_else(|| "–".into())
}

fn spread(spread: Spread) -> String {
    format!("{}, at times {}", millis(spread.median), millis(spread.p95))
}

fn millis(time: Duration) -> String {
    format!("{} ms", (time.as_micros() + 500) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_with_their_units_and_what_is_unknown_is_no_figure() {
        let said = |figures| {
            let size = Some((1280, 800));
            let rows = rows(&figures, size, Quality::SharpText, Reach::default());
            rows.map(|(what, said)| format!("{what}: {said}"))
                .join("\n")
        };
        let ms = Duration::from_millis;
        let spread = |median, p95| {
            Some(Spread {
                median: ms(median),
                p95: ms(p95),
            })
        };
        let figures = Figures {
            way: Some(Way::Relayed),
            trip: Some(Duration::from_micros(41_500)),
            painted: spread(20, 35),
            presented: spread(28, 44),
            rate: 29.5,
            kbit: Some(812.4),
            loss: Some(0.0123),
            codec: Some(Codec::Av1),
        };
        assert_eq!(
            said(figures),
            "Way: through a relay\nThis network: –\nRound trip: 42 ms\nDelay to this page: 20 ms, at times 35 ms\n\
             Delay to your screen: 28 ms, at times 44 ms\nPictures: 30 a second\n\
             Arriving: 812 kbit/s\nLost: 1.2 %\nSize: 1280 × 800 pixels\nFilm drawn by: AV1\n\
             Quality: Sharp text"
        );
        let unknown = said(Figures::default());
        assert_eq!(unknown.matches('–').count(), 7, "{unknown}");
    }
}
