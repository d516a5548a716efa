//! The binding matrix from small files with known answers, from the published
//! data, and from files that are not as they should be.

use std::io::Read;
use std::path::{Path, PathBuf};

use bindscape_base::Result;
use bindscape_base::digest::sha256_hex;
use bindscape_base::input::Lines;
use bindscape_base::progress::Silent;
use bindscape_genome::bed::Format;
use bindscape_matrix::build::{
    BuildInputs, BuildOptions, Built, Centres, Evidence, RegionInputs, build,
};
use bindscape_matrix::sheet::{Aliases, CellFile, DataSet, Kind, Sheet, unibind_directory};
use bindscape_matrix::{BindingMatrix, BindingState, View};

use BindingState::{Bound, Closed, OneEvidence, Unbound};

/// A directory with the files of a small build.
struct Files {
    directory: tempfile::TempDir,
    inputs: BuildInputs,
    options: BuildOptions,
}

/// Clusters with centres at 1000, 2000, 3000, 4000 of chr1 and 150 of chr2.
const CLUSTERS: &str = "chr1\t950\t1050\t2\t0,1,\n\
                        chr1\t1900\t2101\t1\t0,\n\
                        chr1\t2990\t3010\t1\t1,\n\
                        chr1\t3900\t4100\t2\t0,1,\n\
                        chr2\t100\t200\t1\t0,\n";

/// Summits at the first and last base of regions, one past, and where the cell is closed.
const PEAKS: &str = "chr1\t800\t1000\tE1.MAX.K562\t0\t.\t900\t901\t0,0,0\n\
                     chr1\t1000\t1150\tE1.MYC.K562\t0\t.\t1100\t1101\t0,0,0\n\
                     chr1\t1990\t2200\tE1.MAX.K562\t0\t.\t2099\t2100\t0,0,0\n\
                     chr1\t2950\t3050\tE1.MAX.K562\t0\t.\t3000\t3001\t0,0,0\n\
                     chr1\t3950\t4050\tE2.MAX.HepG2\t0\t.\t4000\t4001\t0,0,0\n\
                     chr2\t100\t200\tE3.MYC.K562\t0\t.\t150\t151\t0,0,0\n\
                     chr2\t100\t200\tE4.SP1.Mars\t0\t.\t150\t151\t0,0,0\n";

impl Files {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        let at = |name: &str| directory.path().join(name);
        let files = Self {
            inputs: BuildInputs {
                regions: RegionInputs::Clusters {
                    bed: at("dhs.bed"),
                    sources: at("sources.tsv"),
                },
                chip: vec![named(at("peaks.bed"))],
                tfbs: vec![
                    of(at("max_k562.bed"), "MAX", "K562"),
                    of(at("max_hepg2.bed"), "MAX", "HepG2"),
                    of(at("myc_k562.bed"), "MYC", "K562"),
                ],
                aliases: Aliases::default(),
            },
            options: BuildOptions {
                per_cell: true,
                ..BuildOptions::default()
            },
            directory,
        };
        files.write("dhs.bed", CLUSTERS);
        files.write("sources.tsv", "0\tK562\n1\tHepG2\n");
        files.write("peaks.bed", PEAKS);
        // The last base before a region, its first base, and a region with a peak in another cell.
        files.write(
            "max_k562.bed",
            "chr1\t890\t901\tMAX\t0\t+\nchr1\t1890\t1900\tMAX\t0\t+\nchr1\t4000\t4010\tMAX\t0\t+\n",
        );
        files.write("max_hepg2.bed", "");
        files.write("myc_k562.bed", "chr2\t249\t260\tMYC\t0\t-\n");
        files
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).expect("written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn build(&self) -> Result<Built> {
        build(&self.inputs, &self.options, &Silent)
    }

    /// The message and the hint of a build that must fail.
    fn fault(&self) -> String {
        let error = self.build().expect_err("a fault");
        let text = format!("{error}; {}", error.advice().unwrap_or_default());
        let directory = format!("{}/", self.directory.path().display());
        text.replace(&directory, "")
    }
}

fn named(path: PathBuf) -> DataSet {
    DataSet {
        path,
        pair: None,
        format: None,
    }
}

fn of(path: PathBuf, tf: &str, cell: &str) -> DataSet {
    DataSet {
        path,
        pair: Some((tf.into(), cell.into())),
        format: None,
    }
}

fn starts(matrix: &BindingMatrix) -> Vec<(&str, u32)> {
    matrix
        .regions
        .iter()
        .map(|region| (region.chrom, region.start))
        .collect()
}

