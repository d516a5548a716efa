//! Partners of a TF by STRING's scores (string-db.org), or by a table of the user's.

use std::path::Path;

use bindscape_base::input::Lines;
use bindscape_base::words::counted;
use bindscape_base::{Error, Place, Result, table};
use rustc_hash::{FxHashMap, FxHashSet};

use super::modes::fold;

/// Where to get STRING's files.
const DOWNLOAD: &str = "download protein.links and protein.info of one version and of the species \
                        of the matrix from string-db.org";

/// Species by what the names of their genome builds begin with, and their NCBI taxonomy ids.
const SPECIES: [(&str, &str); 9] = [
    ("hg", "9606"),
    ("GRCh", "9606"),
    ("mm", "10090"),
    ("GRCm", "10090"),
    ("rn", "10116"),
    ("danRer", "7955"),
    ("dm", "7227"),
    ("ce", "6239"),
    ("sacCer", "4932"),
];

/// The NCBI taxonomy id of the species of a genome build; `None` where it is not known.
fn species_of(build: &str) -> Option<&'static str> {
    let named = |(begin, _): &&(&str, &str)| {
        let rest = build.strip_prefix(*begin);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    SPECIES.iter().find(named).map(|(_, species)| *species)
}

/// What the scores are read from, and for which TFs.
#[derive(Debug, Clone, Copy)]
pub struct PartnerInput<'a> {
    /// STRING's `protein.links` (also `.full` or `.detailed`), or a table of two TFs and a score
    /// with or without a header; columns are separated by blanks or tabs.
    pub links: &'a Path,
    /// STRING's `protein.info`, which names the proteins of `protein.links`.
    pub info: Option<&'a Path>,
    /// The TF whose partners are wanted.
    pub target: &'a str,
    /// The TFs that partners are sought among.
    pub tfs: &'a [String],
    /// Genome build of the matrix, if it is known.
    pub build: Option<&'a str>,
}

