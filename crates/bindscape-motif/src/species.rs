//! Names of species by their numbers in NCBI's taxonomy, as JASPAR CORE 2026 has them.

use crate::Metadata;

/// Numbers in ascending order, and scientific names.
const NAMES: [(u32, &str); 40] = [
    (2850, "Phaeodactylum tricornutum"),
    (3218, "Physcomitrium patens"),
    (3483, "Cannabis sativa"),
    (3694, "Populus trichocarpa"),
    (3702, "Arabidopsis thaliana"),
    (3747, "Fragaria × ananassa"),
    (3750, "Malus domestica"),
    (3760, "Prunus persica"),
    (3847, "Glycine max"),
    (3880, "Medicago truncatula"),
    (3983, "Manihot esculenta"),
    (4081, "Solanum lycopersicum"),
    (4097, "Nicotiana tabacum"),
    (4102, "Petunia × hybrida"),
    (4151, "Antirrhinum majus"),
    (4513, "Hordeum vulgare"),
    (4530, "Oryza sativa"),
    (4565, "Triticum aestivum"),
    (4577, "Zea mays"),
    (4896, "Schizosaccharomyces pombe"),
    (4932, "Saccharomyces cerevisiae"),
    (5141, "Neurospora crassa"),
    (6238, "Caenorhabditis briggsae"),
    (6239, "Caenorhabditis elegans"),
    (7227, "Drosophila melanogaster"),
    (7719, "Ciona intestinalis"),
    (7729, "Halocynthia roretzi"),
    (8355, "Xenopus laevis"),
    (9031, "Gallus gallus"),
    (9606, "Homo sapiens"),
    (9986, "Oryctolagus cuniculus"),
    (10090, "Mus musculus"),
    (10116, "Rattus norvegicus"),
    (10117, "Rattus rattus"),
    (29760, "Vitis vinifera"),
    (34305, "Lotus japonicus"),
    (39946, "Oryza sativa Indica Group"),
    (39947, "Oryza sativa Japonica Group"),
    (81972, "Arabidopsis lyrata subsp. lyrata"),
    (559_292, "Saccharomyces cerevisiae S288C"),
];

impl Metadata {
    /// Its species by name, separated by commas; a number that has no name here stands as
    /// `taxon 4094`. The taxonomic group where no species is known; empty where that is not
    /// known either.
    ///
    /// ```
    /// use bindscape_motif::jaspar;
    ///
    /// let of = |id: &str| jaspar::select(id).map(|set| set.motifs[0].metadata.species_names());
    /// assert_eq!(of("MA0139")?, "Homo sapiens");
    /// assert_eq!(of("MA0531")?, "Drosophila melanogaster");
    /// # Ok::<(), bindscape_base::Error>(())
    /// ```
    #[must_use]
    pub fn species_names(&self) -> String {
        if self.species.is_empty() {
            return self.tax_group.clone().unwrap_or_default();
        }
        let names: Vec<String> = self.species.iter().map(|species| name(species)).collect();
        names.join(", ")
    }
}

/// The name of a species that is given by number or by name.
fn name(species: &str) -> String {
    let Ok(number) = species.parse::<u32>() else {
        return species.to_owned();
    };
    match NAMES.binary_search_by_key(&number, |(number, _)| *number) {
        Ok(at) => NAMES[at].1.to_owned(),
        Err(_) => format!("taxon {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_names_and_names_stay() {
        let of = |species: &[&str]| Metadata {
            species: species.iter().map(ToString::to_string).collect(),
            tax_group: Some("vertebrates".into()),
            ..Metadata::default()
        };
        assert_eq!(
            of(&["9606", "10090"]).species_names(),
            "Homo sapiens, Mus musculus"
        );
        assert_eq!(
            of(&["Homo sapiens", "1"]).species_names(),
            "Homo sapiens, taxon 1"
        );
        assert_eq!(of(&[]).species_names(), "vertebrates");
        assert_eq!(Metadata::default().species_names(), "");
        assert!(NAMES.is_sorted_by_key(|(number, _)| *number));
        // One of JASPAR's numbers has no name here.
        let motifs = &crate::jaspar().motifs;
        let unnamed = |names: &str| names.contains("taxon");
        let some = motifs.iter().map(|motif| motif.metadata.species_names());
        assert_eq!(some.filter(|names| unnamed(names)).count(), 1);
    }
}
