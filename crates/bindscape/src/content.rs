//! What the files that jobs write hold, and whether their names say so.

use std::path::Path;

use bindscape_base::bgzf;
use bindscape_base::{Error, Result};
use bindscape_motif::Format;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Table,
    Bed,
    Gff,
    Json,
    Page,
    Drawing,
    Matrix,
    Model,
    Motifs(Format),
}

/// Endings of names that say what a file holds, and that no job writes by them.
const FOREIGN: [&str; 16] = [
    "csv", "xlsx", "fa", "fasta", "gtf", "vcf", "npz", "npy", "h5", "hdf5", "pickle", "pkl", "pdf",
    "png", "bigwig", "bb",
];

impl Content {
    /// All but those of motifs.
    const OTHERS: [Self; 8] = [
        Self::Table,
        Self::Bed,
        Self::Gff,
        Self::Json,
        Self::Page,
        Self::Drawing,
        Self::Matrix,
        Self::Model,
    ];

    /// Its name with an article.
    fn name(self) -> String {
        match self {
            Self::Table => "a table of columns separated by tabs".to_owned(),
            Self::Bed => "BED".to_owned(),
            Self::Gff => "GFF3".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Page => "a page (HTML)".to_owned(),
            Self::Drawing => "a drawing (SVG)".to_owned(),
            Self::Matrix => "a matrix (Parquet)".to_owned(),
            Self::Model => "a model (safetensors)".to_owned(),
            Self::Motifs(format) => format!("motifs as {}", format.name()),
        }
    }

    /// Endings of names of such files, the usual one first.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["tsv", "txt", "tab"],
            Self::Bed => &["bed"],
            Self::Gff => &["gff", "gff3"],
            Self::Json => &["json"],
            Self::Page => &["html", "htm"],
            Self::Drawing => &["svg"],
            Self::Matrix => &["parquet"],
            Self::Model => &["safetensors"],
            Self::Motifs(Format::Meme) => &["meme", "txt"],
            Self::Motifs(Format::Jaspar) => &["jaspar", "pfm", "txt"],
            Self::Motifs(Format::Pfm) => &["pfm", "jaspar", "txt"],
            Self::Motifs(Format::Pcm) => &["pcm", "txt"],
            Self::Motifs(Format::Transfac) => &["transfac", "tf", "dat", "txt"],
            Self::Motifs(Format::Homer) => &["motif", "motifs", "homer", "txt"],
            Self::Motifs(Format::Uniprobe) => &["uniprobe", "txt"],
        }
    }

    /// Whether it is written in blocks as bgzip does where the name ends in `.gz` or `.bgz`.
    fn is_compressible(self) -> bool {
        matches!(self, Self::Table | Self::Bed | Self::Gff | Self::Motifs(_))
    }

    /// Refuses the name `path` in `field` if its ending says that the file holds something else, and
    /// `-`, which is no file. Other endings, and none, say nothing.
    pub(crate) fn check(self, field: &'static str, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        let (stem, compressed) = bgzf::split_ending(&name);
        let fault = |expected: String| {
            let found = path.display().to_string();
            Err(Error::argument(field, expected, found))
        };
        if path == Path::new("-") {
            return fault("the name of a file (`./-` for one called so)".to_owned());
        }
        let usual = self.endings()[0];
        if compressed && !self.is_compressible() {
            let name = self.name();
            return fault(format!(
                "a name that ends in .{usual}: {name} is not compressed"
            ));
        }
        let Some((_, ending)) = stem.rsplit_once('.') else {
            return Ok(());
        };
        let is_known = FOREIGN.contains(&ending)
            || (Self::OTHERS.into_iter())
                .chain(Format::ALL.map(Self::Motifs))
                .any(|content| content.endings().contains(&ending));
        if is_known && !self.endings().contains(&ending) {
            let name = self.name();
            return fault(format!(
                "a name that ends in .{usual}, as {name} is written"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_something_else_are_refused() {
        let is_refused = |content: Content, name: &str| {
            let refused = content.check("out", Path::new(name));
            refused.map_err(|error| error.to_string()).err()
        };
        for (content, names) in [
            (
                Content::Table,
                ["x.tsv", "x.TSV.gz", "x", "x.table", "d.csv/x"],
            ),
            (
                Content::Bed,
                ["x.bed", "x.bed.gz", "x.narrowPeak", "./-", ".bed"],
            ),
            (Content::Json, ["x.json", "x", "x.1", "gz", "x.metrics"]),
        ] {
            for name in names {
                assert_eq!(is_refused(content, name), None, "{name}");
            }
        }
        for (content, name, part) in [
            (Content::Table, "-", "the name of a file"),
            (
                Content::Table,
                "x.csv",
                "ends in .tsv, as a table of columns",
            ),
            (Content::Table, "x.bed.gz", "ends in .tsv"),
            (Content::Json, "x.tsv", "ends in .json, as JSON"),
            (Content::Json, "x.json.gz", "JSON is not compressed"),
            (Content::Matrix, "x.tsv", "a matrix (Parquet)"),
            (Content::Motifs(Format::Meme), "x.jaspar", "motifs as meme"),
        ] {
            let error = is_refused(content, name).expect(name);
            assert!(error.contains(part), "{error}");
        }
    }
}
