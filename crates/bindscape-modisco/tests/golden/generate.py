"""Golden values of tests/golden.rs, from modisco-lite.

    pip install modisco-lite==3.0.0      # numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1,
    python generate.py > modisco.json    # leidenalg 0.11.0, igraph 1.0.0, numba 0.68.1

The input is made from a counter, in whole numbers and powers of two, so that tests/planted.rs
makes the same to the last bit: sequences of 200 bases with sites of four motifs that raise and,
in the middle, of two that lower a prediction.
"""

import json
import sys

import numpy as np

N, L = 500, 200
RAISING = ["TGACTCA", "TTGCGCAA", "GGGGCGGGG", "AGATAAGG"]
LOWERING = ["CAGCACC", "ATTTGCAT"]


def mix(values):
    """The finalizer of SplitMix64."""
    values = np.asarray(values, dtype=np.uint64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def draw(stream, count):
    """Numbers 0 to count - 1 of a stream, 64 bits each."""
    with np.errstate(over="ignore"):
        counter = np.arange(1, count + 1, dtype=np.uint64)
        return mix(counter * np.uint64(0x9E3779B97F4A7C15) + np.uint64(stream << 32))


def planted():
    bases = (draw(1, N * L) >> np.uint64(62)).astype(int).reshape(N, L)
    noise = (draw(2, N * L * 4) >> np.uint64(40)).astype(np.int64) - (1 << 23)
    hypothetical = (noise.astype(np.float64) / (1 << 27)).reshape(N, 4, L)
    sites = draw(3, N * 3 * 4).reshape(N, 3, 4)
    for example in range(N):
        for third, (kind, place, strand, strength) in enumerate(sites[example].tolist()):
            lowering = third == 1
            motif = LOWERING[kind % 2] if lowering else RAISING[kind % 4]
            if lowering and kind % 5 >= 3:
                continue
            letters = ["ACGT".index(letter) for letter in motif]
            if strand % 2:
                letters = [3 - letter for letter in reversed(letters)]
            # Each third of the sequence has one site.
            start = third * 66 + place % (66 - len(letters))
            size = (12 + strength % 9) / 16 * (-1 if lowering else 1)
            for i, letter in enumerate(letters):
                bases[example, start + i] = letter
                hypothetical[example, :, start + i] -= size / 4
                hypothetical[example, letter, start + i] += size * 5 / 4
    one_hot = np.zeros((N, 4, L), dtype=np.float32)
    for letter in range(4):
        one_hot[:, letter][bases == letter] = 1
    return one_hot, hypothetical.astype(np.float32)


def main():
    if len(sys.argv) == 3:
        one_hot, hypothetical = planted()
        np.savez_compressed(sys.argv[1], one_hot.astype(np.int8))
        np.savez_compressed(sys.argv[2], hypothetical)
        return

    import leidenalg
    from modiscolite import affinitymat, cluster, core, extract_seqlets, tfmodisco

    # As the command line of modisco-lite hands them on.
    one_hot, hypothetical = (array.transpose(0, 2, 1) for array in planted())
    contributions = one_hot * hypothetical
    tracks = core.TrackSet(one_hot, contributions, hypothetical)
    coordinates, threshold = extract_seqlets.extract_seqlets(
        attribution_scores=contributions.sum(axis=2), window_size=20, flank=5, suppress=15,
        target_fdr=0.05, min_passing_windows_frac=0.03, max_passing_windows_frac=0.2,
        weak_threshold_for_counting_sign=0.8)
    seqlets = tracks.create_seqlets(coordinates)
    sums = [np.sum(seqlet.contrib_scores[5:-5]) for seqlet in seqlets]
    place = lambda seqlet: [int(seqlet.example_idx), int(seqlet.start), int(seqlet.end)]
    positive = [seqlet for seqlet, total in zip(seqlets, sums) if total > threshold]
    negative = [seqlet for seqlet, total in zip(seqlets, sums) if total < -threshold]
    golden = {
        "threshold": float(threshold),
        "positive": [place(seqlet) for seqlet in positive],
        "negative": [place(seqlet) for seqlet in negative],
    }

    ordered = sorted(positive, key=lambda seqlet: -np.sum(np.abs(seqlet.contrib_scores)))
    golden["ordered"] = [place(seqlet) for seqlet in ordered]
    coarse, neighbours = affinitymat.cosine_similarity_from_seqlets(
        seqlets=ordered, n_neighbors=500, sign=1)
    fine = affinitymat.jaccard_from_seqlets(
        seqlets=ordered, seqlet_neighbors=neighbours, min_overlap=0.7)
    rows = list(range(0, len(ordered), len(ordered) // 10))
    golden["rows"] = rows
    golden["neighbours"] = [neighbours[row].tolist() for row in rows]
    golden["coarse"] = [[round(float(value), 9) for value in coarse[row]] for row in rows]
    golden["fine"] = [[round(float(value), 9) for value in fine[row]] for row in rows]
    kept, neighbours, fine = tfmodisco._filter_by_correlation(
        ordered, neighbours, coarse, fine, 0.15)
    golden["kept"] = len(kept)
    graph = tfmodisco._density_adaptation(fine, neighbours, 10.0)
    golden["edges"] = int(graph.nnz)
    golden["weight"] = float(graph.sum())
    golden["row"] = [[int(column), float(value)] for column, value in
        sorted(zip(graph[0].indices, graph[0].data))]
    g, weights = cluster._graph(graph)
    golden["modularity"] = max(
        leidenalg.find_partition(g, leidenalg.ModularityVertexPartition, weights=weights,
            n_iterations=-1, seed=100 * seed).quality() for seed in range(1, 11))

    found = tfmodisco.TFMoDISco(
        one_hot=one_hot, hypothetical_contribs=hypothetical, max_seqlets_per_metacluster=20000,
        sliding_window_size=20, flank_size=5, trim_to_window_size=30, initial_flank_to_add=10,
        final_flank_to_add=0, target_seqlet_fdr=0.05, n_leiden_runs=10)
    for name, patterns in zip(["positive_patterns", "negative_patterns"], found):
        golden[name] = [{
            "contributions": np.round(pattern.contrib_scores, 7).tolist(),
            "seqlets": [place(seqlet) + [int(seqlet.is_revcomp)] for seqlet in pattern.seqlets],
        } for pattern in patterns or []]
    json.dump(golden, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
