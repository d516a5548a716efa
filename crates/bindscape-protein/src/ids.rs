//! Columns of ids in tables of proteins.

/// Names of the column of ids, in the order in which they are looked for, in any case. UniProt's
/// tables have `Entry`, its JSON `primaryAccession`.
pub const ID_COLUMNS: [&str; 5] = ["accession", "entry", "primaryAccession", "id", "protein"];

/// The place of the column of ids among the fields of a header.
pub(super) fn id_column(fields: &[&str]) -> Option<usize> {
    ID_COLUMNS.iter().find_map(|name| {
        fields
            .iter()
            .position(|field| field.eq_ignore_ascii_case(name))
    })
}
