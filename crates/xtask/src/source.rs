//! Rust sources as far as the structure needs them: the texts in them, and the paths they use.
//! Comments and test modules are left out.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of a crate.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Its module, from the crate's root.
    pub(crate) module: Vec<String>,
    /// Paths within the crate that it uses, from the crate's root.
    pub(crate) uses: Vec<Vec<String>>,
    /// String literals with their lines.
    pub(crate) texts: Vec<(usize, String)>,
    /// Lines with a call of `vectorized` whose closure is not `#[inline(always)]`.
    pub(crate) narrow: Vec<usize>,
}

/// The files below `src/` of a crate.
pub(crate) fn of_crate(folder: &Path) -> Result<Vec<Source>, String> {
    let root = folder.join("src");
    let mut files = Vec::new();
    walk(&root, &mut files)?;
    files.sort();
    files
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| {
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok(read(&path, &root, &text))
        })
        .collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file holds tests alone, by the names that this project gives them.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        let name = name.trim_end_matches(".rs");
        name == "tests" || name.ends_with("_tests") || name == "agreement" || name == "parity"
    })
}

fn read(path: &Path, root: &Path, text: &str) -> Source {
    let relative = path.strip_prefix(root).unwrap_or(path).with_extension("");
    let mut module: Vec<String> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        module.pop();
    }
    let (code, texts) = split(before_tests(text));
    let uses = paths(&code, &module);
    Source {
        path: path.to_owned(),
        module,
        uses,
        texts,
        narrow: narrow(&code),
    }
}

/// What stands before the test module, which is the last item of a file.
fn before_tests(text: &str) -> &str {
    match text.find("#[cfg(test)]\nmod tests") {
        Some(at) => &text[..at],
        None => text,
    }
}

/// The code without comments and texts but with all of its lines, and the texts with theirs.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes: Vec<char> = text.chars().collect();
    let (mut code, mut texts) = (String::with_capacity(text.len()), Vec::new());
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let rest = &bytes[at..];
        match rest {
            ['/', '/', ..] => {
                at += rest.iter().take_while(|&&c| c != '\n').count();
            }
            ['/', '*', ..] => {
                let length = (2..rest.len())
                    .find(|&i| rest[i - 1] == '*' && rest[i] == '/' && i > 2)
                    .map_or(rest.len(), |i| i + 1);
                let lines = rest[..length].iter().filter(|&&c| c == '\n').count();
                code.push_str(&"\n".repeat(lines));
                line += lines;
                at += length;
            }
            ['\'', '\\', _, ..] => {
                // A character such as '\n' or '\u{2d}'.
                let length = (3..rest.len())
                    .find(|&i| rest[i] == '\'')
                    .map_or(rest.len(), |i| i + 1);
                at += length;
            }
            ['\'', _, '\'', ..] => at += 3,
            ['r', '"', ..] | ['r', '#', ..] if raw(rest).is_some() => {
                let (length, inner) = raw(rest).unwrap_or((1, String::new()));
                texts.push((line, inner));
                let lines = rest[..length].iter().filter(|&&c| c == '\n').count();
                code.push_str(" \"\" ");
                code.push_str(&"\n".repeat(lines));
                line += lines;
                at += length;
            }
            ['"', ..] => {
                let mut end = 1;
                while end < rest.len() && rest[end] != '"' {
                    end += if rest[end] == '\\' { 2 } else { 1 };
                }
                let end = end.min(rest.len());
                texts.push((line, rest[1..end].iter().collect()));
                let lines = rest[..end].iter().filter(|&&c| c == '\n').count();
                code.push_str("\"\"");
                code.push_str(&"\n".repeat(lines));
                line += lines;
                at += end + 1;
            }
            [c, ..] => {
                line += usize::from(*c == '\n');
                code.push(*c);
                at += 1;
            }
            [] => break,
        }
    }
    (code, texts)
}

