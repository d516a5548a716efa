//! Figures of amino acids: physico-chemical scales and BLOSUM62.
//!
//! The numbers of the scales are those of AAindex release 9.2 (Kawashima et al. 2008,
//! Nucleic Acids Research 36, D202) under the accession that each names.

/// A property of the amino acids.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Accession in AAindex.
    pub accession: &'static str,
    /// What it tells and who measured it.
    pub name: &'static str,
    /// Values in the order of [`AMINO_ACIDS`](super::AMINO_ACIDS), as published.
    pub values: [f32; 20],
}

/// The scales of the residue encoding.
pub const SCALES: [Scale; 12] = [
    Scale {
        accession: "KYTJ820101",
        name: "hydropathy (Kyte and Doolittle 1982)",
        values: [
            1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8, 1.9, -3.5, -1.6, -3.5, -4.5,
            -0.8, -0.7, 4.2, -0.9, -1.3,
        ],
    },
    Scale {
        accession: "GRAR740102",
        name: "polarity (Grantham 1974)",
        values: [
            8.1, 5.5, 13.0, 12.3, 5.2, 9.0, 10.4, 5.2, 11.3, 4.9, 5.7, 11.6, 8.0, 10.5, 10.5, 9.2,
            8.6, 5.9, 5.4, 6.2,
        ],
    },
    Scale {
        accession: "FAUJ880103",
        name: "normalised van der Waals volume (Fauchère et al. 1988)",
        values: [
            1.0, 2.43, 2.78, 3.78, 5.89, 0.0, 4.66, 4.0, 4.77, 4.0, 4.43, 2.95, 2.72, 3.95, 6.13,
            1.6, 2.6, 3.0, 8.08, 6.47,
        ],
    },
    Scale {
        accession: "ZIMJ680102",
        name: "bulkiness (Zimmerman et al. 1968)",
        values: [
            11.5, 13.46, 11.68, 13.57, 19.8, 3.4, 13.69, 21.4, 15.71, 21.4, 16.25, 12.82, 17.43,
            14.45, 14.28, 9.47, 15.77, 21.57, 21.67, 18.03,
        ],
    },
    Scale {
        accession: "ZIMJ680104",
        name: "isoelectric point (Zimmerman et al. 1968)",
        values: [
            6.0, 5.05, 2.77, 3.22, 5.48, 5.97, 7.59, 6.02, 9.74, 5.98, 5.74, 5.41, 6.3, 5.65,
            10.76, 5.68, 5.66, 5.96, 5.89, 5.66,
        ],
    },
    Scale {
        accession: "KLEP840101",
        name: "net charge (Klein et al. 1984)",
        values: [
            0.0, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0,
            0.0, 0.0, 0.0,
        ],
    },
    Scale {
        accession: "CHOP780201",
        name: "frequency in alpha helices (Chou and Fasman 1978)",
        values: [
            1.42, 0.7, 1.01, 1.51, 1.13, 0.57, 1.0, 1.08, 1.16, 1.21, 1.45, 0.67, 0.57, 1.11, 0.98,
            0.77, 0.83, 1.06, 1.08, 0.69,
        ],
    },
    Scale {
        accession: "CHOP780202",
        name: "frequency in beta sheets (Chou and Fasman 1978)",
        values: [
            0.83, 1.19, 0.54, 0.37, 1.38, 0.75, 0.87, 1.6, 0.74, 1.3, 1.05, 0.89, 0.55, 1.1, 0.93,
            0.75, 1.19, 1.7, 1.37, 1.47,
        ],
    },
    Scale {
        accession: "CHOP780203",
        name: "frequency in beta turns (Chou and Fasman 1978)",
        values: [
            0.74, 0.96, 1.52, 0.95, 0.66, 1.56, 0.95, 0.47, 1.19, 0.5, 0.6, 1.46, 1.56, 0.96, 1.01,
            1.43, 0.98, 0.59, 0.6, 1.14,
        ],
    },
    Scale {
        accession: "BHAR880101",
        name: "flexibility (Bhaskaran and Ponnuswamy 1988)",
        values: [
            0.357, 0.346, 0.511, 0.497, 0.314, 0.544, 0.323, 0.462, 0.466, 0.365, 0.295, 0.463,
            0.509, 0.493, 0.529, 0.507, 0.444, 0.386, 0.305, 0.42,
        ],
    },
    Scale {
        accession: "CHOC760101",
        name: "accessible surface in a tripeptide (Chothia 1976)",
        values: [
            115.0, 135.0, 150.0, 190.0, 210.0, 75.0, 195.0, 175.0, 200.0, 170.0, 185.0, 160.0,
            145.0, 180.0, 225.0, 115.0, 140.0, 155.0, 255.0, 230.0,
        ],
    },
    Scale {
        accession: "FAUJ880109",
        name: "hydrogen bond donors (Fauchère et al. 1988)",
        values: [
            0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 2.0, 0.0, 2.0, 4.0, 1.0, 1.0,
            0.0, 1.0, 1.0,
        ],
    },
];

