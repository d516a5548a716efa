//! Scanning against plain loops over all windows, and the tables that come of it.

use std::io::Cursor;
use std::path::Path;

use bindscape_base::Result;
use bindscape_base::progress::Silent;
use bindscape_genome::fasta::NameStyle;
use bindscape_motif::pvalue::{PValues, ScaledLogOdds};
use bindscape_motif::scan::{
    Batch, Format, Hit, OccupancyWriter, Options, QValues, Scanner, SequenceReader, Writer,
    best_strands, for_each_batch,
};
use bindscape_motif::{Background, Frequencies, Motif, Pseudocount};
use proptest::prelude::*;

const BACKGROUND: [f64; 4] = [0.3, 0.2, 0.2, 0.3];

fn background() -> Background {
    Background::new(BACKGROUND).expect("valid")
}

fn options(threshold: f64) -> Options {
    Options {
        threshold,
        single_strand: false,
        pseudocount: Pseudocount::new(0.1).expect("valid"),
    }
}

/// A motif that favours the letters of `consensus`.
fn motif(id: &str, consensus: &str, favoured: f64) -> Motif {
    let rows = consensus.bytes().map(|letter| {
        let mut row = [(1.0 - favoured) / 3.0; 4];
        match b"ACGT".iter().position(|&l| l == letter) {
            Some(base) => row[base] = favoured,
            None => row = [0.25; 4],
        }
        row
    });
    Motif {
        name: Some(format!("{id}-name")),
        sites: Some(100.0),
        ..Motif::new(id, Frequencies::new(rows.collect()).expect("sum to one"))
    }
}

fn reader(text: &str, scanner: &Scanner, capacity: Option<usize>) -> SequenceReader {
    let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let reader = SequenceReader::new(input, Path::new("s.fa"), scanner.widest(), false);
    match capacity {
        Some(bases) => reader.with_capacity(bases),
        None => reader,
    }
}

fn batches(text: &str, scanner: &Scanner, capacity: Option<usize>) -> Vec<Batch> {
    let mut all = Vec::new();
    for_each_batch(&mut reader(text, scanner, capacity), &Silent, |batch| {
        all.push(batch.clone());
        Ok(())
    })
    .expect("valid");
    all
}

/// Hits as sequence, start, motif, strand, score.
type Found = (u64, u64, usize, bool, i64);

fn hits(text: &str, scanner: &Scanner, capacity: Option<usize>) -> Vec<Found> {
    let mut all = Vec::new();
    for batch in batches(text, scanner, capacity) {
        all.extend(scanner.hits(&batch).iter().map(|hit: &Hit| {
            let sequence = batch.sequences[hit.sequence].index;
            (sequence, hit.start, hit.motif, hit.reverse, hit.score)
        }));
    }
    all
}

fn fasta(sequences: &[String]) -> String {
    let record = |(index, sequence): (usize, &String)| format!(">s{index}\n{sequence}\n");
    sequences.iter().enumerate().map(record).collect()
}

fn code(letter: u8) -> Option<u8> {
    let place = b"ACGT"
        .iter()
        .position(|&l| l == letter.to_ascii_uppercase());
    place.map(|base| base as u8)
}

/// The bases of a window, unless it has another letter.
fn window(sequence: &str, start: usize, width: usize) -> Option<Vec<u8>> {
    let letters = sequence.as_bytes().get(start..start + width)?;
    letters.iter().map(|&letter| code(letter)).collect()
}

/// What the scanner computes for a motif, once more.
fn scores(motif: &Motif) -> (ScaledLogOdds, PValues, Frequencies) {
    let pseudocount = Pseudocount::new(0.1).expect("valid");
    let sites = motif.sites.expect("given");
    let frequencies = motif
        .frequencies
        .with_pseudocount(sites, pseudocount, &background());
    let scores = ScaledLogOdds::new(&frequencies.log_odds(&background()).expect("positive"));
    let values = PValues::new(&scores, &background(), 1.0);
    (scores, values, frequencies)
}

fn plain_hits(sequences: &[String], motifs: &[Motif], threshold: f64) -> Vec<Found> {
    let mut all = Vec::new();
    for (number, motif) in motifs.iter().enumerate() {
        let (forward, values, _) = scores(motif);
        for (index, sequence) in sequences.iter().enumerate() {
            for start in 0..sequence.len() {
                let Some(word) = window(sequence, start, motif.width()) else {
                    continue;
                };
                for (reverse, scores) in [(false, &forward), (true, &forward.reverse_complement())]
                {
                    let score = scores.score(&word);
                    if values.p_value(score) <= threshold {
                        all.push((index as u64, start as u64, number, reverse, score));
                    }
                }
            }
        }
    }
    all.sort_unstable();
    all
}

