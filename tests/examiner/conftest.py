"""A rig of fakes: true geometry, stick pictures, and a target with a planted failure."""

import numpy as np
import pytest

from examiner import Config, build_rig
from examiner.progress import Silence
from examiner.reference import Reference, Spread
from simulator import StickSimulator, load_body
from targets import FakePlantedTarget

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
