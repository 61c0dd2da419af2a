"""Recipes that find people by themselves: several in a picture, or nobody; tracks in clips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from targets.people import one_a_picture
from targets.recipes import multi_hmr, nlf, romp, vibe, wham
from tests.targets.recipes.fake_crops import FakeVibe
from tests.targets.recipes.fake_pictures import FakeNlf, FakeRomp, FakeWham
from tests.targets.recipes.rendered import People, rendered_people
from tests.targets.recipes.stand_ins import FRAMES, STAND_INS, fields_for


@pytest.fixture(scope="module")
def people() -> People:
    return rendered_people()


@pytest.mark.parametrize("name", ["romp", "multi-hmr", "multi-hmr-anny"])
def test_somebody_else_in_the_picture_is_a_row_of_its_own(name, people):
    target = STAND_INS[name](people)
    everybody = target.predict(**fields_for(target, people))
    assert everybody.picture.tolist() == [0, 0, 1, 1, 2, 2]
    one = one_a_picture(everybody, people.boxes)
    assert one.found.all()
    np.testing.assert_array_equal(one.joints, everybody.joints[1::2])


def test_confidence_is_that_of_the_person(people):
    one = one_a_picture(romp.build(network=FakeRomp(people)).predict(images=people.images), people.boxes)
    np.testing.assert_allclose(one.confidence, 0.9)


def test_nlf_finds_people_by_itself(people):
    target = nlf.build(network=FakeNlf(people), region_of_interest="detector")
    assert target.spec.needs == ("images", "intrinsics")
    everybody = target.predict(images=people.images, intrinsics=people.intrinsics)
    one = one_a_picture(everybody, people.boxes)
    np.testing.assert_allclose(one.joints, people.joints * 1000, rtol=1e-5)
    np.testing.assert_allclose(one.confidence, 0.8, rtol=1e-6)


@pytest.mark.parametrize(
    "make",
    [lambda: romp.build(network=lambda image: None), lambda: multi_hmr.build(network=lambda *_, **__: [])],
)
def test_nobody_is_an_answer_without_rows(make, people):
    target = make()
    nobody = target.predict(**fields_for(target, people))
    assert nobody.joints.shape == (0, len(target.spec.joint_names), 3)
    assert not one_a_picture(nobody, people.boxes).found.any()


@dataclass(frozen=True)
class FakeForgetfulWham:
    """Loses the second person."""

    wham: FakeWham

    def __call__(self, video: str, output_dir: str, run_global: bool) -> tuple[Any, ...]:
        found, *rest = self.wham(video, output_dir, run_global)
        lost = np.allclose(found[1]["betas"][-1], self.wham.people.betas[1])
        return ({} if lost else found), *rest


def test_a_person_whom_wham_lost_is_not_found(people):
    target = wham.build(network=FakeForgetfulWham(FakeWham(people, FRAMES)), frames=FRAMES)
    prediction = target.predict(**fields_for(target, people))
    assert prediction.found.tolist() == [True, False, True]
    assert not prediction.vertices[1].any()
    np.testing.assert_allclose(prediction.vertices[2], people.vertices[2], atol=1e-6)


def test_wham_without_anybody_still_answers(people):
    target = wham.build(network=lambda *_, **__: ({}, {}, None), frames=FRAMES)
    assert not target.predict(**fields_for(target, people)).found.any()


def test_vibe_takes_a_box_for_every_frame(people):
    target = vibe.build(network=FakeVibe.of(people), frames=FRAMES)
    fields = fields_for(target, people)
    moving = np.repeat(people.boxes[:, None], FRAMES, axis=1)
    moving[:, :-1] += 5.0
    still, moved = target.predict(**fields), target.predict(**fields | {"boxes": moving})
    np.testing.assert_array_equal(still.joints, moved.joints)


def test_a_target_of_another_body_can_be_told_so(people):
    target = STAND_INS["spin"](people)
    assert replace(target, spec=replace(target.spec, body="neutral")).spec.body == "neutral"
