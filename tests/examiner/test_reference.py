from dataclasses import asdict

import numpy as np
import pytest

from examiner import Config, build_rig
from examiner.progress import Silence
from examiner.reference import find_reference, reference_from, reference_key, save_reference, spread
from simulator import StickSimulator
from targets import FakeTarget, Prediction, TargetSpec


@pytest.fixture(scope="module")
def made(body, tmp_path_factory):
    """A real reference of a fake target whose hips are defined wider, computed once and then cached."""
    home = tmp_path_factory.mktemp("cache")
    left, right = (body.joint_names.index(f"{side}_hip") for side in ("left", "right"))
    asked = []

    def answer(joints):
        asked.append(len(joints))
        joints = joints.copy()
        across = joints[:, left] - joints[:, right]
        joints[:, left] += 0.3 * across
        joints[:, right] -= 0.3 * across
        return Prediction(np.ones(len(joints), bool), joints)

    def build():
        target = FakeTarget(
            answer, TargetSpec("fake-wide", body.joint_names, ("joints",), metric=True, weights_sha256="fa")
        )
        simulator = StickSimulator(body, image_size=64)
        return build_rig(Config(image_size=64), Silence(), simulator=simulator, target=target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSEEXAMINER_CACHE", str(home))
        patch.setattr("examiner.reference.DRAWS", 160)
        first = build()
        queries = sum(asked)
        second = build()
        yield first, second, queries, sum(asked), home


def test_is_computed_once_and_found_again(made):
    first, second, queries, later, home = made
    assert queries == later == 160
    assert asdict(first.reference) == asdict(second.reference)
    assert len(list((home / "references").glob("*.json"))) == 1


def test_is_computed_again_when_asked(made, body, monkeypatch, tmp_path):
    first = made[0]
    monkeypatch.setenv("POSEEXAMINER_CACHE", str(tmp_path))
    monkeypatch.setattr("examiner.reference.DRAWS", 160)
    before = made[3]
    again = build_rig(
        first.config,
        Silence(),
        simulator=first.simulator,
        target=first.target,
        find=lambda about: None,
    )
    assert before == 160
    assert len(list((tmp_path / "references").glob("*.json"))) == 1
    assert asdict(again.reference) == asdict(first.reference)


def test_calibration_takes_the_definition_away(made):
    reference = made[0].reference
    assert reference.raw.median_mm > 8
    assert reference.calibrated.median_mm < reference.raw.median_mm / 2


def test_threshold_rules(made):
    reference = made[0].reference
    assert reference.threshold("150") == 150
    assert reference.threshold("id:0.5") == pytest.approx(np.median(reference.errors_mm))
    assert made[0].threshold == reference.threshold("id:0.99")


def test_another_body_score_or_renderer_is_another_reference(made, tmp_path):
    reference = made[0].reference
    about = reference.about
    assert reference_key(about) == reference.key
    for name in ("body_sha256", "score", "simulator", "weights_sha256", "region_of_interest", "prior_sha256"):
        assert reference_key({**about, name: "other"}) != reference.key
        assert find_reference({**about, name: "other"}) is None


def test_goes_through_json_unchanged(made, tmp_path):
    import json

    path = tmp_path / "deep" / "reference.json"
    save_reference(made[0].reference, path)
    assert reference_from(json.loads(path.read_text())) == made[0].reference


def test_spread_by_hand():
    figures = spread(np.arange(1.0, 102.0))
    assert (figures.median_mm, figures.p90_mm, figures.p99_mm) == (51, 91, 100)
    assert figures.p99_interval_mm[0] <= 100 <= figures.p99_interval_mm[1]
