//! How the window looks: colours, type and spacing, in one place.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, Style,
    TextStyle, Vec2, Visuals, style::WidgetVisuals,
};

/// Behind everything.
pub(super) const BACKGROUND: Color32 = Color32::from_rgb(0xf3, 0xf5, 0xf9);
/// Cards and fields.
pub(super) const SURFACE: Color32 = Color32::WHITE;
/// Thin lines around cards and fields; 3:1 against both where it alone marks a control.
pub(super) const LINE: Color32 = Color32::from_rgb(0xd9, 0xdf, 0xe8);
/// Lines around controls.
pub(super) const CONTROL_LINE: Color32 = Color32::from_rgb(0x8a, 0x95, 0xa6);
/// Text; 15:1 on the background.
pub(super) const INK: Color32 = Color32::from_rgb(0x1b, 0x24, 0x30);
/// Less important text; 6:1 on the background.
pub(super) const SOFT_INK: Color32 = Color32::from_rgb(0x52, 0x5d, 0x6d);
/// The main action; white on it has 6:1.
pub(super) const ACCENT: Color32 = Color32::from_rgb(0x1f, 0x5f, 0xbf);
/// The main action under the pointer.
pub(super) const ACCENT_DARK: Color32 = Color32::from_rgb(0x18, 0x4c, 0x9b);
/// Behind things that the accent marks.
pub(super) const ACCENT_TINT: Color32 = Color32::from_rgb(0xe6, 0xef, 0xfb);
/// Stop; white on it has 5.6:1.
pub(super) const DANGER: Color32 = Color32::from_rgb(0xc6, 0x28, 0x28);
/// Stop, under the pointer.
pub(super) const DANGER_DARK: Color32 = Color32::from_rgb(0xa1, 0x1f, 0x1f);
/// Behind things that somebody else has their hands on.
pub(super) const DANGER_TINT: Color32 = Color32::from_rgb(0xfd, 0xec, 0xea);
/// All is well; as text 5:1.
pub(super) const GOOD: Color32 = Color32::from_rgb(0x1b, 0x7a, 0x3d);
/// Behind good news.
pub(super) const GOOD_TINT: Color32 = Color32::from_rgb(0xe5, 0xf4, 0xea);
/// Something to know; as text 5:1.
pub(super) const CAUTION: Color32 = Color32::from_rgb(0x8a, 0x5a, 0x00);
/// Behind something to know.
pub(super) const CAUTION_TINT: Color32 = Color32::from_rgb(0xfd, 0xf3, 0xdc);

/// Corners of buttons and fields.
pub(super) const ROUNDING: CornerRadius = CornerRadius::same(8);
/// Corners of cards.
pub(super) const CARD_ROUNDING: CornerRadius = CornerRadius::same(12);
/// Around a screen.
pub(super) const PAGE_MARGIN: i8 = 22;

/// Running text, in points.
const BODY: f32 = 17.0;
/// The smallest text there is.
pub(super) const SMALL: f32 = 16.0;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
const SEMIBOLD_NAME: &str = "semibold";

/// Semibold of this size.
pub(super) fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(SEMIBOLD_NAME.into()))
}

/// Regular of this size.
pub(super) fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Gives `ctx` our typefaces and our look.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.set_theme(egui::Theme::Light);
    ctx.set_style_of(egui::Theme::Light, style());
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in [("regular", REGULAR), (SEMIBOLD_NAME, SEMIBOLD)] {
        fonts
            .font_data
            .insert(name.into(), Arc::new(FontData::from_static(bytes)));
    }
    for (family, name) in [
        (FontFamily::Proportional, "regular"),
        (FontFamily::Monospace, "regular"),
        (FontFamily::Name(SEMIBOLD_NAME.into()), SEMIBOLD_NAME),
    ] {
        fonts.families.insert(family, vec![name.into()]);
    }
    fonts
}

fn style() -> Style {
    let mut style = Style {
        visuals: visuals(),
        // Nothing moves by itself: every frame costs the novice's computer, and shows up in the
        // picture that the expert gets.
        animation_time: 0.0,
        scroll_animation: egui::style::ScrollAnimation::none(),
        ..Style::default()
    };
    style.text_styles = [
        (TextStyle::Heading, semibold(24.0)),
        (TextStyle::Body, regular(BODY)),
        (TextStyle::Button, semibold(BODY)),
        (TextStyle::Small, regular(SMALL)),
        (TextStyle::Monospace, regular(SMALL)),
    ]
    .into();
    style.spacing.item_spacing = Vec2::new(10.0, 10.0);
    style.spacing.button_padding = Vec2::new(18.0, 10.0);
    style.spacing.interact_size = Vec2::new(48.0, 44.0);
    style.spacing.window_margin = Margin::same(PAGE_MARGIN);
    style.spacing.scroll.floating_allocated_width = 12.0;
    style.interaction.selectable_labels = false;
    style
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::light();
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(SOFT_INK);
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = SURFACE;
    visuals.extreme_bg_color = SURFACE;
    visuals.faint_bg_color = BACKGROUND;
    visuals.selection.bg_fill = Color32::from_rgb(0xb9, 0xd4, 0xf8);
    visuals.selection.stroke = Stroke::new(2.0, ACCENT);
    visuals.text_cursor.blink = false;
    visuals.text_cursor.stroke = Stroke::new(2.0, ACCENT);
    visuals.interact_cursor = Some(egui::CursorIcon::PointingHand);
    let plain = WidgetVisuals {
        bg_fill: SURFACE,
        weak_bg_fill: SURFACE,
        bg_stroke: Stroke::new(1.0, CONTROL_LINE),
        corner_radius: ROUNDING,
        fg_stroke: Stroke::new(1.0, INK),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = WidgetVisuals {
        bg_stroke: Stroke::new(1.0, LINE),
        ..plain
    };
    visuals.widgets.inactive = plain;
    visuals.widgets.hovered = WidgetVisuals {
        bg_stroke: Stroke::new(1.0, ACCENT),
        ..plain
    };
    visuals.widgets.active = WidgetVisuals {
        bg_stroke: Stroke::new(2.0, ACCENT),
        ..plain
    };
    visuals.widgets.open = plain;
    visuals
}
