//! How many alignments of a score are expected by chance (Karlin and Altschul 1990;
//! Altschul and Gish 1996, Methods in Enzymology 266, 460).

/// Parameters of BLOSUM62 with gaps of 11 and 1 (BLAST).
const LAMBDA: f64 = 0.267;
const K: f64 = 0.041;

/// The mean length of an alignment grows with its score: [`GROWTH`] residues per nat,
/// and [`LENGTH_AT_ZERO`] (BLAST's α and β of these gap costs: 1.9 and -30).
const GROWTH: f64 = 1.9 / LAMBDA;
const LENGTH_AT_ZERO: f64 = -30.0;

/// The score in bits.
pub(super) fn bits(score: f64) -> f64 {
    (LAMBDA * score - K.ln()) / std::f64::consts::LN_2
}

/// The residues of the query and of the proteins searched at which an alignment can begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SearchSpace {
    query: f64,
    targets: f64,
}

impl SearchSpace {
    /// All residues.
    pub(super) fn whole(query: usize, targets: usize) -> Self {
        Self {
            query: query as f64,
            targets: targets as f64,
        }
    }

    /// Of a query of `query` residues and `count` proteins of `targets` residues in all,
    /// those from where on there is room for an alignment as long as the best one by chance.
    ///
    /// That length `l` is at most `GROWTH ln(K (m - l)(n - N l)) + LENGTH_AT_ZERO`, and no
    /// greater than leaves `K (m - l)(n - N l)` not less than `m` and `n`, as in BLAST.
    pub(super) fn with_room(query: usize, targets: usize, count: usize) -> Self {
        let whole = Self::whole(query, targets);
        let after = |length: f64| Self {
            query: whole.query - length,
            targets: whole.targets - count as f64 * length,
        };
        let fits = |length: f64| {
            let space = after(length);
            let expected = K * space.query * space.targets;
            expected >= whole.query.max(whole.targets)
                && length <= GROWTH * expected.ln() + LENGTH_AT_ZERO
        };
        // Lengths fit up to some length, if at all.
        let (mut low, mut high) = (0.0, whole.query.min(whole.targets / count.max(1) as f64));
        while high - low > 1e-3 {
            let middle = f64::midpoint(low, high);
            if fits(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        after(low.floor())
    }

    /// Expected number of alignments of that score by chance.
    pub(super) fn e_value(self, score: f64) -> f64 {
        K * self.query * self.targets * (-LAMBDA * score).exp()
    }

    /// The least score of which at most `e_value` alignments are expected by chance.
    pub(super) fn least_score(self, e_value: f64) -> f64 {
        (K * self.query * self.targets / e_value).ln() / LAMBDA
    }
}
