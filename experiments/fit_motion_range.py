"""Builds the range-of-motion table that ships: the literature's ranges joined with motion capture's.

usage: python -m experiments.fit_motion_range POSES.npz SPLITS.json TABLE.json [--results RESULTS.json]

Percentiles come from the `train` split only, mirrored; nothing was chosen on other splits. The acceptance
figures (share of real clips and of uniform poses that are rejected at 15 degrees) are printed and written.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simulator.camera import Float
from simulator.motion_range import JOINT_NAMES, MotionRange, derived_measures, load_motion_range, swing_twist
from simulator.rotation import multiply_quaternions, quaternion_from_axis_angle

PERCENTILES = (0.5, 99.5)
TOLERANCE = 15.0
"""Degrees outside the table that are still fair."""
SWAPPED = (1, 0, 2, 4, 3, 5, 7, 6, 8, 10, 9, 11, 13, 12, 14, 16, 15, 18, 17, 20, 19)
"""Row of `body_pose` that each row becomes in the mirror."""
HELD_OUT = ("validation", "test", "test_activities")
LEFT_OUT = "dm_"
"""Clips of this prefix are not fitted: their origin is less certain than CMU's (2 % of `train`)."""


class Split(NamedTuple):
    """The poses of a split."""

    pose: Float
    """(N, 21, 3) axis-angle, radians."""
    clips: list[str]
    """Clip of each row."""
    everyday: list[bool]
    """Whether each row's clip is everyday activity."""


@dataclass(frozen=True)
class Literature:
    """Published range of a joint or chain, left side, degrees; reach = further swings it must hold."""

    joints: tuple[str, ...]
    twist_axis: str
    x: tuple[float, float]
    y: tuple[float, float]
    z: tuple[float, float]
    source: str
    reach: tuple[tuple[float, float], ...] = ()
    coupling: float = 0.0


FREE = (-float("inf"), float("inf"))


CDC = "Soucie et al. 2011 (CDC)"
AAOS = "AAOS and five later studies"
APTI = "Apti et al. 2023"
LITERATURE = {
    "hip": Literature(
        ("hip",), "y", (-135, 30), (-45, 45), (-30, 78),
        f"{CDC}: flexion 134, extension 18 (children 28); abduction 45, adduction 30, rotations 45;"
        " Kouyoumdjian et al. 2012. Reach: those single motions, and thighs turned outwards by 60 when flexed"
        " by 90 (sitting cross-legged), as swing vectors (x, z)",
        (
            *((-135, 0), (30, 0), (0, 50), (0, -30), (-45, 78)),
            *((-64, 64), (-110, -25), (-120, 40), (25, 20), (20, -20)),
        ),
    ),
    "knee": Literature(
        ("knee",), "y", (-5, 150), (-20, 20), (-8, 8), f"{CDC}: flexion 142 (children 153), extension 2"
    ),
    "ankle": Literature(
        ("ankle",), "y", (-25, 62), (-25, 25), (-35, 25),
        f"{CDC}: dorsiflexion 14 to 25, plantarflexion 62; clinical list: inversion 35, eversion 25",
    ),
    "foot": Literature(
        ("foot",), "z", (-80, 40), (-8, 8), (-8, 8), "clinical list: toe extension 80, flexion 30"
    ),
    "spine1": Literature(
        ("spine1",), "y", (-25, 70), (-16, 16), (-14, 14),
        f"{APTI}, split over three joints; rigs with one lumbar joint bend it by all 70",
    ),
    "spine2": Literature(
        ("spine2",), "y", (-14, 31), (-14, 14), (-12, 12), f"{APTI}, split over three joints"
    ),
    "spine3": Literature(
        ("spine3",), "y", (-10, 23), (-15, 15), (-10, 10), f"{APTI}, split over three joints"
    ),
    "neck": Literature(("neck",), "y", (-35, 35), (-45, 45), (-25, 25), f"{APTI}, split over two joints"),
    "head": Literature(("head",), "y", (-30, 30), (-40, 40), (-22, 22), f"{APTI}, split over two joints"),
    "collar": Literature(
        ("collar",), "x", (-20, 20), (-20, 20), (-10, 45),
        "clinical list: clavicle elevation 45, depression 5 to 10, pro- and retraction 15",
    ),
    "elbow": Literature(
        ("elbow",), "x", (-85, 85), (-150, 8), (-15, 15), f"{CDC}: flexion 150; pronation 82, supination 91"
    ),
    "wrist": Literature(
        ("wrist",), "x", (-85, 85), (-40, 25), (-80, 75),
        f"{AAOS}: flexion 80, extension 70, radial 20 to 25, ulnar 30 to 40; any part of the forearm's twist",
    ),
    "whole spine": Literature(
        ("spine1", "spine2", "spine3"), "y", (-55, 105), (-50, 50), (-45, 45),
        f"{APTI}: lumbar flexion 70, extension 40, lateral 36, rotation 39, with the thorax's part added",
    ),
    "whole neck": Literature(
        ("neck", "head"), "y", (-69, 66), (-81, 81), (-50, 50),
        f"{APTI}: flexion 58, extension 59, lateral 42, rotation 71, each plus one deviation of 8 to 10",
    ),
    "arm": Literature(
        ("collar", "shoulder"), "x", (-146, 80), (-135, 65), (-120, 95),
        f"{AAOS}: abduction and flexion 180, extension 60, rotations 70 to 90; horizontal adduction 135,"
        " abduction 45. The twist is counted from -0.6 z: rotations by 80 to 90 either way from the T-pose,"
        " from an arm at rest and from an arm raised straight ahead to vertical (whose neutral twist is 180)"
        " span -146 to 80 there. Reach: those single motions and the hand behind the back, as swing vectors"
        " (y, z)",
        ((0, 90), (0, -120), (-135, 0), (45, 0), (65, -40), (57, -91), (-64, 64), (-45, -100)),
        coupling=0.6,
    ),
}  # fmt: skip


