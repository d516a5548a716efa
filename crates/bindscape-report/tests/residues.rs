//! The picture of a protein's attributions.

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "common/markup.rs"]
mod markup;

use bindscape_protein::Domain;
use bindscape_report::{ResidueTrack, residues_svg};
use markup::{Element, elements};

fn domain(name: &str, start: usize, end: usize) -> Domain {
    Domain {
        name: name.into(),
        start,
        end,
    }
}

fn picture(length: usize, attributions: &[f64], domains: &[Domain]) -> String {
    residues_svg(&ResidueTrack {
        axis: "attribution",
        id: "P<1>",
        length,
        subtitle: "Attribution of each residue to the TF logit",
        note: "logit 2.5 & more",
        attributions,
        domains,
    })
}

fn of_class<'a>(found: &'a [Element], class: &str) -> Vec<&'a Element> {
    let has = |element: &&Element| element.attributes.get("class").is_some_and(|c| c == class);
    found.iter().filter(has).collect()
}

fn number(element: &Element, name: &str) -> f64 {
    element.attributes[name].parse().expect("a number")
}

#[test]
fn bars_stand_where_their_residues_do() {
    let attributions = [0.5, 0.0, -0.25, 1.0];
    let domains = [domain("zf-C2H2", 2, 4), domain("zf-C2H2", 4, 5)];
    let svg = picture(6, &attributions, &domains);
    let found = elements(&svg, false).expect("well-formed");
    let (up, down) = (of_class(&found, "for"), of_class(&found, "against"));
    assert_eq!((up.len(), down.len()), (2, 1));
    // Twice the attribution is twice the bar; the negative one hangs from the line.
    let heights: Vec<f64> = up.iter().map(|bar| number(bar, "height")).collect();
    assert!((heights[1] / heights[0] - 2.0).abs() < 0.02, "{heights:?}");
    assert!((number(up[0], "y") + heights[0] - number(down[0], "y")).abs() < 0.2);
    // The fourth residue lies above the first domain, which begins with the third.
    let under = of_class(&found, "under")[0];
    let middle = number(up[1], "x") + number(up[1], "width") / 2.0;
    let (left, width) = (number(under, "x"), number(under, "width"));
    assert!((left + 0.75 * width - middle).abs() < 0.2);
    assert!(svg.contains("<title>residue 4: 1.00</title>"));
    assert!(svg.contains("<title>zf-C2H2, residues 3 to 4</title>"));
    assert!(svg.contains(">2 × zf-C2H2</text>"));
    assert!(svg.contains("<title>residues 5 to 6: not seen</title>"));
    assert!(svg.contains("P&lt;1&gt; (6 residues)") && svg.contains("2.5 &amp; more"));
}

#[test]
fn any_protein_gives_a_picture_of_sensible_size() {
    let none: [f64; 0] = [];
    for (length, attributions) in [
        (1, vec![0.0]),
        (1, vec![-1e-9]),
        (9, none.to_vec()),
        (40_000, (0..3000).map(|i| f64::from(i % 7) - 3.0).collect()),
    ] {
        let many: Vec<Domain> = (0..length / 30)
            .map(|i| {
                domain(
                    ["zf-C2H2", "A-long-name-of-a-domain"][i % 2],
                    30 * i,
                    30 * i + 23,
                )
            })
            .collect();
        for domains in [&[][..], &many[..many.len().min(40)]] {
            let svg = picture(length, &attributions, domains);
            elements(&svg, false).unwrap_or_else(|what| panic!("{length}: {what}"));
            assert!(svg.len() < 200_000, "{length}: {} bytes", svg.len());
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{length}");
        }
    }
}

#[test]
fn both_themes_are_written_out() {
    let svg = picture(3, &[1.0, 2.0, 3.0], &[]);
    assert!(!svg.contains("var(--"));
    let (light, dark) = svg
        .split_once("prefers-color-scheme:dark")
        .expect("a dark theme");
    assert!(light.contains(".fig .for{fill:#0072b2}") && dark.contains(".fig .for{fill:#56b4e9}"));
    assert!(
        light.contains(".fig .paper{fill:#ffffff}") && dark.contains(".fig .paper{fill:#15181d}")
    );
}
