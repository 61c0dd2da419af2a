import numpy as np
import pytest

from experiments.landscapes import BASE, FAILING, LANDSCAPES, THRESHOLD, Planted, bell, mesa

QUERIES = 12_000


@pytest.fixture(params=LANDSCAPES, ids=lambda landscape: landscape.name)
def landscape(request):
    return request.param


def centres(landscape):
    """A point (K + unfair, D) at the centre of each region, elsewhere in the middle of the cube."""
    dims, places, _ = landscape._planes
    units = np.full((len(dims), landscape.dim), 0.5)
    np.put_along_axis(units, dims, places, axis=1)
    return units


def around(landscape, count=400):
    """Points (n, D) about every centre, from well inside to well outside."""
    rng = np.random.default_rng(5)
    steps = rng.normal(size=(count, 1, landscape.dim)) * rng.uniform(0, 1.5, (count, 1, 1)) * landscape.width
    return (centres(landscape) + steps).reshape(-1, landscape.dim).clip(0, 1)


def test_fair_points_fail_where_regions_are_and_nowhere_else(landscape):
    units = np.concatenate([around(landscape), np.random.default_rng(0).random((4000, landscape.dim))])
    units = units[landscape.margin(units) >= 0]
    found = landscape.found(units).any(axis=1)
    assert 100 < found.sum() < len(units) - 100
    assert (landscape.error(units[found]) >= THRESHOLD).all()
    assert (landscape.error(units[~found]) < THRESHOLD).all()


def test_every_centre_is_its_own_region(landscape):
    units = centres(landscape)[: landscape.regions]
    fair = landscape.margin(units) >= 0
    assert fair.sum() >= (landscape.regions / 2 if landscape.unfair else landscape.regions)
    assert np.diag(landscape.found(units))[fair].all()
    assert (landscape.error(units) > THRESHOLD + 10).all()


def test_same_numbers_same_regions_other_seed_others(landscape):
    units = around(landscape, 20)
    assert np.array_equal(landscape.error(units), landscape.with_seed(landscape.seed).error(units))
    other = landscape.with_seed(1).error(units)
    assert not np.array_equal(landscape.error(units), other)


def test_only_relevant_dimensions_matter():
    landscape = Planted("p", dim=20, relevant=4, regions=1)
    dims = landscape._planes[0][0]
    units = np.random.default_rng(1).random((50, 20))
    others = np.random.default_rng(2).random((50, 20))
    others[:, dims] = units[:, dims]
    assert np.allclose(landscape.error(units), landscape.error(others))
    moved = units.copy()
    moved[:, dims[0]] = 1 - moved[:, dims[0]]
    assert not np.allclose(landscape.error(units), landscape.error(moved))


def test_random_is_strong_in_few_dimensions_and_weak_in_many():
    rng = np.random.default_rng(3)
    few, many = (next(x for x in LANDSCAPES if x.name == n) for n in ("few-dimensions", "smooth-60-12"))
    for seed in range(5):
        counts = [
            landscape.with_seed(seed).found(rng.random((QUERIES, landscape.dim))).any(axis=0).sum()
            for landscape in (few, many)
        ]
        assert counts[0] >= 10
        assert counts[1] <= 4


def test_volume_of_a_region_is_that_of_the_ball():
    landscape = Planted("p", dim=8, relevant=4, regions=1, width=0.1)
    units = np.random.default_rng(4).random((400_000, 8))
    radius = FAILING * 0.1 * np.sqrt(4)
    assert landscape.found(units).mean() == pytest.approx(np.pi**2 / 2 * radius**4, rel=0.15)


@pytest.mark.parametrize("stretch", [1.0, 5.0, 20.0])
def test_stretch_keeps_volume_and_lengthens_one_direction(stretch):
    axes = Planted("p", relevant=6, stretch=stretch)._planes[2]
    assert np.allclose(np.linalg.det(axes), 1)
    lengths = np.sort(1 / np.linalg.svd(axes, compute_uv=False), axis=1)
    assert np.allclose(lengths[:, -1], stretch)
    assert np.allclose(lengths[:, :-1], stretch ** (-1 / 5))


def test_bell_falls_steadily_and_crosses_the_threshold_at_failing():
    share = bell(np.linspace(0, 3, 100))
    assert (np.diff(share) < 0).all()
    assert 0.9 < share[0] < 1
    assert bell(np.array([FAILING]))[0] == pytest.approx(2 / 3)


def test_mesa_is_flat_between_its_steps_and_beyond():
    distance = np.linspace(0, 2, 2001)
    share = mesa(distance)
    assert (np.diff(share) <= 0).all()
    assert (np.diff(share) == 0).mean() > 0.99
    assert (share[distance > 1] == 0).all()
    assert share[0] == 1
    assert share[distance < FAILING].min() >= 2 / 3
    assert share[distance > FAILING + 0.001].max() < 2 / 3


def test_lure_leads_to_a_corner_without_failures():
    landscape = next(x for x in LANDSCAPES if x.lure)
    way = np.linspace(0.5, 1, 11)[:, None]
    corner = landscape._lured
    errors = landscape.error(0.5 + (way - 0.5) * 2 * (corner - 0.5))
    assert (np.diff(errors[5:]) > 0).all()
    assert BASE + 30 < errors[-1] < THRESHOLD
    plain = Planted("p", dim=landscape.dim, relevant=landscape.relevant)
    assert plain.error(corner[None])[0] < BASE + 10


def test_unfair_basins_are_higher_than_any_region_and_unfair():
    landscape = next(x for x in LANDSCAPES if x.unfair)
    basins = centres(landscape)[landscape.regions :]
    assert (landscape.margin(basins) < 0).all()
    assert not landscape.found(basins).any()
    fair = around(landscape)
    fair = fair[landscape.margin(fair) >= 0]
    assert landscape.error(basins).min() > landscape.error(fair).max() + 20


def test_without_unfair_basins_all_is_fair():
    assert (LANDSCAPES[0].margin(np.random.default_rng(6).random((10, 16))) == 0).all()


def test_noise_has_the_spread_it_says():
    landscape = next(x for x in LANDSCAPES if x.noise == 10)
    units = np.random.default_rng(7).random((5000, landscape.dim))
    noise = landscape.noisy(units, np.random.default_rng(8)) - landscape.error(units)
    assert noise.std() == pytest.approx(10, rel=0.05)
    assert abs(noise.mean()) < 0.5


@pytest.mark.parametrize("relevant", [0, 33])
def test_refuses_regions_in_dimensions_that_are_not_there(relevant):
    with pytest.raises(ValueError, match=f"^expected from 1 to 32 relevant dimensions, got {relevant}$"):
        Planted("p", dim=32, relevant=relevant)


def test_landscapes_have_names_of_their_own():
    assert len({landscape.name for landscape in LANDSCAPES}) == len(LANDSCAPES) == 10
    assert {landscape.dim for landscape in LANDSCAPES} == {16, 32, 60}
    assert {landscape.relevant for landscape in LANDSCAPES} == {6, 12}
