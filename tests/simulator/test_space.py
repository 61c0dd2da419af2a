"""The unit cube, the views and the framing."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from simulator import (
    CLOTHING_FACTOR,
    FULL_VIEW,
    LIGHT_FACTOR,
    PHYSICAL,
    REFERENCE_VIEW,
    AnglesFactor,
    Camera,
    CameraFactor,
    HeldFactor,
    ParameterSpace,
    PoseFactor,
    Scene,
    ShapeFactor,
    ViewFactor,
    camera_direction,
    join_scenes,
    load_body,
    load_motion_range,
    load_prior,
    orientation,
    physical_values,
    view_of,
    with_physical_values,
)
from simulator.parameters import normal_quantile, normal_unit


@pytest.fixture(scope="module")
def space():
    factors = [PoseFactor(load_prior("default")), ViewFactor(), ShapeFactor()]
    return ParameterSpace(factors, load_body("neutral"))


def units(space, count=30, seed=0):
    return np.random.default_rng(seed).random((count, space.dim))


def test_every_dimension_has_a_name_and_a_unit(space):
    names = [d.name for d in space.dimensions]
    assert space.dim == 45 == len(set(names))
    assert names[32:35] == ["view.azimuth", "view.elevation", "view.roll"]
    assert {d.unit for d in space.dimensions} == {"SD", "degree"}


def test_uniform_units_are_truncated_normal_draws():
    draws = normal_quantile(np.random.default_rng(0).random(20_000))
    assert kstest(draws, truncnorm(-2.5, 2.5).cdf).pvalue > 0.01
    assert np.allclose(normal_unit(draws), np.random.default_rng(0).random(20_000))
    assert normal_quantile(np.array([0.0, 0.5, 1.0])) == pytest.approx([-2.5, 0, 2.5])


def test_view_and_shape_come_back_exactly(space):
    u = units(space)
    again = space.encode(space.decode(u))
    assert np.allclose(again[:, 32:], u[:, 32:], atol=1e-9)


@pytest.mark.parametrize("factor", [ViewFactor(), FULL_VIEW, REFERENCE_VIEW])
def test_view_of_is_the_inverse_of_orientation(factor):
    view = np.array(factor.low) + np.random.default_rng(1).random((50, 3)) * np.subtract(
        factor.high, factor.low
    )
    again = view_of(orientation(view))
    assert np.allclose(orientation(again), orientation(view), atol=1e-9)
    if factor is not FULL_VIEW:
        assert np.allclose(again, view, atol=1e-9)


def test_views_mean_what_they_say():
    from scipy.spatial.transform import Rotation

    def seen(view, direction):
        return Rotation.from_rotvec(orientation(np.array([view]))[0]).apply(direction)

    left, up, forward = np.eye(3)
    assert seen([0, 0, 0], forward) == pytest.approx([0, 0, -1])
    assert seen([0, 0, 0], left) == pytest.approx([1, 0, 0])
    assert seen([0, 0, 0], up) == pytest.approx([0, -1, 0])
    assert seen([90, 0, 0], forward) == pytest.approx([1, 0, 0], abs=1e-12)
    above = seen([0, 40, 0], up)
    assert above[2] < 0
    assert camera_direction(orientation(np.array([[0, 40, 0]])))[0, 1] == pytest.approx(
        np.sin(np.radians(40))
    )
    assert seen([0, 0, 15], up)[0] > 0


def test_everybody_is_framed(space):
    scene = space.decode(units(space, 200))
    joints = space.body.joints(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
    pixels = scene.camera.project(joints)
    assert pixels.min() > 0.04 * 256
    assert pixels.max() < 0.96 * 256
    height = np.ptp(pixels, axis=1).max(axis=1)
    assert height.min() > 0.45 * 256


def test_decode_is_pure_and_row_by_row(space):
    u = units(space, 9)
    whole = space.decode(u)
    for field in fields(Scene):
        if field.name != "camera":
            rows = [getattr(space.decode(u[i : i + 1]), field.name)[0] for i in range(9)]
            assert np.array_equal(np.stack(rows), getattr(whole, field.name))


def test_typical_draws_are_in_the_cube_and_of_every_factor(space):
    u = space.typical(500, np.random.default_rng(0))
    assert u.shape == (500, space.dim)
    assert u.min() >= 0
    assert u.max() <= 1
    again = space.typical(500, np.random.default_rng(0))
    assert np.array_equal(u, again)


def test_own_poses_are_the_typical_ones():
    poses = 0.2 * np.random.default_rng(0).normal(size=(5, 63))
    factor = PoseFactor(load_prior("default"), poses)
    u = factor.typical(100, np.random.default_rng(1))
    assert len(np.unique(u.round(9), axis=0)) == 5


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 3)), r"expected units of shape \(N, 45\), got \(2, 3\)"),
        (np.full((2, 45), 1.5), r"expected units in \[0, 1\], got 1.5 for pose.z00 in row 0"),
        (np.full((1, 45), np.nan), r"expected units in \[0, 1\], got nan for pose.z00 in row 0"),
    ],
)
def test_bad_units_are_refused(space, bad, message):
    with pytest.raises(ValueError, match=message):
        space.decode(bad)


def test_a_factor_given_twice_is_refused(space):
    with pytest.raises(ValueError, match="each named once"):
        ParameterSpace([ViewFactor(), ViewFactor()], space.body)


def test_redress_changes_looks_and_box_and_nothing_else(space):
    scene = space.decode(units(space, 50))
    dressed = space.redress(scene, np.random.default_rng(0))
    for name in ("betas", "body_pose", "global_orient", "transl", "occluder", "imaging", "framing"):
        assert np.array_equal(getattr(dressed, name), getattr(scene, name))
    assert len(np.unique(dressed.clothing, axis=0)) > 40
    assert len(np.unique(dressed.background, axis=0)) > 45
    assert 0 < np.abs(dressed.box_shift).max() <= 2


def test_redress_leaves_what_is_searched_and_what_is_fixed():
    held = HeldFactor(CLOTHING_FACTOR, {"clothing.sleeve": 1.5})
    space = ParameterSpace([LIGHT_FACTOR], load_body("neutral"), 256, (held,))
    scene = space.decode(units(space, 20))
    dressed = space.redress(scene, np.random.default_rng(0))
    assert np.array_equal(dressed.light, scene.light)
    sleeves = physical_values(dressed, ["clothing.sleeve"])
    assert np.allclose(sleeves, 1.5)
    assert np.allclose(physical_values(scene, ["clothing.sleeve"]), 1.5)
    assert len(np.unique(dressed.clothing, axis=0)) > 10


@pytest.mark.parametrize("factor", PHYSICAL, ids=lambda f: f.name)
def test_every_factor_comes_back_exactly_and_its_values_can_be_placed(factor):
    space = ParameterSpace([factor], load_body("neutral"))
    u = units(space, 12)
    scene = space.decode(u)
    assert np.allclose(space.encode(scene), u, atol=1e-9)
    names = [d.name for d in factor.dimensions]
    values = physical_values(scene, names)
    low, high = (np.array([getattr(d, end) for d in factor.dimensions]) for end in ("low", "high"))
    assert ((values >= low - 1e-9) & (values <= high + 1e-9)).all()
    placed = with_physical_values(space.default(12), names, values)
    assert np.allclose(physical_values(placed, names), values, atol=1e-9)


@pytest.mark.parametrize("factor", PHYSICAL, ids=lambda f: f.name)
def test_typical_lies_in_the_cube_and_varies(factor):
    drawn = factor.typical(400, np.random.default_rng(0))
    assert drawn.shape == (400, len(factor.dimensions))
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert (drawn.std(axis=0) > 0).any()


def test_joint_angles_reach_their_ranges_and_come_back():
    factor = AnglesFactor(load_motion_range(), load_prior("default"))
    space = ParameterSpace([factor], load_body("neutral"))
    u = units(space, 40)
    scene = space.decode(u)
    assert space.dim == 63
    inside = u[:, :], space.encode(scene)
    assert np.allclose(*inside, atol=1e-6)
    typical = space.decode(space.typical(200, np.random.default_rng(1)))
    fair = load_motion_range().violation(typical.body_pose).max(axis=1) <= 15
    assert fair.mean() > 0.9


def test_a_held_dimension_is_searched_no_more_and_keeps_its_value():
    held = HeldFactor(ViewFactor(), {"view.elevation": 20.0})
    space = ParameterSpace([held], load_body("neutral"))
    assert [d.name for d in space.dimensions] == ["view.azimuth", "view.roll"]
    views = view_of(space.decode(units(space, 9)).global_orient)
    assert np.allclose(views[:, 1], 20.0)
    assert views[:, 0].std() > 10


def test_framing_puts_people_where_they_are_wanted():
    space = ParameterSpace([CameraFactor()], load_body("neutral"))
    names = ["camera.field_of_view", "camera.scale", "camera.offset_x", "camera.offset_y"]
    values = np.array(
        [[40.0, 1.0, 0.0, 0.0], [40.0, 0.5, 0.25, -0.1], [5.0, 1.0, 0.0, 0.0], [95.0, 1.0, 0, 0]]
    )
    scene = space.frame(with_physical_values(space.default(4), names, values))
    joints = space.body.joints(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
    pixels = scene.camera.project(joints)
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    middle, height = (low + high) / 2, (high - low)[:, 1]
    assert middle[0] == pytest.approx([128, 128], abs=3)
    assert middle[1] == pytest.approx([192, 102.4], abs=3)
    assert height[1] / height[0] == pytest.approx(0.5, abs=0.03)
    assert scene.transl[2, 2] > 15
    assert scene.transl[3, 2] < 1.5
    assert ((low > 0) & (high < 256))[[0, 2, 3]].all()


def test_scenes_are_cut_and_joined(space):
    scene = space.decode(units(space, 7))
    joined = join_scenes([scene.rows(slice(0, 3)), scene.rows(np.array([3, 4, 5, 6]))])
    assert np.array_equal(joined.transl, scene.transl)
    assert np.array_equal(joined.camera.center, scene.camera.center)
    assert len(replace(joined)) == 7


def test_camera_projects_by_its_intrinsics():
    rng = np.random.default_rng(0)
    camera = Camera(rng.uniform(100, 400, 4), rng.uniform(100, 150, (4, 2)))
    points = rng.normal(size=(4, 6, 3)) + np.array([0, 0, 5])
    homogeneous = np.einsum("nij,npj->npi", camera.intrinsics, points)
    assert np.allclose(camera.project(points), homogeneous[..., :2] / homogeneous[..., 2:])
    assert len(camera.rows(slice(1, 3))) == 2
