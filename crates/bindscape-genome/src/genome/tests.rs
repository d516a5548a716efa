use std::io::Write;

use super::index::{Entry, Index};
use super::*;

const CHR1: &str = "ACGTNacgtaGGGCCCTTTAAAACGTNNNTTTACGGGATC";
const CHR2: &str = "TTTTTGGGGG";

fn fasta(line_end: &str) -> String {
    let mut text = String::new();
    for (header, sequence) in [(">chr1 the first", CHR1), (">chr2", CHR2)] {
        text += header;
        text += line_end;
        for line in sequence.as_bytes().chunks(7) {
            text += std::str::from_utf8(line).unwrap();
            text += line_end;
        }
    }
    text
}

fn index() -> &'static str {
    // As `samtools faidx` (1.21) writes it for the file with \n.
    "chr1\t40\t16\t7\t8\nchr2\t10\t68\t7\t8\n"
}

fn fetch(genome: &mut Genome, chrom: &str, start: u32, end: u32) -> Result<String> {
    let mut out = Vec::new();
    genome.fetch(Region { chrom, start, end }, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn check_every_range(genome: &mut Genome) {
    assert_eq!(
        genome.chromosomes(),
        [("chr1".to_owned(), 40), ("chr2".to_owned(), 10)]
    );
    for (chrom, sequence) in [("chr1", CHR1), ("chr2", CHR2), ("chr1", CHR1)] {
        let upper = sequence.to_uppercase();
        for start in 0..sequence.len() {
            for end in start + 1..=sequence.len() {
                let got = fetch(genome, chrom, start as u32, end as u32).unwrap();
                assert_eq!(got, upper[start..end]);
            }
        }
    }
}

/// A bgzip file of small blocks with its `.gzi`.
fn bgzip(text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut file = Vec::new();
    let mut places = Vec::new();
    for (number, chunk) in text.chunks(13).enumerate() {
        if number > 0 {
            places.push((file.len() as u64, 13 * number as u64));
        }
        let mut writer = noodles_bgzf::io::Writer::new(Vec::new());
        writer.write_all(chunk).unwrap();
        let block = writer.finish().unwrap();
        // The end-of-file block comes once, at the end.
        file.extend_from_slice(&block[..block.len() - 28]);
    }
    file.extend(noodles_bgzf::io::Writer::new(Vec::new()).finish().unwrap());
    let mut gzi = (places.len() as u64).to_le_bytes().to_vec();
    for (one, other) in places {
        gzi.extend(one.to_le_bytes());
        gzi.extend(other.to_le_bytes());
    }
    (file, gzi)
}

fn message(result: Result<impl Sized>) -> String {
    let error = result.err().expect("an error");
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

#[test]
fn plain_fasta_with_and_without_an_index() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    for line_end in ["\n", "\r\n"] {
        std::fs::write(&path, fasta(line_end)).unwrap();
        let mut genome = Genome::open(&path).unwrap();
        assert!(genome.note().unwrap().contains("no index"));
        assert_eq!(genome.chromosome_length("chr2"), Some(10));
        check_every_range(&mut genome);
    }
    std::fs::write(&path, fasta("\n")).unwrap();
    std::fs::write(directory.path().join("genome.fa.fai"), index()).unwrap();
    let mut genome = Genome::open(&path).unwrap();
    assert_eq!(genome.note(), None);
    check_every_range(&mut genome);
}

/// The sequences of `text`, read through the index that is made in memory.
fn unindexed(text: &[u8]) -> Result<Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    std::fs::write(&path, text).unwrap();
    let mut genome = Genome::open(&path)?;
    let chromosomes = genome.chromosomes().to_vec();
    chromosomes
        .iter()
        .map(|(name, length)| fetch(&mut genome, name, 0, *length as u32))
        .collect()
}

#[test]
fn marks_and_blank_lines_shift_nothing() {
    for text in [
        "\u{feff}>a\nACGTAC\n>b\nGGTT\n",
        ">a\n\nACGTAC\n>b\n \n\nGGTT\n",
        "\n\n>a x\r\n\r\nACGT\r\nAC\r\n\r\n>b\r\nGGTT",
        "\u{feff}\n>a\nACG\nTAC\n\n\n>b\n\nGGT\nT\n\n",
    ] {
        assert_eq!(
            unindexed(text.as_bytes()).unwrap(),
            ["ACGTAC", "GGTT"],
            "{text:?}"
        );
    }
    for text in [">a\nACGT\nAC\rGT\n", ">a\rACGT\r>b\rACGT\r"] {
        let fault = message(unindexed(text.as_bytes()));
        assert!(fault.contains("old Macs"), "{fault}");
    }
    // Lines of equal bases, one of them with a longer end.
    let fault = message(unindexed(b">a\nACGT\nACGT\r\nACGT\n"));
    assert!(
        fault.contains("line 4") && fault.contains("uneven"),
        "{fault}"
    );
}

/// What is said of `text` with the index of another text, both plain and with bgzip.
fn with_index_of(text: &str, other: &str) -> [Result<Genome>; 2] {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g.fa");
    std::fs::write(&path, other).unwrap();
    let mut fai = String::new();
    for entry in Index::build(&path).unwrap().entries {
        let Entry {
            name,
            length,
            offset,
            line_bases,
            line_bytes,
        } = entry;
        fai += &format!("{name}\t{length}\t{offset}\t{line_bases}\t{line_bytes}\n");
    }
    std::fs::write(&path, text).unwrap();
    let (packed, gzi) = bgzip(text.as_bytes());
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("g.fa.gz"), packed).unwrap();
    std::fs::write(at("g.fa.gz.gzi"), gzi).unwrap();
    std::fs::write(at("g.fa.fai"), &fai).unwrap();
    std::fs::write(at("g.fa.gz.fai"), &fai).unwrap();
    [Genome::open(&path), Genome::open(at("g.fa.gz"))]
}

