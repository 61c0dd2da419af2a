"""Run the planted audit in a process of its own, so that it can be killed."""

import sys
from pathlib import Path

from conftest import fake_reference, left_hand_high

from examiner import Config, Examiner, build_rig
from examiner.progress import Silence
from simulator import StickSimulator, load_body
from targets import FakePlantedTarget


def main(folder):
    body = load_body("neutral")
    rig = build_rig(
        Config(threshold="100", image_size=64, budget=400, baselines=("random",), agents=4),
        Silence(),
        simulator=StickSimulator(body, image_size=64),
        target=FakePlantedTarget(body.joint_names, left_hand_high(body)),
        reference=fake_reference(),
    )
    Examiner(rig, Path(folder)).run()


if __name__ == "__main__":
    main(sys.argv[1])
