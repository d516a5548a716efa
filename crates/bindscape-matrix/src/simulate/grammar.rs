//! Which sites an accessible region holds, and who binds it.
//!
//! A region is an element of some kinds, or of none. Each kind brings sites of
//! TFs that work together, as real cofactors do. A site is bound where it lies
//! with a partner's site, and seldom where it lies alone: lone sites are the
//! decoys that a motif scan cannot tell from bound ones. Homologs (HNF4A and
//! HNF4G) bind the same sites.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::motifs::Motif;

/// Cells as bits.
pub(super) const LIVER: u8 = 1;
pub(super) const ERYTHROID: u8 = 2;
pub(super) const MYELOID: u8 = 4;
const ANY: u8 = LIVER | ERYTHROID | MYELOID;

/// Cells in the order of their bits.
pub(super) const CELLS: [&str; 3] = ["liver", "erythroid", "myeloid"];

/// Where regions are accessible, and what share of them is.
const ACCESS: [(u8, f64); 6] = [
    (ANY, 0.34),
    (LIVER, 0.28),
    (ERYTHROID, 0.15),
    (MYELOID, 0.15),
    (LIVER | ERYTHROID, 0.04),
    (LIVER | MYELOID, 0.04),
];

/// TFs that bind the same sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Hnf4,
    Foxa,
    Cebp,
    Gata,
    Tal,
    Klf,
    Pu1,
    Runx,
    Ap1,
    Ctcf,
    Ebox,
    Sp,
    Elf,
    /// Half sites as HNF4's, bound by none of the profiled TFs.
    Estrogen,
}

impl Family {
    fn motifs(self) -> &'static [&'static str] {
        match self {
            Family::Hnf4 => &["HNF4A", "HNF4G"],
            Family::Foxa => &["FOXA1"],
            Family::Cebp => &["CEBPA"],
            Family::Gata => &["GATA1"],
            Family::Tal => &["GATA1::TAL1"],
            Family::Klf => &["KLF4"],
            Family::Pu1 => &["SPI1"],
            Family::Runx => &["RUNX1"],
            Family::Ap1 => &["JUND"],
            Family::Ctcf => &["CTCF"],
            Family::Ebox => &["MAX"],
            Family::Sp => &["SP1"],
            Family::Elf => &["ELF1"],
            Family::Estrogen => &["ESRRA"],
        }
    }

    /// Families one of which must be near for the site to be bound; none: it is bound alone.
    fn partners(self) -> &'static [Family] {
        match self {
            Family::Hnf4 => &[Family::Foxa, Family::Cebp],
            Family::Foxa => &[Family::Hnf4, Family::Cebp],
            Family::Cebp => &[Family::Hnf4, Family::Foxa, Family::Pu1, Family::Runx],
            Family::Gata => &[Family::Tal, Family::Klf],
            Family::Pu1 => &[Family::Cebp, Family::Runx],
            Family::Ebox => &[Family::Sp, Family::Elf],
            _ => &[],
        }
    }
}

/// A profiled TF.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tf {
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// Cells in which it was profiled.
    pub(super) cells: u8,
    /// Share of its bound regions that its experiments detect.
    pub(super) depth: f64,
}

/// The TF that the demonstration fine-tunes: a homolog of one of the others,
/// profiled by one shallow experiment.
pub(super) const TARGET: Tf = Tf {
    name: "HNF4G",
    family: Family::Hnf4,
    cells: LIVER,
    depth: 0.42,
};

/// The TFs of the multi-model.
pub(super) const OTHERS: [Tf; 8] = [
    tf("CEBPA", Family::Cebp, LIVER | MYELOID),
    tf("CTCF", Family::Ctcf, ANY),
    tf("FOXA1", Family::Foxa, LIVER),
    tf("GATA1", Family::Gata, ERYTHROID),
    tf("HNF4A", Family::Hnf4, LIVER),
    tf("JUND", Family::Ap1, ANY),
    tf("MAX", Family::Ebox, ANY),
    tf("SPI1", Family::Pu1, MYELOID),
];

const fn tf(name: &'static str, family: Family, cells: u8) -> Tf {
    Tf {
        name,
        family,
        cells,
        depth: 0.95,
    }
}

/// Kinds of element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hepatic,
    Erythroid,
    Myeloid,
    Ap1,
    Insulator,
    Promoter,
}

/// How often a kind occurs.
struct Frequency {
    kind: Kind,
    /// Cells in one of which the region must be accessible.
    cells: u8,
    /// Chance in a region accessible in all cells.
    shared: f64,
    /// Chance in a region accessible in some cells only.
    specific: f64,
}

/// A region may be elements of several kinds at once.
const FREQUENCIES: [Frequency; 6] = [
    frequency(Kind::Hepatic, LIVER, 0.30, 0.33),
    frequency(Kind::Erythroid, ERYTHROID, 0.22, 0.33),
    frequency(Kind::Myeloid, MYELOID, 0.22, 0.33),
    frequency(Kind::Ap1, ANY, 0.22, 0.15),
    frequency(Kind::Insulator, ANY, 0.18, 0.1),
    frequency(Kind::Promoter, ANY, 0.25, 0.05),
];

const fn frequency(kind: Kind, cells: u8, shared: f64, specific: f64) -> Frequency {
    Frequency {
        kind,
        cells,
        shared,
        specific,
    }
}

