//! The expert: a person with a link, a password and a browser.

use std::time::{Duration, Instant};

use fantoccini::actions::{KeyAction, MOUSE_BUTTON_LEFT, PointerAction};
use serde_json::json;

use crate::{
    browser::{Browser, Role},
    desktop::{Desktop, SIZE},
    novice::Novice,
    wait::{self, PATIENCE},
};

/// The name every expert here gives.
pub const NAME: &str = "Erika Example";
/// How far a colour may be off after the codec, per channel.
const NEAR: i64 = 24;

/// A browser at the expert's page.
pub struct Expert {
    /// The browser.
    pub browser: Browser,
}

impl Expert {
    /// Starts a browser and opens the link.
    pub async fn open(link: &str) -> Self {
        let browser = Browser::start().await;
        browser.goto(link).await;
        Self { browser }
    }

    /// Gives name and password, and presses Connect.
    pub async fn connect(&self, password: &str) {
        self.browser.fill("Your name", NAME).await;
        if !password.is_empty() {
            self.browser.fill("Password", password).await;
        }
        self.browser.press("Connect").await;
    }

    /// Comes with the right password, is let in by the novice, and sees the desktop.
    pub async fn view(novice: &mut Novice) -> Self {
        Self::view_with(novice, "").await
    }

    /// As [`Self::view`], in a browser that runs this script before the page's own.
    pub async fn view_with(novice: &mut Novice, script: &str) -> Self {
        let expert = Self::let_in_with(novice, script).await;
        expert.sees_desktop().await;
        expert
    }

    /// As [`Self::view`], in that browser, at that address.
    pub async fn view_in(browser: Browser, address: &str, novice: &mut Novice) -> Self {
        let expert = Self::let_in_at(browser, address, novice).await;
        expert.sees_desktop().await;
        expert
    }

    /// Comes with the right password, and is let in by the novice.
    pub async fn let_in(novice: &mut Novice) -> Self {
        Self::let_in_with(novice, "").await
    }

    async fn let_in_with(novice: &mut Novice, script: &str) -> Self {
        let browser = Browser::start().await;
        browser.run_first(script).await;
        let link = novice.link.clone();
        Self::let_in_at(browser, &link, novice).await
    }

    async fn let_in_at(browser: Browser, address: &str, novice: &mut Novice) -> Self {
        browser.goto(address).await;
        let expert = Self { browser };
        expert.connect(&novice.password).await;
        let question = novice.answers("y").await;
        assert!(question.contains(NAME), "who asks is not named: {question}");
        expert
    }

    /// Waits for a picture of the right size.
    pub async fn sees_desktop(&self) {
        self.sees_size(SIZE).await;
    }

    /// Waits for a picture of this size.
    pub async fn sees_size(&self, wanted: (u16, u16)) {
        self.browser.find(Role::Screen, "Novice's desktop").await;
        wait::until(&format!("picture of {wanted:?}"), PATIENCE, async || {
            let size = self.video_size().await?;
            (size == wanted).then_some(())
        })
        .await;
    }

    async fn video_size(&self) -> Option<(u16, u16)> {
        let size = self
            .browser
            .run(
                "const c = document.querySelector('canvas.screen');
                 return c && c.width ? [c.width, c.height] : null;",
                vec![],
            )
            .await;
        let pixels = |n: usize| u16::try_from(size[n].as_u64()?).ok();
        Some((pixels(0)?, pixels(1)?))
    }

    /// Waits until the picture has not changed for so long.
    pub async fn settles(&self, quiet: Duration, within: Duration) {
        let mut last = (None, Instant::now());
        wait::until("a picture at rest", within, async || {
            let seen = self
                .browser
                .run(
                    "const c = document.querySelector('canvas.screen');
                     const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                     let hash = 0;
                     for (const byte of pixels) hash = (hash * 31 + byte) | 0;
                     return hash;",
                    vec![],
                )
                .await
                .as_i64();
            if seen != last.0 {
                last = (seen, Instant::now());
            }
            (last.1.elapsed() >= quiet).then_some(())
        })
        .await;
    }

    /// Waits until the expert sees exactly what is in this place of the desktop (left, top, width,
    /// height), to the last bit.
    pub async fn sees_exactly(&self, desktop: &Desktop, place: [u16; 4], within: Duration) {
        let wanted = i64::from(desktop.print_of(place));
        wait::until("exactly the picture on the desktop", within, async || {
            let seen = self
                .browser
                .run(
                    "const [x, y, w, h] = arguments[0], c = document.querySelector('canvas.screen');
                     const pixels = c.getContext('2d').getImageData(x, y, w, h).data;
                     let print = 0;
                     for (let n = 0; n < pixels.length; n++)
                         if (n % 4 < 3) print = (Math.imul(print, 31) + pixels[n]) | 0;
                     return print;",
                    vec![json!(place)],
                )
                .await;
            (seen.as_i64()? == wanted).then_some(())
        })
        .await;
    }

    /// Opens the panel that tells how the picture travels.
    pub async fn opens_connection(&self) {
        self.browser.press("Connection").await;
    }

    /// What a row of that panel says, if it is there.
    pub async fn figure(&self, row: &str) -> Option<String> {
        let said = self
            .browser
            .run(
                "for (const row of document.querySelectorAll('#connection dl > div'))
                     if (row.querySelector('dt').textContent === arguments[0])
                         return row.querySelector('dd').textContent;
                 return null;",
                vec![json!(row)],
            )
            .await;
        Some(said.as_str()?.to_owned())
    }

