//! Outlines of the letters A, C, G and T, and strokes of the digits and words at the axes.
//! No font is needed, and none was copied: the shapes are built from lines and arcs.

/// Colours of A, C, G, T.
pub(super) const COLOURS: [&str; 4] = ["#109648", "#255c99", "#f7a400", "#d62839"];

/// A piece of an outline or of a stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Piece {
    Move([f32; 2]),
    Line([f32; 2]),
    /// A cubic curve: two control points and the end.
    Curve([f32; 2], [f32; 2], [f32; 2]),
    Close,
}

impl Piece {
    /// The piece with each point mapped.
    pub(super) fn map(self, f: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        match self {
            Self::Move(to) => Self::Move(f(to)),
            Self::Line(to) => Self::Line(f(to)),
            Self::Curve(a, b, to) => Self::Curve(f(a), f(b), f(to)),
            Self::Close => Self::Close,
        }
    }
}

/// The outline of a letter (0 for A to 3 for T) in the unit square, y upward, to be filled where
/// lines wind around a point.
pub(super) fn outline(base: usize) -> Vec<Piece> {
    match base {
        0 => [
            polygon(&[
                [0.0, 0.0],
                [0.385, 1.0],
                [0.615, 1.0],
                [1.0, 0.0],
                [0.775, 0.0],
                [0.694, 0.23],
                [0.306, 0.23],
                [0.225, 0.0],
            ]),
            // The other way round, so that it is a hole.
            polygon(&[[0.364, 0.395], [0.636, 0.395], [0.5, 0.79]]),
        ]
        .concat(),
        1 => bow(42.0, 318.0),
        2 => {
            let mut outline = bow(42.0, 318.0);
            // The bar and the stem, wound like the bow.
            outline.extend(polygon(&[
                [0.55, 0.5],
                [0.55, 0.36],
                [0.8, 0.36],
                [0.8, 0.1],
                [1.0, 0.1],
                [1.0, 0.5],
            ]));
            outline
        }
        _ => polygon(&[
            [0.0, 1.0],
            [1.0, 1.0],
            [1.0, 0.84],
            [0.605, 0.84],
            [0.605, 0.0],
            [0.395, 0.0],
            [0.395, 0.84],
            [0.0, 0.84],
        ]),
    }
}

fn polygon(points: &[[f32; 2]]) -> Vec<Piece> {
    let mut pieces = vec![Piece::Move(points[0])];
    pieces.extend(points[1..].iter().map(|&to| Piece::Line(to)));
    pieces.push(Piece::Close);
    pieces
}

/// The bow of C and G between two angles in degrees, counted against the clock from the right.
fn bow(from: f32, to: f32) -> Vec<Piece> {
    // The square's right side is where the ends of the bow lie, not its full radius.
    let right = 0.5 / (0.5 * (1.0 + from.to_radians().cos()));
    let radius = right.min(0.56);
    let centre = [radius, 0.5];
    let outer = [radius, 0.5];
    let inner = [radius - 0.21, 0.34];
    let mut pieces = arc(centre, outer, from, to, false);
    pieces.extend(arc(centre, inner, to - 6.0, from + 6.0, true));
    pieces.push(Piece::Close);
    pieces
}

/// An elliptic arc as curves; begins with a line where it continues an outline.
fn arc(centre: [f32; 2], radius: [f32; 2], from: f32, to: f32, continues: bool) -> Vec<Piece> {
    let steps = ((to - from).abs() / 60.0).ceil().max(1.0);
    let step = (to - from).to_radians() / steps;
    let pull = 4.0 / 3.0 * (step / 4.0).tan();
    let point = |angle: f32| {
        [
            centre[0] + radius[0] * angle.cos(),
            centre[1] + radius[1] * angle.sin(),
        ]
    };
    let along = |angle: f32, pull: f32| {
        let [x, y] = point(angle);
        [
            x - pull * radius[0] * angle.sin(),
            y + pull * radius[1] * angle.cos(),
        ]
    };
    let start = from.to_radians();
    let mut pieces = vec![if continues {
        Piece::Line(point(start))
    } else {
        Piece::Move(point(start))
    }];
    for number in 0..steps as u32 {
        let a = start + step * number as f32;
        let b = a + step;
        pieces.push(Piece::Curve(along(a, pull), along(b, -pull), point(b)));
    }
    pieces
}

