"""A sweep: the same people at every step, nothing computed twice, a curve that says what happened."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from examiner import Config
from examiner.cli import main
from examiner.fairness import part_of_a_person, whole_person
from examiner.files import plain
from examiner.progress import Silence
from examiner.sweep import Sweep, step_values, sweep_config
from examiner.sweep_chart import Curve, draw_curve
from examiner.sweep_steps import read_steps, step_of
from simulator import Dimension

FACTORS = ("pose", "view", "light", "occluder")


@pytest.fixture
def swept(planted):
    """(dimension, steps, people) -> sweep of a planted target, and the scenes that it was asked about."""

    def build(name, steps=3, people=4, **settings):
        rig = planted(factors=FACTORS, **settings)
        asked, right = [], rig.evaluator._evaluate
        rig.evaluator._evaluate = lambda scene: (asked.append(scene), right(scene))[1]
        return Sweep(rig, name, steps, people), asked

    return build


def test_people_are_paired_and_one_thing_differs(swept, tmp_path):
    sweep, asked = swept("light.intensity")
    steps = sweep.run(tmp_path / "run", Silence())
    assert [step.value for step in steps] == [-3.0, -0.5, 2.0]
    assert [float(scene.light[0, 2]) for scene in asked] == [-3.0, -0.5, 2.0]
    for scene in asked[1:]:
        for name in ("body_pose", "global_orient", "transl", "occluder", "betas"):
            assert np.array_equal(getattr(scene, name), getattr(asked[0], name)), name
        assert np.array_equal(np.delete(scene.light, 2, 1), np.delete(asked[0].light, 2, 1))
    assert len({step.errors_mm for step in steps}) == 1  # the planted target sees no light


@pytest.mark.parametrize("name", ["pose.z03", "view.elevation"])
def test_a_dimension_of_the_body_changes_it_and_keeps_the_rest(swept, tmp_path, name):
    sweep, asked = swept(name)
    sweep.run(tmp_path / "run", Silence())
    changed, kept = ("body_pose", "global_orient")[:: 1 if name == "pose.z03" else -1]
    assert not np.allclose(getattr(asked[0], changed), getattr(asked[1], changed))
    assert np.array_equal(getattr(asked[0], kept), getattr(asked[1], kept))
    assert np.array_equal(asked[0].light, asked[1].light)


def test_views_are_swept_all_the_way(swept):
    assert list(swept("view.elevation")[0].values) == [-90.0, 0.0, 90.0]


def test_people_are_fair_at_the_default(swept, tmp_path):
    sweep, _ = swept("view.elevation", people=6)
    middle = sweep.run(tmp_path / "run", Silence())[1]
    assert (middle.value, middle.fair, middle.people) == (0.0, 6, 6)


def test_a_choice_has_a_step_for_each(swept, tmp_path):
    sweep, asked = swept("occluder.kind", steps=15)
    steps = sweep.run(tmp_path / "run", Silence())
    assert [step.label for step in steps] == ["none", "box", "pole", "disc", "person"]
    assert asked[2].occluder[0, 0] == 2.5


def test_the_swept_factor_is_else_at_its_default_unless_people_differ_in_it():
    people = Config(factors=("pose", "view"))
    assert sweep_config(people, "view.roll") == people
    assert sweep_config(people, "occluder.size").vary == ("occluder",)
    assert sweep_config(people, "occluder.size").factors == people.factors
    assert sweep_config(Config(factors=("view",)), "pose.z03").factors == ("view", "pose")


def test_hidden_joints_are_not_held_against_people_where_something_hides_them(planted):
    rule = planted(**_settings("occluder.size")).fairness.rule
    assert rule is part_of_a_person
    assert planted(**_settings("light.ambient")).fairness.rule is whole_person


def _settings(name):
    config = sweep_config(Config(factors=("pose", "view")), name)
    return {"factors": config.factors, "vary": config.vary}


def test_what_is_done_is_kept_and_never_done_again(swept, tmp_path):
    sweep, asked = swept("light.intensity")
    folder, right = tmp_path / "run", sweep._rig.simulator.render

    def stop(scene):
        if len(asked) > 1:
            raise KeyboardInterrupt
        return right(scene)

    sweep._rig.simulator.render = stop
    with pytest.raises(KeyboardInterrupt):
        sweep.run(folder, Silence())
    del sweep._rig.simulator.render
    assert len(json.loads((folder / "sweep.json").read_text())["steps"]) == 1
    again, asked_again = swept("light.intensity")
    steps = again.run(folder, Silence())
    assert len(asked_again) == 2
    whole, _ = swept("light.intensity")
    assert whole.run(tmp_path / "whole", Silence()) == steps
    for name in ("sweep.csv", "sweep.json", "sweep.png"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_nobody_is_blamed_for_people_who_cannot_be_seen(swept, tmp_path):
    sweep, _ = swept("occluder.kind")
    outcomes = sweep._rig.evaluator(sweep._at(sweep._units(), 0.5))
    visible = outcomes.visible.copy()
    visible[:2] = False
    half = step_of(0, 0.5, "none", replace(outcomes, visible=visible), 100.0)
    assert (half.people, half.seen) == (4, 2)
    assert np.isnan(half.errors_mm[:2]).all()
    assert half.errors_mm[2:] == tuple(np.round(outcomes.severity[2:], 2))
    none = step_of(0, 0.5, "none", replace(outcomes, visible=np.zeros_like(visible)), 100.0)
    assert np.isnan([none.median_mm, none.share_above]).all()
    (tmp_path / "sweep.json").write_text(json.dumps({"about": {}, "steps": [plain(asdict(none))]}))
    again = read_steps(tmp_path, {})[0]
    assert np.isnan([again.median_mm, again.share_above, *again.errors_mm]).all()


def test_another_sweeps_folder_is_refused(swept, tmp_path):
    swept("light.intensity")[0].run(tmp_path / "run", Silence())
    with pytest.raises(ValueError, match=r"^expected") as caught:
        swept("light.intensity", seed=1)[0].run(tmp_path / "run", Silence())
    assert str(caught.value) == (
        f"expected in {tmp_path / 'run'} the sweep that was begun there, got other settings; choose another --out"
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "keep").write_text("x")
    with pytest.raises(ValueError, match="expected a new folder or a sweep in"):
        swept("light.intensity")[0].run(tmp_path / "mine", Silence())


def test_the_table_is_what_the_steps_are(swept, tmp_path):
    steps = swept("light.intensity")[0].run(tmp_path / "run", Silence())
    with (tmp_path / "run" / "sweep.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["median_mm"]) for row in rows] == [step.median_mm for step in steps]
    assert [int(row["fair"]) for row in rows] == [step.fair for step in steps]
    known = np.array(steps[0].errors_mm)
    assert steps[0].median_mm == pytest.approx(np.median(known), abs=0.01)
    assert steps[0].share_above == pytest.approx((known > 100).mean())


def curve(**changes):
    values = {
        "title": "t", "note": "n", "score": "n_mpjpe", "threshold": 100.0, "labels": ("a", "b", "c"),
        "median": np.array([50.0, np.nan, 90.0]), "low": np.array([40.0, np.nan, 80.0]),
        "high": np.array([60.0, np.nan, 130.0]), "above": np.array([0.0, 1.0, 0.4]), "fair": np.ones(3),
    }  # fmt: skip
    return Curve(**{**values, **changes})


def test_the_chart_holds_curve_threshold_and_strip():
    pictures = [Image.new("RGB", (64, 64), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    chart = np.asarray(draw_curve(curve(), pictures))
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (36, 92, 184), (196, 48, 43), (214, 106, 28)):
        assert (chart == colour).all(axis=2).sum() > 50, colour
    red, blue = (np.argwhere((chart == c).all(axis=2)).mean(axis=0) for c in ((255, 0, 0), (0, 0, 255)))
    assert red[1] < blue[1]


def test_choices_are_not_joined():
    pictures = [Image.new("RGB", (64, 64))] * 3
    joined, apart = (np.asarray(draw_curve(curve(ordered=ordered), pictures)) for ordered in (True, False))
    blue = [(chart == (36, 92, 184)).all(axis=2).sum() for chart in (joined, apart)]
    assert blue[0] > 1.3 * blue[1] > 0


def test_a_chart_without_anybody_found_is_drawn_all_the_same():
    nothing = np.full(3, np.nan)
    pictures = [Image.new("RGB", (64, 64))] * 3
    assert draw_curve(curve(median=nothing, low=nothing, high=nothing), pictures).width >= 900


def test_steps_go_from_end_to_end():
    assert list(step_values(Dimension("x.y", "degree", -10, 10), 5)) == [-10, -5, 0, 5, 10]
    assert list(step_values(Dimension("x.y", "choice", 0, 2, ("a", "b")), 9)) == [0.5, 1.5]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--factor", "view.elevatio"], "did you mean 'view.elevation'?"),
        (["--factor", "hat.size"], "unknown factor 'hat'"),
        (["--factor", "light.ambient", "--fix", "light.ambient=0.5"], "to be swept or fixed, got both"),
        (["--factor", "light.ambient", "--target", "blazepos"], "unknown target 'blazepos'"),
        (
            ["--factor", "light.ambient", "--steps", "1"],
            "expected at least 2 steps and 4 people, got 1 and 64",
        ),
    ],
)
def test_misuse_is_one_sentence(capsys, monkeypatch, tmp_path, words, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("examiner.commands.diagnose", lambda: "")
    assert main(["sweep", *words]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1
    assert not list(tmp_path.iterdir())
