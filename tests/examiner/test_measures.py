import numpy as np
import pytest

from examiner import Config
from examiner.distinct import Remembered, signature
from examiner.measures import hand_height, knee_bend, measures_of, pose_measures
from examiner.spaces import build_spaces
from simulator import load_prior


@pytest.fixture(scope="module")
def prior():
    return load_prior("default")


def space_of(body, prior, *factors, **settings):
    return build_spaces(Config(factors=factors, **settings), body, prior, None).space


def measures(body, space):
    return measures_of(space, Remembered(body, space.decode))


def bent(body, **angles):
    """Signatures of a person in T-pose but for some joints, axis-angle by name."""
    pose = np.zeros((1, 63))
    for name, angle in angles.items():
        place = 3 * (body.joint_names.index(name) - 1)
        pose[0, place : place + 3] = angle
    return pose


@pytest.fixture
def person(body, prior):
    scene = space_of(body, prior, "view").default(1)

    def marks(**angles):
        from dataclasses import replace

        return signature(body, replace(scene, body_pose=bent(body, **angles)))

    return marks


def test_places_are_those_of_the_body(body):
    from examiner import measures as places

    named = [(places.HIPS, "hip"), (places.KNEES, "knee"), (places.ANKLES, "ankle"), (places.WRISTS, "wrist")]
    for pair, part in named:
        assert [body.joint_names[i] for i in pair] == [f"left_{part}", f"right_{part}"]
    assert body.joint_names[places.NECK] == "neck"


def test_a_raised_hand_counts_however_the_trunk_leans(person):
    raised = person(left_shoulder=[0, 0, 1.2])
    leaning = person(left_shoulder=[0, 0, 1.2], spine1=[0.8, 0, 0])
    hanging = person(left_shoulder=[0, 0, -1.3], right_shoulder=[0, 0, 1.3])
    assert hand_height(raised)[0] > 1.5
    assert abs(hand_height(leaning)[0] - hand_height(raised)[0]) < 0.3
    assert hand_height(hanging)[0] < 0.3


@pytest.mark.parametrize("side", ["left", "right"])
def test_knee_bend_is_the_angle_of_the_more_bent_knee(person, side):
    straight, folded = person(), person(**{f"{side}_knee": [np.radians(90), 0, 0]})
    assert knee_bend(straight)[0] < 15
    assert abs(knee_bend(folded)[0] - 90) < 15


def test_mirrored_people_measure_the_same(person):
    marks = person(left_shoulder=[0.3, 0.2, 0.9], right_knee=[1.0, 0, 0])
    assert np.allclose(pose_measures(marks), pose_measures(marks.mirrored()))


def test_pose_and_view_have_four_and_views_are_their_own_measure(body, prior):
    space = space_of(body, prior, "shape", "pose", "view")
    units = space.typical(20, np.random.default_rng(0))
    got = measures(body, space)(units)
    names = [dimension.name for dimension in space.dimensions]
    assert got.shape == (20, 4)
    assert np.array_equal(got[:, 2], units[:, names.index("view.azimuth")])
    assert np.array_equal(got[:, 3], units[:, names.index("view.elevation")])


@pytest.mark.parametrize("pose_space", ["latent", "angles"])
def test_typical_poses_fill_the_range(body, prior, pose_space):
    space = space_of(body, prior, "pose", pose_space=pose_space)
    got = measures(body, space)(space.typical(1000, np.random.default_rng(0)))
    assert got.shape == (1000, 2)
    assert got.min() >= 0
    assert got.max() <= 1
    low, high = np.quantile(got, [0.05, 0.95], axis=0)
    assert (high - low > 0.5).all()
    filled = np.unique((got * 20).astype(int).clip(0, 19), axis=0)
    assert len(filled) > 100


@pytest.mark.parametrize(
    ("factors", "fix", "names"),
    [
        (("shape",), (), ["shape.beta0", "shape.beta1"]),
        (("shape", "view"), (), ["view.azimuth", "view.elevation"]),
        (("shape", "view"), ("view.azimuth=0",), ["view.elevation", "shape.beta0"]),
        (("view",), ("view.azimuth=0", "view.roll=0"), ["view.elevation"]),
    ],
)
def test_without_pose_the_first_dimensions_are_taken(body, prior, factors, fix, names):
    space = space_of(body, prior, *factors, fix=fix)
    units = space.sample(5, np.random.default_rng(0))
    columns = [[dimension.name for dimension in space.dimensions].index(name) for name in names]
    assert np.array_equal(measures(body, space)(units), units[:, columns])
