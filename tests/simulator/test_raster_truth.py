"""The fast renderer against the reference, against geometry, and against formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import gl, raster_paint, raster_texture
from simulator.body import UV
from simulator.drawing import Drawn, Picture
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from simulator.silhouette import boxes_round
from tests.simulator.crowd import PARTS, noise, people


@pytest.fixture(scope="module")
def renderer() -> RasterRenderer:
    return RasterRenderer(PARTS, 128)


@pytest.fixture(scope="module")
def pairs() -> Iterator[list[tuple[Drawn, Drawn]]]:
    if gl.diagnose() is not None:
        pytest.skip(str(gl.diagnose()))
    pictures, reference = people(10, 256), PyrenderRenderer(PARTS, 256)
    yield list(zip(reference.draw(pictures), RasterRenderer(PARTS, 256).draw(pictures), strict=True))
    reference.close()


def test_silhouettes_agree_with_the_reference_to_the_sample(pairs: list[tuple[Drawn, Drawn]]) -> None:
    for reference, drawn in pairs:
        a, b = reference.rgba[..., 3], drawn.rgba[..., 3]
        assert ((a > 0) & (b > 0)).sum() >= 0.999 * ((a > 0) | (b > 0)).sum() > 1000
        assert (a != b).mean() < 3e-4


def test_colours_agree_with_the_reference(pairs: list[tuple[Drawn, Drawn]]) -> None:
    for reference, drawn in pairs:
        inside = (reference.rgba[..., 3] > 0) & (drawn.rgba[..., 3] > 0)
        gap = np.abs(reference.rgba.astype(int) - drawn.rgba)[inside]
        assert gap.mean() < 1.0
        assert np.percentile(gap, 99) <= 4


@pytest.mark.parametrize("kind", ["depth", "person"])
def test_depths_agree_with_the_reference(pairs: list[tuple[Drawn, Drawn]], kind: str) -> None:
    for reference, drawn in pairs:
        a, b = getattr(reference, kind), getattr(drawn, kind)
        assert ((a > 0) != (b > 0)).mean() < 2e-4
        assert np.percentile(np.abs(a - b)[(a > 0) & (b > 0)], 99.9) < 1e-3


def test_the_picture_of_a_scene_turned_round_is_the_picture_turned_round(renderer: RasterRenderer) -> None:
    for shown, whole in zip(people(3, 128), renderer.draw(people(3, 128)), strict=True):
        turned = renderer.draw([_moved(shown, np.array([-1, -1, 1], np.float32), 128)])[0]
        assert (turned.rgba[::-1, ::-1, 3] != whole.rgba[..., 3]).mean() < 1e-3
        gap = np.abs(turned.rgba[::-1, ::-1].astype(int) - whole.rgba)
        assert (gap > 2).any(axis=-1).mean() < 2e-3


def test_the_picture_of_a_mirrored_scene_is_the_mirrored_picture(renderer: RasterRenderer) -> None:
    mirrored_parts = [replace(part, faces=part.faces[:, ::-1], uv=_backwards(part.uv)) for part in PARTS]
    pictures = people(3, 128)
    mirrored = RasterRenderer(mirrored_parts, 128).draw(
        [_moved(p, np.array([-1, 1, 1], np.float32), 128) for p in pictures]
    )
    for one, other in zip(renderer.draw(pictures), mirrored, strict=True):
        flipped = other.rgba[:, ::-1]
        inside = (one.rgba[..., 3] == 255) & (flipped[..., 3] == 255)
        either = (one.rgba[..., 3] > 0) | (flipped[..., 3] > 0)
        assert inside.sum() > 0.7 * either.sum()
        assert np.abs(one.rgba[inside].astype(int) - flipped[inside]).mean() < 2.0
        boxes = [boxes_round((d > 0)[None], np.zeros((1, 2))) for d in (one.rgba[..., 3], flipped[..., 3])]
        np.testing.assert_allclose(boxes[0], boxes[1], atol=1.01)


def _moved(shown: Picture, signs: NDArray[np.float32], size: int) -> Picture:
    """The picture of a scene whose axes have other signs."""
    surfaces = tuple(
        s if s is None else replace(s, vertices=s.vertices * signs, normals=s.normals * signs)
        for s in shown.surfaces
    )
    centre = np.where(signs[:2] < 0, size - shown.camera[1:], shown.camera[1:])
    lights = replace(shown.lights, directions=shown.lights.directions * signs)
    return Picture(surfaces, np.array([shown.camera[0], *centre]), lights)


def _backwards(uv: UV | None) -> UV | None:
    return None if uv is None else replace(uv, ft=uv.ft[:, ::-1])


def test_the_halvings_are_those_of_the_texture() -> None:
    texture = noise(3, 64)
    levels = [level[::-1].reshape(-1, 3) for level in reversed(texture.mips)]
    expected = np.concatenate(levels).astype(np.int32) @ [1, 1 << 8, 1 << 16]
    np.testing.assert_array_equal(raster_texture.pyramid(texture.pixels), expected)


def test_colours_are_decoded_and_encoded_to_a_fraction_of_a_step() -> None:
    codes = np.arange(256, dtype=np.float32)
    x = codes / 255
    exact = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    decoded = np.array([raster_texture._linear(code) for code in codes])
    np.testing.assert_allclose(decoded, exact, rtol=2.5e-3)
    light = np.linspace(0, 1.2, 2001, dtype=np.float32)
    encoded = np.array([int(raster_paint._byte(value)) for value in light])
    assert np.abs(encoded - 255 * np.minimum(light, 1) ** (1 / 2.2)).max() < 0.57


def test_levels_of_a_texture_follow_the_logarithm() -> None:
    values = np.geomspace(1e-6, 1e6, 999, dtype=np.float32)
    logarithms = [raster_texture._log2(np.int32(bits)) for bits in values.view(np.int32)]
    np.testing.assert_allclose(logarithms, np.log2(values), atol=5e-4)