#[test]
fn evidence_counts_where_the_cell_is_open() {
    let files = Files::new();
    let built = files.build().expect("a matrix");
    let matrix = &built.matrix;
    assert_eq!(
        starts(matrix),
        [
            ("chr1", 900),
            ("chr1", 1900),
            ("chr1", 2900),
            ("chr1", 3900),
            ("chr2", 50)
        ]
    );
    assert_eq!(matrix.tfs, ["MAX", "MYC"]);
    // 4000: a peak in HepG2 and a site in K562 are not evidence of one cell.
    assert_eq!(
        matrix.columns[0],
        [Bound, OneEvidence, Unbound, OneEvidence, Unbound]
    );
    // 1000: the summit lies one base past the region. 3000: closed in K562.
    assert_eq!(
        matrix.columns[1],
        [Unbound, Unbound, Closed, Unbound, Bound]
    );
    let report = &built.report;
    assert_eq!((report.tfs, report.cells, report.pairs), (2, 2, 3));
    assert_eq!(report.chip.records, 7);
    assert_eq!(report.chip.used, 4);
    assert_eq!(report.chip.closed, 1);
    assert_eq!(report.chip.outside, 1);
    assert_eq!(report.chip.not_profiled, 1);
    assert_eq!((report.tfbs.records, report.tfbs.used), (4, 3));
    assert_eq!(report.tfbs.outside, 1);
    assert_eq!(report.states.bound, 2);
    assert_eq!(report.states.closed, 1);
    let provenance = &matrix.provenance;
    assert_eq!(provenance.rule, "chip+tfbs");
    assert_eq!(provenance.width, Some(200));
    let roles: Vec<&str> = provenance.inputs.iter().map(|file| &*file.role).collect();
    for file in &provenance.inputs {
        let bytes = std::fs::read(files.path(&file.name)).expect("an input");
        assert_eq!(file.sha256, sha256_hex(&bytes), "{}", file.name);
    }
    assert_eq!(
        roles,
        ["dhs", "dhs-sources", "chip", "tfbs", "tfbs", "tfbs"]
    );
}

#[test]
fn cells_add_up_to_the_whole() {
    let files = Files::new();
    let built = files.build().expect("a matrix");
    let mut cells = Vec::new();
    let mut highest = vec![vec![Closed; 5]; 2];
    built
        .for_each_cell(|cell, matrix| {
            assert_eq!(matrix.provenance.cell.as_deref(), Some(cell));
            for (sum, column) in highest.iter_mut().zip(&matrix.columns) {
                for (sum, &state) in sum.iter_mut().zip(column) {
                    *sum = state.max(*sum);
                }
            }
            cells.push((cell.to_owned(), matrix.columns[0].clone()));
            Ok(())
        })
        .expect("cells");
    assert_eq!(highest, built.matrix.columns);
    assert_eq!(
        cells,
        [
            (
                "HepG2".to_owned(),
                vec![Unbound, Closed, Unbound, OneEvidence, Closed]
            ),
            (
                "K562".to_owned(),
                vec![Bound, OneEvidence, Closed, OneEvidence, Unbound]
            ),
        ]
    );
    let mut files = Files::new();
    files.options.per_cell = false;
    let error = files
        .build()
        .expect("a matrix")
        .for_each_cell(|_, _| Ok(()))
        .expect_err("not kept");
    assert!(error.to_string().contains("per-cell"));
}

#[test]
fn peaks_alone_have_no_one_evidence_state() {
    let mut files = Files::new();
    files.options.evidence = Evidence::ChipOnly;
    files.options.allow_cells_without_accessibility = true;
    files.inputs.tfbs.clear();
    let built = files.build().expect("a matrix");
    assert_eq!(built.matrix.tfs, ["MAX", "MYC"]);
    assert_eq!(
        built.matrix.columns,
        [
            [Bound, Bound, Unbound, Bound, Unbound],
            [Unbound, Unbound, Closed, Unbound, Bound]
        ]
    );
    assert_eq!(built.matrix.provenance.rule, "chip");
    assert_eq!(built.report.cells_without_accessibility, ["Mars"]);
    assert_eq!(built.report.chip.cell_without_accessibility, 1);
    files.options.allow_cells_without_accessibility = false;
    let fault = files.fault();
    assert!(fault.contains("none for Mars (in peaks.bed"), "{fault}");
}

