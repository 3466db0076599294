//! A link as a picture for a telephone's camera.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Light squares around it: four, as the standard asks for.
const QUIET: usize = 4;

/// A QR code: a square of dark and light squares.
#[derive(Clone)]
pub struct Code {
    width: usize,
    dark: Vec<bool>,
}

/// The colours of a code in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The terminal's own: right on a dark one, and read by most cameras on a light one.
    Terminal,
    /// Black on white, by ANSI colours.
    BlackOnWhite,
}

impl Code {
    /// Draws text; `None` if it is too long for any code.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let dark = code.into_colors().into_iter().map(|c| c == Color::Dark);
        Some(Self {
            width,
            dark: dark.collect(),
        })
    }

    /// Squares in a row, and rows; without the light ones around it, of which a picture needs
    /// four on every side.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether that square is dark. Everything around the code is light.
    pub fn dark(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.width && self.dark[y * self.width + x]
    }

    /// For a terminal, two rows in a line.
    pub fn to_terminal(&self, ink: Ink) -> String {
        let (before, after) = match ink {
            Ink::Terminal => ("", ""),
            Ink::BlackOnWhite => ("\x1b[38;5;231;48;5;16m", "\x1b[0m"),
        };
        let side = self.width + 2 * QUIET;
        let mut drawn = String::new();
        for row in (0..side).step_by(2) {
            drawn.push_str(before);
            for column in 0..side {
                // What is light is written: on a dark ground it shines.
                drawn.push(
                    match (self.light(column, row), self.light(column, row + 1)) {
                        (true, true) => '█',
                        (true, false) => '▀',
                        (false, true) => '▄',
                        (false, false) => ' ',
                    },
                );
            }
            let _ = writeln!(drawn, "{after}");
        }
        drawn
    }

    /// Counted from the corner of the quiet zone.
    fn light(&self, x: usize, y: usize) -> bool {
        let at = |place: usize| place.wrapping_sub(QUIET);
        !self.dark(at(x), at(y))
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({} squares wide)", self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str =
        "https://help.example.org/#1.AAECAwQFBgcICQoLDA0ODw.AAECAwQFBgcICQoLDA0ODw.p";

    #[test]
    fn it_is_the_code_that_the_library_draws() {
        let code = Code::of(LINK).unwrap();
        let theirs = QrCode::with_error_correction_level(LINK, EcLevel::M)
            .unwrap()
            .render::<char>()
            .quiet_zone(false)
            .module_dimensions(1, 1)
            .dark_color('#')
            .light_color('.')
            .build();
        let row = |y| (0..code.width()).map(move |x| (x, y));
        let rows = (0..code.width()).map(|y| -> String {
            row(y)
                .map(|(x, y)| if code.dark(x, y) { '#' } else { '.' })
                .collect()
        });
        assert_eq!(rows.collect::<Vec<_>>().join("\n"), theirs);
        assert!(!code.dark(code.width(), 0) && !code.dark(0, code.width()));
    }

    #[test]
    fn a_terminal_shows_every_square_and_the_quiet_zone() {
        let code = Code::of(LINK).unwrap();
        let drawn = code.to_terminal(Ink::Terminal);
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let side = code.width() + 8;
        assert_eq!(lines.len(), side.div_ceil(2));
        let light = |x: usize, y: usize| match lines[y / 2][x] {
            '█' => true,
            '▀' => y.is_multiple_of(2),
            '▄' => !y.is_multiple_of(2),
            ' ' => false,
            other => panic!("{other:?}"),
        };
        for y in 0..side {
            assert_eq!(lines[y / 2].len(), side);
            for x in 0..side {
                let inside = (4..side - 4).contains(&x) && (4..side - 4).contains(&y);
                let dark = inside && code.dark(x - 4, y - 4);
                assert_eq!(light(x, y), !dark, "{x} {y}");
            }
        }
    }

    #[test]
    fn colours_are_said_only_when_asked_for() {
        let code = Code::of("x").unwrap();
        assert!(!code.to_terminal(Ink::Terminal).contains('\x1b'));
        for line in code.to_terminal(Ink::BlackOnWhite).lines() {
            assert!(line.starts_with("\x1b[38;5;231;48;5;16m") && line.ends_with("\x1b[0m"));
        }
    }

    #[test]
    fn what_is_too_long_has_none() {
        assert!(Code::of(&"x".repeat(3000)).is_none());
    }
}
