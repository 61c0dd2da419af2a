"""How much of the threshold comes from the prior? The reference on the everyday mixture and on the poses behind it.

usage: python -m experiments.reference_poses POSES.npz SPLITS.json [--target blazepose-full]

The real poses are the everyday clips of `train`, mirrored, every activity with the same weight, as in the fit.
Writes experiments/results/reference_poses.json.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from examiner import Config, build_rig
from examiner.calibration import identity
from examiner.files import write_json
from examiner.outcomes import join_outcomes
from examiner.reference import BATCH, DRAWS, reference_scene, summarise
from examiner.terminal import open_progress
from experiments.fit_motion_range import load_splits, mirror
from experiments.latent_mixture import activity_weights
from simulator.camera import Float

OUT = Path(__file__).parent / "results" / "reference_poses.json"


def everyday_poses(poses: Path, splits: Path) -> Float:
    """DRAWS real everyday poses (DRAWS, 63), every activity with the same weight."""
    split = load_splits(poses, splits)["train"]
    rows = np.flatnonzero(split.everyday)
    weights = activity_weights([split.clips[row] for row in rows])
    rng = np.random.default_rng(0)
    chosen = split.pose[rng.choice(rows, DRAWS, p=weights)]
    flip = rng.random(DRAWS) < 0.5
    return np.where(flip[:, None, None], mirror(chosen), chosen).reshape(DRAWS, 63)


def main(poses: Path, splits: Path, target: str) -> dict[str, Any]:
    """Evaluate both and print them side by side."""
    progress = open_progress()
    rig = build_rig(Config(target=target), progress)
    mixture = rig.reference
    rig.evaluator.calibration = identity(len(rig.evaluator.joints))
    scene = reference_scene(rig.space, rig.prior, everyday_poses(poses, splits))
    parts = []
    for start in range(0, DRAWS, BATCH):
        parts.append(rig.evaluator(scene.rows(slice(start, start + BATCH))))
        progress.update("real poses", start + BATCH, DRAWS)
    real = summarise(join_outcomes(parts), rig.score, rig.evaluator.joints, {"poses": "real"})
    rig.close()
    progress.close()
    found: dict[str, Any] = {
        "target": target,
        "mixture": asdict(mixture.calibrated),
        "real": asdict(real.calibrated),
        "mixture_raw": asdict(mixture.raw),
        "real_raw": asdict(real.raw),
    }
    for name in ("mixture", "real"):
        row = found[name]
        print(
            f"{name:8s} median {row['median_mm']:.0f}, 99th percentile {row['p99_mm']:.0f} mm {row['p99_interval_mm']}"
        )
    write_json(OUT, found)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("poses", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("--target", default="blazepose-full")
    given = parser.parse_args()
    main(given.poses, given.splits, given.target)