fn motifs() -> Vec<Motif> {
    vec![
        motif("a", "ACGT", 0.7),
        motif("b", "TTGAC", 0.9),
        motif("c", "ACGNNACGTTGCA", 0.6),
        motif("d", "GG", 0.5),
        motif("e", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0.8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The hits are those of a plain loop, in batches of any size.
    #[test]
    fn hits_are_those_of_all_windows(
        sequences in prop::collection::vec("[ACGTacgtN]{1,300}", 1..5),
        threshold in prop::sample::select(vec![1e-4, 1e-3, 1e-2, 0.3, 1.0]),
        capacity in 1_usize..300,
    ) {
        let motifs = motifs();
        let scanner = Scanner::new(&motifs, &background(), &options(threshold)).expect("valid");
        let text = fasta(&sequences);
        let plain = plain_hits(&sequences, &motifs, threshold);
        let mut whole = hits(&text, &scanner, None);
        prop_assert!(whole.is_sorted());
        whole.sort_unstable();
        prop_assert_eq!(&whole, &plain);
        let mut parts = hits(&text, &scanner, Some(capacity));
        parts.sort_unstable();
        prop_assert_eq!(&parts, &plain);
    }

    /// The reverse complement of a sequence has the same hits on the other strand.
    #[test]
    fn strands_are_alike(sequence in "[ACGTN]{40,300}") {
        let motifs = motifs();
        let scanner = Scanner::new(&motifs, &background(), &options(0.05)).expect("valid");
        let turned: String = sequence
            .chars()
            .rev()
            .map(|letter| match letter { 'A' => 'T', 'C' => 'G', 'G' => 'C', 'T' => 'A', n => n })
            .collect();
        let length = sequence.len() as u64;
        let mut other: Vec<Found> = hits(&fasta(&[turned]), &scanner, None)
            .into_iter()
            .map(|(index, start, number, reverse, score)| {
                (index, length - start - motifs[number].width() as u64, number, !reverse, score)
            })
            .collect();
        other.sort_unstable();
        prop_assert_eq!(hits(&fasta(&[sequence]), &scanner, None), other);
    }

    /// Best windows and occupancies, against plain loops; they are the same to the last bit for
    /// batches of any size.
    #[test]
    fn best_windows_and_occupancies(
        sequences in prop::collection::vec("[ACGTN]{1,150}", 1..5),
        capacity in 1_usize..200,
    ) {
        let motifs = motifs();
        let scanner = Scanner::new(&motifs, &background(), &options(1e-2)).expect("valid");
        let text = fasta(&sequences);
        let collect = |capacity| {
            let (mut best, mut sums) = (Vec::new(), Vec::new());
            let (mut open, mut open_sums) = (Vec::new(), Vec::new());
            for batch in batches(&text, &scanner, capacity) {
                let cells = scanner.best(&batch, &mut open);
                let occupancies = scanner.occupancy(&batch, &mut open_sums);
                for (index, sequence) in batch.sequences.iter().enumerate() {
                    if sequence.length.is_some() {
                        let range = index * motifs.len()..(index + 1) * motifs.len();
                        best.extend_from_slice(&cells[range.clone()]);
                        sums.extend_from_slice(&occupancies[range]);
                    }
                }
            }
            (best, sums)
        };
        let (best, sums) = collect(None);
        prop_assert_eq!(&(best.clone(), sums.clone()), &collect(Some(capacity)));
        for (index, sequence) in sequences.iter().enumerate() {
            for (number, motif) in motifs.iter().enumerate() {
                let (forward, _, frequencies) = scores(motif);
                let reverse = forward.reverse_complement();
                let other = frequencies.reverse_complement();
                let mut expected = None;
                let (mut sum, mut windows) = (0.0, 0);
                for start in 0..sequence.len() {
                    let Some(word) = window(sequence, start, motif.width()) else { continue };
                    for (is_reverse, scores) in [(false, &forward), (true, &reverse)] {
                        let score = scores.score(&word);
                        if expected.is_none_or(|(best, _, _)| score > best) {
                            expected = Some((score, start as u64, is_reverse));
                        }
                    }
                    for frequencies in [&frequencies, &other] {
                        let rows = frequencies.rows().iter().zip(&word);
                        sum += rows.map(|(row, &b)| row[usize::from(b)]).product::<f64>();
                        windows += 1;
                    }
                }
                let cell = index * motifs.len() + number;
                let got = best[cell].score.map(|s| (s, best[cell].start, best[cell].reverse));
                prop_assert_eq!(got, expected);
                prop_assert_eq!(sums[cell].windows, windows);
                prop_assert!((sums[cell].sum - sum).abs() <= 1e-12 * sum);
                prop_assert_eq!(sums[cell].value().is_none(), windows == 0);
            }
        }
    }
}

#[test]
fn threads_do_not_matter() {
    let sequences: Vec<String> = (0..40_u64)
        .map(|seed| {
            let mut state = seed * 77 + 1;
            let letter = |_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(b"ACGT"[(state >> 60) as usize % 4])
            };
            (0..5000).map(letter).collect()
        })
        .collect();
    let text = fasta(&sequences);
    let scanner = Scanner::new(&motifs(), &background(), &options(1e-3)).expect("valid");
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| {
            let all = batches(&text, &scanner, Some(50_000));
            let occupancies: Vec<_> = all
                .iter()
                .map(|batch| scanner.occupancy(batch, &mut Vec::new()))
                .collect();
            (hits(&text, &scanner, Some(50_000)), occupancies)
        })
    };
    let one = of(1);
    assert!(one.0.len() > 500);
    assert_eq!(one, of(3));
}

