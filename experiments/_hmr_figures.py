"""How far `hmr-lite` is off: errors on sets of people."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from examiner.joints import LIMB_JOINTS, Pair, pick, rooted
from examiner.scores import MPJPE, PA_MPJPE
from experiments._hmr_pictures import People
from simulator import Body
from simulator.camera import Float
from targets.blazepose import LANDMARKS
from targets.hmr_features import world_landmarks
from targets.hmr_head import Head

MILLIMETRES = 1000.0
SLICE = 128


@dataclass(frozen=True)
class Guess:
    """Parameters of N people."""

    pose: Float
    """(N, 22, 3) radians."""
    betas: Float
    """(N, 10)."""


@dataclass(frozen=True)
class Figures:
    """Errors of one set, mean unless said."""

    people: int
    pa_mpjpe: float
    """On the twelve limb joints, mm, as the examiner scores."""
    pa_mpjpe_p90: float
    pa_mpjpe_24: float
    """On all joints of the body, mm."""
    mpjpe: float
    pve: float | None
    """Mean distance of vertices from the pelvis, mm; None where another body was drawn."""
    root_degrees: float
    """Median angle of the root's rotation."""
    blazepose_pa_mpjpe: float
    """Of the landmarks among the features, as BlazePose full gives them."""


def guess(head: Head, people: People, device: str = "cpu") -> Guess:
    """What a head says of people."""
    poses, betas = [], []
    with torch.inference_mode():
        for part in torch.split(torch.from_numpy(people.features), SLICE):
            found = head(part.float().to(device))
            poses.append(found.rotations.double().cpu().numpy())
            betas.append(found.betas.double().cpu().numpy())
    turns = np.concatenate(poses)
    angles = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_rotvec().reshape(len(turns), 22, 3)
    return Guess(angles, np.concatenate(betas))


def pa_mpjpe(head: Head, people: People, body: Body, device: str = "cpu") -> float:
    """Mean error of a head on people, mm."""
    found = guess(head, people, device)
    return float(PA_MPJPE(_pair(people, _joints(body, found.pose, found.betas), body)).mean())


def figures(head: Head, people: People, body: Body, *, own_body: bool) -> Figures:
    """Errors of a head; `own_body` says whether the people were drawn as the body whose parameters it gives."""
    found = guess(head, people)
    joints = _joints(body, found.pose, found.betas)
    limbs, all_joints = _pair(people, joints, body), _pair(people, joints, body, body.joint_names)
    aligned = PA_MPJPE(limbs)
    turn = Rotation.from_rotvec(found.pose[:, 0]) * Rotation.from_rotvec(people.pose[:, 0]).inv()
    numbers = {
        "pa_mpjpe": aligned.mean(),
        "pa_mpjpe_p90": np.quantile(aligned, 0.9),
        "pa_mpjpe_24": PA_MPJPE(all_joints).mean(),
        "mpjpe": MPJPE(limbs).mean(),
        "pve": _vertex_error(body, found, people) if own_body else None,
        "root_degrees": np.degrees(np.median(turn.magnitude())),
        "blazepose_pa_mpjpe": PA_MPJPE(_blazepose(people, body)).mean(),
    }
    rounded = {name: None if value is None else round(float(value), 1) for name, value in numbers.items()}
    return Figures(people=len(people), **rounded)  # type: ignore[arg-type]


def as_table(sets: dict[str, Figures]) -> dict[str, dict[str, float | None]]:
    """Plain numbers by set."""
    return {name: asdict(row) for name, row in sets.items()}


def _joints(body: Body, pose: Float, betas: Float) -> Float:
    still = np.zeros((len(pose), 3))
    return body.joints(betas, pose[:, 1:].reshape(len(pose), 63), pose[:, 0], still)


def _pair(people: People, joints: Float, body: Body, wanted: tuple[str, ...] = LIMB_JOINTS) -> Pair:
    """Truth and prediction on the wanted joints, each from the middle of its own hips."""
    both = (rooted(points, body.joint_names) for points in (people.joints.astype(np.float64), joints))
    gt, prediction = (pick(points, body.joint_names, wanted) for points in both)
    return Pair(gt, prediction, wanted)


def _blazepose(people: People, body: Body) -> Pair:
    points = world_landmarks(people.features.astype(np.float32)).astype(np.float64)
    gt = pick(people.joints.astype(np.float64), body.joint_names, LIMB_JOINTS)
    prediction = pick(points[:, : len(LANDMARKS)], LANDMARKS, LIMB_JOINTS)
    return Pair(rooted(gt, LIMB_JOINTS), rooted(prediction, LIMB_JOINTS), LIMB_JOINTS)


def _vertex_error(body: Body, found: Guess, people: People) -> float:
    """Mean distance of vertices, each body's pelvis at the origin, mm."""
    total = 0.0
    for start in range(0, len(people), SLICE):
        rows = slice(start, start + SLICE)
        one = _vertices(body, found.pose[rows], found.betas[rows])
        other = _vertices(body, people.pose[rows].astype(np.float64), people.betas[rows].astype(np.float64))
        total += float(np.linalg.norm(one - other, axis=2).mean(axis=1).sum())
    return MILLIMETRES * total / len(people)


def _vertices(body: Body, pose: Float, betas: Float) -> Float:
    still = np.zeros((len(pose), 3))
    out = body.forward(betas, pose[:, 1:].reshape(len(pose), 63), pose[:, 0], still)
    return out.vertices - out.joints[:, :1]