impl PartnerInput<'_> {
    /// The partners of the target (places in [`Self::tfs`]) with their scores, the highest first,
    /// of equals the first by name first. Names are compared without case; a pair may be listed in
    /// either order, and counts with its highest score.
    ///
    /// # Errors
    /// If the files cannot be read, do not belong together, are of another species than the
    /// matrix, or have no partner of the target among the TFs.
    pub fn read(&self) -> Result<Vec<(usize, f64)>> {
        let names = self.info.map(|info| self.read_names(info)).transpose()?;
        let places: FxHashMap<String, usize> = self
            .tfs
            .iter()
            .enumerate()
            .map(|(place, tf)| (fold(tf), place))
            .collect();
        let target = fold(self.target);
        let mut scores: FxHashMap<usize, f64> = FxHashMap::default();
        let mut known = Known::default();
        self.each_link(names.as_ref(), |pair, score| {
            for name in &pair {
                known.see(name, &places);
            }
            let [first, second] = &pair;
            let partner = match (*first == target, *second == target) {
                (true, false) => second,
                (false, true) => first,
                _ => return,
            };
            if let Some(&place) = places.get(partner) {
                let best = scores.entry(place).or_insert(score);
                *best = best.max(score);
            }
        })?;
        let mut partners: Vec<(usize, f64)> = scores.into_iter().collect();
        if partners.is_empty() {
            return Err(self.none(&target, &known));
        }
        let tfs = self.tfs;
        partners.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| tfs[a.0].cmp(&tfs[b.0])));
        Ok(partners)
    }

    /// The names, in upper case, of STRING's proteins.
    fn read_names(&self, info: &Path) -> Result<FxHashMap<String, String>> {
        let mut names = FxHashMap::default();
        table::each_row(info, |line, fields| {
            let [id, name, ..] = fields else {
                return Err(Error::input(
                    info,
                    Place::Line(line),
                    "STRING's protein.info: an identifier, a tab and a name",
                    format!("{:?}", fields.join("\t")),
                )
                .hint(DOWNLOAD));
            };
            // The header of version 11.0 does not begin with `#`.
            if names.is_empty() && line == 1 && species(id).is_none() {
                return Ok(());
            }
            self.check_species(info, line, id)?;
            names.insert((*id).to_owned(), fold(name));
            Ok(())
        })?;
        if names.is_empty() {
            return Err(Error::input(info, Place::File, "names of proteins", "none").hint(DOWNLOAD));
        }
        let named: FxHashSet<&String> = names.values().collect();
        if !self.tfs.iter().any(|tf| named.contains(&fold(tf))) {
            return Err(Error::input(
                info,
                Place::File,
                format!(
                    "names of TFs of the matrix ({}, …)",
                    self.tfs.first().map_or("none", String::as_str)
                ),
                format!("none among {}", counted(names.len() as u64, "protein")),
            )
            .hint(DOWNLOAD));
        }
        Ok(names)
    }

    /// Makes sure that an identifier is of the species of the matrix.
    fn check_species(&self, path: &Path, line: u64, id: &str) -> Result<()> {
        let expected = self.build.and_then(species_of);
        match (expected, species(id)) {
            (Some(expected), Some(found)) if expected != found => Err(Error::input(
                path,
                Place::Line(line),
                format!(
                    "proteins of species {expected}, as the matrix is of {}",
                    self.build.unwrap_or_default()
                ),
                format!("`{id}` of species {found}"),
            )
            .hint(format!(
                "download the files of {expected} from string-db.org: {expected}.protein.links and \
                 {expected}.protein.info"
            ))),
            _ => Ok(()),
        }
    }

    /// Calls `link` with the names, in upper case, of both proteins of each link, and its score.
    fn each_link(
        &self,
        names: Option<&FxHashMap<String, String>>,
        mut link: impl FnMut([String; 2], f64),
    ) -> Result<()> {
        let path = self.links;
        let mut lines = Lines::open(path)?;
        let mut score_column = None;
        let (mut rows, mut named) = (0_u64, false);
        let mut first_id = String::new();
        while let Some((line, bytes)) = lines.next()? {
            if bytes.trim_ascii().is_empty() || bytes.starts_with(b"#") {
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            let fields: Vec<&str> = text.split_ascii_whitespace().collect();
            let column = match score_column {
                Some(column) => column,
                None => {
                    let (column, is_header) = columns(path, line, &fields)?;
                    score_column = Some(column);
                    if is_header {
                        continue;
                    }
                    column
                }
            };
            let (Some(&a), Some(&b), Some(&score)) =
                (fields.first(), fields.get(1), fields.get(column))
            else {
                return Err(Error::input(
                    path,
                    Place::Line(line),
                    format!("{} columns", column + 1),
                    fields.len().to_string(),
                ));
            };
            let score: f64 = match score.parse() {
                Ok(score) if f64::is_finite(score) => score,
                _ => {
                    return Err(Error::input(
                        path,
                        Place::Line(line),
                        format!("a score, as a number, in column {}", column + 1),
                        format!("{score:?}"),
                    ));
                }
            };
            if rows == 0 {
                first_id = a.to_owned();
                if names.is_none() && species(a).is_some() {
                    return Err(self.unnamed(line, a));
                }
                self.check_species(path, line, a)?;
            }
            rows += 1;
            match names {
                None => {
                    named = true;
                    link([fold(a), fold(b)], score);
                }
                Some(names) => {
                    let (a, b) = (names.get(a), names.get(b));
                    named |= a.is_some() || b.is_some();
                    if let (Some(a), Some(b)) = (a, b) {
                        link([a.clone(), b.clone()], score);
                    }
                }
            }
        }
        if rows == 0 {
            return Err(Error::input(
                path,
                Place::File,
                "links between proteins",
                "none",
            ));
        }
        if !named {
            let info = self.info.unwrap_or(path).display();
            return Err(Error::input(
                path,
                Place::File,
                format!("proteins that {info} names"),
                format!("none (`{first_id}`, …)"),
            )
            .hint(if species(&first_id).is_some() {
                "take both files of one version and species"
            } else {
                "leave ⟦string_info⟧ out: a table of TF, partner and score has names already"
            }));
        }
        Ok(())
    }

    /// STRING's identifiers without their names.
    fn unnamed(&self, line: u64, id: &str) -> Error {
        Error::input(
            self.links,
            Place::Line(line),
            "names of TFs, or ⟦string_info⟧ beside the file",
            format!("`{id}`, an identifier of STRING"),
        )
        .hint(format!(
            "name STRING's protein.info of the same version with ⟦string_info⟧: \
             {}.protein.info.v….txt.gz, from string-db.org",
            species(id).unwrap_or_default()
        ))
    }

    /// The target has no partner among the TFs.
    fn none(&self, target: &str, known: &Known) -> Error {
        let what = self.links;
        if known.matched == 0 {
            return Error::input(
                what,
                Place::File,
                "links between TFs of the matrix, by name",
                format!("other names ({}, …)", known.first),
            )
            .hint("the first two columns are names as in the matrix, as HNF4A");
        }
        if !known.seen.contains(target) {
            let seen = known.seen.iter().map(String::as_str);
            return Error::missing(
                what,
                "partners of the TF",
                self.target,
                seen,
                "STRING may call it otherwise: look it up at string-db.org, and write a table of \
                 TF, partner and score",
            );
        }
        Error::argument(
            "string",
            format!(
                "a file with partners of {} among the TFs of the matrix",
                self.target
            ),
            format!("none in {}", what.display()),
        )
        .hint("choose by cosine or mode instead: cofactors:TF, mode:TF")
    }
}