fn table(text: &str, format: Format, genomic: bool, most: f64) -> Result<String> {
    let motifs = [motif("m", "TTGACA", 0.97)];
    let uniform = Background::uniform();
    let scanner = Scanner::new(&motifs, &uniform, &options(1e-2)).expect("valid");
    let mut writer = Writer::new(&scanner, format, genomic, None);
    let mut q_values = QValues::new(&scanner);
    let path = Path::new("s.fa");
    for_each_batch(&mut reader(text, &scanner, None), &Silent, |batch| {
        let hits = scanner.hits(batch);
        q_values.add(&hits, &scanner.windows(batch));
        writer.add(batch, &hits, path)
    })?;
    let mut out = Vec::new();
    let q_values = q_values.finish(&scanner);
    let rows = writer.finish(Some((&q_values, most)), &mut out)?;
    let text = String::from_utf8(out).expect("text");
    let header = if matches!(format, Format::Gff | Format::Fimo) {
        1
    } else {
        2
    };
    assert_eq!(text.lines().count() as u64, rows + header);
    Ok(text)
}

/// 15 bases have 20 windows of 6 on both strands. The motif is there once on each; the next
/// words, with one letter off, have p-values of 19/4096.
#[test]
fn tables_and_q_values() {
    let tsv = table(
        ">x y\nccTTGACAnTGTCAA\n>z\nTTGACC\n",
        Format::Tsv,
        false,
        1.0,
    )
    .expect("valid");
    let mut lines = tsv.lines();
    assert!(
        lines
            .next()
            .is_some_and(|line| line.starts_with("# start and stop: 1-based"))
    );
    assert_eq!(
        lines.next(),
        Some(
            "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence"
        )
    );
    let p = 1.0 / 4096.0;
    // Windows: 3 before the N, 1 behind it, 1 of z; twice.
    let q = p * 10.0 / 2.0;
    let bits = 6.0 * ((0.97 * 100.0 + 0.025) / 100.1 / 0.25_f64).log2();
    let row = |start: u64, strand| {
        format!(
            "m\tm-name\tx\t{start}\t{}\t{strand}\t{bits:.4}\t{p:.4e}\t{q:.4e}\tTTGACA",
            start + 5
        )
    };
    assert_eq!(lines.next(), Some(row(3, '+').as_str()));
    assert_eq!(lines.next(), Some(row(10, '-').as_str()));
    let last: Vec<&str> = lines.next().expect("a third hit").split('\t').collect();
    assert_eq!((last[2], last[3], last[9]), ("z", "1", "TTGACC"));
    let (p, q) = (19.0 / 4096.0, 19.0 / 4096.0 * 10.0 / 3.0);
    assert_eq!(
        (last[7], last[8]),
        (format!("{p:.4e}").as_str(), format!("{q:.4e}").as_str())
    );
    assert_eq!(lines.next(), None);
    let fewer = table(
        ">x y\nccTTGACAnTGTCAA\n>z\nTTGACC\n",
        Format::Tsv,
        false,
        0.01,
    );
    assert_eq!(fewer.expect("valid").lines().count(), 4);
}

