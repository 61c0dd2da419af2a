import numpy as np
import pytest
import torch

from examiner.published_growth import (
    ITERATION,
    RANGES,
    blocked,
    grow_published,
    growth,
    joint_limits,
    released_success,
    slabs,
    step_size,
)
from examiner.subspace import POSE, PoseBox, beside_pose, point_box
from simulator import ParameterSpace, ShapeFactor, ViewFactor

WIDE = (np.full(POSE, -9.0), np.full(POSE, 9.0))
BEFORE = np.full(21, 150.0)


@pytest.fixture(scope="module")
def point(body):
    space = ParameterSpace([ViewFactor(), ShapeFactor()], body)
    scene = space.decode(np.random.default_rng(0).random((1, space.dim)))
    return point_box(scene, beside_pose(space))


def plausible(poses):
    return np.zeros((len(poses), 32))


def constant(error):
    return lambda box, points: np.full(len(points), error)


def grow(point, errors, budget=500, limits=WIDE, seed=0, before=BEFORE, encode=plausible, **options):
    rng = np.random.default_rng(seed)
    return grow_published(point, budget, errors, rng, limits, before=before, encode=encode, **options)


def faces(*indices):
    drawn = np.zeros(2 * POSE, dtype=bool)
    drawn[list(indices)] = True
    return drawn.reshape(2, POSE)


class FakeObserver:
    """Notes every iteration."""

    def __init__(self, error):
        self.error, self.boxes, self.points = error, [], []

    def __call__(self, box, points):
        self.boxes.append(box)
        self.points.append(points)
        return self.error(box, points) if callable(self.error) else np.full(len(points), self.error)

    def faces(self, turn):
        """The drawn faces (2, 63) of an iteration: slabs leave the box on one side of one angle."""
        box, points = self.boxes[turn], self.points[turn].reshape(5, 10, -1)[:, :, :POSE]
        up = (points > (box.centre + box.phi_up)[:POSE]).all(axis=1).any(axis=0)
        low = (points < (box.centre - box.phi_low)[:POSE]).all(axis=1).any(axis=0)
        return np.stack([up, low])


def test_starts_with_the_released_half_widths_in_the_pose_alone(point):
    box, spent = grow(point, constant(500.0), budget=49)
    assert spent == 0
    assert (box.phi_low[:POSE] == 0.03).all()
    assert (box.phi_up[:POSE] == 0.03).all()
    assert (box.phi_up[POSE:] == 0).all()
    assert box.size == pytest.approx(0.476, abs=1e-3)
    assert not released_success(box)


@pytest.mark.parametrize(
    ("error", "threshold", "step"),
    [
        (0, 90, 0.005),
        (95, 90, 0.005),
        (107.5, 90, 0.0275),
        (120, 90, 0.05),
        (400, 90, 0.05),
        (77.5, 60, 0.0275),
    ],
)
def test_nominal_steps(error, threshold, step):
    assert step_size(error, threshold) == pytest.approx(step)


def test_ranges_are_the_released_ones(point):
    low, high = (np.degrees(ends) for ends in joint_limits(point.names[:POSE]))
    at = {name: i for i, name in enumerate(point.names)}
    assert (low[at["left_hip.x"]], high[at["right_hip.x"]]) == pytest.approx((-95, 60))
    assert (low[at["left_elbow.y"]], high[at["left_elbow.y"]]) == pytest.approx((-150, 0))
    assert (low[at["right_elbow.y"]], high[at["right_elbow.y"]]) == pytest.approx((0, 150))
    assert (low[at["right_shoulder.z"]], high[at["right_shoulder.z"]]) == pytest.approx((-90, 135))
    assert (low[at["spine2.x"]], high[at["head.z"]]) == pytest.approx((-5, 15))
    assert len(RANGES) == 13
    assert (low < high).all()


def released_moves(phi_up, phi_low, drawn, allowed, error):
    """The release's gradient step on its loss, on autograd, with its window."""
    up = torch.tensor(phi_up, requires_grad=True)
    low = torch.tensor(phi_low, requires_grad=True)
    d = torch.tensor(drawn.astype(float))
    top, bottom = up * ((d[0] - d[1]) != -1), -low * ((d[1] - d[0]) != -1)
    logs = []
    for lower_side, angle in np.argwhere(drawn):
        bottom_of, top_of = bottom.clone(), top.clone()
        if lower_side:
            top_of[angle], bottom_of[angle] = bottom[angle], bottom[angle] - 0.02
        else:
            bottom_of[angle], top_of[angle] = top[angle], top[angle] + 0.02
        logs.append(-torch.log(top_of - bottom_of).expand(10, POSE))
    weights = (d[0] + d[1]) * torch.tensor(allowed.any(axis=0).astype(float)) * (d[0] + d[1])
    cost = max(0.0, (error - 90) * (phi_up + phi_low).mean() * 20)
    ((torch.cat(logs) * weights).sum(dim=1) * cost).mean().backward()
    step, most = step_size(error), -up.grad.min().item()
    if not 0.7 * step / 1e-4 < most < 1.3 * step / 1e-4:
        held = -max(min(most, 1.3 * step / 1e-4), 0.7 * step / 1e-4)
        up.grad[up.grad != 0], low.grad[low.grad != 0] = held, held
    return -1e-4 * np.stack([up.grad.numpy(), low.grad.numpy()])


