"""Joints from the vertices of the run's body, for targets that predict a mesh and no joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from examiner import seeds
from examiner.joints import Float
from simulator import Body

NEAREST = 40
"""Vertices that a joint is told from: the nearest in the rest pose that move with it or with its parent."""

PEOPLE = 96
"""Random people that the weights are fitted on."""

BEND = 0.5
"""Standard deviation of their joint angles, radians."""

RIDGE = 1e-4
"""Pull towards the mean of the vertices, square metres summed over the people."""


@dataclass(frozen=True, eq=False)
class VertexJoints:
    """Each joint as a weighted sum of a few vertices; the weights sum to 1, so that it moves and turns with them."""

    vertices: NDArray[np.intp]
    """(J, NEAREST) vertices of the body."""
    weights: Float
    """(J, NEAREST)."""

    def __call__(self, vertices: NDArray[np.floating]) -> Float:
        """Joints (N, J, 3) of vertices (N, V, 3), same units, row by row the same in any batch."""
        near = vertices[:, self.vertices].astype(np.float64)
        return np.asarray((near * self.weights[None, :, :, None]).sum(axis=2))


def fit_vertex_joints(body: Body) -> VertexJoints:
    """Fit the weights on random people of the body; the error left over is below a millimetre or two a joint.

    SMPL's own regressor is defined on the unposed body alone; this one is fitted on posed people, by ridge regression.
    """
    rng = seeds.generator(seeds.FIXED, seeds.VERTEX_JOINTS)
    out = body.forward(
        rng.standard_normal((PEOPLE, body.shapedirs.shape[2])),
        BEND * rng.standard_normal((PEOPLE, 63)),
        np.zeros((PEOPLE, 3)),
        np.zeros((PEOPLE, 3)),
    )
    near = np.stack([_near(body, joint) for joint in range(len(body.parents))])
    weights = [_weights(out.vertices[:, row], out.joints[:, joint]) for joint, row in enumerate(near)]
    return VertexJoints(near, np.stack(weights))


def _near(body: Body, joint: int) -> NDArray[np.intp]:
    parent = max(int(body.parents[joint]), 0)
    far = np.linalg.norm(body.v_template - body.joint_template[joint], axis=1)
    moving = body.weights[:, joint] + (body.weights[:, parent] if parent != joint else 0)
    order = np.argsort(far + (moving < 0.5), kind="stable")
    return np.sort(order[:NEAREST])


def _weights(vertices: NDArray[np.floating], joint: Float) -> Float:
    """(NEAREST,) weights that sum to 1 and give joint (P, 3) from vertices (P, NEAREST, 3)."""
    middle = vertices.mean(axis=1, keepdims=True, dtype=np.float64)
    offsets = (vertices - middle).transpose(0, 2, 1).reshape(-1, vertices.shape[1])
    wanted = (joint - middle[:, 0]).reshape(-1)
    square = offsets.T @ offsets + RIDGE * np.eye(offsets.shape[1])
    shares = np.linalg.solve(square, offsets.T @ wanted)
    return np.asarray(shares - shares.mean() + 1 / len(shares))
