//! Writes reports of invented runs, to look at the page without training:
//! `cargo run --release -p bindscape-tools --bin fake_report -- DIR`.

#[path = "../../../bindscape-report/tests/common/mod.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod common;

use std::path::PathBuf;

use bindscape_report::{Heatmap, figures, heatmap_svg, report};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::args().nth(1).ok_or("usage: fake_report DIR")?);
    let (multi, hnf4a) = (out.join("multi"), out.join("hnf4a"));
    common::pretrain(&multi);
    common::finetune(&hnf4a);
    std::fs::write(out.join("finetune.html"), report(&[&hnf4a, &multi])?)?;
    std::fs::write(out.join("pretrain.html"), report(&[&multi])?)?;
    for run in [&multi, &hnf4a] {
        for figure in figures(run)? {
            std::fs::write(out.join(format!("{}.svg", figure.name)), figure.svg())?;
        }
    }
    let unfinished = out.join("unfinished");
    let mut record = common::finetune_repeats(&unfinished, "MAX", 2);
    record.finished = false;
    record.simulated = Some("The genome, the peaks and the sites behind this run are simulated. Nothing here is a biological result.".into());
    common::write_record(&unfinished, &record);
    std::fs::remove_file(unfinished.join("scratch-2/metrics.json"))?;
    std::fs::write(out.join("unfinished.html"), report(&[&unfinished])?)?;
    for n in [8, 50, 200] {
        let mut random = common::Random(9);
        let tfs: Vec<String> = (0..n)
            .map(|i| match common::TFS.get(i) {
                Some(tf) => (*tf).to_owned(),
                None => format!("ZNF{}", i * 7),
            })
            .collect();
        let places: Vec<f64> = (0..n).map(|_| random.uniform() * 12.0).collect();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
        let values: Vec<Option<f64>> = (0..n * n)
            .map(|i| {
                let (a, b) = (places[i / n], places[i % n]);
                (i / n != 3 || i % n == 3).then(|| (-(a - b).powi(2)).exp())
            })
            .collect();
        let svg = heatmap_svg(&Heatmap {
            title: "Cosine similarity of binding",
            tfs: &tfs,
            measure: "cosine similarity",
            values: &values,
            undefined: "no bound region among those resolved for both",
            order: &order,
            tree: &[],
            height: "",
        });
        std::fs::write(out.join(format!("heatmap-{n}.svg")), svg)?;
    }
    Ok(())
}
