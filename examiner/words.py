"""Words: what a person does and how they are seen, in a sentence."""

from __future__ import annotations

import numpy as np

from examiner.joints import Float
from examiner.subspace import POSE, Ranges, told_angles
from simulator import PHYSICAL, Body, Scene, field_of_view, physical_values, view_of

SHOWN = 4
"""Dimensions of a region that are put in words: the tightest against their usual spread."""

WIDE = 75.0
"""Degrees of vertical field of view above which a lens is called wide."""

CUT, OFF = 1.15, 0.12
"""Size and shift (share of the picture's side) beyond which the border cuts people."""

BEHIND = 110.0
"""Degrees of azimuth from which light comes from behind."""


def describe(body: Body, scene: Scene) -> str:
    """One sentence about one person (one row)."""
    still = np.zeros((1, 3))
    joints = body.joints(np.zeros((1, 10)), scene.body_pose, still, still)[0]
    place = dict(zip(body.joint_names, joints, strict=True))
    parts = [_view(view_of(scene.global_orient)[0]), *_trunk(place)]
    for side in ("left", "right"):
        parts += [*_arm(place, side), *_leg(place, side)]
    return "; ".join(parts + _surroundings(scene))


def describe_region(ranges: Ranges, scale: Float) -> str:
    """The tightest of the ranges against a scale (d,), as people read angles."""
    width = (ranges.high - ranges.low) / scale
    angles = told_angles(scale)
    order = angles[np.argsort(width[angles], kind="stable")][:SHOWN]
    chosen = [*order, *range(POSE, len(ranges.names))]
    return ", ".join(_range(ranges, int(i)) for i in chosen)


def _range(ranges: Ranges, i: int) -> str:
    low, high, unit = ranges.low[i], ranges.high[i], ranges.units[i]
    if unit == "rad":
        low, high = np.degrees(low), np.degrees(high)
    name = ranges.names[i].replace("_", " ")
    if unit in ("rad", "degree"):
        return f"{name} {round(low)} to {round(high)}\N{DEGREE SIGN}"
    if unit == "choice":
        return f"{name} {_choice(ranges.names[i], low)} to {_choice(ranges.names[i], high)}"
    return f"{name} {low:.1f} to {high:.1f} {unit}"


def _choice(name: str, value: float) -> str:
    dimensions = (d for factor in PHYSICAL for d in factor.dimensions)
    return next(d.choice(value) for d in dimensions if d.name == name)


def _surroundings(scene: Scene) -> list[str]:
    """What is out of the ordinary beside the person's pose (one row)."""
    said = []
    kind = _choice("occluder.kind", scene.occluder[0, 0])
    if kind != "none":
        said.append(f"a {kind} in front" if kind != "person" else "somebody in front")
    if field_of_view(scene.camera)[0] > WIDE:
        said.append("a wide-angle lens close by")
    if scene.framing[0, 0] > CUT or np.abs(scene.framing[0, 1:]).max() > OFF:
        said.append("cut by the border")
    if abs(physical_values(scene, ["light.azimuth"])[0, 0]) > BEHIND:
        said.append("lit from behind")
    return said


def _view(view: Float) -> str:
    azimuth, elevation, _ = view
    side = "front"
    if abs(azimuth) >= 15:
        turn = f"{abs(azimuth):.0f}\N{DEGREE SIGN} to their {'left' if azimuth > 0 else 'right'}"
        side = f"body turned {turn}"
    height = "level"
    if abs(elevation) >= 10:
        height = f"{abs(elevation):.0f}\N{DEGREE SIGN} {'above' if elevation > 0 else 'below'}"
    return f"seen from the {side}, camera {height}" if side == "front" else f"{side}, camera {height}"


def _trunk(place: dict[str, Float]) -> list[str]:
    up = place["neck"] - place["pelvis"]
    lean = _angle(up, np.array([0.0, 1.0, 0.0]))
    if lean < 25:
        return []
    sideways = abs(up[0]) > abs(up[2])
    way = "sideways" if sideways else ("forward" if up[2] > 0 else "backward")
    return [f"trunk bent {way} {lean:.0f}\N{DEGREE SIGN}"]


def _arm(place: dict[str, Float], side: str) -> list[str]:
    shoulder, elbow, wrist = (place[f"{side}_{j}"] for j in ("shoulder", "elbow", "wrist"))
    down = place["pelvis"] - place["neck"]
    raised = _angle(elbow - shoulder, down)
    bend = _angle(elbow - shoulder, wrist - elbow)
    said = []
    if raised >= 45:
        where = "overhead" if raised > 135 else _way(elbow - shoulder, side)
        said.append(f"{side} arm {where}")
    if bend >= 60:
        said.append(f"{side} elbow bent {bend:.0f}\N{DEGREE SIGN}")
    return said


def _leg(place: dict[str, Float], side: str) -> list[str]:
    hip, knee, ankle = (place[f"{side}_{j}"] for j in ("hip", "knee", "ankle"))
    thigh = _angle(knee - hip, np.array([0.0, -1.0, 0.0]))
    bend = _angle(knee - hip, ankle - knee)
    said = []
    if thigh >= 40:
        said.append(f"{side} thigh {_way(knee - hip, side)} {thigh:.0f}\N{DEGREE SIGN}")
    if bend >= 45:
        said.append(f"{side} knee bent {bend:.0f}\N{DEGREE SIGN}")
    return said


def _way(direction: Float, side: str) -> str:
    outward = direction[0] if side == "left" else -direction[0]
    if abs(direction[2]) >= abs(outward):
        return "forward" if direction[2] > 0 else "back"
    return "out to the side" if outward > 0 else "across the body"


def _angle(a: Float, b: Float) -> float:
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