#[test]
fn one_file_per_cell() {
    let mut files = Files::new();
    // Touching intervals share no base; overlapping ones are one cluster, whatever their cell.
    files.write("k562.narrowPeak", "chr1\t900\t1000\nchr1\t1000\t1200\n");
    files.write(
        "hepg2.bed",
        "chr1\t1100\t1300\nchr2\t500\t600\nchr3\t10\t20\n",
    );
    let cell = |name: &str, cell: &str| CellFile {
        path: files.path(name),
        cell: cell.into(),
    };
    files.inputs.regions = RegionInputs::PerCell(vec![
        cell("k562.narrowPeak", "K562"),
        cell("hepg2.bed", "HEPG2"),
    ]);
    files.inputs.aliases = [("HEPG2".to_owned(), "HepG2".to_owned())]
        .into_iter()
        .collect();
    let built = files.build().expect("a matrix");
    assert_eq!(
        starts(&built.matrix),
        [("chr1", 850), ("chr1", 1050), ("chr2", 450)]
    );
    assert_eq!(built.matrix.regions.chromosomes(), ["chr1", "chr2"]);
    assert_eq!(built.matrix.columns[1], [Unbound, OneEvidence, Closed]);
    assert_eq!(built.report.regions.intervals, 5);
    assert_eq!(built.report.regions.clusters, 4);
    assert_eq!(built.report.regions.longest_cluster, 300);
    assert_eq!(built.report.regions.before_start, 1);
}

/// Two cells whose intervals chain: the centre of the cluster, 1275, is 125 bases from the
/// nearest of the intervals' centres, 1150 (in both cells), 1400 and 1425.
#[test]
fn centres_of_clusters_and_of_cells() {
    let mut files = Files::new();
    // On chr2 MYC is bound: a matrix in which nothing is bound is refused.
    files.write(
        "k562.bed",
        "chr1\t1000\t1300\nchr1\t1405\t1445\nchr2\t100\t200\n",
    );
    files.write("hepg2.bed", "chr1\t1140\t1160\nchr1\t1250\t1550\n");
    let cell = |name: &str, cell: &str| CellFile {
        path: files.path(name),
        cell: cell.into(),
    };
    let cells = vec![cell("k562.bed", "K562"), cell("hepg2.bed", "HepG2")];
    let clusters = std::mem::replace(&mut files.inputs.regions, RegionInputs::PerCell(cells));

    let merged = files.build().expect("a matrix");
    assert_eq!(starts(&merged.matrix), [("chr1", 1175), ("chr2", 50)]);
    assert_eq!(merged.report.regions.off_centre, 1);
    let told = merged.report.lines();
    assert!(
        told.iter()
            .any(|(what, count)| what.contains("centre of none") && *count == 1)
    );
    // Wide enough, the region contains a centre, and nothing is reported.
    files.options.width = 252;
    assert_eq!(
        files.build().expect("a matrix").report.regions.off_centre,
        0
    );
    files.options.width = 200;

    files.options.centres = Centres::PerCell;
    let built = files.build().expect("a matrix");
    let expected = [("chr1", 1050), ("chr1", 1300), ("chr1", 1325), ("chr2", 50)];
    assert_eq!(starts(&built.matrix), expected);
    let regions = &built.report.regions;
    assert_eq!((regions.intervals, regions.merged, regions.kept), (5, 1, 4));
    assert_eq!((regions.clusters, regions.off_centre), (0, 0));
    assert_eq!(built.matrix.provenance.rule, "chip+tfbs, per-cell centres");
    // Accessible where an interval of the cell contains the centre: 1400 is none of K562's.
    let mut max = Vec::new();
    built
        .for_each_cell(|cell, matrix| {
            max.push((cell.to_owned(), matrix.columns[0].clone()));
            Ok(())
        })
        .expect("cells were kept");
    assert_eq!(
        max,
        [
            ("HepG2".to_owned(), vec![Unbound, Unbound, Unbound, Closed]),
            ("K562".to_owned(), vec![Unbound, Closed, Unbound, Unbound])
        ]
    );

    files.inputs.regions = clusters;
    assert!(files.fault().contains("centres: expected `merged`"));
}

#[test]
fn regions_past_the_ends_are_dropped_and_equal_ones_merged() {
    let mut files = Files::new();
    files.write(
        "dhs.bed",
        "chr1\t0\t199\t1\t0,\nchr1\t950\t1050\t1\t0,\nchr1\t960\t1041\t1\t1,\nchr1\t4000\t4100\t1\t0,\n",
    );
    files.options.chrom_sizes = Some(vec![("chr1".into(), 4149), ("chr2".into(), 1000)]);
    let built = files.build().expect("a matrix");
    assert_eq!(starts(&built.matrix), [("chr1", 900)]);
    let regions = &built.report.regions;
    assert_eq!((regions.before_start, regions.past_end), (1, 1));
    assert_eq!((regions.merged, regions.kept), (1, 1));
    // Open in both cells: the peak of K562 and its site count.
    assert_eq!(built.matrix.columns[0], [Bound]);
}

