//! Paints what egui drew, on the processor alone: the same pixels on every machine, and no graphics driver.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use egui::epaint::{ClippedShape, ImageData, Mesh, Primitive, TextShape, Vertex};
use egui::{Color32, ColorImage, Pos2, Rect, Shape, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;
use image::RgbaImage;

/// Words or an icon as they were painted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inked {
    /// What.
    pub(super) text: String,
    /// In which colour.
    pub(super) ink: Color32,
    /// On which.
    pub(super) ground: Color32,
}

impl Inked {
    /// Whether it is an icon, which may differ less from its ground.
    pub(super) fn is_icon(&self) -> bool {
        self.text.chars().all(is_private)
    }
}

/// Whether a character means something in one font alone, as icons do.
pub(super) fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}')
}

/// A painter and its textures.
#[derive(Default)]
pub(super) struct Painter {
    /// What was painted last.
    pub(super) inked: Arc<Mutex<Vec<Inked>>>,
    textures: HashMap<TextureId, ColorImage>,
}

impl TestRenderer for Painter {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, patches) in delta.set.drain() {
            for patch in patches {
                let ImageData::Color(image) = &patch.image;
                match patch.pos {
                    None => drop(self.textures.insert(id, (**image).clone())),
                    Some(at) => {
                        let whole = self.textures.get_mut(&id).expect("a texture to patch");
                        blit(whole, image, at);
                    }
                }
            }
        }
        // A picture may be asked for after its textures are gone.
        delta.free.clear();
    }

    fn render(
        &mut self,
        ctx: &egui::Context,
        output: &egui::FullOutput,
    ) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.viewport_rect().size() * scale;
        let mut canvas = Canvas {
            width: size.x.round() as usize,
            height: size.y.round() as usize,
            scale,
            pixels: Vec::new(),
        };
        canvas.pixels = vec![Color32::TRANSPARENT; canvas.width * canvas.height];
        let mut inked = Vec::new();
        for shape in output.shapes.clone() {
            self.shape(ctx, &mut canvas, shape, &mut inked)?;
        }
        *self.inked.lock().expect("nobody panicked") = inked;
        Ok(canvas.image())
    }
}

impl Painter {
    /// One after the other, so that it is known what words are painted on.
    fn shape(
        &self,
        ctx: &egui::Context,
        canvas: &mut Canvas,
        clipped: ClippedShape,
        inked: &mut Vec<Inked>,
    ) -> Result<(), String> {
        if let Shape::Vec(shapes) = clipped.shape {
            for shape in shapes {
                let one = ClippedShape { shape, ..clipped };
                self.shape(ctx, canvas, one, inked)?;
            }
            return Ok(());
        }
        if let Shape::Text(text) = &clipped.shape {
            canvas.read(text, clipped.clip_rect, inked);
        }
        for primitive in ctx.tessellate(vec![clipped], canvas.scale) {
            if let Primitive::Mesh(mesh) = primitive.primitive {
                let texture = self
                    .textures
                    .get(&mesh.texture_id)
                    .ok_or("a texture is missing")?;
                canvas.mesh(&mesh, texture, primitive.clip_rect);
            }
        }
        Ok(())
    }
}

fn blit(whole: &mut ColorImage, patch: &ColorImage, [left, top]: [usize; 2]) {
    let (width, row) = (whole.size[0], patch.size[0]);
    for (line, pixels) in patch.pixels.chunks(row).enumerate() {
        let begin = (top + line) * width + left;
        whole.pixels[begin..begin + row].copy_from_slice(pixels);
    }
}

/// What is painted on.
struct Canvas {
    width: usize,
    height: usize,
    /// Pixels a point.
    scale: f32,
    pixels: Vec<Color32>,
}

impl Canvas {
    /// The colours of words that are about to be painted, and of what is below the middle of each letter. What is translucent
    /// cannot be used now, and WCAG (1.4.3) asks nothing of it.
    fn read(&self, text: &TextShape, clip: Rect, inked: &mut Vec<Inked>) {
        let words = text.galley.text();
        for row in &text.galley.rows {
            let visuals = &row.row.visuals;
            let letters = &visuals.mesh.vertices[visuals.glyph_vertex_range.clone()];
            for letter in letters.chunks_exact(4) {
                let own = match letter[0].color {
                    Color32::PLACEHOLDER => text.fallback_color,
                    own => own,
                };
                let ink = text.override_text_color.unwrap_or(own);
                let middle = letter[0].pos.lerp(letter[3].pos, 0.5);
                let at = text.pos + row.pos.to_vec2() + middle.to_vec2();
                let (x, y) = (at.x * self.scale, at.y * self.scale);
                let painted = clip.contains(at)
                    && (0.0..self.width as f32).contains(&x)
                    && (0.0..self.height as f32).contains(&y);
                if !painted || ink.a() < 255 || text.opacity_factor < 1.0 {
                    continue;
                }
                let found = Inked {
                    text: words.to_owned(),
                    ink,
                    ground: self.pixels[y as usize * self.width + x as usize],
                };
                if inked.last() != Some(&found) {
                    inked.push(found);
                }
            }
        }
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &ColorImage, clip: Rect) {
        let edge =
            |points: f32, most: usize| ((points * self.scale).round().max(0.0) as usize).min(most);
        let columns = edge(clip.min.x, self.width)..edge(clip.max.x, self.width);
        let rows = edge(clip.min.y, self.height)..edge(clip.max.y, self.height);
        for corners in mesh.indices.chunks_exact(3) {
            let corner =
                |index: usize| Corner::new(&mesh.vertices[corners[index] as usize], self.scale);
            self.triangle([corner(0), corner(1), corner(2)], texture, &columns, &rows);
        }
    }

