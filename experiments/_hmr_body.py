"""The embedded body in torch, for losses: its joints, and some of its vertices."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from simulator import Body
from simulator.camera import Float
from simulator.kinematics import tree_levels

VERTICES = 128
"""Vertices that the loss looks at, far from each other."""


class TorchBody(nn.Module):
    """SMPL's kinematics with the pelvis at the origin, and linear blend skinning of a few vertices.

    Pose correctives are left out: they are the same few millimetres on both sides of the loss.
    """

    rest: Tensor
    rest_dirs: Tensor
    template: Tensor
    shapedirs: Tensor
    weights: Tensor

    def __init__(self, body: Body) -> None:
        super().__init__()
        chosen = spread_out(body.v_template.astype(np.float64), VERTICES)
        self._parents = [int(parent) for parent in body.parents]
        self._levels = [[int(joint) for joint in level] for level in tree_levels(body.parents)]
        arrays = {
            "rest": body.joint_template,
            "rest_dirs": body.joint_dirs,
            "template": body.v_template[chosen],
            "shapedirs": body.shapedirs[chosen],
            "weights": body.weights[chosen],
        }
        for name, values in arrays.items():
            self.register_buffer(name, torch.tensor(np.asarray(values, np.float32)))

    def forward(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, 24, 3) and vertices (N, VERTICES, 3), metres from the pelvis, camera axes.

        Args:
            rotations: (N, 22, 3, 3), the root's and those of joints 1 to 21; hands are at rest.
            betas: (N, 10).
        """
        count, joints = len(rotations), len(self._parents)
        rest = self.rest + torch.einsum("jkb,nb->njk", self.rest_dirs, betas)
        hands = torch.eye(3, device=rotations.device).expand(count, joints - rotations.shape[1], 3, 3)
        local = torch.cat([rotations, hands], dim=1)
        turns, places = self._chain(local, rest)
        skin = self.template + torch.einsum("vkb,nb->nvk", self.shapedirs, betas)
        shifts = places - (turns @ rest[..., None])[..., 0]
        turned = torch.einsum("vj,njkl->nvkl", self.weights, turns) @ skin[..., None]
        return places, turned[..., 0] + torch.einsum("vj,njk->nvk", self.weights, shifts)

    def _chain(self, local: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Rotations (N, J, 3, 3) relative to the camera, and joints (N, J, 3)."""
        turns, places = list(local.unbind(1)), [torch.zeros_like(rest[:, 0])] * len(self._parents)
        for level in self._levels:
            above = [self._parents[joint] for joint in level]
            parent = torch.stack([turns[joint] for joint in above], 1)
            start = torch.stack([places[joint] for joint in above], 1)
            bones = rest[:, level] - rest[:, above]
            turn, place = parent @ local[:, level], start + (parent @ bones[..., None])[..., 0]
            for i, joint in enumerate(level):
                turns[joint], places[joint] = turn[:, i], place[:, i]
        return torch.stack(turns, 1), torch.stack(places, 1)


def spread_out(points: Float, count: int) -> list[int]:
    """Rows of points (P, 3) that are far from each other, each the farthest from those before."""
    chosen = [0]
    distance = np.full(len(points), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(distance.argmax()))
    return chosen
