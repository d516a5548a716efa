"""Sequences of 500 bases with sites of twelve motifs and contributions as a network gives them:
each base of a site contributes, others a little at random.

    python simulate.py SEQUENCES one_hot.npz contributions.npz
"""

import sys

import numpy as np

LENGTH, SITES = 500, 3
MOTIFS = [
    "TGACTCA", "TTGCGCAA", "GGGGCGGGG", "AGATAAGG", "CCGGAAGTG", "CCACTAGGGGG", "CAGGTGC",
    "TGTTTAC", "CAAAGTCCA", "TAATTA", "AACCACA", "GGAATGTG",
]


def main():
    n, one_hot_path, contributions_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    rng = np.random.default_rng(1)
    bases = rng.integers(4, size=(n, LENGTH))
    contributions = rng.normal(scale=0.02, size=(n, 4, LENGTH))
    for example in range(n):
        for site in range(SITES):
            motif = MOTIFS[rng.integers(len(MOTIFS))]
            letters = np.array(["ACGT".index(letter) for letter in motif])
            if rng.random() < 0.5:
                letters = 3 - letters[::-1]
            # A base of a site differs one time in ten.
            letters = np.where(rng.random(len(letters)) < 0.1, rng.integers(4, size=len(letters)), letters)
            third = LENGTH // SITES
            start = site * third + rng.integers(third - len(letters))
            size = rng.uniform(0.5, 1.5)
            for i, letter in enumerate(letters):
                bases[example, start + i] = letter
                contributions[example, :, start + i] -= size / 4
                contributions[example, letter, start + i] += size * 5 / 4
    np.savez_compressed(one_hot_path, np.eye(4, dtype=np.int8)[bases].transpose(0, 2, 1))
    np.savez_compressed(contributions_path, contributions.astype(np.float32))


main()
