//! The pages of motifs are whole, load nothing and are no wider than their windows.

#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "common/markup.rs"]
mod markup;

use bindscape_report::{
    Branch, ClusterPage, ClusteredMotif, ComparedMotif, EnrichedMotif, HitRow, MatchRow,
    MotifCluster, MotifRow, SoughtMotif, cluster_page, comparison_page, enrichment_page, hits_page,
    motif_page,
};
use markup::{elements, within_the_page};

/// A logo as wide as one of 60 positions.
const LOGO: &str = r#"<svg width="1373" height="122" viewBox="0 0 1373 122"></svg>"#;
const NOTES: [&str; 1] = ["Motifs of https://jaspar.elixir.no/a/very/long/address/without/blanks."];
const TITLE: &str = "Motifs of jaspar:CTCF,HNF4A,HNF4G,RXRA,MAX,MYC,USF1,FOXA1,FOXA2,FOXP1,ZNF143";

fn logos_page() -> String {
    let motif = MotifRow {
        id: "MA0531.2",
        name: Some("CTCF"),
        species: "Drosophila melanogaster",
        consensus: "CTGCAGTKCCNNNNNYNRCCASYAGRKGGCRCTGCAGTKCCNNNNNYNRCCASYAGRKG",
        sites: Some(1902.0),
        e_value: Some("1.0e-1200"),
        logo: LOGO,
        logo_reverse: LOGO,
    };
    motif_page(TITLE, &NOTES, "", &[motif])
}

fn matches_page() -> String {
    let row = MatchRow {
        id: "MA0139.2",
        name: Some("CTCF"),
        species: "Homo sapiens".into(),
        family: "More than 3 adjacent zinc fingers".into(),
        url: Some("https://jaspar.elixir.no/matrix/MA0139.2/"),
        values: ["4.30e-17".into(), "1.13e-13".into(), "1.13e-13".into()],
        offset: -12,
        overlap: 19,
        reverse: true,
        alignment: LOGO.to_owned(),
    };
    let motif = |found: usize| ComparedMotif {
        id: "1-CCASYAGRKGGC",
        name: Some("CTCF"),
        species: "Homo sapiens".into(),
        found,
        matches: vec![row.clone(); found],
    };
    comparison_page(TITLE, &NOTES, "", &[motif(3), motif(0)])
}

fn clusters_page() -> String {
    let member = ClusteredMotif {
        id: "MA0531.2".into(),
        name: "CTCF".into(),
        species: "Drosophila melanogaster".into(),
        reverse: true,
        logo: LOGO.to_owned(),
    };
    let cluster = |count: usize| MotifCluster {
        consensus: "CTGCAGTKCCNNNNNYNRCCASYAGRKGGCRCTGCAGTKCC".into(),
        logo: LOGO.to_owned(),
        members: vec![member.clone(); count],
        tree: vec![
            Branch {
                groups: [0, 1],
                height: 0.25
            };
            count - 1
        ],
    };
    cluster_page(&ClusterPage {
        title: TITLE,
        notes: &NOTES.map(str::to_owned),
        definitions: "",
        clusters: &[cluster(2), cluster(1)],
        order: &[1, 0],
        tree: &[Branch {
            groups: [0, 1],
            height: 0.5,
        }],
        height: "1 − correlation",
        files: &[("clusters.tsv", "motifs")],
    })
}

fn found_pages() -> [String; 2] {
    let motif = SoughtMotif {
        id: "MA0139.2",
        name: Some("CTCF"),
        width: 15,
        hits: 1,
        logo: LOGO,
    };
    let hit = HitRow {
        motif: "MA0139.2".into(),
        place: ["chr1", "5", "12", "+"].map(String::from),
        values: ["14.2".into(), "1e-5".into(), String::new()],
        bases: "TGACGTAA".into(),
    };
    let enriched = EnrichedMotif {
        id: "1-CCASYAGRKGGC",
        name: "STREME-1",
        logos: [LOGO.to_owned(), LOGO.to_owned()],
        facts: vec![("E-value", "1e-9".into())],
    };
    [
        hits_page(TITLE, &NOTES, "", &[motif], (&[hit], 1)),
        enrichment_page(TITLE, &NOTES, "", &[enriched], &[("streme.txt", "motifs")]),
    ]
}

#[test]
fn nothing_is_wider_than_the_page() {
    for page in [logos_page(), matches_page(), clusters_page()]
        .iter()
        .chain(&found_pages())
    {
        within_the_page(page);
        assert!(page.contains("default-src 'none'") && !page.contains("<script"));
    }
    // Logos of the pages that are all pictures shrink with the page, to one scale.
    for page in [logos_page(), matches_page(), clusters_page()] {
        let found = elements(&page, true).unwrap();
        let logos = found.iter().filter(|element| {
            let class = element.attributes.get("class");
            class.is_some_and(|class| class == "logo")
        });
        let mut count = 0;
        for logo in logos {
            let style = &logo.attributes["style"];
            assert!(style.ends_with("px,100.00%)"), "{style}");
            count += 1;
        }
        assert_eq!(count, page.matches("viewBox=\"0 0 1373 122\"").count());
        assert!(
            !page.contains("max-width:none}td")
                && page.contains("Homo") | page.contains("Drosophila")
        );
    }
}

#[test]
fn pages_have_a_date_and_may_break_long_titles() {
    for page in [logos_page(), matches_page(), clusters_page()] {
        let kicker = page.split("<p class=\"kicker\">").nth(1).unwrap();
        let kicker = &kicker[..kicker.find("</p>").unwrap()];
        let year = kicker.rsplit(' ').next().unwrap();
        assert!(
            year.parse::<u32>().is_ok_and(|year| year > 2000),
            "{kicker}"
        );
        assert!(page.contains("jaspar:CTCF,<wbr>HNF4A,<wbr>"));
        assert!(
            page.contains(
                "<a href=\"https://jaspar.elixir.no/a/very/long/address/without/blanks\">"
            )
        );
    }
}
