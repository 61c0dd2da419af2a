"""What is said when a rig is built."""

from __future__ import annotations

from dataclasses import replace

import pytest

from examiner import Config, build_rig
from examiner.progress import Silence
from simulator import StickSimulator
from targets import FakeTarget


class FakeOldLook(StickSimulator):
    """Stick pictures that call themselves those of an old stage."""

    version = "stick 1, stage 1, 64 px"


def test_weights_of_another_look_are_warned_of(planted, body):
    reference, spec = planted().reference, planted().target.spec
    target = FakeTarget(planted().target.predict, replace(spec, trained_on="raster 1, stage 2, 256 px"))
    config = Config(threshold="100", image_size=64)
    with pytest.warns(UserWarning, match=r"trained on \(stage 2\), got others \(stage 1\)"):
        build_rig(
            config,
            Silence(),
            simulator=FakeOldLook(body, image_size=64),
            target=target,
            reference=reference,
        )
