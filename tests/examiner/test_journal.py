import numpy as np
import pytest

from examiner.journal import Journal, Part, read_part, scene_columns, scene_from
from simulator import ParameterSpace, ViewFactor


@pytest.fixture(scope="module")
def part(planted):
    rig = planted()
    units = np.random.default_rng(0).random((3, rig.space.dim))
    scene = rig.space.decode(units)
    state = {"rng": {"state": {"state": 2**100, "inc": 1}}, "mean": np.eye(2), "round": 4}
    return Part("m/search", 0, units, scene, rig.evaluator(scene), state)


def test_part_comes_back_bit_by_bit(part, tmp_path):
    Journal(tmp_path).step("m/search", lambda: part)
    again = read_part(tmp_path / "part-00000.npz")
    assert again.stage == "m/search"
    assert np.array_equal(again.units, part.units)
    assert np.array_equal(again.outcomes.error, part.outcomes.error)
    assert np.array_equal(again.scene.body_pose, part.scene.body_pose)
    assert again.scene.camera.image_size == (64, 64)
    assert again.state["rng"] == part.state["rng"]
    assert np.array_equal(again.state["mean"], np.eye(2))


def test_recorded_steps_are_read_and_not_computed(part, tmp_path):
    Journal(tmp_path).step("m/search", lambda: part)
    journal = Journal(tmp_path)
    assert journal.replaying
    journal.step("m/search", lambda: pytest.fail("computed again"))
    assert not journal.replaying
    assert journal.queries == 3


def test_another_step_than_recorded_is_refused(part, tmp_path):
    Journal(tmp_path).step("m/search", lambda: part)
    with pytest.raises(ValueError, match="expected step 0 of this run to be m/redraw, got m/search"):
        Journal(tmp_path).step("m/redraw", lambda: part)


def test_a_damaged_part_is_named(part, tmp_path):
    Journal(tmp_path).step("m/search", lambda: part)
    path = tmp_path / "part-00000.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"expected a part of a run in .*part-00000.npz, got a damaged file"):
        Journal(tmp_path).step("m/search", lambda: part)


def test_a_half_written_part_is_not_seen(part, tmp_path):
    (tmp_path / ".part-00000.npz.123.part").write_bytes(b"half")
    assert not Journal(tmp_path).replaying


def test_scene_columns_round_trip(body):
    scene = ParameterSpace([ViewFactor()], body, 64).default(2)
    again = scene_from(scene_columns(scene), (64, 64))
    assert np.array_equal(again.camera.center, scene.camera.center)
    assert np.array_equal(again.transl, scene.transl)