def mirror(pose: Float) -> Float:
    """Poses (N, 21, 3) seen in a mirror."""
    return np.asarray(pose[:, SWAPPED] * np.array([1.0, -1.0, -1.0]))


def load_splits(poses: Path, splits: Path) -> dict[str, Split]:
    """The poses of every split."""
    data, table = np.load(poses, allow_pickle=False), json.loads(splits.read_text())
    clips = [str(clip) for clip in data["clip"]]
    result = {}
    for name in sorted({entry["split"] for entry in table.values()}):
        rows = [i for i, clip in enumerate(clips) if table[clip]["split"] == name]
        if name == "train":
            rows = [i for i in rows if not clips[i].startswith(LEFT_OUT)]
        names = [clips[i] for i in rows]
        result[name] = Split(
            data["body_pose"][rows].astype(np.float64),
            names,
            [bool(table[clip]["everyday"]) for clip in names],
        )
    return result


def measures(pose: Float, entry: Literature) -> Float:
    """Degrees (2N, 5) of one entry over poses (N, 21, 3) and their mirror images, left side."""
    turns = quaternion_from_axis_angle(np.concatenate([pose, mirror(pose)]))
    rows = [JOINT_NAMES.index(n if n in JOINT_NAMES else "left_" + n) for n in entry.joints]
    turn = turns[:, rows[0]]
    for row in rows[1:]:
        turn = multiply_quaternions(turn, turns[:, row])
    axes = np.array(["xyz".index(entry.twist_axis)])
    return derived_measures(swing_twist(turn[:, None], axes), axes, np.array([entry.coupling]))[:, 0]


def table_row(name: str, entry: Literature, pose: Float) -> dict[str, object]:
    """One entry of the table: published range, motion capture's, their union."""
    found = np.round(np.percentile(measures(pose, entry), PERCENTILES, axis=0), 1)
    known = published(entry)
    lower, upper = np.minimum(known[0], found[0]), np.maximum(known[1], found[1])
    return {
        "name": name,
        "joints": list(entry.joints),
        "twist_axis": entry.twist_axis,
        "coupling": entry.coupling,
        "lower": finite(lower),
        "upper": finite(upper),
        "literature": [finite(known[0]), finite(known[1])],
        "motion_capture": found.tolist(),
        "source": entry.source,
    }


def published(entry: Literature) -> Float:
    """Lower and upper limits (2, 5), degrees; infinite where the literature sets none."""
    sides = np.array([entry.x, entry.y, entry.z], dtype=float).T
    if not entry.reach:
        return np.concatenate([sides, [FREE[:1] * 2, FREE[1:] * 2]], axis=1)
    reach = np.array(entry.reach)
    diagonals = np.stack([reach[:, 0] + reach[:, 1], reach[:, 0] - reach[:, 1]], 1) * 0.5**0.5
    return np.concatenate([sides, np.round([diagonals.min(0), diagonals.max(0)], 1)], axis=1)


def finite(limits: Float) -> list[float | None]:
    """Limits as they stand in the file: none instead of infinity."""
    return [float(limit) if np.isfinite(limit) else None for limit in limits]


def write_table(path: Path, pose: Float) -> None:
    """Write the table fitted on poses (N, 21, 3)."""
    table = {
        "unit": "degrees, left side; x, y, z of swing and twist (coupling times z added to the twist), then"
        " the swing's diagonals (a + b) / sqrt 2 and (a - b) / sqrt 2",
        "licence": "motion capture percentiles: LICENSE-motion.md; literature ranges are facts",
        "percentiles": PERCENTILES,
        "ranges": [table_row(name, entry, pose) for name, entry in LITERATURE.items()],
    }
    path.write_text(json.dumps(table, indent=1) + "\n")


def rejected(ranges: MotionRange, pose: Float) -> float:
    """Share of poses (N, 21, 3) with a joint more than the tolerance outside."""
    return float((ranges.violation(pose.reshape(-1, 63)).max(axis=1) > TOLERANCE).mean())


def figures(ranges: MotionRange, splits: dict[str, Split]) -> dict[str, float]:
    """Rejected shares of every split, of the held-out splits together, and of uniform poses."""
    result = {name: rejected(ranges, pose) for name, (pose, _, _) in splits.items()}
    result["held_out"] = rejected(ranges, np.concatenate([splits[name][0] for name in HELD_OUT]))
    uniform = np.random.default_rng(0).uniform(-1.2, 1.2, (4000, 21, 3))
    result["uniform"] = rejected(ranges, uniform)
    return result


def main() -> None:
    """Fit, write, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("poses", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    splits = load_splits(arguments.poses, arguments.splits)
    write_table(arguments.table, splits["train"][0])
    result = figures(load_motion_range(), splits)
    print(json.dumps(result, indent=1))
    if arguments.results:
        arguments.results.write_text(
            json.dumps({"rejected_share": result, "tolerance_degrees": TOLERANCE}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