/// The strokes of a character of an axis, and how far the next one is from it. The unit is the
/// height of digits; y is upward from the base line.
pub(super) fn stroke(character: char) -> (Vec<Piece>, f32) {
    let round = |x: f32, y: f32, rx: f32, ry: f32, from: f32, to: f32| {
        arc([x, y], [rx, ry], from, to, false)
    };
    let line = |points: &[[f32; 2]]| {
        let mut pieces = polygon(points);
        pieces.pop();
        pieces
    };
    // Lower-case letters have bowls of radius 0.24 and 0.32 on the base line.
    let bowl = |x: f32| round(x, 0.32, 0.24, 0.32, 0.0, 360.0);
    let stem = |x: f32, from: f32, to: f32| line(&[[x, from], [x, to]]);
    let pieces = match character {
        '0' => round(0.27, 0.5, 0.27, 0.5, 0.0, 360.0),
        '1' => line(&[[0.08, 0.8], [0.32, 1.0], [0.32, 0.0]]),
        '2' => {
            let mut pieces = round(0.27, 0.73, 0.25, 0.27, 165.0, -35.0);
            pieces.extend([Piece::Line([0.01, 0.0]), Piece::Line([0.54, 0.0])]);
            pieces
        }
        '3' => [
            round(0.26, 0.76, 0.22, 0.24, 150.0, -90.0),
            round(0.26, 0.26, 0.26, 0.26, 90.0, -155.0),
        ]
        .concat(),
        '4' => line(&[[0.42, 0.0], [0.42, 1.0], [0.0, 0.28], [0.56, 0.28]]),
        '5' => {
            let mut pieces = line(&[[0.48, 1.0], [0.1, 1.0], [0.05, 0.53]]);
            pieces.extend(arc([0.26, 0.32], [0.27, 0.32], 140.0, -150.0, true));
            pieces
        }
        '6' => {
            let mut pieces = line(&[[0.44, 1.0]]);
            pieces.push(Piece::Curve([0.2, 0.85], [0.0, 0.6], [0.0, 0.31]));
            pieces.extend(round(0.27, 0.31, 0.27, 0.31, 180.0, 540.0));
            pieces
        }
        '7' => line(&[[0.0, 1.0], [0.52, 1.0], [0.18, 0.0]]),
        '8' => [
            round(0.27, 0.76, 0.22, 0.24, 0.0, 360.0),
            round(0.27, 0.26, 0.27, 0.26, 0.0, 360.0),
        ]
        .concat(),
        '9' => {
            let mut pieces = round(0.27, 0.69, 0.27, 0.31, 0.0, 360.0);
            pieces.push(Piece::Move([0.54, 0.69]));
            pieces.push(Piece::Curve([0.54, 0.4], [0.34, 0.15], [0.1, 0.0]));
            pieces
        }
        '.' => line(&[[0.1, 0.0], [0.1, 0.06]]),
        '-' => line(&[[0.04, 0.42], [0.44, 0.42]]),
        'a' => [bowl(0.24), stem(0.48, 0.64, 0.0)].concat(),
        'b' => [bowl(0.24), stem(0.0, 1.0, 0.0)].concat(),
        'e' => {
            let mut pieces = line(&[[0.0, 0.33], [0.48, 0.33]]);
            pieces.extend(arc([0.24, 0.32], [0.24, 0.32], 2.0, 310.0, true));
            pieces
        }
        'g' => {
            let mut pieces = bowl(0.24);
            pieces.extend([Piece::Move([0.48, 0.64]), Piece::Line([0.48, -0.04])]);
            pieces.extend(arc([0.24, -0.04], [0.24, 0.24], 0.0, -150.0, true));
            pieces
        }
        'h' => {
            let mut pieces = stem(0.0, 1.0, 0.0);
            pieces.push(Piece::Move([0.0, 0.4]));
            pieces.extend(arc([0.22, 0.4], [0.22, 0.24], 180.0, 0.0, true));
            pieces.push(Piece::Line([0.44, 0.0]));
            pieces
        }
        'i' => [stem(0.06, 0.64, 0.0), stem(0.06, 0.9, 0.96)].concat(),
        'l' => stem(0.06, 1.0, 0.0),
        'o' => bowl(0.24),
        'p' => [bowl(0.24), stem(0.0, 0.64, -0.28)].concat(),
        'r' => {
            let mut pieces = stem(0.0, 0.64, 0.0);
            pieces.push(Piece::Move([0.0, 0.36]));
            pieces.extend(arc([0.24, 0.36], [0.24, 0.28], 180.0, 70.0, true));
            pieces
        }
        's' => {
            let mut pieces = round(0.2, 0.48, 0.18, 0.16, 40.0, 270.0);
            pieces.extend(arc([0.2, 0.16], [0.2, 0.16], 90.0, -140.0, true));
            pieces
        }
        't' => {
            let mut pieces = line(&[[0.12, 0.86], [0.12, 0.14]]);
            pieces.extend(arc([0.26, 0.14], [0.14, 0.14], 180.0, 290.0, true));
            pieces.extend(line(&[[0.0, 0.64], [0.3, 0.64]]));
            pieces
        }
        'w' => line(&[
            [0.0, 0.64],
            [0.16, 0.0],
            [0.33, 0.6],
            [0.5, 0.0],
            [0.66, 0.64],
        ]),
        'y' => [
            line(&[[0.0, 0.64], [0.23, 0.02]]),
            line(&[[0.46, 0.64], [0.14, -0.28]]),
        ]
        .concat(),
        _ => Vec::new(),
    };
    let width = match character {
        '.' | 'i' | 'l' => 0.12,
        '1' => 0.4,
        '-' => 0.48,
        't' => 0.3,
        'r' | 's' => 0.36,
        'w' => 0.66,
        'y' | 'h' => 0.46,
        _ if character.is_ascii_digit() => 0.54,
        _ => 0.48,
    };
    (pieces, width + 0.22)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(pieces: &[Piece]) -> Vec<[f32; 2]> {
        let mut points = Vec::new();
        for piece in pieces {
            match *piece {
                Piece::Move(to) | Piece::Line(to) | Piece::Curve(_, _, to) => points.push(to),
                Piece::Close => {}
            }
        }
        points
    }

    #[test]
    fn letters_fill_the_unit_square() {
        for base in 0..4 {
            let points = points(&outline(base));
            let inside = |value: f32| (-1e-4..=1.0001).contains(&value);
            assert!(
                points.iter().all(|&[x, y]| inside(x) && inside(y)),
                "{base}"
            );
            let right = points.iter().map(|point| point[0]).fold(0.0, f32::max);
            assert!(right > 0.93, "{base}: {right}");
        }
    }

    #[test]
    fn arcs_end_where_they_should() {
        let pieces = arc([0.0, 0.0], [2.0, 1.0], 0.0, 90.0, false);
        let last = points(&pieces).pop().expect("not empty");
        assert!(last[0].abs() < 1e-6 && (last[1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn words_of_the_axes_can_be_drawn() {
        for character in "bitsprobabilityweight-0123456789.".chars() {
            assert!(!stroke(character).0.is_empty(), "{character}");
        }
    }
}