def test_moves_are_those_of_the_released_loss(point):
    rng = np.random.default_rng(4)
    inside_window = 0
    for _ in range(200):
        widths = rng.uniform(0.03, 0.5, (2, len(point.centre)))
        box = PoseBox(point.names, point.units, point.centre, widths[1], widths[0], point.scene)
        pair = rng.integers(POSE)
        others = rng.choice(POSE, 3, replace=False) + POSE * rng.integers(2, size=3)
        drawn = (
            faces(pair, pair + POSE, *others) if rng.random() < 0.5 else faces(*rng.permutation(2 * POSE)[:5])
        )
        if drawn.sum() < 5:
            continue
        allowed = drawn & (rng.random(POSE) < 0.8)
        error = 89 + rng.exponential(8)
        moves = growth(box, drawn, allowed, error) if error > 90 else np.zeros((2, POSE))
        expected = released_moves(widths[0, :POSE], widths[1, :POSE], drawn, allowed, error)
        assert np.abs(moves - expected).max() < 1e-12
        inside_window += len(np.unique(moves[moves > 0])) > 1
    assert inside_window > 10


def test_grows_five_faces_an_iteration_where_all_fail(point):
    box, spent = grow(point, constant(200.0), budget=150)
    assert spent == 150
    assert (box.phi_up + box.phi_low)[:POSE].sum() == pytest.approx(2 * POSE * 0.03 + 15 * 1.3 * 0.05)
    assert released_success(box)  # after three iterations, on 150 queries
    assert (box.phi_up[POSE:] == 0).all()


def test_never_grows_where_one_of_fifty_does_not_fail(point):
    def one_good(box, points):
        return np.where(np.arange(len(points)) == 17, 90.0, 300.0)

    box, spent = grow(point, one_good)
    assert spent == 500
    assert box.size == pytest.approx(0.03 * 2 * np.sqrt(POSE))
    moved, _ = grow(point, one_good, threshold=89.9)
    assert moved.size > box.size


def test_grows_where_a_planted_region_goes_on_and_not_out_of_it(point):
    edge = 0.1

    def errors(box, points):
        return np.where((points - point.centre)[:, 0] > edge, 50.0, 200.0)

    box, _ = grow(point, errors, budget=50_000)
    assert box.phi_up[0] <= edge + 1.3 * 0.05
    assert np.median(box.phi_up[1:POSE]) > 3 * edge


def test_never_passes_a_limit_by_more_than_a_step(point):
    limits = (point.centre[:POSE] - 0.2, point.centre[:POSE] + 0.1)
    box, _ = grow(point, constant(200.0), budget=40_000, limits=limits)
    assert box.phi_up[:POSE].max() <= 0.1 + 0.065
    assert box.phi_low[:POSE].max() <= 0.2 + 0.065
    assert (box.phi_up[:POSE] >= 0.1).mean() > 0.9
    assert (box.phi_low[:POSE] >= 0.2).mean() > 0.9


def test_angles_whose_centre_is_outside_never_grow(point):
    low, high = point.centre[:POSE] - 9, point.centre[:POSE] + 9
    high[7] = point.centre[7] - 0.01
    box, _ = grow(point, constant(200.0), budget=20_000, limits=(low, high))
    assert box.phi_up[7] == 0.03
    assert box.phi_low[7] == 0.03
    assert (box.phi_up[:POSE] > 0.03).mean() > 0.9


def test_faces_beyond_their_limit_are_drawn_less_and_less(point):
    limits = (point.centre[:POSE] - 9, point.centre[:POSE] + 9)
    limits[1][: POSE - 10] = point.centre[: POSE - 10] - 0.01
    seen = FakeObserver(200.0)
    grow(point, seen, budget=1000, limits=limits)
    closed = [seen.faces(turn)[0, : POSE - 10].sum() for turn in range(20)]
    assert sum(closed[:2]) > 0
    assert sum(closed[10:]) == 0


def test_blocked_faces_do_not_grow(point):
    box, spent = grow(point, constant(200.0), encode=lambda poses: np.full((len(poses), 32), 2.1))
    assert spent == 500
    assert box.size == pytest.approx(0.476, abs=1e-3)


