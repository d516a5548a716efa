//! The similarity heatmap.

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "common/markup.rs"]
mod markup;

use bindscape_report::{Branch, Heatmap};
use markup::elements;

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("TF{i}")).collect()
}

/// The heatmap without a tree.
fn heatmap_svg(tfs: &[String], values: &[Option<f64>], order: &[usize], title: &str) -> String {
    with_tree(tfs, values, order, title, &[])
}

fn with_tree(
    tfs: &[String],
    values: &[Option<f64>],
    order: &[usize],
    title: &str,
    tree: &[Branch],
) -> String {
    bindscape_report::heatmap_svg(&Heatmap {
        title,
        tfs,
        measure: "cosine similarity",
        values,
        undefined: "no bound region among those resolved for both",
        order,
        tree,
        height: "1 \u{2212} similarity",
    })
}

#[test]
fn the_tree_follows_the_rows_and_bar_and_grey_are_named() {
    let mut values = values(3);
    values[2] = None;
    let branch = |groups, height| Branch { groups, height };
    let tree = [branch([0, 1], 0.5), branch([3, 2], 1.0)];
    let svg = with_tree(&names(3), &values, &[2, 0, 1], "S", &tree);
    let found = elements(&svg, false).unwrap();
    let paths: Vec<&str> = found
        .iter()
        .filter(|element| element.attributes.get("class").is_some_and(|c| c == "tree"))
        .map(|element| element.attributes["d"].as_str())
        .collect();
    // Rows are 38 high; TF2 is the first, TF0 and TF1 follow, so they meet at the lower two.
    let ends: Vec<Vec<f64>> = paths
        .iter()
        .map(|path| {
            let numbers = path
                .split(['M', ' ', 'H', 'V'])
                .filter(|text| !text.is_empty());
            numbers.map(|text| text.parse().unwrap()).collect()
        })
        .collect();
    assert_eq!(ends.len(), 2);
    assert!((ends[0][3] - ends[0][1] - 38.0).abs() < 0.2, "{ends:?}");
    assert!((ends[1][1] - ends[1][3] - 57.0).abs() < 0.2, "{ends:?}");
    assert!(
        ends[1][2] > ends[0][2] && ends[1][0] == ends[0][2],
        "{ends:?}"
    );
    for text in [
        ">cosine similarity</text>",
        ">1 \u{2212} similarity</text>",
        ">not defined:</text>",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(
        svg.contains(">no bound region</text>")
            && svg.contains("style=\"max-width:100%;height:auto\"")
    );
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
    assert!(svg.contains(">not defined:</text>"));
    assert!(
        !heatmap_svg(&names(3), &self::values(3), &[0, 1, 2], "S").contains(">not defined:</text>")
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
