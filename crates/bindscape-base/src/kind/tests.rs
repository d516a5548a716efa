use std::io::Write;

use super::*;

#[test]
fn kinds_are_told_by_the_first_bytes() {
    let cases: [(&[u8], FileKind); 42] = [
        (b"PAR1\x15\x04", Kind::Parquet),
        (b"PK\x03\x04\x14", Kind::Zip),
        (b"\x80\x04\x95", Kind::Pickle),
        (b"\x93NUMPY\x01", Kind::Npy),
        (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
        (b"\x43\x27\x41\x1a\0\0\0\0", Kind::TwoBit),
        (b"\x26\xfc\x8f\x88\0", Kind::BigWig),
        (b"\x28\xb5\x2f\xfd", Kind::Zstandard),
        (b"\xff\xfec\0h\0r\0", Kind::Utf16),
        (b"\x10\0\0\0\0\0\0\0{\"w\":1}", Kind::Safetensors),
        (b"ab\0c", Kind::Binary),
        (b"", Kind::Empty),
        (b" \n\r\n", Kind::Empty),
        (b">chr1\nACGTNNacgtry\nACGT\n", Kind::NucleotideFasta),
        (b"\xef\xbb\xbf>chr1 x\r\nACGT\r\n", Kind::NucleotideFasta),
        (b">p\nMKVLEDWQHH*\n>q\nAC\n", Kind::ProteinFasta),
        (b">MA1 Arnt\nA [ 4 19 0 ]\nC [16 0 20 ]\n", Kind::Motifs),
        (b">CACGTG\tx\t6.1\n0.1\t0.2\t0.3\t0.4\n", Kind::Motifs),
        (b"MEME version 4\n\nALPHABET= ACGT\n", Kind::Motifs),
        (b"# of a lab\nMEME version 5\n", Kind::Motifs),
        (b"AC  MA0001.1\nXX\nID  AGL3\n", Kind::Motifs),
        (b"@r1\nACGT\n+\nIIII\n", Kind::Fastq),
        (b"@HD\tVN:1.6\n@SQ\tSN:chr1\n", Kind::Sam),
        (b"chr1\t10\t20\n", Kind::Bed),
        (b"track name=x\n#c\nchr1\t10\t20\tn\t0\t+\n", Kind::Bed),
        (
            b"browser position chr1\ntrack type=bedGraph\nchr1\t0\t9\t0\n",
            Kind::BedGraph,
        ),
        (
            b"track type=\"wiggle_0\" name=x\nchr1\t0\t9\t0\n",
            Kind::BedGraph,
        ),
        (
            b"chr1\thavana\tgene\t1\t20\t.\t+\t.\tgene_id \"x\"\n",
            Kind::Gff,
        ),
        (b"##gff-version 3\n", Kind::Gff),
        (
            b"585\tchr1\t10100\t10330\t38\t261\t38\t1,2,\t9,8,\n",
            Kind::Table,
        ),
        (b">a\nACGT.....ACGT\n..\n", Kind::NucleotideFasta),
        (b">a\nACGTACGT*\n>b\nAC--GT\n", Kind::NucleotideFasta),
        (b">p\nMKV.LEDWQHH*\n", Kind::ProteinFasta),
        (b"##fileformat=VCFv4.2\n", Kind::Vcf),
        (b"fixedStep chrom=chr1 start=1\n", Kind::Wiggle),
        (b"{\"verb\": \"predict\"}\n", Kind::Json),
        (b"<!DOCTYPE html><html>", Kind::Html),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            Kind::LfsPointer,
        ),
        (b"accession\tclass\nP1\ttf\n", Kind::Table),
        (b"chr1 10 20\n", Kind::Text),
        (b"hello\n", Kind::Text),
        (b"A\t1\t2\t3\n1\t2\n", Kind::Bed),
    ];
    for (bytes, kind) in cases {
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(FileKind::of_bytes(bytes), kind, "{text:?}");
        // Compressed as well, and cut within the compressed bytes.
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).expect("memory");
        let whole = gzip.finish().expect("memory");
        assert_eq!(FileKind::of_bytes(&whole), kind, "{text:?}");
    }
}

#[test]
fn directories_and_models_are_told_by_what_they_hold() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let model = |name: &str, metadata: &str| {
        let metadata = serde_json::json!({ "__metadata__": { "bindscape": metadata }, "w": 1 });
        // Longer than what is looked at of other files, and shorter.
        let padding = if name == "b" { 9000 } else { 0 };
        let header = format!("{metadata}{}", " ".repeat(padding));
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.extend([0; 64]);
        fs::write(at(name), bytes).expect("written");
    };
    model("b", r#"{"format":1}"#);
    model("p", r#"{"format":1,"kind":"protein-homology"}"#);
    fs::write(at("s"), b"\x02\0\0\0\0\0\0\0{}").expect("written");
    for (folder, file, text) in [
        ("run", "run.json", r#"{"kind":"finetune"}"#),
        ("trained", "run.json", r#"{"kind":"protein-train"}"#),
        ("cv", "crossval.json", "{}"),
        ("study", "experiment.json", "{}"),
        ("e", "embedding.json", "{}"),
        ("other", "run.txt", ""),
    ] {
        fs::create_dir(at(folder)).expect("made");
        fs::write(at(folder).join(file), text).expect("written");
    }
    for (name, kind) in [
        ("b", Kind::BindingModel),
        ("p", Kind::ProteinModel),
        ("s", Kind::Safetensors),
        ("run", Kind::Run),
        ("trained", Kind::ProteinRun),
        ("cv", Kind::Crossval),
        ("study", Kind::Experiment),
        ("e", Kind::Embeddings),
        ("other", Kind::Folder),
    ] {
        assert_eq!(FileKind::of(&at(name)), Some(kind), "{name}");
    }
    assert_eq!(FileKind::of(&at("nothing")), None);
    assert_eq!(FileKind::of(Path::new("-")), None);
}

#[test]
fn a_wrong_kind_is_named_with_where_it_belongs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("p.fa");
    fs::write(&path, ">p\nMKVLEDWQHH\n").expect("written");
    let error = expect(&path, "regions in BED", &[Kind::Bed]).expect_err("no BED");
    assert!(
        error
            .to_string()
            .ends_with("p.fa: expected regions in BED, found a FASTA file of proteins"),
        "{error}"
    );
    assert!(
        error
            .advice()
            .expect("a hint")
            .contains("bindscape protein")
    );
    expect(&path, "proteins", &[Kind::ProteinFasta]).expect("they are");
    expect(Path::new("-"), "proteins", &[]).expect("a stream");
    expect(&directory.path().join("none"), "proteins", &[]).expect("not there");
}
