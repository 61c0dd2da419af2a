"""Every recipe with its stand-in, and the fields that the examiner would offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from targets import Target
from targets.recipes import (
    camerahmr,
    cliff,
    hmr2,
    hybrik,
    i2l_meshnet,
    imphmr,
    multi_hmr,
    multi_hmr_anny,
    nlf,
    pare,
    pose2mesh,
    prompt_hmr,
    romp,
    sam_3d_body,
    spin,
    tokenhmr,
    vibe,
    wham,
)
from tests.targets.recipes import fake_crops as crops
from tests.targets.recipes import fake_pictures as pictures
from tests.targets.recipes.rendered import People

FRAMES = 30
"""Of a clip: as few as WHAM takes."""


def _i2l(people: People) -> Target:
    fake = crops.FakeI2lMeshNet.of(people)
    return i2l_meshnet.build(network=fake, root_depth=fake.root_depth, device="cpu")


def _pose2mesh(people: People) -> Target:
    order = np.arange(len(people.body.v_template))[::-1].copy()
    return pose2mesh.build(network=pictures.FakePose2Mesh.of(people), order=order)


def _anny(people: People) -> Target:
    fake = pictures.FakeMultiHmr.of(people, 672, anny=True)
    return multi_hmr_anny.build(network=fake, bone_labels=pictures.BONE_LABELS)


STAND_INS: Mapping[str, Callable[[People], Target]] = {
    "spin": lambda people: spin.build(network=crops.FakeSpin.of(people)),
    "imphmr": lambda people: imphmr.build(network=crops.FakeSpin.of(people)),
    "pare": lambda people: pare.build(network=crops.FakePare(crops.FakeSpin.of(people))),
    "cliff": lambda people: cliff.build(network=crops.FakeCliff.of(people)),
    "hmr2": lambda people: hmr2.build(network=crops.FakeHmr2.of(people)),
    "tokenhmr": lambda people: tokenhmr.build(network=crops.FakeHmr2.of(people)),
    "camerahmr": lambda people: camerahmr.build(network=crops.FakeCameraHmr.of(people)),
    "hybrik": lambda people: hybrik.build(network=crops.FakeHybrik.of(people)),
    "romp": lambda people: romp.build(network=pictures.FakeRomp(people)),
    "nlf": lambda people: nlf.build(network=pictures.FakeNlf(people)),
    "multi-hmr": lambda people: multi_hmr.build(network=pictures.FakeMultiHmr.of(people, 896, anny=False)),
    "multi-hmr-anny": _anny,
    "sam-3d-body": lambda people: sam_3d_body.build(network=pictures.FakeSam3dBody(people)),
    "prompt-hmr": lambda people: prompt_hmr.build(network=pictures.FakePromptHmr.of(people), device="cpu"),
    "i2l-meshnet": _i2l,
    "pose2mesh": _pose2mesh,
    "vibe": lambda people: vibe.build(network=crops.FakeVibe.of(people), frames=FRAMES),
    "wham": lambda people: wham.build(network=pictures.FakeWham(people, FRAMES), frames=FRAMES),
}
"""By the recipe's name; SMPLify has no network and a test of its own."""


def fields_for(target: Target, people: People) -> dict[str, Any]:
    """What the examiner offers, cut to what a target needs."""
    offered = {
        "images": people.images,
        "boxes": people.boxes,
        "intrinsics": people.intrinsics,
        "camera": people.camera,
        "joints": people.joints,
        "joints2d": people.joints2d,
        "vertices": people.vertices,
        "keypoints": people.joints2d,
    }
    if "clips" in target.spec.needs:
        still = np.repeat(people.images[:, None], FRAMES, axis=1)
        still[:, :-1] //= 2
        offered["clips"] = still
    return {name: value for name, value in offered.items() if name in target.spec.needs}