#[test]
fn the_layouts_of_the_ucsc_table() {
    let files = Files::new();
    let expected = files.build().expect("a matrix").matrix.columns;
    let table = |bin: &str| -> String {
        CLUSTERS
            .lines()
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                let [chrom, start, end, count, ids] = fields[..] else {
                    panic!("five columns");
                };
                format!("{bin}{chrom}\t{start}\t{end}\tname\t500\t{count}\t{ids}\t7,8,\n")
            })
            .collect()
    };
    for bin in ["", "585\t"] {
        files.write("dhs.bed", &table(bin));
        let built = files.build().expect("a matrix");
        assert_eq!(built.matrix.columns, expected, "bin {bin:?}");
    }
}

#[test]
fn only_the_tfs_asked_for() {
    let mut files = Files::new();
    files.options.tfs = Some(vec!["MYC".into()]);
    let built = files.build().expect("a matrix");
    assert_eq!(built.matrix.tfs, ["MYC"]);
    assert_eq!(built.report.chip.tf_not_asked_for, 5);
    files.options.tfs = Some(vec!["MYCC".into()]);
    let fault = files.fault();
    assert!(fault.contains("\"MYCC\"; did you mean MYC?"), "{fault}");
}

#[test]
fn a_sheet_gives_what_names_do_not_say() {
    let files = Files::new();
    files.write(
        "peaks.narrowPeak",
        "chr1\t800\t1000\tp\t0\t.\t5\t-1\t-1\t100\n",
    );
    files.write(
        "sheet.tsv",
        "path\tkind\ttf\tcell\npeaks.narrowPeak\tchip\tMAX\tK562\nmax_k562.bed\ttfbs\tMAX\tK562\ndhs.bed\tdhs\t\t\n",
    );
    let sheet = Sheet::read(&files.path("sheet.tsv")).expect("a sheet");
    let mut inputs = files.inputs.clone();
    inputs.chip = sheet.data_sets(Kind::Chip);
    inputs.tfbs = sheet.data_sets(Kind::Tfbs);
    assert_eq!(sheet.cluster_files(), [files.path("dhs.bed")]);
    let built = build(&inputs, &files.options, &Silent).expect("a matrix");
    assert_eq!(
        built.matrix.columns[0],
        [Bound, Unbound, Closed, OneEvidence, Unbound]
    );
}

#[test]
fn bad_files_are_named_with_line_and_remedy() {
    let files = Files::new();
    let peaks_fault = |text: &str| {
        files.write("peaks.bed", text);
        files.fault()
    };
    let lines: Vec<&str> = PEAKS.lines().collect();

    let unsorted = peaks_fault(&format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]));
    assert!(
        unsorted.starts_with("peaks.bed, line 3: expected a start of at least 1990"),
        "{unsorted}"
    );
    assert!(unsorted.contains("sort -k1,1 -k2,2n"), "{unsorted}");
    assert!(unsorted.contains("unsorted"), "{unsorted}");

    let malformed = peaks_fault(&format!(
        "# peaks\n{}\nchr1\t1e3\t1100\tE.MAX.K562\n",
        lines[0]
    ));
    assert!(
        malformed.starts_with("peaks.bed, line 3: expected a start that is a whole number"),
        "{malformed}"
    );
    assert!(malformed.contains("found \"1e3\""), "{malformed}");

    let name = peaks_fault("chr1\t800\t1000\tpeak_1\t0\t.\t900\t901\t0,0,0\n");
    assert!(
        name.contains("line 1: expected a name EXPERIMENT.TF.CELL, or TF:CELL,CELL, in column 4, found \"peak_1\""),
        "{name}"
    );
    assert!(name.contains("sample sheet"), "{name}");

    let style = peaks_fault(&PEAKS.replace("chr", ""));
    assert!(
        style.contains("peaks.bed: expected chromosomes that have accessible regions"),
        "{style}"
    );
    assert!(style.contains("with `chr`: chr1, not 1"), "{style}");

    let other = peaks_fault(&PEAKS.replace("chr", "scaffold"));
    assert!(
        other.contains("only others: scaffold1 (5 intervals), scaffold2 (2 intervals)"),
        "{other}"
    );

    files.write("peaks.bed", PEAKS);
    files.write("dhs.bed", "chr1\t950\t1050\t2\t0,7,\n");
    let source = files.fault();
    assert!(
        source.contains("dhs.bed, line 1: expected source ids of"),
        "{source}"
    );
    files.write("dhs.bed", "chr1\t950\t1050\t3\t0,1,\n");
    assert!(files.fault().contains("expected 3 source ids, found 2"));
    files.write("dhs.bed", "chr1\t950\t1050\n");
    assert!(files.fault().contains("found 3 columns"));
    files.write("dhs.bed", "# none\n");
    assert!(
        files
            .fault()
            .contains("expected at least one region, found none")
    );
}

