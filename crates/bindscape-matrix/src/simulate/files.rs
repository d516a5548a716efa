//! Writes the simulation in the formats of the real sources.

use std::io::Write;
use std::path::Path;

use super::{DataSet, Simulation, profiled};
use bindscape_base::atomic;
use bindscape_base::atomic::AtomicFile;
use bindscape_base::bgzf::TextFile;
use bindscape_base::error::{Error, Result};

/// Letters per line of the FASTA.
const LINE: usize = 60;

/// An accessible region with the bits of its cells.
pub(super) struct Cluster {
    pub(super) chrom: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cells: u8,
}

/// A ChIP-seq peak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Peak {
    pub(super) chrom: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) summit: usize,
}

/// A predicted binding site.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SiteRecord {
    pub(super) chrom: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) reverse: bool,
}

pub(super) fn write(
    to: &Simulation,
    chromosomes: &[(String, Vec<u8>)],
    clusters: &[Cluster],
    data_sets: &[DataSet],
) -> Result<()> {
    write_genome(&to.genome, chromosomes)?;
    let name = |chrom: usize| chromosomes[chrom].0.as_str();

    let all: u8 = clusters.iter().fold(0, |all, cluster| all | cluster.cells);
    let sources: Vec<String> = profiled(all)
        .enumerate()
        .map(|(id, (_, cell))| format!("{}\t{cell}\n", id + 1))
        .collect();
    atomic::write(&to.dhs_sources, sources.concat().as_bytes())?;
    write_compressed(
        &to.dhs_clusters,
        clusters.iter().map(|cluster| {
            let ids: Vec<String> = profiled(all)
                .enumerate()
                .filter(|(_, (bit, _))| cluster.cells & bit != 0)
                .map(|(id, _)| (id + 1).to_string())
                .collect();
            format!(
                "{}\t{}\t{}\t{}\t{}\n",
                name(cluster.chrom),
                cluster.start,
                cluster.end,
                ids.len(),
                ids.join(",")
            )
        }),
    )?;

    let experiment = |number: usize| format!("SIM{:03}", number + 1);
    let mut peaks: Vec<(Peak, usize)> = data_sets
        .iter()
        .enumerate()
        .flat_map(|(number, data_set)| data_set.peaks.iter().map(move |&peak| (peak, number)))
        .collect();
    peaks.sort_unstable();
    write_compressed(
        &to.chip,
        peaks.into_iter().map(|(peak, number)| {
            let DataSet { tf, cell, .. } = &data_sets[number];
            format!(
                "{}\t{}\t{}\t{}.{tf}.{cell}\t0\t.\t{}\t{}\t0,0,0\n",
                name(peak.chrom),
                peak.start,
                peak.end,
                experiment(number),
                peak.summit,
                peak.summit + 1,
            )
        }),
    )?;
    for (number, data_set) in data_sets.iter().enumerate() {
        let DataSet { tf, cell, .. } = data_set;
        let experiment = experiment(number);
        let mut sites = data_set.sites.clone();
        sites.sort_unstable();
        write_compressed(
            &to.tfbs.join(format!("{experiment}.{cell}.{tf}.pwm.bed.gz")),
            sites.into_iter().map(|site| {
                format!(
                    "{}\t{}\t{}\t{experiment}.{cell}.{tf}\t0\t{}\n",
                    name(site.chrom),
                    site.start,
                    site.end,
                    if site.reverse { '-' } else { '+' }
                )
            }),
        )?;
    }
    Ok(())
}

fn write_genome(path: &Path, chromosomes: &[(String, Vec<u8>)]) -> Result<()> {
    let failed = |source| Error::io("write", path, source);
    let mut fasta = AtomicFile::create(path)?;
    let mut index = String::new();
    let mut offset = 0;
    for (name, letters) in chromosomes {
        let header = format!(">{name}\n");
        fasta.write_all(header.as_bytes()).map_err(failed)?;
        offset += header.len();
        index.push_str(&format!(
            "{name}\t{}\t{offset}\t{LINE}\t{}\n",
            letters.len(),
            LINE + 1
        ));
        for line in letters.chunks(LINE) {
            fasta.write_all(line).map_err(failed)?;
            fasta.write_all(b"\n").map_err(failed)?;
            offset += line.len() + 1;
        }
    }
    fasta.commit()?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".fai");
    atomic::write(Path::new(&beside), index.as_bytes())
}

fn write_compressed(path: &Path, lines: impl Iterator<Item = String>) -> Result<()> {
    let failed = |source| Error::io("write", path, source);
    let mut file = TextFile::create(path)?;
    for line in lines {
        file.write_all(line.as_bytes()).map_err(failed)?;
    }
    file.commit()
}
