//! Boxes, points and axes that the figures of an experiment share.

use bindscape_stats::quantile;

use super::models::Style;
use crate::number::{count, fixed};
use crate::svg::{Anchor, Frame, Scale, Svg, ems, px, ticks};

/// Fewer values than these are shown as points.
pub(super) const BOX: usize = 5;
/// Up to so many values, a box has its points on it.
const POINTS: usize = 10;

/// Draws values at `x`, `width` wide: points with their mean, or a box with points beyond its
/// whiskers; few values are shown on their box, too, where there is room.
pub(super) fn spread(
    svg: &mut Svg,
    (x, width): (f64, f64),
    scale: Scale,
    values: &[f64],
    style: Style,
    tooltip: &str,
) {
    let point = format!("point {}", style.class);
    let radius = (width * 0.2).clamp(1.5, 3.4);
    let half = width / 2.0;
    if values.len() < BOX {
        for (at, &value) in values.iter().enumerate() {
            let aside = beside(at, values.len(), half * 0.5);
            let place = (x + aside, scale.at(value));
            svg.symbol(style.symbol, place, radius, &point, tooltip);
        }
        if values.len() > 1
            && let Some(mean) = bindscape_stats::mean(values)
        {
            let y = scale.at(mean);
            let class = format!("mean {}", style.class);
            svg.line((x - half, y), (x + half, y), &class);
        }
        return;
    }
    let (least, most) = boxed(svg, (x, width), scale, values, style, tooltip);
    let on_it = values.len() <= POINTS && width >= 16.0;
    for (at, &value) in values.iter().enumerate() {
        if on_it || !(least..=most).contains(&value) {
            let aside = if on_it {
                beside(at, values.len(), half * 0.55)
            } else {
                0.0
            };
            let place = (x + aside, scale.at(value));
            svg.symbol(style.symbol, place, radius * 0.8, &point, tooltip);
        }
    }
}

/// Draws a box with whiskers to the last values within 1.5 interquartile ranges (Tukey 1977), and
/// gives those.
pub(super) fn boxed(
    svg: &mut Svg,
    (x, width): (f64, f64),
    scale: Scale,
    values: &[f64],
    style: Style,
    tooltip: &str,
) -> (f64, f64) {
    let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(values, share));
    let [Some(low), Some(middle), Some(high)] = quartiles else {
        return (0.0, 0.0);
    };
    let reach = 1.5 * (high - low);
    let within = |value: &f64| (low - reach..=high + reach).contains(value);
    let inside = || values.iter().copied().filter(within);
    let (least, most) = (inside().fold(low, f64::min), inside().fold(high, f64::max));
    let half = width / 2.0;
    let at = |value: f64| px(scale.at(value));
    let (left, centre, right) = (px(x - half), px(x), px(x + half));
    let whiskers = format!(
        "M{centre} {}V{}M{centre} {}V{}",
        at(least),
        at(low),
        at(high),
        at(most)
    );
    let around = format!("M{left} {}H{right}V{}H{left}Z", at(low), at(high));
    let class = format!("box {}", style.class);
    svg.path(&format!("{whiskers}{around}"), &class, tooltip);
    let median = format!("M{left} {}H{right}", at(middle));
    svg.path(&median, &format!("median {}", style.class), "");
    (least, most)
}

/// Draws the mean of values as a symbol, with a line over their range.
pub(super) fn star(
    svg: &mut Svg,
    x: f64,
    scale: Scale,
    values: &[f64],
    (style, radius): (Style, f64),
    tooltip: &str,
) {
    let Some(mean) = bindscape_stats::mean(values) else {
        return;
    };
    let least = values.iter().copied().fold(mean, f64::min);
    let most = values.iter().copied().fold(mean, f64::max);
    if scale.at(least) - scale.at(most) > 2.0 {
        let class = format!("range {}", style.class);
        svg.line((x, scale.at(least)), (x, scale.at(most)), &class);
    }
    let class = format!("point {}", style.class);
    svg.symbol(style.symbol, (x, scale.at(mean)), radius, &class, tooltip);
}

/// A shift that sets points of one column apart, the same each time.
pub(super) fn beside(at: usize, of: usize, most: f64) -> f64 {
    const STEPS: [f64; 5] = [0.0, -0.8, 0.8, -0.4, 0.4];
    if of < 2 {
        0.0
    } else {
        most * STEPS[at % STEPS.len()]
    }
}

