from functools import partial

import numpy as np
import pytest

from examiner.box_growth import grow_box, start_box
from examiner.ellipsoid_growth import grow_ellipsoid, start_ellipsoid
from examiner.fair_volume import PEOPLE, log_fair_volume
from examiner.growth import STEP_BACK, scaled, within
from examiner.subspace import POSE, beside_pose, point_box
from simulator import ParameterSpace, ShapeFactor, ViewFactor, load_prior, view_of

LIMIT = 0.12


@pytest.fixture(scope="module")
def space(body):
    return ParameterSpace([ViewFactor(), ShapeFactor()], body)


@pytest.fixture(scope="module")
def person(space):
    return space.decode(np.random.default_rng(0).random((1, space.dim)))


@pytest.fixture(scope="module")
def box(person, space):
    point = point_box(person, beside_pose(space))
    return start_box(point, np.ones(len(point.centre)))


@pytest.fixture(scope="module")
def prior():
    return load_prior("default")


@pytest.fixture(scope="module")
def ellipsoid(person, space, prior):
    return start_ellipsoid(person, beside_pose(space), prior)


def always_fair(subspace, points):
    return np.ones(len(points))


def always(failed, subspace, points):
    return np.full(len(points), failed)


def planted(start, dims=6):
    """Fails where the first coordinates are near the start's centre."""
    centre = start.centre[:dims].copy()
    return lambda subspace, points: (np.abs(points[:, :dims] - centre) < LIMIT).all(axis=1)


def bounded(start, width):
    return start.centre - width, start.centre + width


def test_a_box_finds_the_faces_that_matter_and_leaves_the_others_free(box):
    fails, rng = planted(box), np.random.default_rng(0)
    grown = grow_box(box, 1000, always_fair, fails, rng, bounded(box, 0.5))
    found = grown.subspace
    assert grown.believed
    assert grown.queries <= 1000
    assert sorted({int(dim) for dim in np.argwhere(grown.cut)[:, 1]}) == list(range(6))
    assert fails(found, found.sample(2000, rng)).mean() > 0.97
    widths = (found.phi_low + found.phi_up)[:6]
    assert (widths / (2 * LIMIT)).prod() > 0.7
    assert np.allclose((found.phi_low + found.phi_up)[6:], 1.0)


def test_a_box_stops_at_its_budget_and_keeps_what_it_cut(box):
    fails = planted(box)
    for budget in (0, 7, 60, 150):
        grown = grow_box(box, budget, always_fair, fails, np.random.default_rng(0), bounded(box, 0.5))
        assert grown.queries <= budget
        assert fails(box, grown.subspace.sample(500, np.random.default_rng(1))).mean() > 0.8


def test_a_box_bears_with_verdicts_that_are_wrong_now_and_then(box):
    noise, right = np.random.default_rng(3), planted(box)

    def fails(subspace, points):
        return right(subspace, points) ^ (noise.random(len(points)) < 0.02)

    grown = grow_box(box, 1000, always_fair, fails, np.random.default_rng(0), bounded(box, 0.5))
    assert right(box, grown.subspace.sample(2000, np.random.default_rng(1))).mean() > 0.9
    assert set(np.argwhere(grown.cut)[:, 1]) >= set(range(6))


def test_where_many_coordinates_share_the_blame_a_box_is_drawn_in(box):
    def fails(subspace, points):
        return np.abs(points - box.centre)[:, :POSE].sum(axis=1) < 2.0

    rng = np.random.default_rng(0)
    grown = grow_box(box, 400, always_fair, fails, rng, bounded(box, 0.5))
    assert grown.believed
    assert fails(box, grown.subspace.sample(1000, rng)).mean() > 0.9
    assert grown.subspace.size > box.size


@pytest.mark.parametrize("kind", ["box", "ellipsoid"])
def test_growth_of_what_never_fails_gives_up_early(kind, request):
    start = request.getfixturevalue(kind)
    grow = {"box": grow_box, "ellipsoid": grow_ellipsoid}[kind]
    grown = grow(start, 800, always_fair, partial(always, False), np.random.default_rng(0))
    assert not grown.believed
    assert grown.queries <= 300
    assert (grown.subspace.phi_up <= start.phi_up).all()