#[test]
fn what_lies_outside_the_genome_is_dropped_and_counted() {
    let mut files = Files::new();
    files.options.genome = Some("hg38".into());
    files.options.chrom_sizes = Some(vec![("chr1".into(), 5000)]);
    files.options.refuse_outside = true;
    let unknown = files.fault();
    assert!(
        unknown.starts_with(
            "dhs.bed: expected chromosomes of the genome (hg38), found others: chr2 (1 interval)"
        ),
        "{unknown}"
    );
    assert!(unknown.contains("refuse_outside"), "{unknown}");

    files.options.refuse_outside = false;
    let built = files.build().expect("a matrix");
    assert_eq!(built.report.regions.unknown_chromosome, 1);
    assert_eq!(built.report.chip.unknown_chromosome, 2);
    assert_eq!(built.report.tfbs.unknown_chromosome, 1);
    let warned = built.report.warnings.join("\n");
    assert!(
        warned.contains("ChIP-seq peaks: 2 dropped on chromosomes that the genome lacks"),
        "{warned}"
    );

    // The last summit, at 4000, is on chr1, though its peak ends past the end; a peak with its
    // summit past the end is in no region, and one that begins there is dropped.
    files.options.chrom_sizes = Some(vec![("chr1".into(), 4020), ("chr2".into(), 1000)]);
    files.write(
        "dhs.bed",
        "chr1\t950\t1050\t2\t0,1,\nchr1\t3820\t4020\t2\t0,1,\n",
    );
    files.write(
        "peaks.bed",
        &PEAKS
            .replace("chr2\t100\t200\tE3", "chr1\t4030\t4100\tE3")
            .replace("150\t151", "4040\t4041"),
    );
    files.write("max_hepg2.bed", "chr1\t3990\t4030\tMAX\t0\t+\n");
    let built = files.build().expect("a matrix");
    let chip = &built.report.chip;
    assert_eq!((chip.clipped, chip.beyond_end), (1, 1));
    assert_eq!(built.report.tfbs.clipped, 1);
    assert_eq!(built.matrix.columns[0], [Bound, Bound]);
    let warned = built.report.warnings.join("\n");
    assert!(
        warned.contains("the first, chr1:3950-4050 on line 5 of")
            && warned.contains("the chromosome has 4020 bp"),
        "{warned}"
    );
    files.options.refuse_outside = true;
    let build = files.fault();
    assert!(
        build.contains("max_hepg2.bed, line 1: expected an end of at most 4020, the length of chr1 in the genome (hg38), found 4030"),
        "{build}"
    );
    assert!(build.contains("wrong genome build?"), "{build}");
    files.options.refuse_outside = false;

    // Accessible intervals are clipped before their centre is taken.
    files.write(
        "dhs.bed",
        "chr1\t950\t1050\t2\t0,1,\nchr1\t3780\t4100\t2\t0,1,\nchr1\t4020\t4100\t1\t0,\n",
    );
    let built = files.build().expect("a matrix");
    assert_eq!(starts(&built.matrix), [("chr1", 900), ("chr1", 3800)]);
    let regions = &built.report.regions;
    assert_eq!((regions.clipped, regions.beyond_end), (1, 1));

    // So are those that begin before the first base, whether the genome is known or not. A peak
    // with its summit there is in no region, and one that ends there is dropped.
    files.write(
        "dhs.bed",
        "chr1\t-100\t260\t2\t0,1,\nchr1\t-90\t-10\t1\t0,\nchr1\t950\t1050\t2\t0,1,\n",
    );
    files.write(
        "peaks.bed",
        "chr1\t-40\t120\tE1.MAX.K562\t0\t.\t100\t101\t0\n\
         chr1\t-30\t90\tE2.MAX.K562\t0\t.\t-20\t-19\t0\n\
         chr1\t-90\t-10\tE2.MAX.K562\t0\t.\t-50\t-49\t0\n",
    );
    files.write("max_k562.bed", "chr1\t-5\t101\tMAX\t0\t+\n");
    files.write("max_hepg2.bed", "chr1\t995\t1001\tMAX\t0\t+\n");
    for sizes in [
        Some(vec![("chr1".into(), 4020), ("chr2".into(), 1000)]),
        None,
    ] {
        let known = sizes.is_some();
        files.options.chrom_sizes = sizes;
        let built = files.build().expect("a matrix");
        assert_eq!(starts(&built.matrix), [("chr1", 30), ("chr1", 900)]);
        let regions = &built.report.regions;
        assert_eq!((regions.clipped, regions.beyond_end), (1, 1));
        let chip = &built.report.chip;
        assert_eq!((chip.clipped, chip.beyond_end), (2, 1));
        assert_eq!((chip.used, chip.outside), (1, 1));
        assert_eq!(built.matrix.columns[0], [Bound, OneEvidence]);
        let warned = built.report.warnings.join("\n");
        assert!(
            warned.contains(
                "ChIP-seq peaks: 2 clipped at an end of their chromosome, 1 dropped beyond it (the \
                 first, chr1:-40-120 on line 1 of"
            ) && warned.contains("has 4020 bp") == known,
            "{warned}"
        );
    }
    files.options.refuse_outside = true;
    let refused = files.fault();
    assert!(
        refused.contains("dhs.bed, line 1: expected a start of at least 0, found -100"),
        "{refused}"
    );
    files.options.refuse_outside = false;

    // What holds no base is dropped, and said.
    files.options.chrom_sizes = None;
    let dhs = "chr1\t-100\t260\t2\t0,1,\nchr1\t950\t1050\t2\t0,1,\n";
    files.write("dhs.bed", dhs);
    let without = files.build().expect("a matrix");
    files.write("dhs.bed", &format!("{dhs}chr1\t3000\t3000\t1\t0,\n"));
    files.write(
        "max_hepg2.bed",
        "chr1\t990\t990\tMAX\t0\t+\nchr1\t995\t1001\tMAX\t0\t+\n",
    );
    let built = files.build().expect("a matrix");
    assert_eq!(built.matrix.columns, without.matrix.columns);
    assert_eq!(starts(&built.matrix), starts(&without.matrix));
    let report = &built.report;
    assert_eq!(
        (report.regions.without_base, report.tfbs.without_base),
        (1, 1)
    );
    let warned = report.warnings.join("\n");
    for part in [
        "accessible intervals: 1 dropped because they hold no base",
        "the first, chr1:990-990 on line 1 of",
    ] {
        assert!(warned.contains(part), "{warned}");
    }

    // Of another genome altogether.
    files.options.chrom_sizes = Some(vec![("1".into(), 4020)]);
    let other = files.fault();
    assert!(other.contains("without `chr`: 1, not chr1"), "{other}");
    files.options.chrom_sizes = Some(vec![("scaffold_1".into(), 4020)]);
    let other = files.fault();
    assert!(
        other.contains("expected at least one region, found none"),
        "{other}"
    );
}

