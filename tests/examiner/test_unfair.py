from dataclasses import replace

import numpy as np
import pytest

from examiner.method import MethodResult
from examiner.mode_pictures import draw_unfair
from examiner.unfair import SHOWN, unfair_of, unfair_result

ROWS = {"fair": 0, "motion": 1, "penetration": 2, "sight": 3, "motion again": 4}


def turned(body, pose, joint, axis, degrees):
    pose[3 * (body.joint_names.index(joint) - 1) + "xyz".index(axis)] = np.radians(degrees)


def fake_search(rig):
    """A search that asked a fair person, and four who are not, all with the left hand up: the planted failure."""
    scene = rig.space.default(len(ROWS))
    poses = scene.body_pose.copy()
    for row in range(len(ROWS)):
        turned(rig.body, poses[row], "left_shoulder", "z", 80)
    for row in (ROWS["motion"], ROWS["motion again"]):
        turned(rig.body, poses[row], "left_knee", "x", -50 - row)
    turned(rig.body, poses[ROWS["penetration"]], "left_hip", "z", -45)
    scene = rig.space.frame(replace(scene, body_pose=poses))
    outcomes = rig.evaluator(scene)
    visible = outcomes.visible.copy()
    visible[ROWS["sight"], :6] = False
    gt2d = outcomes.gt2d.copy()
    gt2d[ROWS["sight"], 0] = -5.0
    fair = outcomes.fair.copy()
    fair[ROWS["sight"]] = False
    outcomes = replace(outcomes, visible=visible, gt2d=gt2d, fair=fair)
    return MethodResult("fake", {}, 0, outcomes, scene, np.zeros(len(ROWS), np.intp), 0, (), ())


@pytest.fixture(scope="module")
def judged(planted):
    rig = planted(factors=("pose",))
    search = fake_search(rig)
    return rig, search, unfair_of(rig, search)


def test_reasons_are_counted_and_the_fair_one_is_not(judged):
    _, search, unfair = judged
    assert search.search.fair.tolist() == [True, False, False, False, False]
    assert (unfair.queries, unfair.unfair, unfair.failures) == (5, 4, 4)
    assert unfair.reasons["motion_range"] >= 2
    assert unfair.reasons["self_penetration"] >= 1
    assert unfair.reasons["out_of_sight"] == 1


def test_the_worst_are_distinct_and_say_why(judged):
    _, _, unfair = judged
    said = {case.query: case.reason for case in unfair.worst}
    assert len(said) < 4, "two of them are the same pose"
    assert len({ROWS["motion"], ROWS["motion again"]} & set(said)) == 1
    [bent] = [said[row] for row in (1, 4) if row in said]
    assert "left knee" in bent
    assert "degrees beyond its range (15 are allowed)" in bent
    severities = [case.outcomes.severity[0] for case in unfair.worst]
    assert severities == sorted(severities, reverse=True)


def test_results_name_pictures_that_are_drawn(judged, tmp_path):
    rig, _, unfair = judged
    (tmp_path / "images").mkdir()
    draw_unfair(rig, unfair, tmp_path)
    told = unfair_result(rig, unfair)
    assert [case["query"] for case in told["worst"]] == [case.query for case in unfair.worst]
    assert all((tmp_path / case["image"]).is_file() for case in told["worst"])
    assert told["reasons"] == unfair.reasons


def test_a_search_without_unfair_queries_has_none(judged):
    rig, search, _ = judged
    only = replace(
        search, search=search.search.rows(slice(0, 1)), search_scene=search.search_scene.rows(slice(0, 1))
    )
    unfair = unfair_of(rig, only)
    assert (unfair.unfair, unfair.failures, unfair.worst) == (0, 0, ())
    assert set(unfair.reasons.values()) == {0}
    assert SHOWN == 6
