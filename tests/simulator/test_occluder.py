from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from simulator.body import Body
from simulator.camera import Float
from simulator.drawing import Z_NEAR, Surface
from simulator.occluder import KINDS, OCCLUDER, bystander, colour_of, kind_of, solid_parts, solids
from simulator.view import FLESH, default_camera, framing, orientation

SOLIDS = ("box", "pole", "disc")


def row(kind: str, **values: float) -> Float:
    made: Float = OCCLUDER.rows(1)[0]
    made[0] = KINDS.index(kind) + 0.5
    for name, value in values.items():
        made[OCCLUDER.column(name)] = value
    return made


def person(body: Body, view: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> tuple[Float, Float]:
    """Joints (J, 3) and global_orient (3,) of somebody framed by the default camera."""
    shape, pose, orient = np.zeros((1, 10)), np.zeros((1, 63)), orientation(np.array([view]))
    joints = body.joints(shape, pose, orient, np.zeros((1, 3)))
    return (joints + framing(joints, default_camera(1, 256), np.array([[1.0, 0, 0]]))[:, None])[0], orient[0]


def flat(points: NDArray[Any]) -> Float:
    return np.asarray(points[:, :2] / points[:, 2:], np.float64)


def drawn(values: Float, joints: Float) -> Surface:
    (surface,) = [s for s in solids(values, joints) if s is not None]
    return surface


def longer_side(joints: Float) -> float:
    return float(np.ptp(flat(joints), axis=0).max())


def test_parts_are_small_closed_solids_with_outward_normals() -> None:
    for part, surface in zip(
        solid_parts(), [drawn(row(k), np.array([[0.0, -1, 3], [0, 1, 3]])) for k in SOLIDS], strict=True
    ):
        assert len(part.faces) < 400
        assert part.owner == "other"
        assert part.vertex_count == len(surface.vertices) == len(surface.normals) == len(surface.paint)  # type: ignore[arg-type]
        mesh = trimesh.Trimesh(surface.vertices, part.faces, process=False)
        assert (np.einsum("fi,fci->fc", mesh.face_normals, surface.normals[part.faces]) > 0.98).all()
        mesh.merge_vertices()
        assert mesh.is_watertight
        assert mesh.volume > 0.0


def test_only_the_kind_of_the_row_is_drawn(body: Body) -> None:
    joints, _ = person(body)
    names = [part.name for part in solid_parts()]
    for kind in KINDS:
        there = [name for name, s in zip(names, solids(row(kind), joints), strict=True) if s is not None]
        assert there == [name for name in names if name == kind]


@pytest.mark.parametrize("size", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("distance", [0.1, 0.5, 0.8])
def test_the_size_in_the_picture_does_not_depend_on_the_distance(
    body: Body, size: float, distance: float
) -> None:
    joints, _ = person(body)
    wanted = size * longer_side(joints)
    for kind, share in (("box", 1.0), ("disc", 1.0), ("pole", 0.2)):
        points = drawn(row(kind, size=size, distance=distance), joints).vertices
        extent = np.ptp(flat(points), axis=0)
        assert extent[0 if kind == "pole" else 1] == pytest.approx(share * wanted, rel=0.02), kind


def test_the_middle_is_where_x_and_y_say(body: Body) -> None:
    joints, _ = person(body, (30.0, 10.0, 0.0))
    low, high = flat(joints).min(axis=0), flat(joints).max(axis=0)
    for x, y in ((-1.0, -1.0), (0.0, 0.0), (1.0, 0.5)):
        surface = drawn(row("disc", x=x, y=y, angle=40.0), joints)
        near = surface.vertices[surface.vertices[:, 2] < surface.vertices[:, 2].min() + 1e-6]
        wanted = (low + high) / 2 + np.array([x, y]) * (high - low) / 2
        np.testing.assert_allclose(flat(near.astype(np.float64)).mean(axis=0), wanted, atol=1e-4)


def test_the_angle_turns_clockwise_about_the_viewing_axis(body: Body) -> None:
    joints, _ = person(body)
    points = flat(drawn(row("pole", angle=60.0), joints).vertices.astype(np.float64))
    points -= points.mean(axis=0)
    along = points[np.hypot(*points.T).argmax()]
    assert np.degrees(np.arctan2(along[1], along[0])) % 180 == pytest.approx(90 + 60, abs=2)  # y is down


@pytest.mark.parametrize("distance", [0.1, 0.45, 0.8])
@pytest.mark.parametrize("kind", SOLIDS)
def test_a_solid_stands_between_the_camera_and_the_person(body: Body, kind: str, distance: float) -> None:
    joints, _ = person(body, (0.0, 70.0, 0.0))
    for size in (0.05, 1.0):
        z = drawn(row(kind, distance=distance, size=size), joints).vertices[:, 2]
        assert z.max() == pytest.approx((1 - distance) * (joints[:, 2].min() - FLESH), rel=1e-5)
        assert z.min() > Z_NEAR


def test_a_solid_stays_before_a_camera_that_almost_touches_the_person(body: Body) -> None:
    joints, _ = person(body)
    joints = joints + np.array([0.0, 0.0, 0.1 - joints[:, 2].min()])
    for kind in SOLIDS:
        surface = drawn(row(kind, size=1.0, distance=0.8), joints)
        assert np.isfinite(surface.vertices).all()
        assert surface.vertices[:, 2].min() > Z_NEAR


def test_the_colour_is_the_hue_and_the_value() -> None:
    red, green, dark = (
        colour_of(row("box", hue=hue, value=v)) for hue, v in ((0.0, 0.9), (120.0, 0.9), (0.0, 0.1))
    )
    assert red.argmax() == 0
    assert green.argmax() == 1
    assert dark.max() < 0.01 < red.max() == pytest.approx(0.9**2.2)


@pytest.mark.parametrize("angle", [-150.0, 0.0, 90.0])
def test_a_second_person_stands_upright_where_the_row_says(body: Body, angle: float) -> None:
    joints, orient = person(body, (40.0, 15.0, 10.0))
    made = bystander(row("person", x=0.5, y=0.0, distance=0.2, angle=angle), joints, orient, body)
    again = bystander(row("person", x=0.5, y=0.0, distance=0.2, angle=angle), joints, orient, body)
    out = body.joints(*(v[None] for v in (made.betas, made.body_pose, made.global_orient, made.transl)))[0]
    np.testing.assert_array_equal(made.transl, again.transl)
    assert out[:, 2].max() == pytest.approx(0.8 * (joints[:, 2].min() - FLESH) - FLESH, abs=1e-6)
    low, high = flat(joints).min(axis=0), flat(joints).max(axis=0)
    middle = (out.min(axis=0) + out.max(axis=0)) / 2
    np.testing.assert_allclose(middle[:2] / middle[2], (low + high) / 2 + [0.25 * (high - low)[0], 0.0])
    up = (joints[12] - joints[0]) / np.linalg.norm(joints[12] - joints[0])
    second_up = (out[12] - out[0]) / np.linalg.norm(out[12] - out[0])
    assert up @ second_up > 0.97


def test_the_angle_turns_a_second_person_and_size_is_the_stature(body: Body) -> None:
    joints, orient = person(body)
    front, back, tall = (
        bystander(row("person", angle=a, size=s), joints, orient, body)
        for a, s in ((0.0, 0.5), (180.0, 0.5), (0.0, 1.0))
    )
    np.testing.assert_allclose(front.global_orient, orientation(np.zeros((1, 3)))[0])
    relative = np.linalg.norm(front.global_orient - back.global_orient)
    assert relative > 1.0
    assert tall.betas[0] > front.betas[0] == 0.0


def test_a_second_person_never_touches_the_camera(body: Body) -> None:
    joints, orient = person(body, (0.0, 85.0, 0.0))
    made = bystander(row("person", distance=0.8), joints, orient, body)
    out = body.forward(*(v[None] for v in (made.betas, made.body_pose, made.global_orient, made.transl)))
    assert out.vertices[..., 2].min() > Z_NEAR


def test_typical_is_mostly_nothing_and_inside_the_ranges() -> None:
    rows = OCCLUDER.typical(2000, np.random.default_rng(0))
    assert ((rows >= OCCLUDER.low) & (rows <= OCCLUDER.high)).all()
    kinds = [kind_of(r) for r in rows]
    assert 0.7 < kinds.count("none") / 2000 < 0.8
    assert set(kinds) == set(KINDS)
    assert kind_of(OCCLUDER.rows(1)[0]) == "none"