/// The warnings of a build that has some bound regions.
fn warnings(files: &Files) -> String {
    let built = files.build().expect("a matrix");
    assert_eq!(built.matrix.provenance.warnings, built.report.warnings);
    built.report.warnings.join("\n")
}

#[test]
fn evidence_that_never_meets_is_said() {
    let mut files = Files::new();
    assert_eq!(
        warnings(&files),
        "1 of 3 files of binding sites hold none: ".to_owned()
            + &files.path("max_hepg2.bed").display().to_string()
    );

    // Letter case and signs of TFs and of cells.
    files.write("peaks.bed", &PEAKS.replace(".MYC.", ".Myc."));
    let case = warnings(&files);
    assert!(
        case.contains("taken for different TFs: MYC and Myc"),
        "{case}"
    );
    assert!(
        case.contains("1 of 2 TFs have no bound region: MYC (there are peaks of Myc)"),
        "{case}"
    );
    files.write("peaks.bed", &PEAKS.replace(".MYC.K562", ".MYC.K-562"));
    let cell = warnings(&files);
    assert!(cell.contains("different cells: K-562 and K562"), "{cell}");
    assert!(cell.contains("aliases"), "{cell}");

    // Another build: all peaks, and so an error; or those of one file.
    let shifted = |by: u32| -> String {
        PEAKS
            .lines()
            .map(|line| {
                let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
                for place in [1, 2, 6, 7] {
                    let position: u32 = fields[place].parse().expect("a position");
                    fields[place] = (position + by).to_string();
                }
                fields.join("\t") + "\n"
            })
            .collect()
    };
    files.write("peaks.bed", &shifted(1_000_000));
    let build = files.fault();
    assert!(
        build.contains("expected a region that is bound by a TF, found none: 0 of 7 peaks"),
        "{build}"
    );
    assert!(build.contains("one genome build"), "{build}");
    files.write("peaks.bed", PEAKS);
    files.write("other.bed", &shifted(1_000_000).repeat(5));
    files.inputs.chip.push(named(files.path("other.bed")));
    files.options.allow_unsorted = true;
    let all = warnings(&files);
    assert!(
        all.contains("31 of 36 ChIP-seq peaks of profiled pairs lie in no"),
        "{all}"
    );
    files.write("peaks.bed", &PEAKS.repeat(5));
    let one = warnings(&files);
    assert!(
        one.contains("most ChIP-seq peaks of 1 of 2 files lie in no accessible"),
        "{one}"
    );
    assert!(one.contains("other.bed (30 of 30)"), "{one}");
    files.options.allow_unsorted = false;
    files.inputs.chip.pop();

    // Nothing in a file.
    files.write("peaks.bed", "# nothing\n");
    assert!(files.fault().contains("0 of 0 peaks"));
    files.write("peaks.bed", PEAKS);
    for name in ["max_k562.bed", "myc_k562.bed"] {
        files.write(name, "");
    }
    assert!(files.fault().contains("0 of 0 sites"));
}

