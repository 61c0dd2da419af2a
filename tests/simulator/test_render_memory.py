from __future__ import annotations

import os

import numpy as np

from simulator.drawing import Drawn, Texture
from simulator.render_memory import PictureMemory, TextureSlots
from tests.simulator.plates import RED, SIZE, UV_OF_A_PICTURE, picture, plate, plate_part, quarters

PARTS = (plate_part("shirt"), plate_part("card", uv=UV_OF_A_PICTURE), plate_part("hat"))


def flat(level: int) -> Texture:
    return quarters(*[(level, level, level)] * 4)


def test_a_picture_comes_back_as_it_was_put_there() -> None:
    ours = PictureMemory(PARTS, SIZE)
    theirs = PictureMemory(PARTS, SIZE, os.dup(ours.fd))
    shirt, card = plate(RED, 2.0), plate(flat(7), 3.0)
    given = picture(shirt, card, None)
    ours.write(3, given, {card.paint: 5})  # type: ignore[dict-item]
    copy = flat(7)
    got = theirs.read(3, {5: copy})
    assert got.surfaces[2] is None
    assert got.surfaces[0] is not None
    assert got.surfaces[1] is not None
    np.testing.assert_array_equal(got.surfaces[0].vertices, shirt.vertices)
    np.testing.assert_array_equal(got.surfaces[0].paint, shirt.paint)
    np.testing.assert_array_equal(got.surfaces[1].normals, card.normals)
    assert got.surfaces[1].paint is copy
    assert got.depth_range == given.depth_range
    np.testing.assert_array_equal(got.camera, given.camera)
    np.testing.assert_array_equal(got.lights.directions, given.lights.directions)
    for memory in (ours, theirs):
        os.close(memory.fd)


def test_a_drawing_is_taken_as_a_copy() -> None:
    memory = PictureMemory(PARTS, SIZE)
    rng = np.random.default_rng(0)
    depths = rng.random((2, SIZE, SIZE), np.float32)
    memory.put(0, Drawn(rng.integers(0, 256, (SIZE, SIZE, 4), np.uint8), *depths))
    first = memory.take(0)
    memory.put(0, Drawn(np.zeros((SIZE, SIZE, 4), np.uint8), *np.zeros_like(depths)))
    np.testing.assert_array_equal(first.depth, depths[0])
    np.testing.assert_array_equal(first.person, depths[1])
    assert first.rgba.any()
    os.close(memory.fd)


def test_only_new_textures_travel() -> None:
    slots, one, two, three = TextureSlots(2), flat(1), flat(2), flat(3)
    held, new = slots.fill([one, two, one])
    assert sorted(new) == [0, 1]
    assert new[held[two]] is two.pixels
    assert slots.fill([two, one])[1] == {}
    held, new = slots.fill([three])
    assert list(new) == [1], "that of the texture that was not used for longest"
    assert two not in held
    slots.clear()
    assert sorted(slots.fill([one, three])[1]) == [0, 1]
