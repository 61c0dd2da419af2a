from dataclasses import replace

import numpy as np
import pytest

from examiner.mildest import HALVINGS, LOOKS, STAGE, distance_from_typical, mildest_of, typical_ends, walk
from examiner.why import causes_of
from simulator import orientation, view_of


@pytest.fixture(scope="module")
def rig(planted, tmp_path_factory):
    """With typical people who let their arms hang."""
    poses = 0.05 * np.random.default_rng(0).standard_normal((50, 63))
    poses[:, 15 * 3 + 2] -= 1.2
    poses[:, 16 * 3 + 2] += 1.2
    path = tmp_path_factory.mktemp("poses") / "hanging.npz"
    np.savez(path, pose_body=poses)
    return planted(poses=str(path))


@pytest.fixture(scope="module")
def high(rig):
    """People whose left hand is above the neck, which the target gets wrong."""
    scene = rig.space.decode(np.random.default_rng(3).random((200, rig.space.dim)))
    failed = np.flatnonzero(rig.evaluator(scene).failures(rig.threshold))
    assert len(failed) >= 3
    return scene.rows(failed[:3])


ARM = (
    "left_shoulder",
    "left_collar",
    "left_elbow",
    "spine1",
    "spine2",
    "spine3",
    "view.elevation",
    "view.roll",
)
"""What brings the left hand down below the neck."""


class Asking:
    """Answers, and remembers what was asked."""

    def __init__(self, rig):
        self.rig, self.asked = rig, []

    def __call__(self, stage, scene):
        self.asked.append((stage, len(scene)))
        return self.rig.evaluator(scene)


def test_the_mildest_still_fails_and_one_step_on_does_not(rig, high):
    ask = Asking(rig)
    mild = mildest_of(rig, high, ask)
    assert ask.asked == [(STAGE, 3 * LOOKS)] * (HALVINGS + 2)
    ends = typical_ends(rig, high)
    for row, one in enumerate(mild):
        assert rig.evaluator(one.scene).failures(rig.threshold).all()
        assert one.outcomes.failures(rig.threshold).all()
        person, end = high.rows(slice(row, row + 1)), ends.rows(slice(row, row + 1))
        on = walk(person, end, np.array([one.way + 0.5**HALVINGS]), rig.space.frame)
        assert not rig.evaluator(on).failures(rig.threshold).any()


def test_where_the_typical_person_fails_too_that_is_the_mildest(rig):
    person = rig.space.default(1)
    person.body_pose[:, 15 * 3 + 2] = 1.2
    typical = replace(rig, poses=person.body_pose)
    person = rig.space.frame(replace(person, global_orient=orientation(np.array([[20.0, 0, 0]]))))
    assert rig.evaluator(person).failures(rig.threshold).all()
    [one] = mildest_of(typical, person, Asking(rig))
    assert (one.way, one.distance) == (1.0, pytest.approx(0, abs=1e-6))
    assert one.start == pytest.approx(20 / 30)


def test_the_mildest_is_nearer_to_typical(rig, high):
    for one in mildest_of(rig, high, Asking(rig)):
        assert 0 <= one.way < 1
        assert one.distance <= one.start
    assert mildest_of(rig, high, Asking(rig))[1].way > 0.1


def test_who_does_not_fail_stays_where_they_are(rig, high):
    low = replace(high, body_pose=np.zeros_like(high.body_pose))
    low = rig.space.frame(replace(low, global_orient=np.tile(orientation(np.zeros((1, 3))), (3, 1))))
    assert not rig.evaluator(low).failures(rig.threshold).any()
    mild = mildest_of(rig, low, Asking(rig))
    assert [one.way for one in mild] == [0.0] * 3
    np.testing.assert_allclose(mild[0].scene.body_pose, low.body_pose[:1], atol=1e-12)


def test_nobody_is_walked_without_a_query(rig, high):
    ask = Asking(rig)
    assert mildest_of(rig, high.rows(slice(0, 0)), ask) == []
    assert ask.asked == []


def test_a_walk_begins_and_ends_where_it_should(rig, high):
    ends = typical_ends(rig, high)
    start, there = (walk(high, ends, np.full(3, share), rig.space.frame) for share in (0.0, 1.0))
    np.testing.assert_allclose(start.body_pose, high.body_pose, atol=1e-9)
    np.testing.assert_allclose(start.transl, high.transl, atol=1e-9)
    np.testing.assert_allclose(there.betas, 0, atol=1e-12)
    np.testing.assert_allclose(view_of(there.global_orient), 0, atol=1e-9)
    assert distance_from_typical(rig.body, there, ends).max() < 1e-6


def test_half_way_a_joint_has_turned_by_half_the_angle(rig, high):
    start = replace(high, body_pose=np.zeros_like(high.body_pose))
    end = replace(start, body_pose=start.body_pose.copy())
    end.body_pose[:, 9:12] = [1.2, 0, 0]
    half = walk(start, end, np.full(3, 0.5), rig.space.frame)
    np.testing.assert_allclose(half.body_pose[:, 9:12], np.tile([0.6, 0, 0], (3, 1)), atol=1e-12)


def test_distance_from_typical_is_the_larger_of_pose_and_view(rig, high):
    ends = typical_ends(rig, high)
    turned = replace(ends, global_orient=np.tile(orientation(np.array([[60.0, 0, 0]])), (3, 1)))
    np.testing.assert_allclose(distance_from_typical(rig.body, turned, ends), 2, atol=1e-6)


def test_the_planted_cause_comes_first(rig, high):
    """The failure is a raised left hand: the left arm's chain and nothing of the legs brings it down."""
    for row in range(3):
        ask = Asking(rig)
        causes = causes_of(rig, high.rows(slice(row, row + 1)), ask)
        assert [c.fall for c in causes] == sorted((c.fall for c in causes), reverse=True)
        names = {c.name for c in causes}
        assert {"left_knee", "left_shoulder", "view.azimuth"} <= names
        assert ask.asked == [("why", LOOKS * (len(causes) + 1))]
        fall = {c.name: c.fall for c in causes}
        for idle in ("left_knee", "right_elbow", "right_hip"):
            assert fall[idle] == pytest.approx(0, abs=1e-6)
        assert causes[0].fall > 200
        assert causes[0].exceed == 0
        assert causes[0].name in ARM


def test_other_factors_are_set_back_as_a_whole(planted):
    rig = planted(factors=("pose", "shape", "view", "light"))
    scene = rig.space.decode(np.random.default_rng(0).random((1, rig.space.dim)))
    names = [c.name for c in causes_of(rig, scene, Asking(rig))]
    assert {"shape", "light"} <= set(names)
    assert len(names) == 21 + 3 + 2


def test_what_is_held_or_not_searched_stays(planted):
    """The walk and the causes leave a fixed elevation, an unsearched pose and an unsearched shape alone."""
    rig = planted(factors=("view", "light"), fix=("view.elevation=20",))
    scene = rig.space.decode(np.random.default_rng(0).random((2, rig.space.dim)))
    ends = typical_ends(rig, scene)
    np.testing.assert_allclose(view_of(ends.global_orient)[:, :2], [[0, 20]] * 2, atol=1e-9)
    np.testing.assert_array_equal(ends.body_pose, scene.body_pose)
    names = [c.name for c in causes_of(rig, scene.rows(slice(0, 1)), Asking(rig))]
    assert sorted(names) == ["light", "view.azimuth", "view.roll"]
