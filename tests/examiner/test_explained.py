import json
from dataclasses import replace

import numpy as np
import pytest

from examiner import Examiner
from examiner.distinct import distance, signature
from examiner.explain import Pool
from examiner.explained import DISTANCES, diversity_result, encounters, nearness
from simulator import join_scenes


@pytest.fixture(scope="module")
def done(planted, tmp_path_factory):
    """An audit of the planted target, its examiner and its results."""
    rig = planted(budget=1600, agents=4, baselines=("random",))
    examiner = Examiner(rig, tmp_path_factory.mktemp("runs") / "planted")
    audit = examiner.run()
    return rig, examiner.methods, json.loads((audit.folder / "results.json").read_text()), audit.folder


def test_every_mode_is_explained(done):
    rig, methods, results, folder = done
    assert len(results["modes"]) == len(methods[0].modes) > 2
    for mode, found in zip(results["modes"], methods[0].modes, strict=True):
        mild = mode["mildest"]
        assert mild["distance"] <= mild["start_distance"] + 1e-9
        assert (folder / mild["image"]).is_file()
        assert bool(mode["causes"]) == (found.region is not None)
        assert mode["figures"][0]["name"] == "mpjpe"
        if mild["way"] > 0:
            assert min(mild["error_mm"]) > rig.threshold


def test_explanations_are_charged_apart_and_told(done):
    rig, methods, results, _ = done
    [said] = [note for note in results["notes"] if "charged apart, went into the mildest variants" in note]
    grown = sum(mode.region is not None for mode in methods[0].modes)
    asked = 4 * (7 * len(methods[0].modes) + (21 + 3 + 1) * grown)
    assert said.startswith(f"{asked:,} queries")
    assert results["methods"][0]["queries"]["total"] <= rig.config.budget


def test_a_rule_that_is_told_names_the_raised_arm(done):
    rules = [mode["rule"] for mode in done[2]["modes"] if mode["rule"]]
    assert rules
    for rule in rules:
        assert rule["low"] <= rule["rate"] <= rule["high"]
        assert rule["lift"] == pytest.approx(rule["rate"] / rule["base_rate"])
        assert rule["support"] >= rule["failures"]
    assert any("arm" in rule["words"] or "elbow" in rule["words"] for rule in rules)


def test_nearness_rises_and_ends_with_those_within(done):
    _, methods, results, _ = done
    told = results["nearness"]
    assert told["distance"] == list(DISTANCES)
    assert told["modes"] == sorted(told["modes"])
    assert told["agents"] == sorted(told["agents"])
    within = [mode["mildest"]["distance"] <= DISTANCES[-1] for mode in results["modes"]]
    assert told["modes"][-1] == sum(within)
    assert nearness(replace(methods[0], modes=()), [], 4)["agents"] == [0.0] * len(DISTANCES)


def test_agents_that_met_a_mode_are_counted(done):
    rig, methods, results, _ = done
    search = methods[0]
    marks = signature(rig.body, join_scenes([mode.scene for mode in search.modes]))
    met = encounters(rig, search, marks)
    failed = np.flatnonzero(search.search.failures(rig.threshold))
    near = distance(marks.rows(slice(0, 1)), signature(rig.body, search.search_scene.rows(failed)))[0] < 1
    assert met[0] == len(np.unique(search.agent[failed[near]]))
    assert results["diversity"]["estimated"] >= len(search.modes)
    assert results["diversity"] == diversity_result(rig, search)


def test_rules_are_scored_on_draws_that_do_not_depend_on_what_was_found(done):
    """A baseline that searches is for mining alone: what it asks gathers where it failed."""
    rig, methods, _, _ = done
    blind = int((methods[1].search.fair & methods[1].search.found & methods[1].search.valid).sum())
    person = methods[0].modes[0].scene
    assert Pool(rig, methods).rule(person).everybody.people == blind - blind // 2
    learning = [methods[0], replace(methods[1], name="random"), replace(methods[1], name="cma-es")]
    assert Pool(rig, learning).rule(person).everybody.people == blind - blind // 2


def test_maps_count_usable_people_and_unfair_queries_are_recorded(done):
    _, methods, results, folder = done
    view = results["maps"][0]
    assert (view["x"]["name"], view["y"]["name"]) == ("body turned to the left", "camera elevation")
    usable = [int((m.search.fair & m.search.found & m.search.valid).sum()) for m in methods]
    assert [(g["methods"], g["people"]) for g in view["grids"]] == [
        (["random"], usable[1]),
        ([methods[0].name, "random"], sum(usable)),
    ]
    unfair = results["unfair"]
    assert unfair["unfair"] == int((~methods[0].search.fair).sum())
    assert all((folder / case["image"]).is_file() for case in unfair["worst"])


def test_regions_tell_their_widths(done):
    regions = [mode["region"] for mode in done[2]["modes"] if mode["region"]]
    assert regions
    for region in regions:
        assert [row["unit"] for row in region["widths"]] == ["degree"] * 11
        assert all(row["low"] <= row["high"] and row["usual"] > 0 for row in region["widths"])