#[test]
fn positions_in_the_genome() {
    let text = ">chr2:100-108\nCTTGACAC\n>id::chr3:50-58(-)\nCTTGACAC\n>plain\nTTGACA\n";
    let bed = table(text, Format::Bed, true, 1.0).expect("valid");
    let places: Vec<String> = bed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 11);
            assert_eq!((fields[3], fields[4], fields[10]), ("m", "36", "TTGACA"));
            format!("{}:{}-{}{}", fields[0], fields[1], fields[2], fields[5])
        })
        .collect();
    assert_eq!(places, ["chr2:101-107+", "chr3:51-57-", "plain:0-6+"]);
    let plain = table(text, Format::Bed, false, 1.0).expect("valid");
    assert!(plain.contains("\nchr2:100-108\t1\t7\t"));
    let fault = |text: &str| {
        let error = table(text, Format::Bed, true, 1.0).expect_err("a fault");
        format!("{error} hint: {}", error.advice().unwrap_or_default())
    };
    let neither = fault(">chr2:102-108\nCTTGACAC\n");
    assert!(
        neither.contains(
            "line 1: expected 6 letters for \"chr2:102-108\" (7 if it counts from 1 and includes the end), found 8"
        ),
        "{neither}"
    );
    // A region from 1 cannot begin at 0.
    assert!(fault(">chr2:0-7\nCTTGACAC\n").contains("expected 7 letters"));
    assert!(fault(">chr2:100-120(-)\nCTTGACAC\n").contains("leave out `genomic_coordinates`"));
}

#[test]
fn regions_that_count_from_one() {
    let text = ">chr2:101-108\nCTTGACAC\n>id::chr3:51-58(-)\nCTTGACAC\n>plain\nTTGACA\n";
    let bed = table(text, Format::Bed, true, 1.0).expect("valid");
    for place in ["chr2\t101\t107\t", "chr3\t51\t57\t", "plain\t0\t6\t"] {
        assert!(bed.contains(&format!("\n{place}")), "{bed}");
    }
    let mixed = table(
        ">chr2:100-108\nCTTGACAC\n>plain\nTTGACA\n>chr3:51-58\nCTTGACAC\n",
        Format::Bed,
        true,
        1.0,
    );
    let mixed = mixed.expect_err("a fault").to_string();
    assert!(
        mixed.contains("line 5: expected positions from 0, the end excluded"),
        "{mixed}"
    );
    assert!(
        mixed.contains("as on line 1, found \"chr3:51-58\", which counts from 1"),
        "{mixed}"
    );
}

#[test]
fn a_long_sequence_counts_as_those_before_it() {
    let scanner = Scanner::new(
        &[motif("m", "TTGACA", 0.97)],
        &Background::uniform(),
        &options(1e-2),
    )
    .expect("valid");
    let write = |text: &str| {
        let mut writer = Writer::new(&scanner, Format::Fimo, true, None);
        for_each_batch(&mut reader(text, &scanner, Some(10)), &Silent, |batch| {
            writer.add(batch, &scanner.hits(batch), Path::new("s.fa"))
        })?;
        assert_eq!(writer.name_style(), Some(NameStyle::Samtools));
        let mut out = Vec::new();
        writer.finish(None, &mut out)?;
        Ok::<_, bindscape_base::Error>(String::from_utf8(out).expect("text"))
    };
    let long = ">chr3:51-80\nCTTGACACCCCCCCCCCCCCCCCTTGACAC\n";
    let rows = write(&format!(">chr2:101-108\nCTTGACAC\n{long}")).expect("valid");
    assert!(rows.contains("chr3\t74\t79\t+\t"), "{rows}");
    // What it is alone is known too late.
    assert!(
        write(long)
            .expect_err("a fault")
            .to_string()
            .contains("which counts from 1")
    );
}

#[test]
fn gff3_and_the_table_as_fimo_lays_it_out() {
    let text = ">x;y\nccTTGACAnTGTCAA\n>z\nTTGACC\n";
    let gff = table(text, Format::Gff, false, 1.0).expect("valid");
    let mut lines = gff.lines();
    assert_eq!(lines.next(), Some("##gff-version 3"));
    let (p, q) = (1.0 / 4096.0, 10.0 / 8192.0);
    assert_eq!(
        lines.next(),
        Some(
            format!("x%3By\tfimo\tnucleotide_motif\t3\t8\t36.1\t+\t.\tName=m_x%3By+;Alias=m-name;ID=m-1-x%3By;pvalue={p:.4e};qvalue={q:.4e};sequence=TTGACA;").as_str()
        )
    );
    assert!(lines.next().is_some_and(|line| line.contains("\t10\t15\t36.1\t-\t.\t") && line.contains("ID=m-2-")));
    let fimo = table(text, Format::Fimo, false, 1.0).expect("valid");
    assert!(fimo.starts_with("motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence\nm\tm-name\tx;y\t3\t8\t"));
}

