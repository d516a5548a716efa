"""Tables of runs of bench/few-shot: means over TFs, differences from the PWM with their intervals.

collect.py RUNS: reads RUNS/FOLD.POSITIVES.TF/comparison.json. The unit is the TF: intervals are of the mean
over TFs (bootstrap, 10,000 resamples of TFs), p-values of Wilcoxon's signed-rank test over TFs.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

NAMES = {
    "profile": "JASPAR profile", "pwm": "de novo PWM", "kmers": "k-mer regression",
    "scratch": "from scratch", "transfer": "transfer", "readout": "readout",
    "joint": "readout and network",
}


def interval(values: np.ndarray) -> tuple[float, float]:
    draws = np.random.default_rng(1).integers(0, len(values), (10_000, len(values)))
    return tuple(np.percentile(values[draws].mean(1), [2.5, 97.5]))


def main() -> None:
    runs = defaultdict(dict)
    for file in sorted(Path(sys.argv[1]).glob("*/comparison.json")):
        _, positives, tf = file.parent.name.split(".", 2)
        repeat = json.loads(file.read_text())["repeats"][0]
        row = {"peaks": repeat["peaks"]}
        for model in repeat["models"]:
            for view in ("matched", "natural"):
                metrics = model[view]
                row[model["model"], view] = metrics["aucpr"]["value"]
                row["guess", view] = metrics["positives"] / metrics["regions"]
        runs[int(positives)].setdefault(tf, {}).update(row)
    for positives, tfs in sorted(runs.items(), reverse=True):
        tfs = {tf: row for tf, row in tfs.items() if ("pwm", "natural") in row}
        print(f"\n## {positives} bound regions drawn, {len(tfs)} TFs, median of fitted bound regions "
              f"{int(np.median([row['peaks'] for row in tfs.values()]))}\n")
        print("| model | 1:1, matched in GC | difference from the PWM | at least as good | in the proportion of the genome "
              "| difference from the PWM | at least as good |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for model in ["guess", *NAMES]:
            cells, used = [], tfs
            if model not in ("guess", "pwm"):
                used = {tf: row for tf, row in tfs.items() if (model, "natural") in row}
                if not used:
                    continue
            for view in ("matched", "natural"):
                value = np.array([row[model, view] for row in used.values()])
                cells.append(f"{value.mean():.3f}")
                if model in ("guess", "pwm"):
                    cells += ["", ""]
                    continue
                change = value - np.array([row["pwm", view] for row in used.values()])
                low, high = interval(change)
                p = wilcoxon(change).pvalue
                cells += [f"{change.mean():+.3f} [{low:+.3f}, {high:+.3f}], p = {p:.1g}", f"{(change >= 0).mean():.0%}"]
            few = f" ({len(used)} TFs)" if len(used) < len(tfs) else ""
            print(f"| {NAMES.get(model, 'guessing')}{few} | {' | '.join(cells)} |")
        made = [model for model in NAMES if any((model, "natural") in row for row in tfs.values())]
        print("\n| TF | guessing | " + " | ".join(NAMES[model] for model in made) + " |\n|---|" + "---:|" * (1 + len(made)))
        for tf, row in sorted(tfs.items()):
            values = [row["guess", "natural"], *(row.get((model, "natural")) for model in made)]
            print(f"| {tf} | " + " | ".join("" if v is None else f"{v:.3f}" for v in values) + " |")


if __name__ == "__main__":
    main()