@pytest.mark.parametrize("size", [32, 64])
def test_a_face_is_blocked_by_two_samples_with_six_of_thirty_two_beyond(size):
    drawn, latent = faces(3, 10, 20, POSE + 3, POSE + 30), np.zeros((50, size))
    latent[0, : 6 * size // 32] = -2.1
    assert not blocked(drawn, latent).any()  # one sample
    latent[1, : 6 * size // 32 - 1] = 2.1
    assert not blocked(drawn, latent).any()  # too few of the latent
    latent[1, 6 * size // 32 - 1] = 2.1
    assert np.flatnonzero(blocked(drawn, latent)).tolist() == [3]
    latent[48:] = 3.0
    assert np.flatnonzero(blocked(drawn, latent)).tolist() == [3, 30]


def test_slabs_lie_just_outside_their_faces_and_in_half_boxes_of_the_others(point):
    half = np.where(np.arange(len(point.centre)) < POSE, 0.1, 0.0)
    box = PoseBox(point.names, point.units, point.centre, half, half, point.scene)
    drawn = faces(0, 5, POSE + 5, POSE + 8, POSE + 9)
    points = slabs(box, drawn, 0.02, np.random.default_rng(0)) - point.centre
    assert points.shape == (ITERATION, len(point.centre))
    own = points.reshape(5, 10, -1)
    for slab, (angle, low, high) in zip(
        own,
        [(0, 0.1, 0.12), (5, 0.1, 0.12), (5, -0.12, -0.1), (8, -0.12, -0.1), (9, -0.12, -0.1)],
        strict=True,
    ):
        assert (slab[:, angle] >= low).all()
        assert (slab[:, angle] <= high).all()
    assert (own[1:, :, 0] >= 0).all()  # the upper face alone is drawn: half the box
    assert (own[:3, :, 8] <= 0).all()
    assert own[:, :, 1].min() < -0.05  # no face drawn: the whole box
    assert own[:, :, 1].max() > 0.05
    assert own[[0, 3, 4]][:, :, 5].min() < 0 < own[[0, 3, 4]][:, :, 5].max()  # both drawn
    assert np.abs(points[:, POSE:]).max() < 1e-12


def test_slabs_are_as_thick_as_the_last_error_says(point):
    seen = FakeObserver(107.5)
    grow(point, seen, budget=100, before=np.array([95.0]))
    for turn, step in ((0, 0.005), (1, 0.0275)):
        box, points = seen.boxes[turn], seen.points[turn][:, :POSE]
        out = np.maximum(
            points - (box.centre + box.phi_up)[:POSE], (box.centre - box.phi_low)[:POSE] - points
        )
        assert 0.7 * step < out.max() <= step


def test_faces_are_kept_three_iterations_only_while_the_last_ten_errors_are_not_all_large(point):
    def kept(error, before):
        seen = FakeObserver(error)
        grow(point, seen, budget=450, before=before)
        drawn = [seen.faces(turn) for turn in range(9)]
        return [bool((drawn[turn] == drawn[turn - 1]).all()) for turn in range(1, 9)]

    third = [True, True, False, True, True, False, True, True]
    assert kept(100.0, BEFORE) == third  # as written
    assert kept(150.0, BEFORE) == [False] * 8  # as run: the count moves along
    assert kept(150.0, np.full(2, 150.0)) == third  # fewer than 21 errors in all
    assert kept(150.0, np.append(BEFORE, 99.0)) == third


def test_centre_that_is_drawn_anew_moves_the_box_and_is_what_comes_back(point):
    seen = FakeObserver(200.0)
    jitter = np.random.default_rng(3).normal(0, 0.01, (4, POSE))
    turns = iter(jitter)
    box, _ = grow(point, seen, budget=200, centre=lambda rng: point.centre[:POSE] + next(turns))
    assert [b.centre[0] for b in seen.boxes] == pytest.approx(point.centre[0] + jitter[:, 0])
    assert np.allclose(box.centre[:POSE], point.centre[:POSE] + jitter[-1])
    assert np.array_equal(box.centre[POSE:], point.centre[POSE:])


@pytest.mark.parametrize(("budget", "spent"), [(0, 0), (49, 0), (50, 50), (149, 100), (200, 200)])
def test_budget_is_kept(point, budget, spent):
    seen = FakeObserver(200.0)
    assert grow(point, seen, budget=budget)[1] == spent
    assert sum(len(points) for points in seen.points) == spent


def test_same_seed_same_box_and_the_point_is_left_alone(point):
    kept = point.phi_up.copy()
    one, again, other = (grow(point, constant(150.0), seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.phi_up, again.phi_up)
    assert np.array_equal(one.phi_low, again.phi_low)
    assert not np.array_equal(one.phi_up, other.phi_up)
    assert np.array_equal(point.phi_up, kept)


def test_uses_the_released_ranges_where_none_are_given(point):
    box, _ = grow(point, constant(200.0), budget=20_000, limits=None)
    low, high = joint_limits(point.names[:POSE])
    outside = (point.centre[:POSE] >= high) | (point.centre[:POSE] <= low)
    assert outside.any()
    assert (box.phi_up[:POSE][outside] == 0.03).all()
    free = ~outside
    over = (box.centre + box.phi_up)[:POSE] - high
    assert over[free & (high - point.centre[:POSE] > 0.03)].max() <= 0.065


def test_misuse_is_refused_in_words(point):
    with pytest.raises(ValueError, match="expected the errors of the searching agent in before, got none"):
        grow(point, constant(200.0), before=np.empty(0))
    with pytest.raises(ValueError, match="expected finite errors, got nan in row 0"):
        grow(point, constant(np.nan))
    with pytest.raises(ValueError, match=r"expected one error for each of 50 points, got shape \(1,\)"):
        grow(point, lambda box, points: np.ones(1))