/// What was seen of a file of links.
#[derive(Debug, Default)]
struct Known {
    /// The first name.
    first: String,
    /// Names, of which near ones are told.
    seen: FxHashSet<String>,
    /// How many of them are TFs of the matrix.
    matched: u64,
}

impl Known {
    fn see(&mut self, name: &str, places: &FxHashMap<String, usize>) {
        if self.seen.contains(name) {
            return;
        }
        if self.first.is_empty() {
            name.clone_into(&mut self.first);
        }
        self.seen.insert(name.to_owned());
        self.matched += u64::from(places.contains_key(name));
    }
}

/// The NCBI taxonomy id that an identifier of STRING begins with (`9606.ENSP00000315180`).
fn species(id: &str) -> Option<&str> {
    let (species, rest) = id.split_once('.')?;
    let digits = !species.is_empty() && species.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !rest.is_empty()).then_some(species)
}

/// The column of scores, and whether the first row, `fields`, is a header.
fn columns(path: &Path, line: u64, fields: &[&str]) -> Result<(usize, bool)> {
    let named = |name: &str| {
        fields
            .iter()
            .position(|field| field.eq_ignore_ascii_case(name))
    };
    if let Some(column) = named("combined_score").filter(|&column| column > 1) {
        return Ok((column, true));
    }
    if fields.len() == 3 {
        return Ok((2, fields[2].parse::<f64>().is_err()));
    }
    Err(Error::input(
        path,
        Place::Line(line),
        "STRING's protein.links (a header with `combined_score`), or three columns: TF, partner \
         and score",
        format!("{:?}", fields.join(" ")),
    )
    .hint(DOWNLOAD))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::PathBuf;

    use super::*;

    struct Files(tempfile::TempDir);

    impl Files {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn put(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, text).expect("a writable folder");
            path
        }
    }

    fn read(links: &Path, info: Option<&Path>, build: Option<&str>) -> Result<Vec<(String, f64)>> {
        let tfs = ["MAX", "HNF4A", "FOXA2", "SP1", "RXRA"].map(str::to_owned);
        let input = PartnerInput {
            links,
            info,
            target: "HNF4A",
            tfs: &tfs,
            build,
        };
        let partners = input.read()?;
        Ok(partners
            .into_iter()
            .map(|(tf, score)| (tfs[tf].clone(), score))
            .collect())
    }

    const INFO: &str = "#string_protein_id\tpreferred_name\tprotein_size\tannotation\n\
                        9606.P1\tHNF4A\t474\tof the liver\n9606.P2\tFOXA2\t457\tx\n\
                        9606.P3\tSP1\t785\tx\n9606.P4\tRXRA\t462\tx\n9606.P5\tALB\t609\tx\n";
    const FULL: &str = "protein1 protein2 neighborhood fusion combined_score\n\
                        9606.P1 9606.P2 0 1 700\n9606.P2 9606.P1 0 1 700\n\
                        9606.P3 9606.P1 0 9 900\n9606.P4 9606.P1 0 9 700\n\
                        9606.P1 9606.P5 0 9 999\n9606.P2 9606.P3 0 9 950\n\
                        9606.P9 9606.P1 0 9 950\n";

    #[test]
    fn links_of_string_are_read_with_their_names() {
        let files = Files::new();
        let expected = [("SP1", 900.0), ("FOXA2", 700.0), ("RXRA", 700.0)];
        let expected = expected.map(|(tf, score)| (tf.to_owned(), score));
        let (links, info) = (files.put("links.txt", FULL), files.put("info.txt", INFO));
        assert_eq!(
            read(&links, Some(&info), Some("hg38")).expect("partners"),
            expected
        );
        // Compressed, and as version 11.0 wrote the names.
        let packed = files.0.path().join("links.txt.gz");
        let file = std::fs::File::create(&packed).expect("a file");
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        gzip.write_all(FULL.as_bytes()).expect("room");
        gzip.finish().expect("room");
        let info = files.put(
            "old.txt",
            &INFO.replace("#string_protein_id", "protein_external_id"),
        );
        assert_eq!(
            read(&packed, Some(&info), None).expect("partners"),
            expected
        );
    }

    #[test]
    fn three_columns_are_read_with_and_without_a_header() {
        let files = Files::new();
        let expected = [("SP1".to_owned(), 0.9), ("FOXA2".to_owned(), 0.4)];
        for text in [
            "tf\tpartner\tscore\nHNF4A\tSP1\t0.9\nFoxa2\tHnf4a\t0.4\n",
            "# mine\nHNF4A SP1 0.9\nHNF4A SP1 0.3\nFOXA2 HNF4A 0.4\nFOXA2 SP1 1\n",
        ] {
            let links = files.put("t.txt", text);
            assert_eq!(
                read(&links, None, Some("hg38")).expect("partners"),
                expected
            );
        }
    }

    #[test]
    fn files_that_do_not_fit_are_told() {
        let files = Files::new();
        let info = files.put("info.txt", INFO);
        let full = files.put("links.txt", FULL);
        let told = |links: &Path, info: Option<&Path>, build| {
            let error = read(links, info, build).unwrap_err();
            format!("{error} / {}", error.advice().unwrap_or_default())
        };
        let says = |message: String, parts: &[&str]| {
            for part in parts {
                assert!(message.contains(part), "no {part:?} in {message}");
            }
        };
        // Identifiers without names.
        says(
            told(&full, None, None),
            &[
                "line 2: expected names of TFs, or `string_info`",
                "`9606.P1`",
                "9606.protein.info",
            ],
        );
        // Another species than the matrix.
        let mouse = files.put("mouse.txt", &INFO.replace("9606.", "10090."));
        says(
            told(&full, Some(&mouse), Some("hg38")),
            &[
                "species 9606, as the matrix is of hg38",
                "`10090.P1` of species 10090",
                "9606.protein.links",
            ],
        );
        says(
            told(&full, Some(&mouse), Some("mm10")),
            &["links.txt", "line 2", "of species 9606"],
        );
        // Links and names of two species or versions.
        says(
            told(&full, Some(&mouse), None),
            &["proteins that", "mouse.txt names", "one version"],
        );
        // Names of other proteins.
        let other = files.put("o.txt", "#id\tname\n9606.P1\tALB\n");
        says(
            told(&full, Some(&other), None),
            &["names of TFs of the matrix", "none among 1 protein"],
        );
        // A table of names does not need them.
        let names = files.put("n.txt", "HNF4A SP1 0.9\n");
        says(
            told(&names, Some(&info), None),
            &["none (`HNF4A`, …)", "leave `string_info` out"],
        );
        // Other identifiers, no target, no partner.
        let ids = files.put("i.txt", "ENSG1 ENSG2 0.9\n");
        says(
            told(&ids, None, None),
            &["by name, found other names (ENSG1, …)"],
        );
        let without = files.put("w.txt", "SP1 MAX 0.9\nHNF4G SP1 0.3\n");
        says(
            told(&without, None, None),
            &["partners of the TF, found \"HNF4A\"", "did you mean HNF4G"],
        );
        let alone = files.put("a.txt", "SP1 MAX 0.9\nHNF4A ALB 0.3\n");
        says(
            told(&alone, None, None),
            &["string: expected a file with partners of HNF4A among the TFs of the matrix"],
        );
        // Lines that are none.
        let short = files.put("s.txt", "HNF4A SP1 0.9\nHNF4A SP1\n");
        says(
            told(&short, None, None),
            &["s.txt, line 2: expected 3 columns, found 2"],
        );
        let word = files.put("x.txt", "a b s\nHNF4A SP1 high\n");
        says(
            told(&word, None, None),
            &["line 2: expected a score", "\"high\""],
        );
        let bed = files.put("b.txt", "chr1 1 2 x\n");
        says(told(&bed, None, None), &["combined_score", "three columns"]);
        says(
            told(&files.put("e.txt", "a b score\n"), None, None),
            &["links between proteins"],
        );
    }

    #[test]
    fn species_follow_from_builds() {
        assert_eq!(species_of("hg38"), Some("9606"));
        assert_eq!(species_of("GRCm39"), Some("10090"));
        assert_eq!(species_of("simulated"), None);
        assert_eq!(species_of("cell"), None);
        assert_eq!(species("9606.ENSP1"), Some("9606"));
        assert_eq!(species("HNF4A"), None);
        assert_eq!(species("9606."), None);
    }
}
