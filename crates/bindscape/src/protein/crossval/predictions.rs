//! Files of probabilities, one line per protein.

use std::fmt::Write;
use std::path::Path;

use bindscape_base::{Error, Place, Result, atomic};
use bindscape_protein::{CLASSES, ProteinClass, ProteinScores};

fn header() -> String {
    let classes = ProteinClass::ALL.map(|class| format!("p_{}", class.name()));
    format!("id\tclass\tp_tf\t{}", classes.join("\t"))
}

/// Writes probabilities in full, so that what is read back is the same. `classes` are the
/// names of the labels, empty where there are none.
pub(super) fn write(
    path: &Path,
    ids: &[&str],
    classes: &[&str],
    scores: &[ProteinScores],
) -> Result<()> {
    let mut text = header();
    text.push('\n');
    for ((id, class), score) in ids.iter().zip(classes).zip(scores) {
        write!(text, "{id}\t{class}\t").expect("text takes all");
        if let Some(p) = score.p_tf {
            write!(text, "{p}").expect("text takes all");
        }
        for class in 0..CLASSES {
            text.push('\t');
            if let Some(p) = score.p_class {
                write!(text, "{}", p[class]).expect("text takes all");
            }
        }
        text.push('\n');
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    }
    atomic::write(path, text.as_bytes())
}

/// Reads what [`write()`] wrote for the proteins `ids`.
pub(super) fn read(path: &Path, ids: &[&str]) -> Result<Vec<ProteinScores>> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
    let damaged = |line: usize| {
        Error::input(
            path,
            Place::Line(line as u64),
            "probabilities of the proteins of this fold, as bindscape writes them",
            "something else",
        )
        .hint("remove the file; the same command makes it again")
    };
    let mut lines = text.lines();
    if lines.next() != Some(header().as_str()) || text.lines().count() != ids.len() + 1 {
        return Err(damaged(1));
    }
    lines
        .zip(ids)
        .enumerate()
        .map(|(row, (line, id))| parse(line, id).ok_or_else(|| damaged(row + 2)))
        .collect()
}

fn parse(line: &str, id: &str) -> Option<ProteinScores> {
    let fields: Vec<&str> = line.split('\t').collect();
    if fields.len() != 3 + CLASSES || fields[0] != id {
        return None;
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let p_tf = match fields[2] {
        "" => None,
        text => Some(number(text)?),
    };
    let p_class = match fields[3..].iter().all(|field| field.is_empty()) {
        true => None,
        false => {
            let mut p = [0.0; CLASSES];
            for (p, field) in p.iter_mut().zip(&fields[3..]) {
                *p = number(field)?;
            }
            Some(p)
        }
    };
    Some(ProteinScores { p_tf, p_class })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("predictions/a.tsv");
        let scores = [
            ProteinScores {
                p_tf: Some(0.1 + 0.2),
                p_class: Some([0.1, 0.2, 1e-9, 0.3, 1.0 / 3.0]),
            },
            ProteinScores {
                p_tf: None,
                p_class: None,
            },
        ];
        write(&path, &["A", "B"], &["tf", ""], &scores).expect("written");
        assert_eq!(read(&path, &["A", "B"]).expect("read"), scores);
        let other = read(&path, &["A", "C"])
            .expect_err("another protein")
            .to_string();
        assert!(
            other.contains("a.tsv, line 3: expected probabilities"),
            "{other}"
        );
        assert!(read(&path, &["A"]).is_err());
    }
}
