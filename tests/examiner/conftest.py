"""A rig of fakes: true geometry, stick pictures, and a target with a planted failure."""

import numpy as np
import pytest

from examiner import Config, build_rig
from examiner.progress import Silence
from examiner.reference import Reference, Spread
from simulator import StickSimulator, load_body
from targets import FakePlantedTarget, Prediction

FAKE_SPREAD = Spread(10.0, 20.0, 30.0, (25.0, 35.0))


def fake_reference(joints=12):
    rows = tuple(tuple(row) for row in np.eye(joints).tolist())
    return Reference("fake", {}, 4, 0, rows, (10.0, 20.0, 30.0, 40.0), FAKE_SPREAD, FAKE_SPREAD, FAKE_SPREAD)


@pytest.fixture(scope="session")
def body():
    return load_body("neutral")


def left_hand_high(body):
    """The planted failure: the left wrist above the neck."""
    wrist, neck = (body.joint_names.index(name) for name in ("left_wrist", "neck"))
    return lambda joints: joints[:, wrist, 1] < joints[:, neck, 1]


@pytest.fixture(scope="session")
def planted(body):
    """config -> rig whose target fails where the left hand is above the neck, by 0.3 m."""

    def build(**settings):
        config = Config(**{"threshold": "100", "image_size": 64, "budget": 600, "agents": 4, **settings})
        target = FakePlantedTarget(body.joint_names, left_hand_high(body))
        simulator = StickSimulator(body, image_size=64)
        return build_rig(config, Silence(), simulator=simulator, target=target, reference=fake_reference())

    return build


H36M_ROWS = (
    *("pelvis", "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle"),
    *("spine2", "neck", "head", "head", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_shoulder", "right_elbow", "right_wrist"),
)
"""SMPL joints in the place of Human3.6M's."""


def vertex_rows(body):
    """(17,) the vertex nearest to each joint in the rest pose."""
    rest = body.forward(*(np.zeros((1, n)) for n in (10, 63, 3, 3)))
    joints = rest.joints[0][[body.joint_names.index(name) for name in H36M_ROWS]]
    return np.linalg.norm(rest.vertices[0][None] - joints[:, None], axis=2).argmin(axis=1)


def weights_of(body):
    weights = np.zeros((17, len(body.v_template)))
    weights[np.arange(17), vertex_rows(body)] = 1.0
    return weights


class FakeMeshTarget:
    """The planted target, its joints at the vertices that the regressor picks."""

    def __init__(self, body):
        self._planted = FakePlantedTarget(body.joint_names, left_hand_high(body))
        self._places, self._count = vertex_rows(body), len(body.v_template)
        self._columns = [body.joint_names.index(name) for name in H36M_ROWS]
        self.spec = self._planted.spec

    def predict(self, *, joints):
        told = self._planted.predict(joints=joints)
        vertices = np.zeros((len(joints), self._count, 3))
        vertices[:, self._places] = told.joints[:, self._columns]
        return Prediction(found=told.found, joints=told.joints, vertices=vertices)


@pytest.fixture(scope="session")
def mesh_rig(body, tmp_path_factory):
    """config -> rig whose target gives vertices, with a regressor for the body."""
    path = tmp_path_factory.mktemp("regressor") / "h36m.npy"
    np.save(path, weights_of(body))

    def build(**settings):
        config = Config(
            **{"threshold": "100", "image_size": 64, "agents": 4, "regressor": str(path), **settings}
        )
        simulator = StickSimulator(body, image_size=64)
        return build_rig(
            config, Silence(), simulator=simulator, target=FakeMeshTarget(body), reference=fake_reference()
        )

    return build
