//! Builds a binding matrix from clusters, one file of ReMap-style peaks and a
//! directory of UniBind-style sites: the core of `bindscape matrix build`,
//! for benchmarks.
//!
//! ```text
//! build_matrix CLUSTERS SOURCES PEAKS SITES_DIRECTORY [OUT.parquet]
//! ```

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use bindscape_base::progress::Silent;
use bindscape_base::{Error, Result};
use bindscape_matrix::build::{BuildInputs, BuildOptions, RegionInputs, build};
use bindscape_matrix::parquet;
use bindscape_matrix::sheet::{Aliases, DataSet, unibind_directory};

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let hint = error.advice().map(|hint| format!("\nhint: {hint}"));
            // Nothing can be done if standard error is closed.
            let _ = writeln!(
                std::io::stderr(),
                "error: {error}{}",
                hint.unwrap_or_default()
            );
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (clusters, sources, peaks, sites, output) = match arguments.as_slice() {
        [clusters, sources, peaks, sites] => (clusters, sources, peaks, sites, None),
        [clusters, sources, peaks, sites, output] => {
            (clusters, sources, peaks, sites, Some(output))
        }
        other => {
            return Err(Error::about(
                "arguments",
                "CLUSTERS SOURCES PEAKS SITES_DIRECTORY [OUT.parquet]",
                format!("{} of them", other.len()),
            ));
        }
    };
    let inputs = BuildInputs {
        regions: RegionInputs::Clusters {
            bed: clusters.clone(),
            sources: sources.clone(),
        },
        chip: vec![DataSet {
            path: peaks.clone(),
            pair: None,
            format: None,
        }],
        tfbs: unibind_directory(sites)?,
        aliases: Aliases::default(),
    };
    let begun = Instant::now();
    let built = build(&inputs, &BuildOptions::default(), &Silent)?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut text = String::new();
    for (what, count) in built.report.lines() {
        text.push_str(&format!("{what}\t{count}\n"));
    }
    text.push_str(&format!("seconds to build\t{seconds:.2}\n"));
    if let Some(output) = output {
        let begun = Instant::now();
        parquet::write(output, &built.matrix)?;
        let seconds = begun.elapsed().as_secs_f64();
        text.push_str(&format!("seconds to write\t{seconds:.2}\n"));
    }
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|source| Error::io("write", "<stdout>", source))
}
