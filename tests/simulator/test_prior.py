import numpy as np
import pytest

from simulator.motion_range import load_motion_range
from simulator.prior import LatentPrior, Layer, Mixture, arrays_from_prior, prior_from_arrays
from simulator.prior_files import load_prior
from simulator.rotation import angle_between

EDGE = 2.5


@pytest.fixture(scope="module")
def prior():
    return load_prior("default")


@pytest.fixture(scope="module")
def codes():
    return np.clip(np.random.default_rng(0).standard_normal((1000, 32)), -EDGE, EDGE)


def linear(outputs, inputs, slope=1.0, seed=0):
    weight = np.random.default_rng(seed).normal(size=(outputs, inputs)).astype(np.float32) / inputs**0.5
    return Layer(weight, np.zeros(outputs, np.float32), slope)


def fake_prior(inputs=63, **mixtures):
    return LatentPrior((linear(4, inputs),), (linear(126, 4),), name="fake", licence="none", **mixtures)


def inside(poses):
    return (load_motion_range().violation(poses).max(1) <= 15.0).mean()


def test_the_embedded_prior_says_what_it_is(prior):
    assert prior.name == "cmu-vae-32"
    assert prior.dim == 32
    assert "mocap.cs.cmu.edu" in prior.licence
    assert "EIA-0196217" in prior.licence
    assert len(prior.sha256) == 64


def test_shapes(prior, codes):
    poses = prior.decode(codes[:7])
    assert poses.shape == (7, 63)
    assert poses.dtype == np.float64
    assert prior.encode(poses).shape == (7, 32)
    assert prior.decode(codes[:0]).shape == (0, 63)
    assert prior.encode(poses[:0]).shape == (0, 32)


@pytest.mark.parametrize("size", [1, 3, 16])
def test_a_row_does_not_depend_on_its_batch(prior, codes, size):
    codes = codes[:96]
    poses = prior.decode(codes)
    starts = range(0, len(codes), size)
    np.testing.assert_array_equal(np.concatenate([prior.decode(codes[i : i + size]) for i in starts]), poses)
    encoded = np.concatenate([prior.encode(poses[i : i + size]) for i in starts])
    np.testing.assert_array_equal(encoded, prior.encode(poses))


def test_standard_normal_codes_decode_to_poses_inside_the_range_of_motion(prior, codes):
    assert inside(prior.decode(codes)) >= 0.9


def test_poses_come_back_after_encoding(prior, codes):
    poses = prior.decode(codes)
    back = prior.decode(prior.encode(poses))
    error = np.degrees(angle_between(poses.reshape(-1, 21, 3), back.reshape(-1, 21, 3)))
    assert error.mean() < 5.0


def test_samples_differ_from_each_other(prior, codes):
    poses = prior.decode(codes[:100])
    error = np.degrees(angle_between(poses[:50].reshape(-1, 21, 3), poses[50:].reshape(-1, 21, 3)))
    assert error.mean() > 15.0


@pytest.mark.parametrize("name", ["everyday", "active"])
def test_mixtures_stay_in_the_cube_and_in_the_range_of_motion(prior, name):
    codes = getattr(prior, name).sample(1000, np.random.default_rng(1))
    assert (np.abs(codes) > EDGE).mean() < 0.03
    assert inside(prior.decode(np.clip(codes, -EDGE, EDGE))) >= 0.9


def test_everyday_knees_are_straighter_than_active_ones(prior):
    bent = {}
    for name in ("everyday", "active"):
        poses = prior.decode(getattr(prior, name).sample(500, np.random.default_rng(2)))
        bent[name] = poses.reshape(-1, 21, 3)[:, [3, 4], 0].mean()
    assert bent["everyday"] < bent["active"]


def test_a_mixture_has_the_moments_it_was_given():
    factor = np.array([[0.5, 0.0], [0.3, 0.2]])
    mixture = Mixture(
        np.array([0.25, 0.75]), np.array([[4.0, 0.0], [-4.0, 0.0]]), np.array([factor, np.eye(2)])
    )
    draws = mixture.sample(20_000, np.random.default_rng(3))
    first = draws[draws[:, 0] > 0.5]
    assert len(first) / len(draws) == pytest.approx(0.25, abs=0.02)
    np.testing.assert_allclose(first.mean(0), [4.0, 0.0], atol=0.03)
    np.testing.assert_allclose(np.cov(first.T), factor @ factor.T, atol=0.02)


def test_a_mixture_repeats_itself_with_the_same_seed(prior):
    draws = [prior.active.sample(20, np.random.default_rng(4)) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


def test_arrays_carry_a_prior_through_a_file():
    mixture = Mixture(np.array([1.0]), np.zeros((1, 4)), np.eye(4)[None])
    encoder, decoder = (linear(4, 189),), (linear(126, 4),)
    arrays = arrays_from_prior(encoder, decoder, {"everyday": mixture})
    back = prior_from_arrays(arrays | {"name": np.array("x"), "licence": np.array("y")})
    assert (back.name, back.licence, back.dim) == ("x", "y", 4)
    assert back.active is None
    np.testing.assert_array_equal(back.everyday.factors, mixture.factors)
    wanted = LatentPrior(encoder, decoder, name="x", licence="y").decode(np.ones((2, 4)))
    np.testing.assert_allclose(back.decode(np.ones((2, 4))), wanted, atol=5e-3)


def test_the_hash_changes_with_a_weight_and_with_a_mixture():
    mixture = Mixture(np.array([1.0]), np.zeros((1, 4)), np.eye(4)[None])
    other = LatentPrior((linear(4, 63),), (linear(126, 4, seed=1),), name="fake", licence="none")
    hashes = {
        p.sha256 for p in (fake_prior(), other, fake_prior(everyday=mixture), fake_prior(active=mixture))
    }
    assert len(hashes) == 4
    assert fake_prior().sha256 == fake_prior().sha256


def test_matrices_and_angles_are_both_understood_as_encoder_input():
    assert fake_prior(63).encode(np.ones((2, 63))).shape == (2, 4)
    assert fake_prior(189).encode(np.ones((2, 63))).shape == (2, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: p.decode(np.zeros((2, 5))),
            r"^expected latent codes of shape \(N, 32\), got \(2, 5\); pass one",
        ),
        (
            lambda p: p.encode(np.zeros((2, 69))),
            r"^expected body_pose of shape \(N, 63\), got \(2, 69\); pass one",
        ),
        (
            lambda p: p.decode(np.full((2, 32), np.nan)),
            r"^expected finite latent codes, got .* in row 0; drop",
        ),
    ],
)
def test_bad_input_is_refused(prior, call, message):
    with pytest.raises(ValueError, match=message):
        call(prior)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(
        ValueError, match=r"^expected encoder layers from 63 or 189 to 4 values, got widths \[60, 4\]"
    ):
        fake_prior(60)
    with pytest.raises(
        ValueError, match=r"^expected decoder layers from 4 to 126 values, got widths \[4, 120\]"
    ):
        LatentPrior((linear(4, 63),), (linear(120, 4),), name="fake", licence="none")