/// Values in words: `0.812, 5 values from 0.790 to 0.840`.
pub(super) fn in_words(values: &[f64]) -> String {
    let Some(mean) = bindscape_stats::mean(values) else {
        return "no value".to_owned();
    };
    if values.len() == 1 {
        return fixed(mean, 3);
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!(
        "mean {}, {} values from {} to {}",
        fixed(mean, 3),
        values.len(),
        fixed(least, 3),
        fixed(most, 3)
    )
}

/// Grid and labels from 0 to 1, between `left` and `right`.
pub(super) fn unit_axis(svg: &mut Svg, scale: Scale, (left, right): (f64, f64)) {
    for i in 0..=5 {
        let value = f64::from(i) * 0.2;
        let y = scale.at(value);
        svg.line((left, y), (right, y), if i == 0 { "axis" } else { "grid" });
        svg.text((left - 7.0, y + 4.0), Anchor::End, "tick", &fixed(value, 1));
    }
}

/// The scale of AUCPR, 0 at `bottom` and 1 at `top`.
pub(super) fn unit_scale(top: f64, bottom: f64) -> Scale {
    Scale {
        domain: (0.0, 1.0),
        range: (bottom, top),
    }
}

/// Base line and labels of a logarithmic axis; the domain is in powers of ten.
pub(super) fn log_axis(svg: &mut Svg, frame: &Frame) {
    let (left, right) = frame.x.range;
    let bottom = frame.y.range.0;
    svg.line((left, bottom), (right, bottom), "axis");
    let mut free = f64::NEG_INFINITY;
    for value in log_ticks(frame.x.domain) {
        let x = frame.x.at(value.log10());
        svg.line((x, bottom), (x, bottom + 4.0), "axis");
        let label = count(value.round() as u64);
        let half = ems(&label) * 11.0 / 2.0;
        if x - half > free {
            svg.text((x, bottom + 17.0), Anchor::Middle, "tick", &label);
            free = x + half + 6.0;
        }
    }
}

/// Digits times powers of ten within a domain of powers: as few digits as give two ticks.
fn log_ticks((low, high): (f64, f64)) -> Vec<f64> {
    const DIGITS: [&[f64]; 3] = [
        &[1.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    ];
    let with = |digits: &[f64]| -> Vec<f64> {
        let powers = low.floor() as i32..=high.ceil() as i32;
        powers
            .flat_map(|power| digits.iter().map(move |digit| digit * 10.0_f64.powi(power)))
            .filter(|value| (low - 1e-9..=high + 1e-9).contains(&value.log10()))
            .collect()
    };
    let first = usize::from(high - low <= 3.0);
    let mut fewest = DIGITS[first..].iter().map(|digits| with(digits));
    let enough = fewest.find(|ticks| ticks.len() > 1);
    enough.unwrap_or_else(|| with(DIGITS[2]))
}

/// The domain of logarithms of sizes, widened a little.
pub(super) fn log_domain(sizes: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = sizes.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), size| {
        (low.min(size.log10()), high.max(size.log10()))
    });
    if !low.is_finite() || !high.is_finite() {
        return None;
    }
    let margin = (0.04 * (high - low)).max(0.12);
    Some((low - margin, high + margin))
}

/// The domain of changes: around 0, with a little room.
pub(super) fn change_domain(changes: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = changes.fold((0.0_f64, 0.0_f64), |(low, high), change| {
        (low.min(change), high.max(change))
    });
    let room = (0.08 * (high - low)).max(0.01);
    (low - room, high + room)
}

/// Grid and labels of any numbers on the left.
pub(super) fn value_axis(svg: &mut Svg, scale: Scale, (left, right): (f64, f64), with_sign: bool) {
    let (values, decimals) = ticks(scale.domain, 6, 1e-6);
    for value in values {
        let y = scale.at(value);
        svg.line((left, y), (right, y), "grid");
        let label = if with_sign {
            crate::number::signed(value, decimals)
        } else {
            fixed(value, decimals)
        };
        svg.text((left - 7.0, y + 4.0), Anchor::End, "tick", &label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_axes_have_ticks() {
        assert_eq!(log_ticks((2.75, 2.99)), [600.0, 700.0, 800.0, 900.0]);
        assert_eq!(log_ticks((2.0, 2.0)), [100.0]);
    }

    #[test]
    fn ticks_of_sizes_are_round_and_inside() {
        assert_eq!(log_ticks((1.8, 3.1)), [100.0, 200.0, 500.0, 1000.0]);
        assert_eq!(log_ticks((1.0, 5.0)).len(), 5);
        assert_eq!(log_domain(std::iter::empty()), None);
        let (low, high) = log_domain(std::iter::once(100.0)).unwrap();
        assert!(low < 2.0 && high > 2.0);
        let (low, high) = change_domain(std::iter::empty());
        assert!(low < 0.0 && high > 0.0);
    }
}