#[test]
fn sorted_rows_have_the_best_p_value_first() {
    let motifs = [motif("m", "TTGACA", 0.97), motif("n", "GGGCCC", 0.97)];
    let scanner = Scanner::new(&motifs, &Background::uniform(), &options(1e-2)).expect("valid");
    let text = ">a\nTTGACC\n>b\nGGGCCC\n>c\nTTGACA\n>d\nTTGTCAA\n";
    let rows = |skip: bool, best_strand: bool| {
        let mut writer = Writer::new(&scanner, Format::Fimo, false, None).without_bases(skip);
        for batch in batches(text, &scanner, None) {
            let mut hits = scanner.hits(&batch);
            if best_strand {
                best_strands(&mut hits);
            }
            writer
                .add(&batch, &hits, Path::new("s.fa"))
                .expect("written");
        }
        let mut rows = Vec::new();
        let count = writer.finish_sorted(None, |hit| {
            rows.push(hit.tsv());
            Ok(())
        });
        assert_eq!(count.expect("read"), rows.len() as u64);
        rows
    };
    let all = rows(false, false);
    let sequences: Vec<&str> = all
        .iter()
        .map(|row| row.split('\t').nth(2).expect("fields"))
        .collect();
    assert_eq!(sequences, ["b", "b", "c", "d", "a", "d"]);
    assert!(all[0].ends_with("\t\tGGGCCC\n"), "{}", all[0]);
    // A palindrome is as good on both strands.
    let one: Vec<String> = rows(true, true);
    assert_eq!(one.len(), 5);
    assert!(
        one[0].contains("\tb\t1\t6\t+\t") && one[0].ends_with("\t\t\n"),
        "{}",
        one[0]
    );
}

#[test]
fn best_rows_and_occupancy_rows() {
    let motifs = [motif("m", "TTGACA", 0.97)];
    let scanner = Scanner::new(&motifs, &Background::uniform(), &options(1e-2)).expect("valid");
    let text = ">x\nCCTTGACACCTTGACC\n>short\nACG\n>far\nCCCCCCCC\n";
    let mut writer = Writer::new(&scanner, Format::Tsv, false, None);
    let mut occupancies = OccupancyWriter::new(&scanner);
    for batch in batches(text, &scanner, None) {
        let best = scanner.best(&batch, &mut Vec::new());
        writer
            .add_best(&batch, &best, 1.0, Path::new("s.fa"))
            .expect("written");
        let cells = scanner.occupancy(&batch, &mut Vec::new());
        occupancies.add(&batch, &cells).expect("written");
    }
    let mut out = Vec::new();
    assert_eq!(writer.finish(None, &mut out).expect("written"), 2);
    let out = String::from_utf8(out).expect("text");
    let rows: Vec<Vec<&str>> = out
        .lines()
        .skip(2)
        .map(|l| l.split('\t').collect())
        .collect();
    assert_eq!(rows[0][2..6], ["x", "3", "8", "+"]);
    assert_eq!(rows[0][8], "NA");
    assert_eq!(rows[1][2], "far");
    let mut out = Vec::new();
    assert_eq!(occupancies.finish(&mut out).expect("written"), 3);
    let out = String::from_utf8(out).expect("text");
    assert!(out.contains("\nshort\tm\tm-name\t0\tNA\n"));
    assert!(out.contains("\nx\tm\tm-name\t22\t"));
}

#[test]
fn faults_are_named() {
    let fault = |motifs: &[Motif], options: &Options| {
        let made = Scanner::new(motifs, &background(), options);
        made.expect_err("a fault").to_string()
    };
    assert!(fault(&[], &options(0.1)).contains("at least one motif"));
    assert!(fault(&motifs(), &options(0.0)).contains("threshold: expected a p-value above 0"));
    let bare = Options {
        pseudocount: Pseudocount::NONE,
        ..options(0.1)
    };
    let certain = [motif("sure", "ACGT", 1.0)];
    let message = fault(&certain, &bare);
    assert!(
        message.contains("sure") && message.contains("frequencies above zero"),
        "{message}"
    );
}