impl Kind {
    /// Sites with the chance of each.
    fn sites(self) -> &'static [(Family, f64)] {
        match self {
            Kind::Hepatic => &[
                (Family::Hnf4, 0.75),
                (Family::Foxa, 0.75),
                (Family::Cebp, 0.6),
            ],
            Kind::Erythroid => &[(Family::Gata, 0.9), (Family::Tal, 0.6), (Family::Klf, 0.6)],
            Kind::Myeloid => &[
                (Family::Pu1, 0.85),
                (Family::Cebp, 0.5),
                (Family::Runx, 0.6),
            ],
            Kind::Ap1 => &[(Family::Ap1, 1.0), (Family::Runx, 0.2)],
            Kind::Insulator => &[(Family::Ctcf, 1.0)],
            Kind::Promoter => &[(Family::Ebox, 0.8), (Family::Sp, 0.7), (Family::Elf, 0.6)],
        }
    }

    /// The kinds of a region accessible in `open`; none: no element.
    fn draw(open: u8, rng: &mut ChaCha8Rng) -> Vec<Self> {
        FREQUENCIES
            .iter()
            .filter(|frequency| {
                let chance = if open & frequency.cells == 0 {
                    0.0
                } else if open == ANY {
                    frequency.shared
                } else {
                    frequency.specific
                };
                rng.random_bool(chance)
            })
            .map(|frequency| frequency.kind)
            .collect()
    }
}

/// Sites that may lie alone in any region: the decoys.
const DECOYS: [(Family, f64); 9] = [
    (Family::Hnf4, 0.30),
    (Family::Estrogen, 0.20),
    (Family::Foxa, 0.12),
    (Family::Cebp, 0.10),
    (Family::Gata, 0.08),
    (Family::Pu1, 0.08),
    (Family::Ebox, 0.06),
    (Family::Klf, 0.03),
    (Family::Elf, 0.03),
];

/// Chance of a decoy in a region.
const DECOY: f64 = 0.5;
/// Chance that a site with a partner is bound.
const WITH_PARTNER: f64 = 0.95;
/// Chance that a site without the partner it needs is bound.
const ALONE: f64 = 0.08;
/// Least score of planted sites, from the worst (0) to the best (1) of the motif.
const LEAST_SCORE: f64 = 0.88;

/// A planted site, in bases from the start of the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) family: Family,
    pub(super) start: usize,
    /// Base numbers on the forward strand.
    pub(super) bases: Vec<u8>,
    pub(super) reverse: bool,
    /// Whether TFs of the family bind it where the region is accessible.
    pub(super) bound: bool,
}

/// What an accessible region holds.
#[derive(Debug, Clone)]
pub(super) struct Content {
    /// Cells in which it is accessible.
    pub(super) open: u8,
    /// Whether its background is a CpG island.
    pub(super) island: bool,
    /// Whether it is an element at all.
    pub(super) active: bool,
    pub(super) sites: Vec<Site>,
}

impl Content {
    /// Draws the content of a region of `width` bases.
    pub(super) fn draw(width: usize, rng: &mut ChaCha8Rng) -> Self {
        let open = ACCESS
            .choose_weighted(rng, |access| access.1)
            .expect("some weight is positive")
            .0;
        let kinds = Kind::draw(open, rng);
        let mut families: Vec<Family> = kinds
            .iter()
            .flat_map(|kind| kind.sites())
            .filter(|site| rng.random_bool(site.1))
            .map(|site| site.0)
            .collect();
        if rng.random_bool(DECOY) {
            let decoy = DECOYS
                .choose_weighted(rng, |decoy| decoy.1)
                .expect("some weight is positive")
                .0;
            // Where a partner is at home the site would be no decoy.
            let partnered = families
                .iter()
                .any(|&family| decoy.partners().contains(&family) || family == decoy);
            if !partnered {
                families.push(decoy);
            }
        }
        let mut sites: Vec<Site> = Vec::new();
        for &family in &families {
            place(family, width, &mut sites, rng);
        }
        let present: Vec<Family> = sites.iter().map(|site| site.family).collect();
        for site in &mut sites {
            let partners = site.family.partners();
            let helped =
                partners.is_empty() || present.iter().any(|family| partners.contains(family));
            site.bound = rng.random_bool(if helped { WITH_PARTNER } else { ALONE });
        }
        Self {
            open,
            island: kinds.contains(&Kind::Promoter),
            active: !kinds.is_empty(),
            sites,
        }
    }
}

/// Places a site where it touches no other; a region too full stays without it.
fn place(family: Family, width: usize, sites: &mut Vec<Site>, rng: &mut ChaCha8Rng) {
    const MARGIN: usize = 15;
    let name = family
        .motifs()
        .choose(rng)
        .expect("each family has a motif");
    let mut bases = Motif::named(name).draw(LEAST_SCORE, rng);
    let reverse = rng.random_bool(0.5);
    if reverse {
        bases.reverse();
        for base in &mut bases {
            *base = 3 - *base;
        }
    }
    for _ in 0..30 {
        let start = rng.random_range(MARGIN..=width - MARGIN - bases.len());
        let free = sites.iter().all(|other| {
            start + bases.len() < other.start || other.start + other.bases.len() < start
        });
        if free {
            sites.push(Site {
                family,
                start,
                bases,
                reverse,
                bound: false,
            });
            return;
        }
    }
}
