from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulator import gl
from simulator.background import BACKGROUND, Backgrounds
from simulator.base import Batch, join_scenes
from simulator.body import Body
from simulator.clothing import CLOTHING
from simulator.light import LIGHT
from simulator.mesh_simulator import CHUNK, PyrenderSimulator
from simulator.parameters import Parameters
from simulator.physical import with_physical_values
from tests.simulator.people import SIZE, facing, grown, make_scene

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))

GOLDEN = Path(__file__).parent / "golden"


def test_the_background_is_untouched_and_edges_have_no_fringe(simulator: PyrenderSimulator) -> None:
    scene = facing()
    drawn = simulator.render(scene)
    behind = Backgrounds(SIZE).draw(scene.background[0])
    np.testing.assert_array_equal(drawn.images[0][~drawn.mask[0]], behind[~drawn.mask[0]])
    white = with_physical_values(
        scene, ["background.kind", "background.brightness"], np.array([[0.5, brightest()]])
    )
    edge = drawn.mask[0] & grown(~drawn.mask[0])
    lighter = simulator.render(white).images[0].astype(int) - drawn.images[0]
    assert (lighter[edge] >= -1).all(), "a brighter background never darkens an edge"
    assert lighter[edge].max() > 20


def brightest() -> float:
    return next(d.high for d in BACKGROUND.dimensions if d.name == "background.brightness")


def test_rows_do_not_depend_on_the_batch(simulator: PyrenderSimulator) -> None:
    scene = make_scene(5, seed=3)
    together, again = simulator.render(scene), simulator.render(scene)
    for row in range(5):
        alone = simulator.render(scene.rows(slice(row, row + 1)))
        for name in ("images", "mask", "depth", "boxes", "joints", "vertices", "joints2d", "visibility"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row], name)
            np.testing.assert_array_equal(getattr(again, name)[row], getattr(together, name)[row], name)


def test_more_than_a_chunk_is_drawn_in_order(simulator: PyrenderSimulator) -> None:
    scene = make_scene(CHUNK + 3, seed=4)
    drawn = simulator.render(scene)
    last = simulator.render(scene.rows(slice(CHUNK + 2, None)))
    np.testing.assert_array_equal(drawn.images[-1], last.images[0])
    assert len(drawn) == len(scene)
    assert drawn.scene is scene


@pytest.mark.parametrize("parameters", [CLOTHING, BACKGROUND, LIGHT], ids=lambda p: p.name)
def test_looks_change_the_picture_and_nothing_else(
    simulator: PyrenderSimulator, parameters: Parameters
) -> None:
    first = simulator.render(facing())
    looks = parameters.typical(1, np.random.default_rng(3))
    second = simulator.render(replace(facing(), **{parameters.name: looks}))
    assert (first.images != second.images).any(axis=-1).mean() > 0.02
    np.testing.assert_array_equal(first.mask, second.mask)
    np.testing.assert_array_equal(first.depth, second.depth)


def test_pictures_are_the_known_ones(body: Body) -> None:
    """`GOLDEN=write pytest ...` draws them anew: look at them before you commit them."""
    with PyrenderSimulator(body, image_size=64) as simulator:
        pictures = simulator.render(join_scenes([facing(64), make_scene(3, 5, 64)])).images
    for index, picture in enumerate(pictures):
        path = GOLDEN / f"person{index}.png"
        if os.environ.get("GOLDEN") == "write":
            Image.fromarray(picture).save(path)
        difference = np.abs(picture.astype(int) - np.asarray(Image.open(path)))
        assert difference.mean() < 1.0  # another Mesa rounds otherwise at edges
        assert np.percentile(difference, 99) < 12


def test_the_process_that_searches_never_imports_opengl() -> None:
    script = "import simulator, sys; print(sorted({'pyrender', 'OpenGL', 'pyglet'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_version_names_everything_that_changes_a_picture(simulator: PyrenderSimulator, body: Body) -> None:
    version = simulator.version
    for part in ("pyrender-maintained 1.0.1", "stage 2", f"body neutral {body.sha256[:12]}", "256 px"):
        assert part in version


def test_opengl_is_named_after_the_first_picture(simulator: PyrenderSimulator, batch: Batch) -> None:
    assert simulator.opengl


def test_another_image_size_is_refused(simulator: PyrenderSimulator) -> None:
    message = (
        r"expected cameras of \(256, 256\) px, got \(64, 64\); give the simulator and the camera the same"
    )
    with pytest.raises(ValueError, match=message):
        simulator.render(facing(64))


def test_fields_of_another_length_are_refused(simulator: PyrenderSimulator) -> None:
    with pytest.raises(ValueError, match=r"expected 1 rows of light, one for every row of betas, got 2"):
        simulator.render(replace(facing(), light=LIGHT.rows(2)))


def test_nobody_is_refused(simulator: PyrenderSimulator) -> None:
    with pytest.raises(ValueError, match=r"expected at least one person, got a scene of 0 rows"):
        simulator.render(facing().rows(slice(0, 0)))


def test_a_pose_that_is_not_finite_is_refused(simulator: PyrenderSimulator) -> None:
    with pytest.raises(ValueError, match=r"expected finite body_pose, got nan in row 0"):
        simulator.render(replace(facing(), body_pose=np.full((1, 63), np.nan)))
