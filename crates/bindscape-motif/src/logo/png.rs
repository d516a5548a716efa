//! The logo as pixels.

use std::io::Write as _;

use bindscape_base::{Error, Result};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform,
};

use super::glyphs::Piece;
use super::scene::{GREY, PEN, Scene};

/// More pixels in a row or column than programs can be expected to show.
const MOST_PIXELS: f32 = 32_000.0;

pub(super) fn draw(scene: &Scene, scale: f32) -> Result<Vec<u8>> {
    let (width, height) = ((scene.width * scale).ceil(), (scene.height * scale).ceil());
    if !(1.0..=MOST_PIXELS).contains(&width) || !(1.0..=MOST_PIXELS).contains(&height) {
        return Err(Error::about(
            "PNG",
            format!("an image from 1 to {MOST_PIXELS} pixels wide and high"),
            format!("{width} x {height}"),
        )
        .hint("SVG has no such limits"));
    }
    let mut pixels = Pixmap::new(width as u32, height as u32)
        .expect("width and height are above zero and small");
    pixels.fill(Color::WHITE);
    let transform = Transform::from_scale(scale, scale);
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    for letter in &scene.letters {
        if let Some(path) = path(&letter.outline()) {
            paint.set_color(rgb(letter.colour()));
            pixels.fill_path(&path, &paint, FillRule::Winding, transform, None);
        }
    }
    if let Some(path) = path(&scene.lines) {
        paint.set_color(rgb(GREY));
        let stroke = Stroke {
            width: PEN,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        pixels.stroke_path(&path, &paint, &stroke, transform, None);
    }
    Ok(encode(&pixels, scale))
}

fn path(pieces: &[Piece]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for piece in pieces {
        match *piece {
            Piece::Move([x, y]) => path.move_to(x, y),
            Piece::Line([x, y]) => path.line_to(x, y),
            Piece::Curve([ax, ay], [bx, by], [x, y]) => path.cubic_to(ax, ay, bx, by, x, y),
            Piece::Close => path.close(),
        }
    }
    path.finish()
}

/// The colour of `#rrggbb`.
fn rgb(colour: &str) -> Color {
    let part = |at: usize| u8::from_str_radix(&colour[at..at + 2], 16);
    match (part(1), part(3), part(5)) {
        (Ok(r), Ok(g), Ok(b)) => Color::from_rgba8(r, g, b, 255),
        _ => Color::BLACK,
    }
}

/// What every PNG begins with.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The PNG (ISO/IEC 15948, sections 5 and 11) of pixels on white ground, so that there is no transparency
/// to keep. A pixel of the SVG is 1/96 inch. The crate `png` would do the same, but turns on a
/// second implementation of compression for the whole program.
fn encode(pixels: &Pixmap, scale: f32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(pixels.width().to_be_bytes());
    header.extend(pixels.height().to_be_bytes());
    // Eight bits for each of red, green and blue; the one compression, the one filter method, no interlace.
    header.extend([8, 2, 0, 0, 0]);
    let per_metre = (scale * 96.0 / 0.0254).round() as u32;
    let density = [per_metre.to_be_bytes(), per_metre.to_be_bytes()].concat();
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut row = Vec::new();
    for pixels in pixels.pixels().chunks(pixels.width() as usize) {
        row.clear();
        // No filter: large areas of one colour compress well without.
        row.push(0);
        row.extend(
            pixels
                .iter()
                .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]),
        );
        rows.write_all(&row).expect("a vector can be written to");
    }
    let data = rows.finish().expect("a vector can be written to");
    let mut bytes = SIGNATURE.to_vec();
    chunk(&mut bytes, b"IHDR", &header);
    chunk(&mut bytes, b"pHYs", &[density, vec![1]].concat());
    chunk(&mut bytes, b"IDAT", &data);
    chunk(&mut bytes, b"IEND", &[]);
    bytes
}

/// Length, name, data and checksum.
fn chunk(bytes: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("images have less than 4 GiB of pixels");
    bytes.extend(length.to_be_bytes());
    bytes.extend(name);
    bytes.extend(data);
    let mut checksum = Crc::new();
    checksum.update(name);
    checksum.update(data);
    bytes.extend(checksum.sum().to_be_bytes());
}

/// Width, height and the red, green and blue of each pixel of what [`encode`] made.
#[cfg(test)]
pub(super) fn decode(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    use std::io::Read as _;
    let mut rest = bytes.strip_prefix(SIGNATURE).expect("a PNG");
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().expect("four")) as usize;
    let (mut width, mut height, mut pixels) = (0, 0, Vec::new());
    while !rest.is_empty() {
        let length = number(rest);
        let (name, data) = (&rest[4..8], &rest[8..8 + length]);
        let mut checksum = Crc::new();
        checksum.update(&rest[4..8 + length]);
        assert_eq!(checksum.sum() as usize, number(&rest[8 + length..]));
        match name {
            b"IHDR" => (width, height) = (number(data), number(&data[4..])),
            b"IDAT" => {
                let mut rows = Vec::new();
                flate2::read::ZlibDecoder::new(data)
                    .read_to_end(&mut rows)
                    .expect("compressed");
                pixels = rows
                    .chunks(3 * width + 1)
                    .flat_map(|row| &row[1..])
                    .copied()
                    .collect();
            }
            _ => {}
        }
        rest = &rest[12 + length..];
    }
    (width, height, pixels)
}
