//! Sequence logos: letters whose heights say how much each base matters at each position.
//!
//! A [`Logo`] is drawn from outlines (letters, digits and the names of axes), so that neither
//! the SVG nor the PNG needs a font. The letters have the usual colours: A green, C blue, G
//! orange, T red.

mod glyphs;
mod heights;
mod png;
mod scene;
mod table;

use bindscape_base::Result;

use scene::{Letters, Scene};

pub use heights::Logo;
pub use table::read_weights;

/// How a logo is drawn.
impl Logo {
    /// The logo as an SVG image: a file of its own, or a part of an HTML page. The ground is
    /// transparent, and axes are grey, so that it shows on light and on dark pages.
    #[must_use]
    pub fn svg(&self) -> String {
        scene::svg(&Scene::of(self), Letters::Drawn)
    }

    /// As [`svg`](Self::svg), but smaller, for an HTML page that has [`letter_definitions`] once.
    #[must_use]
    pub fn inline_svg(&self) -> String {
        scene::svg(&Scene::of(self), Letters::Referred)
    }

    /// Left end and width of `count` positions from `start` on in the drawing, in its pixels.
    #[must_use]
    pub fn span(&self, start: usize, count: usize) -> (f64, f64) {
        let column = f64::from(scene::COLUMN);
        let first = f64::from(scene::LEFT) + (self.before + start) as f64 * column;
        (first, count as f64 * column)
    }

    /// Width of the drawing in its pixels.
    #[must_use]
    pub fn width(&self) -> f64 {
        f64::from(Scene::of(self).width)
    }

    /// This logo above another, aligned: the first position of the one below is under position
    /// `offset` of this one, from 0, or overhangs to the left where that is negative. Positions
    /// that both have lie on a shade. For an HTML page that has [`letter_definitions`] once.
    #[must_use]
    pub fn inline_svg_above(&self, below: &Self, offset: i32) -> String {
        let (left, right) = ((-offset).max(0) as usize, offset.max(0) as usize);
        let ends = [left + self.heights.len(), right + below.heights.len()];
        let columns = ends[0].max(ends[1]);
        let frame = |logo: &Self, before: usize, end: usize| {
            Scene::of(&logo.clone().padded(before, columns - end))
        };
        let shared = left.max(right)..ends[0].min(ends[1]);
        scene::stacked(
            &frame(self, left, ends[0]),
            &frame(below, right, ends[1]),
            shared,
            Letters::Referred,
        )
    }

    /// The logo as a PNG image on white ground, `scale` pixels for one of the SVG.
    ///
    /// # Errors
    /// If the image would be empty or wider or higher than 32,000 pixels.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>> {
        png::draw(&Scene::of(self), scale)
    }
}

