from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from simulator import gl
from simulator.drawing import check_pictures
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from tests.simulator.plates import RED, SIZE, picture, plate, plate_part

SHIRT = plate_part("shirt")


@pytest.mark.parametrize("array", ["vertices", "normals", "colours"])
def test_every_array_of_a_surface_is_as_long_as_its_part(array: str) -> None:
    fine = plate(RED)
    field = "paint" if array == "colours" else array
    short = replace(fine, **{field: getattr(fine, field)[:3]})
    with pytest.raises(
        ValueError, match=rf"^expected 4 {array} of shirt, got an array \(3, 3\) in picture 1$"
    ):
        check_pictures([picture(fine), picture(short)], [SHIRT])


@pytest.mark.parametrize("kind", [RasterRenderer, PyrenderRenderer])
def test_renderers_name_the_picture_that_does_not_fit(
    kind: type[RasterRenderer] | type[PyrenderRenderer],
) -> None:
    renderer, many = kind([SHIRT], SIZE), [picture(plate(RED))] * 20
    with pytest.raises(ValueError, match=r"^expected 1 surfaces, one a part, got 2 in picture 20; give None"):
        renderer.draw([*many, picture(None, None)])
    renderer.close()


@pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))
@pytest.mark.parametrize("kind", [RasterRenderer, PyrenderRenderer])
def test_threads_that_share_a_renderer_get_their_own_pictures(
    kind: type[RasterRenderer] | type[PyrenderRenderer],
) -> None:
    renderer = kind([SHIRT], SIZE)
    halves = np.tile(np.linspace(0.1, 0.6, 8), 6)
    shown = [[picture(plate(RED, half=half))] * 3 for half in halves]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(renderer.draw, shown))
    renderer.close()
    sides = [[one.person.astype(bool).any(axis=0).sum() for one in some] for some in drawn]
    np.testing.assert_allclose(sides, np.repeat(SIZE * halves[:, None], 3, axis=1), atol=1.5)