/// BLOSUM62 in half bits (Henikoff and Henikoff 1992), rows and columns in the order of
/// [`AMINO_ACIDS`](super::AMINO_ACIDS).
#[rustfmt::skip]
pub const BLOSUM62: [[i8; 20]; 20] = [
    [ 4,  0, -2, -1, -2,  0, -2, -1, -1, -1, -1, -2, -1, -1, -1,  1,  0,  0, -3, -2],
    [ 0,  9, -3, -4, -2, -3, -3, -1, -3, -1, -1, -3, -3, -3, -3, -1, -1, -1, -2, -2],
    [-2, -3,  6,  2, -3, -1, -1, -3, -1, -4, -3,  1, -1,  0, -2,  0, -1, -3, -4, -3],
    [-1, -4,  2,  5, -3, -2,  0, -3,  1, -3, -2,  0, -1,  2,  0,  0, -1, -2, -3, -2],
    [-2, -2, -3, -3,  6, -3, -1,  0, -3,  0,  0, -3, -4, -3, -3, -2, -2, -1,  1,  3],
    [ 0, -3, -1, -2, -3,  6, -2, -4, -2, -4, -3,  0, -2, -2, -2,  0, -2, -3, -2, -3],
    [-2, -3, -1,  0, -1, -2,  8, -3, -1, -3, -2,  1, -2,  0,  0, -1, -2, -3, -2,  2],
    [-1, -1, -3, -3,  0, -4, -3,  4, -3,  2,  1, -3, -3, -3, -3, -2, -1,  3, -3, -1],
    [-1, -3, -1,  1, -3, -2, -1, -3,  5, -2, -1,  0, -1,  1,  2,  0, -1, -2, -3, -2],
    [-1, -1, -4, -3,  0, -4, -3,  2, -2,  4,  2, -3, -3, -2, -2, -2, -1,  1, -2, -1],
    [-1, -1, -3, -2,  0, -3, -2,  1, -1,  2,  5, -2, -2,  0, -1, -1, -1,  1, -1, -1],
    [-2, -3,  1,  0, -3,  0,  1, -3,  0, -3, -2,  6, -2,  0,  0,  1,  0, -3, -4, -2],
    [-1, -3, -1, -1, -4, -2, -2, -3, -1, -3, -2, -2,  7, -1, -2, -1, -1, -2, -4, -3],
    [-1, -3,  0,  2, -3, -2,  0, -3,  1, -2,  0,  0, -1,  5,  1,  0, -1, -2, -2, -1],
    [-1, -3, -2,  0, -3, -2,  0, -3,  2, -2, -1,  0, -2,  1,  5, -1, -1, -3, -3, -2],
    [ 1, -1,  0,  0, -2,  0, -1, -2,  0, -2, -1,  1, -1,  0, -1,  4,  1, -2, -3, -2],
    [ 0, -1, -1, -1, -2, -2, -2, -1, -1, -1, -1,  0, -1, -1, -1,  1,  5,  0, -2, -2],
    [ 0, -1, -3, -2, -1, -3, -3,  3, -2,  1,  1, -3, -2, -2, -3, -2,  0,  4, -3, -1],
    [-3, -2, -4, -3,  1, -2, -2, -3, -3, -2, -1, -4, -4, -2, -3, -3, -2, -3, 11,  2],
    [-2, -2, -3, -2,  3, -3,  2, -1, -2, -1, -1, -2, -3, -1, -2, -2, -2, -1,  2,  7],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amino_acid;

    fn score(a: u8, b: u8) -> i8 {
        BLOSUM62[amino_acid(a).expect("an amino acid")][amino_acid(b).expect("an amino acid")]
    }

    #[test]
    fn blosum62_is_symmetric_and_the_published_one() {
        for (row, scores) in BLOSUM62.iter().enumerate() {
            for (column, &score) in scores.iter().enumerate() {
                assert_eq!(score, BLOSUM62[column][row]);
            }
        }
        // Sums of the matrix that Biopython 1.88 ships.
        let diagonal: i32 = (0..20).map(|i| i32::from(BLOSUM62[i][i])).sum();
        let all: i32 = BLOSUM62.iter().flatten().map(|&s| i32::from(s)).sum();
        assert_eq!((diagonal, all), (116, -426));
        assert_eq!((score(b'W', b'W'), score(b'C', b'E')), (11, -4));
    }

    #[test]
    fn scales_are_in_the_order_of_the_letters() {
        let value = |accession: &str, letter| {
            let scale = SCALES.iter().find(|scale| scale.accession == accession);
            scale.expect("a scale").values[amino_acid(letter).expect("an amino acid")]
        };
        assert_eq!(value("KYTJ820101", b'R'), -4.5);
        assert_eq!(value("KLEP840101", b'K'), 1.0);
        assert_eq!(value("KLEP840101", b'D'), -1.0);
        assert_eq!(value("ZIMJ680104", b'R'), 10.76);
        assert_eq!(value("CHOC760101", b'G'), 75.0);
        assert_eq!(value("FAUJ880103", b'W'), 8.08);
    }
}
