"""Run the released protocol on a fake in a process of its own, so that it can be killed."""

import sys
from pathlib import Path

import numpy as np

from examiner import Config, build_rig
from examiner.config import with_values
from examiner.progress import Silence
from examiner.protocol_2023 import Protocol2023
from examiner.reference import unmeasured
from simulator import StickSimulator, load_body
from targets import FakePlantedTarget

SETTINGS = {"protocol": "poseexaminer-2023", "agents": 2, "budget": 1100, "image_size": 64}


def rig_of(fails, **settings):
    """A rig for the protocol whose target fails where the predicate holds."""
    body = load_body("neutral")
    return build_rig(
        with_values(Config(), {**SETTINGS, **settings}, "the test"),
        Silence(),
        simulator=StickSimulator(body, image_size=64),
        target=FakePlantedTarget(body.joint_names, fails),
        reference=unmeasured(),
    )


def everywhere(joints):
    return np.ones(len(joints), bool)


if __name__ == "__main__":
    Protocol2023(rig_of(everywhere), Path(sys.argv[1])).run()
