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

const VOID: [&str; 5] = ["meta", "br", "link", "img", "wbr"];

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

/// Holds what can be held without a browser of a page that is no wider than its window: tables
/// and panels stand in boxes that scroll, pictures have a view box and shrink, long words break.
pub fn within_the_page(page: &str) {
    let found = elements(page, true).unwrap_or_else(|what| panic!("{what}"));
    for element in &found {
        let of = |name: &str| element.attributes.get(name).map(String::as_str);
        let inside = |name: &str| element.path.iter().any(|around| around == name);
        match element.name.as_str() {
            "table" => assert_eq!(
                element.path.last().map(String::as_str),
                Some("div"),
                "{element:?}"
            ),
            "svg" if of("width") != Some("0") => assert!(of("viewBox").is_some(), "{element:?}"),
            "svg" => assert!(of("style").is_some_and(|style| style.contains("absolute"))),
            // Wider than a telephone's page, it must scroll or shrink.
            "div" => {
                if let Some((_, least)) =
                    of("style").and_then(|style| style.split_once("min-width:"))
                {
                    let least: f64 = least.trim_end_matches("px").parse().unwrap_or(0.0);
                    assert!(least < 358.0 || inside("figure"), "{element:?}");
                }
            }
            _ => {}
        }
    }
    let boxes = page.matches("<div class=\"table\" tabindex=\"0\"").count();
    assert_eq!(
        boxes,
        found
            .iter()
            .filter(|element| element.name == "table")
            .count()
    );
    let style = &page[..page.find("</style>").unwrap_or(0)];
    for rule in [
        ".table{overflow-x:auto",
        ".panels{display:grid;gap:1.1rem 1.3rem;align-items:start;overflow-x:auto}",
        ".panel-box svg{display:block;width:100%;height:auto}",
        ".logo{max-width:100%}",
        ".logo svg{display:block;width:100%;height:auto}",
        "p{margin:0 0 1em;overflow-wrap:anywhere}",
        "code{overflow-wrap:anywhere}",
        "pre{background:var(--soft);border:1px solid var(--rule);border-radius:6px;padding:.8rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere",
    ] {
        assert!(style.contains(rule), "{rule}");
    }
}
