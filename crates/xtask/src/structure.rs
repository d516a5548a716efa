//! What the structure of the workspace must keep: no library speaks command line, no modules of a
//! crate import each other in circles, work on vectors is compiled for wide ones, and light crates
//! stay light.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::{self, Source};

/// The program, those of developers, and this one; all others are libraries.
const PROGRAMS: [&str; 3] = ["bindscape-cli", "tools", "xtask"];

/// Library files whose texts may hold options: the report tells its readers what to type, and a
/// device that was left out needs a feature of Cargo.
const SPEAKERS: [&str; 2] = [
    "bindscape-report/src/page/usage.rs",
    "bindscape-nn/src/device.rs",
];

/// Crates that a crate must not compile, with the crate.
const LIGHT: [(&str, &[&str]); 4] = [
    (
        "bindscape-motif",
        &[
            "parquet",
            "zip",
            "block-aligner",
            "burn",
            "clap",
            "ureq",
            "hdf5-pure",
        ],
    ),
    (
        "bindscape-modisco",
        &["parquet", "block-aligner", "burn", "clap", "ureq"],
    ),
    (
        "bindscape-matrix",
        &["burn", "clap", "ureq", "block-aligner"],
    ),
    ("bindscape", &["clap", "indicatif", "ctrlc"]),
];

/// Checks all of it; every fault is a line.
pub(crate) fn check(cargo: &std::ffi::OsStr) -> Result<(), String> {
    let mut faults = Vec::new();
    for library in libraries()? {
        let sources = source::of_crate(&library)?;
        faults.extend(options_in(&sources));
        faults.extend(circles(&library, &sources));
        faults.extend(narrow_vectors(&sources));
    }
    for (light, heavy) in LIGHT {
        faults.extend(compiles(cargo, light, heavy)?);
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn libraries() -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("cannot read crates/: {error}");
    let mut found = Vec::new();
    for entry in fs::read_dir("crates").map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !PROGRAMS.contains(&name.as_ref()) {
            found.push(path.clone());
        }
    }
    found.sort();
    Ok(found)
}

/// Texts with options of a command line.
fn options_in(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        if SPEAKERS
            .iter()
            .any(|allowed| source.path.ends_with(allowed))
        {
            continue;
        }
        for (line, text) in &source.texts {
            if mentions_option(text) {
                faults.push(format!(
                    "{}, line {line}: a library speaks command line: {text:?}",
                    source.path.display()
                ));
            }
        }
    }
    faults
}

/// Whether `--name` stands in `text`, at its beginning or after a blank, bracket or quote.
fn mentions_option(text: &str) -> bool {
    text.match_indices("--").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + 2..].chars().next();
        before.is_none_or(|c| c.is_whitespace() || "([`'\"".contains(c))
            && after.is_some_and(|c| c.is_ascii_lowercase())
    })
}

/// Work on vectors that would be compiled for the narrowest ones.
fn narrow_vectors(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for line in &source.narrow {
            faults.push(format!(
                "{}, line {line}: the closure of `vectorized` lacks `#[inline(always)]`",
                source.path.display()
            ));
        }
    }
    faults
}

/// Circles among modules that are siblings: `a` uses something below `b`, and `b`, directly or
/// through others, something below `a`. A module may use its ancestors, and they it.
fn circles(library: &Path, sources: &[Source]) -> Vec<String> {
    // For every parent, the edges among its children.
    let mut graphs: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let modules: BTreeSet<&[String]> = sources
        .iter()
        .map(|source| source.module.as_slice())
        .collect();
    for source in sources {
        for path in &source.uses {
            let from = &source.module;
            let common = from.iter().zip(path).take_while(|(a, b)| a == b).count();
            let (Some(a), Some(b)) = (from.get(common), path.get(common)) else {
                continue;
            };
            if modules.contains(&path[..=common]) {
                graphs
                    .entry(from[..common].to_vec())
                    .or_default()
                    .entry(a.clone())
                    .or_default()
                    .insert(b.clone());
            }
        }
    }
    let mut faults = Vec::new();
    for (parent, graph) in &graphs {
        for names in in_circles(graph) {
            faults.push(format!(
                "{}: modules of {} import each other in a circle: {}",
                library.display(),
                if parent.is_empty() {
                    "the crate".to_owned()
                } else {
                    parent.join("::")
                },
                names.join(", "),
            ));
        }
    }
    faults
}

/// Groups of nodes that reach each other.
fn in_circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |from: &String| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(node) = next.pop() {
            for to in graph.get(node).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    next.push(to);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        graph.keys().map(|node| (node, reach(node))).collect();
    let mut groups: BTreeSet<Vec<String>> = BTreeSet::new();
    for (node, all) in &reached {
        if all.contains(*node) {
            let group = all
                .iter()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(*node)));
            groups.insert(group.cloned().collect());
        }
    }
    groups.into_iter().collect()
}

/// Crates of `heavy` that `light` would compile.
fn compiles(cargo: &std::ffi::OsStr, light: &str, heavy: &[&str]) -> Result<Vec<String>, String> {
    let output = Command::new(cargo)
        .args(["tree", "--package", light, "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .map_err(|error| format!("cannot start cargo tree: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    Ok(heavy
        .iter()
        .filter(|name| names.contains(**name))
        .map(|name| format!("{light} compiles {name}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_seen_in_texts() {
        for text in ["--gc-bin", "pass --evidence chip", "`--device cpu`"] {
            assert!(mentions_option(text), "{text}");
        }
        for text in ["--", "models--facebook", "a -- b", "--{name}"] {
            assert!(!mentions_option(text), "{text}");
        }
    }

    #[test]
    fn circles_are_found_through_others() {
        let graph = |edges: &[(&str, &str)]| {
            let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for &(a, b) in edges {
                graph.entry(a.into()).or_default().insert(b.into());
            }
            in_circles(&graph)
        };
        assert!(graph(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
        assert_eq!(
            graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]),
            [["a", "b", "c"]]
        );
    }

    #[test]
    fn siblings_count_and_ancestors_do_not() {
        let source = |module: &[&str], uses: &[&[&str]]| Source {
            path: PathBuf::new(),
            module: module.iter().map(|&s| s.into()).collect(),
            uses: uses
                .iter()
                .map(|path| path.iter().map(|&s| s.into()).collect())
                .collect(),
            texts: Vec::new(),
            narrow: Vec::new(),
        };
        let sources = [
            source(&[], &[&["a", "X"]]),
            source(&["a"], &[&["b", "Y"]]),
            source(&["a", "inner"], &[&["a", "X"]]),
            source(&["b"], &[&["a", "inner", "Z"]]),
        ];
        let faults = circles(Path::new("crates/x"), &sources);
        assert_eq!(
            faults,
            ["crates/x: modules of the crate import each other in a circle: a, b"]
        );
        assert!(circles(Path::new("x"), &sources[..3]).is_empty());
    }
}