#[test]
fn an_index_of_another_file_is_refused() {
    let long = |header: &str, bases: usize| format!(">{header}\n{}\n", "ACGTT".repeat(bases / 5));
    let text = long("a", 600) + &long("b", 300);
    for genome in with_index_of(&text, &text) {
        assert_eq!(genome.unwrap().note(), None);
    }
    let stale = [
        // A header that grew, one that shrank, other names, and another order.
        long("a AC:1", 600) + &long("b", 300),
        long("A", 600) + &long("b", 300),
        long("b", 300) + &long("a", 600),
        // Bases that were added and taken away, in one of the sequences or as blank lines.
        long("a", 605) + &long("b", 300),
        long("a", 600) + &long("b", 305),
        long("a", 595) + &long("b", 300),
        format!("\n{text}"),
        text.replace(">a\n", ">a\n\n"),
        format!("\u{feff}{text}"),
        // Other lines.
        text.replace("ACGTTACGTT\n", "ACGTT\nACGTT\n"),
        text.replace('\n', "\r\n"),
    ];
    for other in stale {
        for genome in with_index_of(&text, &other)
            .into_iter()
            .chain(with_index_of(&other, &text))
        {
            let fault = message(genome);
            assert!(
                fault.contains(".fai: expected the index of the FASTA file"),
                "{fault}"
            );
            assert!(fault.contains("samtools faidx"), "{fault}");
        }
    }
    // Sequences that were added behind are not read wrongly, but not found either.
    for genome in with_index_of(&(text.clone() + &long("c", 300)), &text) {
        let note = genome.unwrap().note().unwrap().to_owned();
        assert!(
            note.starts_with("warning") && note.contains("does not list c,"),
            "{note}"
        );
    }
}

#[test]
fn blanks_may_end_lines() {
    let text = ">a\nACGTT \nGCATT \nAC\n>b\nTTG\n";
    for genome in with_index_of(text, text) {
        let mut genome = genome.unwrap();
        assert_eq!(fetch(&mut genome, "a", 3, 12).unwrap(), "TTGCATTAC");
        assert_eq!(fetch(&mut genome, "b", 0, 3).unwrap(), "TTG");
    }
}

#[test]
fn a_line_that_is_not_as_long_as_the_index_says_is_refused() {
    // The same bytes in all, so that ends and headers are where they were.
    let text = ">a\nACGT\nACGT\nACGT\nACGT\n";
    let moved = ">a\nACGT\nACGTA\nCGT\nACGT\n";
    for genome in with_index_of(moved, text) {
        let mut genome = genome.unwrap();
        assert_eq!(fetch(&mut genome, "a", 0, 6).unwrap(), "ACGTAC");
        let fault = message(fetch(&mut genome, "a", 6, 10));
        assert!(fault.contains("samtools faidx"), "{fault}");
    }
}

