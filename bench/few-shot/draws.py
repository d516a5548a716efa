"""Several draws of the bound regions of each TF: means over TFs and draws, and how much draws differ.

draws.py RUNS…: each holds the runs of one draw, RUNS/FOLD.POSITIVES.TF/comparison.json (`SEED=2 run.sh …` writes
OUT/runs-2). Draws of a TF are averaged before anything else; the unit is the TF.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from collect import NAMES, interval

VIEWS = ("matched", "natural")


def draw(runs: Path) -> dict:
    """AUCPR of each case and model, at 1:1 and in the genome."""
    found = {}
    for file in sorted(runs.glob("*/comparison.json")):
        models = json.loads(file.read_text())["repeats"][0]["models"]
        row = {of["model"]: [of[view]["aucpr"]["value"] for view in VIEWS] for of in models}
        row["guess"] = [models[0][view]["positives"] / models[0][view]["regions"] for view in VIEWS]
        found[file.parent.name] = row
    return found


def main() -> None:
    draws = [draw(Path(runs)) for runs in sys.argv[1:]]
    cases = sorted(set.intersection(*(set(found) for found in draws)))
    print(f"{len(cases)} TFs, {len(draws)} draws\n")
    print("| model | 1:1 | difference from the PWM | between draws | genome | difference from the PWM | between draws "
          "| at least as good, of all draws |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    pwm = np.array([[found[case]["pwm"] for found in draws] for case in cases])
    for model in ("guess", *NAMES):
        if not all(model in found[case] for found in draws for case in cases):
            continue
        values = np.array([[found[case][model] for found in draws] for case in cases])
        cells = []
        for view in range(2):
            change = (values - pwm)[:, :, view].mean(1)
            low, high = interval(change)
            told = "" if model in ("guess", "pwm") else (
                f"{change.mean():+.3f} [{low:+.3f}, {high:+.3f}], p = {wilcoxon(change).pvalue:.1g}")
            by_draw = values[:, :, view].mean(0)
            cells += [f"{values[:, :, view].mean():.3f}", told, f"{by_draw.min():.3f} to {by_draw.max():.3f}"]
        better = (values >= pwm).mean((0, 1))
        last = "" if model in ("guess", "pwm") else f"{better[0]:.0%}, {better[1]:.0%}"
        print(f"| {NAMES.get(model, 'guessing')} | {' | '.join(cells)} | {last} |")


if __name__ == "__main__":
    main()