#[test]
fn a_tf_bound_nearly_everywhere_and_long_sites_are_said() {
    let files = Files::new();
    let lines =
        |line: &dyn Fn(u32) -> String| -> String { (1..=30).map(|at| line(at * 1000)).collect() };
    files.write(
        "dhs.bed",
        &lines(&|at| format!("chr1\t{}\t{}\t1\t0,\n", at - 50, at + 50)),
    );
    files.write(
        "peaks.bed",
        &lines(&|at| {
            format!(
                "chr1\t{}\t{}\tE.MAX.K562\t0\t.\t{at}\t{}\t0\n",
                at - 5,
                at + 5,
                at + 1
            )
        }),
    );
    files.write(
        "max_k562.bed",
        &lines(&|at| format!("chr1\t{}\t{}\tMAX\t0\t+\n", at - 100, at + 101)),
    );
    let warned = warnings(&files);
    assert!(warned.contains("MAX (30 of 30); were files"), "{warned}");
    assert!(
        warned.contains("bp long on average: are these peaks"),
        "{warned}"
    );
}

#[test]
fn non_redundant_peaks_are_of_all_their_cells() {
    let files = Files::new();
    let expected = files.build().expect("a matrix").matrix.columns;
    // The peak at 4000 in both cells; a cell that was not profiled changes nothing.
    files.write(
        "peaks.bed",
        &PEAKS
            .replace("E2.MAX.HepG2", "MAX:HepG2,Mars")
            .replace("E1.MAX.K562", "MAX:K562")
            .replace("E1.MYC.K562", "MYC:K562")
            .replace("E3.MYC.K562", "MYC:K562,HepG2"),
    );
    let built = files.build().expect("a matrix");
    assert_eq!(built.matrix.columns, expected);
    assert_eq!((built.report.chip.records, built.report.chip.used), (7, 4));
    // Once more with the site of MAX in K562, which makes the last region of chr1 bound.
    files.write(
        "peaks.bed",
        &PEAKS.replace("E2.MAX.HepG2", "MAX:HepG2,K562"),
    );
    assert_eq!(files.build().expect("a matrix").matrix.columns[0][3], Bound);
}

#[test]
fn tfs_with_dots_and_peaks_without_a_summit() {
    let mut files = Files::new();
    files.options.evidence = Evidence::ChipOnly;
    files.write("peaks.bed", "chr1\t900\t1101\tGSE1.NKX2.5.K562\n");
    let built = files.build().expect("a matrix");
    assert_eq!(built.matrix.tfs, ["NKX2.5"]);
    assert_eq!(built.matrix.columns[0][0], Bound);
    assert_eq!(built.report.chip.without_summit, 1);
    let told = built.report.lines();
    assert!(
        told.iter()
            .any(|(what, _)| what.contains("without a summit: their middle"))
    );
    // In the name of a file of sites, too; what a sample sheet says stays as it is.
    let mut sites = Files::new();
    sites.write("peaks.bed", "chr1\t900\t1101\tGSE1.NKX2.5.K562\n");
    sites.write("EXP.K562.NKX2.5.pwm.bed", "chr1\t990\t1001\n");
    let path = sites.path("EXP.K562.NKX2.5.pwm.bed");
    sites.inputs.tfbs = vec![of(path.clone(), "5", "K562.NKX2")];
    assert_eq!(sites.build().expect("a matrix").matrix.tfs, ["NKX2.5"]);
    sites.inputs.tfbs = vec![of(path, "NKX2", "K562.5")];
    assert!(sites.fault().contains("none for K562.5"));
    let profile = &built.matrix.provenance.profiles[0];
    assert_eq!((&*profile.tf, profile.chip, profile.tfbs), ("NKX2.5", 1, 0));
    assert_eq!(profile.cells, ["K562"]);
}

#[test]
fn a_cell_without_accessible_regions_is_named_with_near_names() {
    let mut files = Files::new();
    files.inputs.tfbs[1] = of(files.path("max_hepg2.bed"), "MAX", "Hep-G2");
    let fault = files.fault();
    assert!(
        fault.contains("found none for Hep-G2 (in max_hepg2.bed; near names: HepG2)"),
        "{fault}"
    );
    assert!(fault.contains("aliases"), "{fault}");
    assert!(
        fault.contains("skip_cells_without_accessibility"),
        "{fault}"
    );

    files.options.allow_cells_without_accessibility = true;
    let built = files.build().expect("a matrix");
    assert_eq!(built.report.cells_without_accessibility, ["Hep-G2"]);
    assert_eq!(built.report.pairs, 2);
    files.inputs.aliases = [("Hep-G2".to_owned(), "HepG2".to_owned())]
        .into_iter()
        .collect();
    assert_eq!(files.build().expect("a matrix").report.pairs, 3);
}