#[test]
fn bgzip_with_its_indexes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa.gz");
    let (file, gzi) = bgzip(fasta("\n").as_bytes());
    std::fs::write(&path, &file).unwrap();
    assert!(message(Genome::open(&path)).contains("samtools faidx"));
    std::fs::write(directory.path().join("genome.fa.gz.fai"), index()).unwrap();
    let without = message(Genome::open(&path));
    assert!(without.contains("genome.fa.gz.gzi"), "{without}");
    let gzi_path = directory.path().join("genome.fa.gz.gzi");
    std::fs::write(&gzi_path, &gzi[..gzi.len() - 3]).unwrap();
    assert!(message(Genome::open(&path)).contains("block index"));
    std::fs::write(&gzi_path, &gzi).unwrap();
    check_every_range(&mut Genome::open(&path).unwrap());

    let mut damaged = file;
    // The first base lies in the second block.
    let second = u64::from_le_bytes(gzi[8..16].try_into().unwrap()) as usize;
    damaged[second + 25] ^= 0xff;
    std::fs::write(&path, &damaged).unwrap();
    let text = message(Genome::open(&path));
    assert!(
        text.contains("genome.fa.gz") && text.contains("corrupted"),
        "{text}"
    );
    assert!(text.contains("bgzip -r"), "{text}");
}

#[test]
fn plain_gzip_and_other_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(fasta("\n").as_bytes()).unwrap();
    std::fs::write(&path, encoder.finish().unwrap()).unwrap();
    let text = message(Genome::open(&path));
    assert!(
        text.contains("plain gzip") && text.contains("bgzip"),
        "{text}"
    );
    std::fs::write(&path, "chr1\t0\t100\n").unwrap();
    assert!(message(Genome::open(&path)).contains("a BED file"));
    std::fs::write(&path, "").unwrap();
    assert!(message(Genome::open(&path)).contains("an empty file"));
}

#[test]
fn chromosomes_and_ends_are_checked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    std::fs::write(&path, fasta("\n")).unwrap();
    let mut genome = Genome::open(&path).unwrap();
    let text = message(fetch(&mut genome, "1", 0, 5));
    assert!(
        text.contains("genome.fa") && text.contains("with the prefix chr"),
        "{text}"
    );
    let text = message(fetch(&mut genome, "chr3", 0, 5));
    assert!(
        text.contains("\"chr3\"") && text.contains("did you mean chr1"),
        "{text}"
    );
    let text = message(fetch(&mut genome, "chr2", 5, 11));
    assert!(
        text.contains("chr2:5-11") && text.contains("10 bp"),
        "{text}"
    );
    assert!(text.contains("wrong genome build?"), "{text}");
    std::fs::write(&path, ">1\nACGT\n").unwrap();
    let mut genome = Genome::open(&path).unwrap();
    let text = message(fetch(&mut genome, "chr1", 0, 2));
    assert!(text.contains("without the prefix chr"), "{text}");
}

#[test]
fn false_indexes_and_uneven_lines_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genome.fa");
    let fai = directory.path().join("genome.fa.fai");
    std::fs::write(&path, fasta("\n")).unwrap();
    std::fs::write(&fai, "chr1\t40\t16\n").unwrap();
    let text = message(Genome::open(&path));
    assert!(text.contains("genome.fa.fai, line 1"), "{text}");
    std::fs::write(&fai, "chr1\t4000\t16\t7\t8\n").unwrap();
    assert!(message(Genome::open(&path)).contains("ends beyond"));
    for index in [
        "chr1\t40\t10\t7\t8\n",
        "chr1\t40\t16\t20\t21\n",
        "chr1\t40\t16\t0\t8\n",
    ] {
        std::fs::write(&fai, index).unwrap();
        let text =
            message(Genome::open(&path).and_then(|mut genome| fetch(&mut genome, "chr1", 0, 40)));
        assert!(text.contains("samtools faidx"), "{text}");
    }
    std::fs::remove_file(&fai).unwrap();
    std::fs::write(&path, ">a\nACGT\nAC\nACGT\n").unwrap();
    let text = message(Genome::open(&path));
    assert!(text.contains("line 4") && text.contains("uneven"), "{text}");
}