/// Lines of `code` where the work of `vectorized` begins with anything but `#[inline(always)]`:
/// without it the closure is compiled for the narrowest vectors, and nothing says so.
fn narrow(code: &str) -> Vec<usize> {
    code.match_indices("vectorized(")
        .filter(|(at, call)| {
            let own_word = !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let work = code[at + call.len()..].trim_start();
            own_word && !work.starts_with("#[inline(always)]")
        })
        .map(|(at, _)| 1 + code[..at].matches('\n').count())
        .collect()
}

/// A raw string at the beginning of `rest`: its length and what it holds.
fn raw(rest: &[char]) -> Option<(usize, String)> {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    let open = 1 + hashes;
    (rest.get(open) == Some(&'"')).then_some(())?;
    let closes = |i: usize| {
        rest[i] == '"' && rest[i + 1..].iter().take_while(|&&c| c == '#').count() >= hashes
    };
    let end = (open + 1..rest.len()).find(|&i| closes(i))?;
    Some((end + 1 + hashes, rest[open + 1..end].iter().collect()))
}

/// The paths within the crate that `code` of `module` names.
fn paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for word in ["crate", "super", "self"] {
        for (at, _) in code.match_indices(word) {
            let before = code[..at].chars().next_back();
            let whole =
                before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '$');
            if !whole || !code[at + word.len()..].starts_with("::") {
                continue;
            }
            let mut base = if word == "crate" {
                Vec::new()
            } else {
                module.to_vec()
            };
            if word == "super" {
                base.pop();
            }
            tree(&code[at + word.len() + 2..], base, &mut found);
        }
    }
    found
}

/// Adds the paths of a use tree, or one path, at the beginning of `code`; gives what follows.
fn tree<'a>(code: &'a str, mut base: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = code.trim_start();
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            loop {
                rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
                if let Some(after) = rest.strip_prefix('}') {
                    return after;
                }
                let after = tree(rest, base.clone(), found);
                if after.len() == rest.len() {
                    return "";
                }
                rest = after;
            }
        }
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*')
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        match word {
            "super" => {
                base.pop();
            }
            "self" | "*" => {}
            "as" | "" => return rest,
            _ => base.push(word.to_owned()),
        }
        match after.strip_prefix("::") {
            Some(next) => rest = next.trim_start(),
            None => {
                found.push(base);
                let renamed = after.trim_start().strip_prefix("as ");
                return renamed.map_or(after, |name| {
                    name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_paths_are_found() {
        let text = r##"
            //! "a comment" crate::no
            use crate::{a::{self, B as C}, d::E};
            use super::f;
            fn g() -> crate::h::I { let x = "--text"; let y = '"'; let z = r#"raw "x""#; }
        "##;
        let source = read(Path::new("src/m/n.rs"), Path::new("src"), text);
        assert_eq!(source.module, ["m", "n"]);
        let texts: Vec<&str> = source.texts.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["--text", "raw \"x\""]);
        assert_eq!(source.texts[0].0, 5);
        let uses: Vec<String> = source.uses.iter().map(|path| path.join("::")).collect();
        assert_eq!(uses, ["a", "a::B", "d::E", "h::I", "m::f"]);
    }

    #[test]
    fn closures_for_narrow_vectors_are_found() {
        let text = "/* a\n comment */ let a = \"a\n text\";\nvectorized(|| 1);\n\
            vectorized(\n    #[inline(always)]\n    || 1,\n);\nfn not_vectorized() {}";
        let source = read(Path::new("src/a.rs"), Path::new("src"), text);
        assert_eq!(source.narrow, [4]);
    }

    #[test]
    fn tests_are_left_out() {
        let text = "use crate::a;\n#[cfg(test)]\nmod tests { use crate::b; }";
        let source = read(Path::new("src/lib.rs"), Path::new("src"), text);
        assert!(source.module.is_empty());
        assert_eq!(source.uses, [["a"]]);
        assert!(is_test(Path::new("src/scan/tests.rs")));
        assert!(!is_test(Path::new("src/scan.rs")));
    }
}
