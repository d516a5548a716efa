//! A check of markup: tags balance, attributes are quoted and unique, text has
//! no stray brackets. Enough to catch what escaping or a template gets wrong.

use std::collections::BTreeMap;

/// An element that was opened.
#[derive(Debug, Clone)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    /// Names of the elements around it, outermost first.
    pub path: Vec<String>,
}

const VOID: [&str; 4] = ["meta", "br", "link", "img"];

/// All elements of a document in order, or what is wrong with it. In `html`,
/// void elements have no end and scripts and styles hold any text.
pub fn elements(text: &str, html: bool) -> Result<Vec<Element>, String> {
    let mut open: Vec<String> = Vec::new();
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let Some(start) = rest.find('<') else {
            check_text(rest)?;
            break;
        };
        check_text(&rest[..start])?;
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('!') {
            rest = &after[after.find('>').ok_or("a declaration without end")? + 1..];
            continue;
        }
        if let Some(after) = rest.strip_prefix('/') {
            let end = after.find('>').ok_or("an end tag without end")?;
            let name = &after[..end];
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes another element"));
            }
            rest = &after[end + 1..];
            continue;
        }
        let (element, closed, after) = start_tag(rest, &open)?;
        rest = after;
        let name = element.name.clone();
        found.push(element);
        let raw = html && matches!(name.as_str(), "script" | "style");
        if raw {
            let end = format!("</{name}>");
            let at = rest.find(&end).ok_or("raw text without end")?;
            rest = &rest[at + end.len()..];
        } else if !closed && (!html || !VOID.contains(&name.as_str())) {
            open.push(name);
        }
    }
    if open.is_empty() {
        Ok(found)
    } else {
        Err(format!("left open: {open:?}"))
    }
}

fn start_tag<'a>(text: &'a str, open: &[String]) -> Result<(Element, bool, &'a str), String> {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .ok_or("a tag without end")?;
    let name = text[..end].to_owned();
    if name.is_empty() {
        return Err(format!(
            "a stray < before {:?}",
            text.chars().take(20).collect::<String>()
        ));
    }
    let mut attributes = BTreeMap::new();
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            let path = open.to_vec();
            return Ok((
                Element {
                    name,
                    attributes,
                    path,
                },
                true,
                after,
            ));
        }
        if let Some(after) = rest.strip_prefix('>') {
            let path = open.to_vec();
            return Ok((
                Element {
                    name,
                    attributes,
                    path,
                },
                false,
                after,
            ));
        }
        let (key, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("an attribute of <{name}> without value"))?;
        if key.is_empty()
            || !key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-:".contains(c))
        {
            return Err(format!("attribute {key:?} of <{name}>"));
        }
        let (value, after) = after.split_once('"').ok_or("an attribute without end")?;
        check_text(value)?;
        if attributes
            .insert(key.to_owned(), value.to_owned())
            .is_some()
        {
            return Err(format!("{key} twice in <{name}>"));
        }
        rest = after;
    }
}

fn check_text(text: &str) -> Result<(), String> {
    if text.contains(['<', '>']) {
        return Err(format!("a stray bracket in {text:?}"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(format!("a control character in {text:?}"));
    }
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;"];
        if !known.iter().any(|entity| text[at..].starts_with(entity)) {
            return Err(format!("a stray & in {text:?}"));
        }
    }
    Ok(())
}
