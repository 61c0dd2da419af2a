"""Weights that were trained on pictures that are drawn no more."""

from __future__ import annotations

import pytest

from targets import TargetSpec, stale_look

THEN = "raster 1, stage 2, body neutral 4ccf, paint 3, 256 texels, backgrounds 1, 256 px"


@pytest.mark.parametrize(
    "now",
    [
        THEN,
        THEN.replace("raster 1", "pyrender 7").replace("256 px", "384 px"),
        THEN.replace("body neutral 4ccf", "body male 0000"),
        "judge 1 of neutral, mitsuba 3.9.1",
        "the user's own",
    ],
)
def test_other_renderers_sizes_and_people_are_no_other_look(now: str) -> None:
    assert stale_look(TargetSpec("mine", trained_on=THEN), now) == ""


def test_a_target_that_says_nothing_is_not_compared() -> None:
    assert stale_look(TargetSpec("mine"), THEN) == ""


def test_another_look_is_told_in_one_sentence() -> None:
    now = THEN.replace("stage 2", "stage 3").replace("neutral 4ccf", "neutral 5ddf")
    assert stale_look(TargetSpec("mine", trained_on=THEN), now) == (
        "expected the pictures that mine was trained on (stage 2, body neutral 4ccf), got others "
        "(stage 3, body neutral 5ddf): part of its errors may come from the new look; train it again"
    )