    /// Waits until a row of that panel says something that `wanted` finds right.
    pub async fn reads(&self, row: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut last = None;
        let right = wait::within(PATIENCE, async || {
            last = self.figure(row).await;
            last.clone().filter(|said| wanted(said))
        })
        .await;
        right.unwrap_or_else(|| panic!("{row}: {last:?}"))
    }

    /// Chooses what matters about the picture.
    pub async fn prefers(&self, name: &str) {
        let select = self.browser.find(Role::Choice, "Picture quality").await;
        select.select_by_label(name).await.expect("it is offered");
    }

    /// The colour of one pixel of the desktop, as the expert sees it.
    pub async fn colour_at(&self, at: (u16, u16)) -> Option<[i64; 3]> {
        let rgb = self
            .browser
            .run(
                "const [x, y] = arguments, s = document.querySelector('canvas.screen');
                 if (!s || !s.width) return null;
                 const c = document.createElement('canvas');
                 c.width = c.height = 1;
                 const g = c.getContext('2d');
                 g.drawImage(s, x, y, 1, 1, 0, 0, 1, 1);
                 return Array.from(g.getImageData(0, 0, 1, 1).data.slice(0, 3));",
                vec![json!(at.0), json!(at.1)],
            )
            .await;
        Some([rgb[0].as_i64()?, rgb[1].as_i64()?, rgb[2].as_i64()?])
    }

    /// Waits until the expert sees this colour there.
    pub async fn sees_colour(&self, at: (u16, u16), wanted: [u8; 3]) {
        let mut last = None;
        let seen = tokio::time::timeout(PATIENCE, async {
            loop {
                last = self.colour_at(at).await;
                if last.is_some_and(|seen| is_near(seen, wanted)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        assert!(
            seen.is_ok(),
            "the expert never saw {wanted:?} at {at:?}; last seen {last:?}"
        );
    }

    /// Asks for control, which the novice allows.
    pub async fn gets_control(&self, novice: &mut Novice) {
        self.browser.press("Take control").await;
        novice.answers("y").await;
        self.has_control().await;
    }

    /// Waits until control is on.
    pub async fn has_control(&self) {
        self.browser.find(Role::Button, "Release control").await;
    }

    /// Waits until control is off and can be asked for, or soon will be.
    pub async fn has_no_control(&self) {
        self.browser.gone(Role::Button, "Release control").await;
        self.browser.find(Role::Button, "Take control").await;
    }

    /// Says something to the novice.
    pub async fn chats(&self, text: &str) {
        self.browser.fill("Message", text).await;
        self.browser.press("Send").await;
    }

    /// Where in the browser's window a pixel of the desktop is.
    pub async fn place_of(&self, at: (u16, u16)) -> (f64, f64) {
        let place = self
            .browser
            .run(
                "const [x, y] = arguments, c = document.querySelector('canvas.screen');
                 const r = c.getBoundingClientRect();
                 const s = Math.min(r.width / c.width, r.height / c.height);
                 return [r.left + (r.width - c.width * s) / 2 + (x + 0.5) * s,
                         r.top + (r.height - c.height * s) / 2 + (y + 0.5) * s];",
                vec![json!(at.0), json!(at.1)],
            )
            .await;
        (place[0].as_f64().unwrap(), place[1].as_f64().unwrap())
    }

    /// Moves the pointer to a pixel of the desktop.
    pub async fn points_at(&self, at: (u16, u16)) {
        let to = self.move_to(at).await;
        self.browser.mouse([to]).await;
    }

    /// Clicks on a pixel of the desktop.
    pub async fn clicks(&self, at: (u16, u16), button: u64) {
        let to = self.move_to(at).await;
        self.browser
            .mouse([
                to,
                PointerAction::Down { button },
                PointerAction::Up { button },
            ])
            .await;
    }

    /// Drags with the left button from one pixel of the desktop to another.
    pub async fn drags(&self, from: (u16, u16), to: (u16, u16)) {
        let (from, to) = (self.move_to(from).await, self.move_to(to).await);
        let button = MOUSE_BUTTON_LEFT;
        self.browser
            .mouse([
                from,
                PointerAction::Down { button },
                to,
                PointerAction::Up { button },
            ])
            .await;
    }

    /// Turns the wheel over a pixel of the desktop, in pixels.
    pub async fn turns_wheel(&self, at: (u16, u16), delta: (i64, i64)) {
        let place = self.place_of(at).await;
        self.browser.wheel(place, delta).await;
    }

    /// Types text, each key down and up.
    pub async fn types(&self, text: &str) {
        self.browser
            .keys(
                text.chars()
                    .flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]),
            )
            .await;
    }

    /// Presses keys together: all down in order, all up in reverse.
    pub async fn chord(&self, keys: &[char]) {
        let down = keys.iter().map(|&value| KeyAction::Down { value });
        let up = keys.iter().rev().map(|&value| KeyAction::Up { value });
        self.browser.keys(down.chain(up)).await;
    }

    /// Presses keys and leaves them down.
    pub async fn holds(&self, keys: &[char]) {
        self.browser
            .keys(keys.iter().map(|&value| KeyAction::Down { value }))
            .await;
    }

    async fn move_to(&self, at: (u16, u16)) -> PointerAction {
        let (x, y) = self.place_of(at).await;
        PointerAction::MoveTo {
            duration: None,
            x,
            y,
        }
    }
}

/// Whether two colours are the same but for what the codec does to them.
pub fn is_near(seen: [i64; 3], wanted: [u8; 3]) -> bool {
    seen.iter()
        .zip(wanted)
        .all(|(a, b)| (a - i64::from(b)).abs() <= NEAR)
}