@pytest.mark.parametrize("kind", ["box", "ellipsoid"])
def test_growth_stays_fair_and_within_its_limits(kind, request):
    start = request.getfixturevalue(kind)
    grow = {"box": grow_box, "ellipsoid": grow_ellipsoid}[kind]
    limits, rng = bounded(start, 4.0), np.random.default_rng(0)

    def judge(subspace, points):
        return 0.3 - np.abs(points - start.centre)[:, 0]

    found = grow(start, 200, judge, partial(always, True), rng, limits).subspace
    assert (judge(found, found.sample(1000, rng)) >= 0).mean() > 0.85
    assert (found.phi_low <= 4.0 + 1e-9).all()
    assert (found.phi_up <= 4.0 + 1e-9).all()


def test_an_ellipsoid_widens_while_everyone_fails(ellipsoid):
    grown = grow_ellipsoid(ellipsoid, 40, always_fair, partial(always, True), np.random.default_rng(0))
    assert grown.queries == 40
    assert np.allclose(grown.subspace.phi_up, ellipsoid.phi_up * 1.25**3 * STEP_BACK)
    assert not grown.cut.any()


def test_an_ellipsoid_finds_a_planted_one(ellipsoid):
    def fails(subspace, points):
        return np.linalg.norm((points - ellipsoid.centre)[:, :8], axis=1) < 2.0

    rng = np.random.default_rng(0)
    found = grow_ellipsoid(ellipsoid, 300, always_fair, fails, rng).subspace
    assert fails(found, found.sample(1000, rng)).mean() > 0.9
    assert found.phi_up[8:32].mean() > found.phi_up[:8].mean()


def test_samples_of_an_ellipsoid_are_inside_and_fill_it(ellipsoid):
    lopsided = scaled(
        ellipsoid, np.stack([np.full(len(ellipsoid.centre), 0.5), np.ones(len(ellipsoid.centre))])
    )
    points = lopsided.sample(4000, np.random.default_rng(0))
    assert lopsided.contains(points).all()
    assert not lopsided.contains(lopsided.centre[None] + 1.01 * lopsided.phi_up).any()
    near = scaled(lopsided, 0.98).contains(points).mean()
    assert near == pytest.approx(0.98 ** len(lopsided.centre), abs=0.03)
    above = (points > lopsided.centre).mean()
    assert above == pytest.approx(0.5, abs=0.02)


def test_people_of_an_ellipsoid_are_decoded_and_seen_as_its_points_say(ellipsoid, prior, space):
    points = ellipsoid.sample(5, np.random.default_rng(0))
    scene = ellipsoid.people(points, space.frame)
    assert np.allclose(scene.body_pose, prior.decode(points[:, : prior.dim]))
    assert np.allclose(view_of(scene.global_orient), points[:, prior.dim : prior.dim + 3], atol=1e-6)


def test_an_ellipsoid_has_ranges_in_angles_a_size_and_a_volume(ellipsoid):
    ranges = ellipsoid.ranges
    assert len(ranges.names) == len(ranges.low) == POSE + 13
    assert ranges.names[0] == "left_hip.x"
    poses = ellipsoid.poses(ellipsoid.sample(400, np.random.default_rng(5)))
    inside = ((poses >= ranges.low[:POSE]) & (poses <= ranges.high[:POSE])).mean()
    assert inside == pytest.approx(0.95, abs=0.02)
    assert scaled(ellipsoid, 0.5).size < ellipsoid.size
    fewer = ellipsoid.log10_volume - scaled(ellipsoid, 0.1).log10_volume
    assert fewer == pytest.approx(len(ellipsoid.centre))


def test_an_ellipsoid_contains_the_poses_whose_codes_it_contains(ellipsoid, prior):
    codes = ellipsoid.centre[None, : prior.dim] + np.array([[0.0], [2.0]])
    assert ellipsoid.contains_poses(prior.decode(codes)).tolist() == [True, False]


def test_fair_volume_compares_boxes_with_ellipsoids(box, ellipsoid, space, prior):
    def volume(subspace, share=1.0):
        rng = np.random.default_rng(0)

        def judge(points):
            return np.where(np.arange(len(points)) < share * len(points), 1.0, -1.0)

        return log_fair_volume(subspace, judge, space.frame, prior, beside_pose(space), rng)

    assert volume(scaled(ellipsoid, 0.5)) < volume(ellipsoid)
    assert volume(scaled(box, 0.5)) < volume(box) < volume(ellipsoid)
    assert volume(ellipsoid, 0.01) == -np.inf
    assert 10 * len(ellipsoid.centre) <= PEOPLE


def test_limits_draw_faces_in(box):
    low, high = box.centre - 0.01, box.centre + 0.5
    found = within(box, (low, high))
    assert np.allclose(found.phi_low, np.minimum(box.phi_low, 0.01))
    assert np.allclose(found.phi_up, box.phi_up)