    /// Paints the pixels whose middles are within. A middle on an edge that two triangles share belongs to one of them.
    fn triangle(
        &mut self,
        corners: [Corner; 3],
        texture: &ColorImage,
        columns: &Range<usize>,
        rows: &Range<usize>,
    ) {
        let [a, b, c] = &corners;
        let plain = [b, c]
            .iter()
            .all(|other| other.uv == a.uv && other.colour == a.colour);
        let colour = plain.then(|| tint(a.colour, texel(texture, a.uv)));
        let down = span(
            a.at.y.min(b.at.y).min(c.at.y),
            a.at.y.max(b.at.y).max(c.at.y),
            rows,
        );
        for y in down {
            let Some((from, to)) = crossing(&corners, y as f32 + 0.5) else {
                continue;
            };
            let across = span(from.at.x, to.at.x, columns);
            let row = y * self.width;
            match colour {
                Some(colour) if colour[3] == 255.0 => {
                    self.pixels[row + across.start..row + across.end].fill(rounded(colour));
                }
                Some(colour) => {
                    for pixel in &mut self.pixels[row + across.start..row + across.end] {
                        *pixel = above(colour, *pixel);
                    }
                }
                None => {
                    for x in across {
                        let share = (x as f32 + 0.5 - from.at.x) / (to.at.x - from.at.x);
                        let here = from.towards(&to, share);
                        let colour = tint(here.colour, texel(texture, here.uv));
                        let pixel = &mut self.pixels[row + x];
                        *pixel = above(colour, *pixel);
                    }
                }
            }
        }
    }

    fn image(&self) -> RgbaImage {
        let bytes = self
            .pixels
            .iter()
            .flat_map(|pixel| pixel.to_array())
            .collect();
        RgbaImage::from_raw(self.width as u32, self.height as u32, bytes).expect("as many pixels")
    }
}

/// Red, green, blue and what they cover, from 0 to 255; colours are already multiplied by what they cover.
type Colour = [f32; 4];

/// A corner of a triangle, or a place on its edge, in pixels.
#[derive(Clone, Copy)]
struct Corner {
    at: Pos2,
    uv: Pos2,
    colour: Colour,
}

impl Corner {
    fn new(vertex: &Vertex, scale: f32) -> Self {
        Self {
            at: (vertex.pos.to_vec2() * scale).to_pos2(),
            uv: vertex.uv,
            colour: vertex.color.to_array().map(f32::from),
        }
    }

    /// A place between two.
    fn towards(&self, other: &Self, share: f32) -> Self {
        Self {
            at: self.at.lerp(other.at, share),
            uv: self.uv.lerp(other.uv, share),
            colour: mix(self.colour, other.colour, share),
        }
    }
}

/// Where a line across, at this height, enters a triangle and leaves it.
fn crossing(corners: &[Corner; 3], y: f32) -> Option<(Corner, Corner)> {
    let mut found = [None; 2];
    for [one, other] in [[0, 1], [1, 2], [2, 0]] {
        let (mut upper, mut lower) = (&corners[one], &corners[other]);
        // Two triangles that share an edge cut it at the very same place.
        if (upper.at.y, upper.at.x) > (lower.at.y, lower.at.x) {
            (upper, lower) = (lower, upper);
        }
        if upper.at.y <= y && y < lower.at.y {
            let share = (y - upper.at.y) / (lower.at.y - upper.at.y);
            let place = upper.towards(lower, share);
            let free = if found[0].is_none() { 0 } else { 1 };
            found[free] = Some(place);
        }
    }
    let [Some(one), Some(other)] = found else {
        return None;
    };
    Some(if one.at.x <= other.at.x {
        (one, other)
    } else {
        (other, one)
    })
}

/// The pixels whose middles are from one place to before another.
fn span(from: f32, to: f32, within: &Range<usize>) -> Range<usize> {
    let first = |place: f32| (place - 0.5).ceil().max(0.0) as usize;
    let start = first(from).max(within.start);
    start..first(to).min(within.end).max(start)
}

fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    [0, 1, 2, 3].map(|part| a[part] + (b[part] - a[part]) * share)
}

fn tint(colour: Colour, texel: Colour) -> Colour {
    [0, 1, 2, 3].map(|part| colour[part] * texel[part] / 255.0)
}

fn above(colour: Colour, below: Color32) -> Color32 {
    let through = 1.0 - colour[3] / 255.0;
    let below = below.to_array();
    rounded([0, 1, 2, 3].map(|part| colour[part] + f32::from(below[part]) * through))
}

fn rounded(colour: Colour) -> Color32 {
    let [r, g, b, a] = colour.map(|part| part.round().clamp(0.0, 255.0) as u8);
    Color32::from_rgba_premultiplied(r, g, b, a)
}

/// What a texture has at a place from 0 to 1, between four of its pixels.
fn texel(texture: &ColorImage, at: Pos2) -> Colour {
    let [width, height] = texture.size;
    let x = (at.x * width as f32 - 0.5).clamp(0.0, (width - 1) as f32);
    let y = (at.y * height as f32 - 0.5).clamp(0.0, (height - 1) as f32);
    let (left, top) = (x.floor() as usize, y.floor() as usize);
    let (right, below) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let pixel = |x: usize, y: usize| texture.pixels[y * width + x].to_array().map(f32::from);
    let upper = mix(pixel(left, top), pixel(right, top), fx);
    let lower = mix(pixel(left, below), pixel(right, below), fx);
    mix(upper, lower, fy)
}
