//! Files of profiles: HMMER3/f.

use std::fmt::Write;

use super::build::consensus;
use super::prior::BACKGROUND;
use super::{MM, Profile};
use crate::AMINO_ACIDS;

impl Profile {
    /// The profile as HMMER 3 writes one, which its programs read.
    #[must_use]
    pub fn to_hmmer(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("text grows");
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let statistics = &self.statistics;
        writeln!(text, "HMMER3/f [bindscape {}]", env!("CARGO_PKG_VERSION"))?;
        writeln!(text, "NAME  {}", self.name)?;
        writeln!(text, "LENG  {}", self.positions())?;
        writeln!(
            text,
            "ALPH  amino\nRF    no\nMM    no\nCONS  yes\nCS    no\nMAP   no"
        )?;
        writeln!(text, "NSEQ  {}", self.sequences)?;
        writeln!(text, "EFFN  {:.6}", self.effective)?;
        for (name, place) in [
            ("MSV", statistics.msv),
            ("VITERBI", statistics.viterbi),
            ("FORWARD", statistics.forward),
        ] {
            let lambda = statistics.lambda;
            writeln!(text, "STATS LOCAL {name:<8} {place:>9.4} {lambda:>8.5}")?;
        }
        let letters: Vec<String> = AMINO_ACIDS
            .iter()
            .map(|&letter| format!("{:>9}", char::from(letter)))
            .collect();
        writeln!(text, "HMM     {}", letters.concat().trim_start())?;
        writeln!(
            text,
            "            m->m     m->i     m->d     i->m     i->i     d->m     d->d"
        )?;
        line(text, "  COMPO ", &self.composition(), "")?;
        for (node, transitions) in self.transitions.iter().enumerate() {
            if let Some(before) = node.checked_sub(1) {
                let matches = &self.matches[before];
                let end = format!("      - {} - - -", consensus(matches));
                line(text, &format!("{node:>7} "), matches, &end)?;
            }
            line(text, "        ", &BACKGROUND, "")?;
            line(text, "        ", transitions, "")?;
        }
        writeln!(text, "//")
    }

    /// Mean probabilities of the amino acids over the positions, each by how often it is used.
    fn composition(&self) -> [f64; 20] {
        let mut means = [0.0; 20];
        let mut used = 1.0 - self.transitions[0][super::MD];
        let mut sum = 0.0;
        for (matches, transitions) in self.matches.iter().zip(&self.transitions[1..]) {
            for (mean, p) in means.iter_mut().zip(matches) {
                *mean += used * p;
            }
            sum += used;
            used = used * (transitions[MM] + transitions[super::MI])
                + (1.0 - used) * transitions[super::DM];
        }
        means.map(|mean| mean / sum)
    }
}

/// A line of negative logarithms of probabilities; `*` is none.
fn line(text: &mut String, start: &str, probabilities: &[f64], end: &str) -> std::fmt::Result {
    text.push_str(start);
    for &p in probabilities {
        if p > 0.0 {
            // No minus before a zero.
            write!(text, " {:>8.5}", (-p.ln()).max(0.0))?;
        } else {
            write!(text, " {:>8}", "*")?;
        }
    }
    writeln!(text, "{end}")
}
