"""Fitting a small differentiable body to the true 2D joints of rendered people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from targets import check_target, keypoint_fitting
from targets.recipes import smplify
from targets.whole_picture import pixels
from tests.targets.recipes.rendered import People, rendered_people


@dataclass(frozen=True)
class FakeSmpl:
    """The joints of the body that was drawn, without its skin: rest joints linear in the shape, turned in a chain."""

    rest: torch.Tensor
    directions: torch.Tensor
    parents: list[int]

    @classmethod
    def of(cls, people: People) -> FakeSmpl:
        body = people.body
        return cls(torch.tensor(body.joint_template), torch.tensor(body.joint_dirs), body.parents.tolist())

    def __call__(self, betas, body_pose, global_orient, transl):
        rest = self.rest + (self.directions * betas[0]).sum(-1)
        turns = turned(torch.cat([global_orient, body_pose], 1).reshape(-1, 3))
        whole, joints = [turns[0]], [rest[0]]
        for joint, parent in list(enumerate(self.parents))[1:]:
            joints.append(joints[parent] + whole[parent] @ (rest[joint] - rest[parent]))
            whole.append(whole[parent] @ turns[joint])
        return torch.stack(joints)[None] + transl[:, None]


def turned(vectors):
    """Rotation matrices (J, 3, 3) of axis-angle vectors (J, 3), differentiable at zero."""
    x, y, z = vectors.T
    zero = torch.zeros_like(x)
    rows = ([zero, -z, y], [z, zero, -x], [-y, x, zero])
    return torch.linalg.matrix_exp(torch.stack([torch.stack(row, -1) for row in rows], -2))


@pytest.fixture(scope="module")
def people() -> People:
    return rendered_people()


@pytest.mark.slow
def test_a_fit_explains_the_2d_joints_and_little_more(people):
    target = smplify.build(body=FakeSmpl.of(people))
    fields = {"keypoints": people.joints2d, "intrinsics": people.intrinsics}
    prediction = target.predict(**fields)
    miss = np.linalg.norm(pixels(prediction.joints, people.intrinsics) - people.joints2d, axis=2)
    rooted = [joints - joints[:, :1] for joints in (prediction.joints, people.joints)]
    error = np.linalg.norm(rooted[0] - rooted[1], axis=2).mean(axis=1)
    assert miss.mean() < 1.0
    assert error.max() < 0.15  # what 2D joints leave open; 0.03, 0.09 and 0.10 m measured
    np.testing.assert_array_equal(prediction.hypotheses[:, 0], prediction.joints)
    given = (prediction.betas, prediction.body_pose, prediction.global_orient, prediction.transl)
    np.testing.assert_allclose(people.body.joints(*given), prediction.joints, atol=1e-6)


def test_a_person_without_a_hip_is_not_found(people):
    target = smplify.build(body=FakeSmpl.of(people))
    hidden = people.joints2d[:1].copy()
    hidden[0, 1] = np.nan
    prediction = target.predict(keypoints=hidden, intrinsics=people.intrinsics[:1])
    assert not prediction.found.any()
    assert prediction.body_pose.shape == (1, 69)


def test_it_keeps_the_contract(people, monkeypatch):
    monkeypatch.setattr(keypoint_fitting, "STEPS", 1)
    target = smplify.build(body=FakeSmpl.of(people))
    assert check_target(target, {"keypoints": people.joints2d[:2], "intrinsics": people.intrinsics[:2]}) == []