#[test]
fn missing_files_and_missing_inputs_are_named() {
    let mut files = Files::new();
    files.inputs.tfbs[1].path = files.path("absent.bed");
    let fault = files.fault();
    assert!(fault.contains("cannot read absent.bed"), "{fault}");
    files.inputs.tfbs[1].path = files.path("");
    assert!(
        files
            .fault()
            .contains("expected a regular file, found a directory")
    );
    files.inputs.tfbs.clear();
    assert!(files.fault().contains("`evidence` chip"));
}

#[test]
fn unsorted_files_give_the_same_when_allowed() {
    let mut files = Files::new();
    let expected = files.build().expect("a matrix").matrix.columns;
    let mut lines: Vec<&str> = PEAKS.lines().collect();
    lines.reverse();
    lines.swap(1, 4);
    files.write("peaks.bed", &lines.join("\r\n"));
    files.options.allow_unsorted = true;
    assert_eq!(files.build().expect("a matrix").matrix.columns, expected);
}

#[test]
fn threads_do_not_matter() {
    let files = Files::new();
    let whole = files.build().expect("a matrix");
    for threads in [1, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let other = pool.install(|| files.build()).expect("a matrix");
        assert_eq!(other.matrix, whole.matrix);
        assert_eq!(other.report, whole.report);
    }
}

/// The numbers of a published NPZ file, row by row: a zip archive with one
/// deflated array in NumPy's format 1, read here without the crate's own reader.
fn published(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("read");
    assert_eq!(&bytes[..4], b"PK\x03\x04");
    let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let data = 30 + short(26) + short(28);
    let mut array = Vec::new();
    flate2::read::DeflateDecoder::new(&bytes[data..])
        .read_to_end(&mut array)
        .expect("inflated");
    assert_eq!(&array[..8], b"\x93NUMPY\x01\x00");
    let header = 10 + usize::from(u16::from_le_bytes([array[8], array[9]]));
    let text = String::from_utf8_lossy(&array[10..header]);
    assert!(text.contains("'<f8'") && text.contains("'fortran_order': False"));
    array[header..]
        .chunks_exact(8)
        .map(|number| f64::from_le_bytes(number.try_into().expect("8 bytes")))
        .collect()
}

/// The published matrix, rebuilt from inputs in the formats of its sources.
#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_the_published_matrix_cell_for_cell() {
    let data = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/tf-binding"
    ));
    let raw = data.join("raw");
    let inputs = BuildInputs {
        regions: RegionInputs::Clusters {
            bed: raw.join("dhs_clusters.bed.gz"),
            sources: raw.join("dhs_sources.tsv"),
        },
        chip: vec![DataSet {
            path: raw.join("remap_peaks.bed.gz"),
            pair: None,
            format: Some(Format::SummitBed),
        }],
        tfbs: unibind_directory(&raw.join("unibind")).expect("a directory"),
        aliases: Aliases::default(),
    };
    let built = build(&inputs, &BuildOptions::default(), &Silent).expect("a matrix");
    let matrix = &built.matrix;

    // The sequences are in the order of the published rows.
    let sequences = data.join("sequences.200bp.fa.gz");
    let mut lines = Lines::open(&sequences).expect("opened");
    let mut row = 0;
    while let Some((_, line)) = lines.next().expect("read") {
        if line.starts_with(b">") {
            let header = format!(">{row}::{}", matrix.regions.get(row));
            assert_eq!(std::str::from_utf8(line), Ok(header.as_str()));
            row += 1;
        }
    }
    assert_eq!(row, matrix.regions.len());

    for (name, view) in [("sparse", View::Sparse), ("less-sparse", View::LessSparse)] {
        let path = data.join(format!("matrix2d.ReMap+UniBind.{name}.npz"));
        let values = published(&path);
        assert_eq!(values.len(), matrix.regions.len() * matrix.tfs.len());
        for (place, theirs) in values.into_iter().enumerate() {
            let (row, tf) = (place / matrix.tfs.len(), place % matrix.tfs.len());
            let ours = match matrix.columns[tf][row].label(view) {
                None => f64::NAN,
                Some(bound) => f64::from(u8::from(bound)),
            };
            assert!(
                ours == theirs || (ours.is_nan() && theirs.is_nan()),
                "{name}, {}, {}: {ours}, published {theirs}",
                matrix.tfs[tf],
                matrix.regions.get(row),
            );
        }
    }
}
