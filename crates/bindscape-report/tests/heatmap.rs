//! The similarity heatmap.

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "common/markup.rs"]
mod markup;

use bindscape_report::heatmap_svg;
use markup::elements;

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("TF{i}")).collect()
}

/// Similarity that falls with the distance of the numbers.
fn values(n: usize) -> Vec<Option<f64>> {
    (0..n * n)
        .map(|i| Some(1.0 / (1.0 + (i / n).abs_diff(i % n) as f64)))
        .collect()
}

#[test]
fn all_sizes_are_well_formed_with_two_labels_per_tf() {
    for n in [0, 1, 8, 40, 65, 200] {
        let order: Vec<usize> = (0..n).rev().collect();
        let svg = heatmap_svg(&names(n), &values(n), &order, "A < B & C");
        let found = elements(&svg, false).unwrap_or_else(|what| panic!("{n}: {what}"));
        let labels = found.iter().filter(|element| {
            element
                .attributes
                .get("class")
                .is_some_and(|c| c == "axis-name")
        });
        assert_eq!(labels.count(), 2 * n);
        assert!(svg.contains("A &lt; B &amp; C"));
        assert!(svg.len() < 1_000_000, "{n}: {} bytes", svg.len());
    }
}

#[test]
fn cells_follow_the_order_and_undefined_ones_are_grey() {
    let mut values = values(3);
    values[2] = None;
    let svg = heatmap_svg(&names(3), &values, &[2, 0, 1], "Similarity");
    // Row 1 is TF0, column 0 is TF2.
    assert!(svg.contains(r##"<rect x="0" y="1" width="1" height="1" fill="#b9b9b9"><title>TF0 and TF2: not defined</title>"##));
    assert!(svg.contains("<title>TF1 and TF0: 0.500</title>"));
    assert!(svg.contains(">not defined</text>"));
    assert!(
        !heatmap_svg(&names(3), &self::values(3), &[0, 1, 2], "S").contains(">not defined</text>")
    );
}

#[test]
fn negative_values_widen_the_scale() {
    let svg = heatmap_svg(
        &names(2),
        &[Some(1.0), Some(-0.5), Some(-0.5), Some(1.0)],
        &[0, 1],
        "r",
    );
    assert!(svg.contains(">\u{2212}1.00</text>"));
}

#[test]
#[should_panic(expected = "permutation")]
fn an_order_that_is_no_permutation_is_refused() {
    let _ = heatmap_svg(&names(2), &values(2), &[0, 0], "S");
}
