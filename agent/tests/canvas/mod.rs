//! Paints what egui puts out, in plain arithmetic: the same picture on every machine, without a
//! graphics driver.

use std::collections::HashMap;

use egui::{
    ClippedPrimitive, Color32, ColorImage, FullOutput, ImageData, Pos2, Rect, TextureId,
    TexturesDelta,
    epaint::{Mesh, Primitive, Vertex},
};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};

/// The textures so far.
#[derive(Default)]
pub struct Canvas {
    textures: HashMap<TextureId, ColorImage>,
}

impl TestRenderer for Canvas {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, patches) in delta.set.drain() {
            for patch in patches {
                let ImageData::Color(new) = patch.image;
                let Some([left, top]) = patch.pos else {
                    self.textures.insert(id, (*new).clone());
                    continue;
                };
                let Some(texture) = self.textures.get_mut(&id) else {
                    continue;
                };
                for y in 0..new.height() {
                    for x in 0..new.width() {
                        texture[(left + x, top + y)] = new[(x, y)];
                    }
                }
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &egui::Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.content_rect().size() * scale;
        let mut image =
            RgbaImage::from_pixel(size.x.round() as u32, size.y.round() as u32, Rgba([255; 4]));
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in ctx.tessellate(output.shapes.clone(), scale)
        {
            let Primitive::Mesh(mesh) = primitive else {
                return Err("callbacks cannot be painted here".into());
            };
            let texture = self
                .textures
                .get(&mesh.texture_id)
                .ok_or("a mesh without a texture")?;
            paint(&mut image, &mesh, texture, clip_rect * scale, scale);
        }
        Ok(image)
    }
}

fn paint(image: &mut RgbaImage, mesh: &Mesh, texture: &ColorImage, clip: Rect, scale: f32) {
    let screen = Rect::from_min_size(
        Pos2::ZERO,
        egui::vec2(image.width() as f32, image.height() as f32),
    );
    let clip = clip.intersect(screen);
    for corners in mesh.indices.as_slice().chunks_exact(3) {
        let corners = [0, 1, 2].map(|n| mesh.vertices[corners[n] as usize]);
        triangle(image, corners, texture, clip, scale);
    }
}

/// Fills every pixel whose middle lies inside, or on the edge that the neighbour leaves to it.
fn triangle(
    image: &mut RgbaImage,
    mut corners: [Vertex; 3],
    texture: &ColorImage,
    clip: Rect,
    scale: f32,
) {
    let doubled_area = |[a, b, c]: [Pos2; 3]| (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    let at = |corners: &[Vertex; 3]| corners.map(|corner| (corner.pos.to_vec2() * scale).to_pos2());
    let mut area = doubled_area(at(&corners));
    if area < 0.0 {
        corners.swap(1, 2);
        area = -area;
    }
    if area < 1e-6 {
        return;
    }
    let places = at(&corners);
    let bounds = Rect::from_points(&places).intersect(clip);
    if !bounds.is_positive() {
        return;
    }
    // Most of a picture is one colour, and this arithmetic is slow without optimisation.
    let [first, second, third] = &corners;
    let same = |a: &Vertex, b: &Vertex| a.uv == b.uv && a.color == b.color;
    let flat = (same(first, second) && same(first, third))
        .then(|| shade(&corners, [1.0, 0.0, 0.0], texture));
    let [a, b, c] = places;
    let edges = [(b, c), (c, a), (a, b)];
    let owned = edges.map(|(from, to)| to.y < from.y || (to.y == from.y && to.x > from.x));
    for y in bounds.top().floor() as u32..bounds.bottom().ceil() as u32 {
        for x in bounds.left().floor() as u32..bounds.right().ceil() as u32 {
            let middle = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            if !clip.contains(middle) || x >= image.width() || y >= image.height() {
                continue;
            }
            let shares = edges.map(|(from, to)| doubled_area([from, to, middle]));
            if (0..3).all(|n| shares[n] > 0.0 || (shares[n] == 0.0 && owned[n])) {
                let colour =
                    flat.unwrap_or_else(|| shade(&corners, shares.map(|s| s / area), texture));
                blend(image.get_pixel_mut(x, y), colour);
            }
        }
    }
}

/// Premultiplied colour of a point, 0 to 1: vertex colour times texture, in gamma space.
fn shade(corners: &[Vertex; 3], shares: [f32; 3], texture: &ColorImage) -> [f32; 4] {
    let mut uv = egui::Vec2::ZERO;
    let mut tint = [0.0; 4];
    for (corner, share) in corners.iter().zip(shares) {
        uv += corner.uv.to_vec2() * share;
        for (sum, part) in tint.iter_mut().zip(corner.color.to_array()) {
            *sum += f32::from(part) / 255.0 * share;
        }
    }
    let texel = sample(texture, uv);
    std::array::from_fn(|n| tint[n] * texel[n])
}

/// Between the four nearest texels.
fn sample(texture: &ColorImage, uv: egui::Vec2) -> [f32; 4] {
    let (width, height) = (texture.width(), texture.height());
    let x = (uv.x * width as f32 - 0.5).clamp(0.0, (width - 1) as f32);
    let y = (uv.y * height as f32 - 0.5).clamp(0.0, (height - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (across, down) = (x - left as f32, y - top as f32);
    let texel = |x: usize, y: usize| {
        let colour: Color32 = texture[(x, y)];
        colour.to_array().map(|part| f32::from(part) / 255.0)
    };
    let mix = |a: [f32; 4], b: [f32; 4], share: f32| -> [f32; 4] {
        std::array::from_fn(|n| a[n] + (b[n] - a[n]) * share)
    };
    let above = mix(texel(left, top), texel(right, top), across);
    let below = mix(texel(left, bottom), texel(right, bottom), across);
    mix(above, below, down)
}

fn blend(pixel: &mut Rgba<u8>, over: [f32; 4]) {
    for n in 0..3 {
        let under = f32::from(pixel.0[n]) / 255.0;
        let mixed = over[n] + under * (1.0 - over[3]);
        pixel.0[n] = (mixed * 255.0).round().clamp(0.0, 255.0) as u8;
    }
}
