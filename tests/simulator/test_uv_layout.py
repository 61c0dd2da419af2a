from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.atlas import Atlas, covered_texels
from simulator.body import UV, Body
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.uv_layout import with_room_for_eyes


@pytest.fixture(scope="module")
def bodies() -> tuple[Body, Body]:
    """A body with tiny eyes in its texture, as it was first laid out, and the same with room for them."""
    body = load_body("neutral")
    assert body.uv is not None
    eyes = eye_rows(body)
    vt = body.uv.vt.copy()
    vt[eyes] = np.array([0.78, 0.945]) + 0.008 * (vt[eyes] - vt[eyes].mean(axis=0))
    tiny = replace(body, uv=UV(vt, body.uv.ft))
    return tiny, with_room_for_eyes(tiny)


def eye_rows(body: Body) -> NDArray[np.int32]:
    """Rows of vt of the island that holds the left pupil."""
    assert body.uv is not None
    rows = np.unique(body.uv.ft[(body.faces == body.vertex_ids["leye"]).any(axis=1)])
    for _ in range(12):
        rows = np.unique(body.uv.ft[np.isin(body.uv.ft, rows).any(axis=1)])
    return rows


def pupil_texels(body: Body) -> Float:
    """Millimetres of skin or eyeball that each texel round the left pupil spans."""
    assert body.uv is not None
    vertices = body.faces[np.isin(body.uv.ft, eye_rows(body)).all(axis=1)]
    canvas = Atlas(body, 256).canvas
    near = np.linalg.norm(canvas.points - body.v_template[body.vertex_ids["leye"]], axis=1) < 0.006
    return np.asarray(1000 * canvas.spacing[near & np.isin(canvas.vertex, vertices)])


def test_a_pupil_gets_texels_finer_than_skin(bodies: tuple[Body, Body]) -> None:
    tiny, roomy = (pupil_texels(body) for body in bodies)
    assert len(tiny) < 4
    assert len(roomy) > 6
    assert roomy.max() < 5.0


def test_all_else_stays_where_it_is_and_nothing_overlaps(bodies: tuple[Body, Body]) -> None:
    before, after = bodies
    assert before.uv is not None
    assert after.uv is not None
    moved = (before.uv.vt != after.uv.vt).any(axis=1)
    assert set(eye_rows(before)) <= set(np.flatnonzero(moved))
    assert moved.mean() < 0.03
    faces = moved[after.uv.ft[:, 0]]
    one, other = (covered_texels(UV(after.uv.vt, after.uv.ft[part]), 128) for part in (faces, ~faces))
    assert one.sum() > 50
    assert not (one & other).any()
    assert after.uv.vt.min() >= 0
    assert after.uv.vt.max() <= 1


def test_a_layout_with_room_stays_as_it_is(bodies: tuple[Body, Body]) -> None:
    _, body = bodies
    again = with_room_for_eyes(body)
    assert body.uv is not None
    assert again.uv is not None
    np.testing.assert_array_equal(again.uv.vt, body.uv.vt)
    bare = replace(body, uv=None)
    assert with_room_for_eyes(bare) is bare
