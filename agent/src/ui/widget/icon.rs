//! Pictures of what a screen is about.

use egui::{Align2, Color32, Pos2, Sense, Shape, Stroke, Ui, Vec2};

use crate::ui::style;

/// A picture of what a screen is about.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) enum Icon {
    /// Seeing.
    Eye,
    /// Pointing.
    Pointer,
    /// Done.
    Check,
    /// Not as anybody wanted.
    Trouble,
    /// Asking.
    Question,
    /// Inviting.
    Letter,
}

/// Draws `icon` in a tinted circle.
pub(in crate::ui) fn icon(ui: &mut Ui, icon: Icon, ink: Color32, tint: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(64.0), Sense::hover());
    let painter = ui.painter();
    let middle = rect.center();
    painter.circle_filled(middle, 32.0, tint);
    let stroke = Stroke::new(3.0, ink);
    let at = |x: f32, y: f32| Pos2::new(middle.x + x, middle.y + y);
    match icon {
        Icon::Eye => {
            for lid in [-1.0, 1.0] {
                let curve = (0..=24_u8).map(|step| {
                    let t = f32::from(step) / 12.0 - 1.0;
                    at(t * 19.0, lid * 11.5 * (1.0 - t * t))
                });
                painter.add(Shape::line(curve.collect(), stroke));
            }
            painter.circle_filled(middle, 6.0, ink);
        }
        Icon::Pointer => {
            let arrow = [
                (-8.0, -16.0),
                (-8.0, 10.0),
                (-2.0, 4.5),
                (2.5, 15.0),
                (7.5, 12.8),
                (3.0, 2.6),
                (11.0, 2.0),
            ];
            let outline = arrow.map(|(x, y)| at(x, y)).to_vec();
            painter.add(Shape::closed_line(outline, stroke));
        }
        Icon::Check => {
            let tick = vec![at(-13.0, 1.0), at(-4.0, 10.0), at(14.0, -10.0)];
            painter.add(Shape::line(tick, Stroke::new(4.0, ink)));
        }
        Icon::Trouble => {
            let stem = [at(0.0, -14.0), at(0.0, 4.0)];
            painter.line_segment(stem, Stroke::new(4.0, ink));
            painter.circle_filled(at(0.0, 12.0), 3.0, ink);
        }
        Icon::Question => {
            let font = style::semibold(38.0);
            painter.text(middle, Align2::CENTER_CENTER, "?", font, ink);
        }
        Icon::Letter => {
            let sides = [(-17.0, -11.0), (17.0, -11.0), (17.0, 12.0), (-17.0, 12.0)];
            let sides = sides.map(|(x, y)| at(x, y)).to_vec();
            let flap = vec![at(-17.0, -10.0), at(0.0, 3.0), at(17.0, -10.0)];
            painter.add(Shape::closed_line(sides, stroke));
            painter.add(Shape::line(flap, stroke));
        }
    }
}