/// The outlines of letters that inline logos refer to, to be put into an HTML page once: an SVG
/// that takes no room.
#[must_use]
pub fn letter_definitions() -> String {
    scene::definitions()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Background, Frequencies};

    fn motif() -> Frequencies {
        Frequencies::new(vec![[1.0, 0.0, 0.0, 0.0], [0.25; 4], [0.1, 0.2, 0.0, 0.7]])
            .expect("valid")
    }

    /// Letters of an SVG: colour and number of shapes.
    fn shapes(svg: &str, colour: &str) -> usize {
        svg.matches(&format!("fill=\"{colour}\"")).count()
    }

    #[test]
    fn a_letter_for_each_base_that_has_height() {
        let uniform = Background::uniform();
        let svg = Logo::information(&motif(), &uniform).expect("valid").svg();
        // A at positions 1 and 3, C and T at 3; position 2 has no information.
        let colours = [
            glyphs::COLOURS[0],
            glyphs::COLOURS[1],
            glyphs::COLOURS[2],
            glyphs::COLOURS[3],
        ];
        assert_eq!(colours.map(|colour| shapes(&svg, colour)), [2, 1, 0, 1]);
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>"));
        assert!(!svg.contains("<text"));
        let svg = Logo::probability(&motif()).expect("valid").svg();
        assert_eq!(colours.map(|colour| shapes(&svg, colour)), [3, 2, 1, 2]);
    }

    #[test]
    fn padding_moves_the_letters_and_keeps_the_numbers() {
        let logo = Logo::probability(&motif()).expect("valid");
        let padded = logo.clone().padded(2, 1);
        assert!(padded.svg().len() > 100);
        let width = |logo: &Logo| scene::Scene::of(logo).width;
        let column = (width(&padded) - width(&logo)) / 3.0;
        assert!((column - scene::COLUMN).abs() < 1e-4);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let fault = |rows: Vec<[f64; 4]>| Logo::weights(rows).expect_err("a fault").to_string();
        assert!(fault(vec![]).contains("at least one position"));
        assert!(fault(vec![[0.0; 4]; 2001]).contains("up to 2000 positions"));
        assert!(fault(vec![[0.0; 4], [f64::NAN; 4]]).contains("at position 2"));
        let logo = Logo::weights(vec![[0.0; 4]; 2000]).expect("valid");
        assert!(
            logo.png(4.0)
                .expect_err("too wide")
                .to_string()
                .contains("32000 pixels")
        );
        assert!(logo.png(0.0).is_err());
    }

    /// Tenths of pixels of the left ends and feet of letters that an SVG refers to.
    fn referred(svg: &str) -> Vec<(char, [f32; 4])> {
        svg.split("<use href=\"#logo-")
            .skip(1)
            .map(|rest| {
                let numbers = rest.split_once("matrix(").expect("a place").1;
                let numbers: Vec<f32> = numbers[..numbers.find(')').expect("an end")]
                    .split(' ')
                    .map(|number| number.parse().expect("a number"))
                    .collect();
                let letter = rest.chars().next().expect("a letter");
                (letter, [numbers[0], numbers[3], numbers[4], numbers[5]])
            })
            .collect()
    }

    #[test]
    fn aligned_logos_share_their_columns() {
        let above = Logo::probability(&motif()).expect("short");
        let rows = vec![[0.0, 0.0, 0.0, 1.0]; 4];
        let below = Logo::probability(&Frequencies::new(rows).expect("valid")).expect("short");
        for (offset, columns, first_above, first_below, shared) in [
            (1, 5, 0, 1, (1, 2)),
            (-2, 5, 2, 0, (2, 2)),
            (0, 4, 0, 0, (0, 3)),
        ] {
            let svg = above.inline_svg_above(&below, offset);
            let at = |column: usize| scene::LEFT + column as f32 * scene::COLUMN;
            let left = |column: usize| at(column) + scene::GAP / 2.0;
            let letters = referred(&svg);
            let close = |a: f32, b: f32| (a - b).abs() < 0.11;
            assert!(letters.iter().any(|&(letter, place)| letter == 'A'
                && close(place[2], left(first_above))
                && close(place[1], -96.0)));
            let ts: Vec<f32> = letters
                .iter()
                .filter(|(letter, place)| *letter == 'T' && close(place[1], -96.0))
                .map(|(_, place)| place[2])
                .collect();
            assert_eq!(ts.len(), 4);
            for (number, &x) in ts.iter().enumerate() {
                assert!(close(x, left(first_below + number)), "{offset}: {ts:?}");
            }
            let width = at(columns) + 7.0;
            assert!(svg.contains(&format!("width=\"{width}\"")), "{svg}");
            let (x, width) = (at(shared.0), shared.1 as f32 * scene::COLUMN);
            let shade = format!("<rect x=\"{x}\" y=\"7\" width=\"{width}\"");
            assert!(svg.contains(&shade), "{offset}");
        }
    }

    #[test]
    fn inline_logos_refer_to_letters_that_are_defined() {
        let logo = Logo::probability(&motif()).expect("short");
        let definitions = letter_definitions();
        let letters = referred(&logo.inline_svg());
        assert_eq!(letters.len(), 8);
        for (letter, _) in letters {
            assert!(definitions.contains(&format!("id=\"logo-{letter}\"")));
        }
        assert!(logo.inline_svg().len() < logo.svg().len());
    }

    #[test]
    fn pictures_have_the_letters_where_they_belong() {
        let rows = vec![[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0], [0.0; 4]];
        let logo = Logo::weights(rows).expect("valid");
        let scene = scene::Scene::of(&logo);
        let (width, height, pixels) = png::decode(&logo.png(2.0).expect("drawn"));
        assert_eq!(width, (scene.width * 2.0).ceil() as usize);
        assert_eq!(pixels.len(), 3 * width * height);
        let share = |column: usize, above: bool, colour: [u8; 3]| {
            let left = ((scene.left + column as f32 * scene::COLUMN) * 2.0) as usize;
            let zero = (scene.zero * 2.0) as usize;
            let rows = if above { 0..zero } else { zero..height };
            rows.flat_map(|y| (left..left + (scene::COLUMN * 2.0) as usize).map(move |x| (x, y)))
                .filter(|(x, y)| {
                    let at = (y * width + x) * 3;
                    pixels[at..at + 3] == colour
                })
                .count()
        };
        let green = [0x10, 0x96, 0x48];
        let red = [0xd6, 0x28, 0x39];
        assert!(share(0, true, green) > 300);
        assert_eq!(share(0, false, green), 0);
        assert!(share(1, false, red) > 300);
        assert_eq!((share(1, true, red), share(2, true, green)), (0, 0));
    }
}
