//! What is asked: reviewed proteins of eukaryotes, by annotation.
//!
//! The words are those of UniProt's query syntax (`reviewed`, `taxonomy_id`,
//! which covers all taxa below it, `go`, `keyword`, and `xref` with the name of
//! the database before the accession).

use bindscape_protein::ProteinClass;

/// Columns of the pages, in this order (UniProt's names of return fields).
pub(crate) const FIELDS: [&str; 8] = [
    "accession",
    "id",
    "organism_id",
    "lineage_ids",
    "keywordid",
    "xref_pfam",
    "length",
    "sequence",
];

/// Records per page; the service allows up to 500.
pub const PAGE: usize = 500;

/// Reviewed entries (Swiss-Prot) of Eukaryota (taxon 2759).
const EUKARYOTES: &str = "(reviewed:true) AND (taxonomy_id:2759)";
/// GO:0003700, DNA-binding transcription factor activity, or a term below it.
const TF: &str = "(go:0003700)";
/// Keyword of zinc fingers of any kind.
const ZINC_FINGER: &str = "(keyword:KW-0863)";
/// Keyword Homeobox, or Pfam's Homeodomain.
const HOMEODOMAIN: [&str; 2] = ["(keyword:KW-0371)", "(xref:pfam-PF00046)"];
/// Pfam's bZIP_1, bZIP_2 and bZIP_Maf.
const LEUCINE_ZIPPER: [&str; 3] = [
    "(xref:pfam-PF00170)",
    "(xref:pfam-PF07716)",
    "(xref:pfam-PF03131)",
];

/// The query for the candidates of a class.
///
/// Zinc fingers need the GO term too, since most zinc fingers bind something
/// other than DNA; homeodomains and bZIP domains speak for themselves.
#[must_use]
pub fn query(class: ProteinClass) -> String {
    match class {
        ProteinClass::ZincFinger => format!("{EUKARYOTES} AND {TF} AND {ZINC_FINGER}"),
        ProteinClass::Homeodomain => format!("{EUKARYOTES} AND ({})", HOMEODOMAIN.join(" OR ")),
        ProteinClass::LeucineZipper => {
            format!("{EUKARYOTES} AND ({})", LEUCINE_ZIPPER.join(" OR "))
        }
        ProteinClass::OtherTf => {
            let others: Vec<String> = [ZINC_FINGER]
                .iter()
                .chain(&HOMEODOMAIN)
                .chain(&LEUCINE_ZIPPER)
                .map(|term| format!(" NOT {term}"))
                .collect();
            format!("{EUKARYOTES} AND {TF}{}", others.concat())
        }
        ProteinClass::NonTf => format!("{EUKARYOTES} NOT {TF}"),
    }
}

/// The address of a page of `query`: the first, or the one at `cursor`, a value
/// that the service gave and that is passed back as it came.
pub(crate) fn url(endpoint: &str, query: &str, size: usize, cursor: Option<&str>) -> String {
    let mut url = format!(
        "{}/uniprotkb/search?query={}&format=tsv&fields={}&size={size}",
        endpoint.trim_end_matches('/'),
        encoded(query),
        FIELDS.join(",")
    );
    if let Some(cursor) = cursor {
        url.push_str("&cursor=");
        url.push_str(cursor);
    }
    url
}

/// The cursor of the next page from a `Link` header (RFC 8288):
/// `<https://…/search?…&cursor=CURSOR&size=500>; rel="next"`. Only the cursor
/// is taken, so that paging stays with the endpoint the user chose.
pub(crate) fn next_cursor(link: &str) -> Option<&str> {
    let mut rest = link;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        let parameters = after.split_once('<').map_or(after, |(own, _)| own);
        if parameters.contains("rel=\"next\"") || parameters.contains("rel=next") {
            return target
                .split_once('?')?
                .1
                .split('&')
                .find_map(|pair| pair.strip_prefix("cursor="))
                .filter(|cursor| !cursor.is_empty());
        }
        rest = after;
    }
    None
}

/// Percent-encoding of everything but the unreserved characters (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push('%');
            out.push_str(&format!("{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queries_are_those_of_the_documentation() {
        assert_eq!(
            query(ProteinClass::ZincFinger),
            "(reviewed:true) AND (taxonomy_id:2759) AND (go:0003700) AND (keyword:KW-0863)"
        );
        assert_eq!(
            query(ProteinClass::Homeodomain),
            "(reviewed:true) AND (taxonomy_id:2759) AND ((keyword:KW-0371) OR (xref:pfam-PF00046))"
        );
        assert_eq!(
            query(ProteinClass::LeucineZipper),
            "(reviewed:true) AND (taxonomy_id:2759) AND ((xref:pfam-PF00170) OR (xref:pfam-PF07716) OR (xref:pfam-PF03131))"
        );
        assert_eq!(
            query(ProteinClass::OtherTf),
            "(reviewed:true) AND (taxonomy_id:2759) AND (go:0003700) NOT (keyword:KW-0863) NOT (keyword:KW-0371) NOT (xref:pfam-PF00046) NOT (xref:pfam-PF00170) NOT (xref:pfam-PF07716) NOT (xref:pfam-PF03131)"
        );
        assert_eq!(
            query(ProteinClass::NonTf),
            "(reviewed:true) AND (taxonomy_id:2759) NOT (go:0003700)"
        );
    }

    #[test]
    fn the_next_page_is_the_cursor_of_the_link() {
        let link = "<https://rest.uniprot.org/uniprotkb/search?query=a&cursor=1mkycb2xwxbouwxh6%3D&size=500>; rel=\"next\"";
        assert_eq!(next_cursor(link), Some("1mkycb2xwxbouwxh6%3D"));
        let two = format!("<https://x/?cursor=back>; rel=\"prev\", {link}");
        assert_eq!(next_cursor(&two), Some("1mkycb2xwxbouwxh6%3D"));
        assert_eq!(next_cursor("<https://x/?cursor=back>; rel=\"prev\""), None);
        assert_eq!(next_cursor(""), None);
        let url = url("http://localhost:1/", "(go:1) OR b", 25, Some("x%3D"));
        assert_eq!(
            url,
            "http://localhost:1/uniprotkb/search?query=%28go%3A1%29%20OR%20b&format=tsv&fields=accession,id,organism_id,lineage_ids,keywordid,xref_pfam,length,sequence&size=25&cursor=x%3D"
        );
    }
}
