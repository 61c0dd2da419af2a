from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.imaging import IMAGING, disc, expose, path

Float = NDArray[np.float64]
Pixels = NDArray[np.uint8]


def row(**changes: float) -> Float:
    values: Float = IMAGING.rows(1)[0]
    for name, value in changes.items():
        values[IMAGING.column(name)] = value
    return values


def taken(image: Pixels, **changes: float) -> Pixels:
    out: Pixels = expose(image[None], row(**changes)[None])[0]
    return out


def card(level: int, size: int = 256) -> Pixels:
    return np.full((size, size, 3), level, np.uint8)


def picture(seed: int = 0, size: int = 64) -> Pixels:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (size // 8, size // 8, 3)).astype(np.uint8)
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


def light(image: Pixels) -> Float:
    return np.asarray((image / 255.0) ** 2.2)


def bytes_of(linear: Float) -> Pixels:
    return np.asarray(255 * linear ** (1 / 2.2) + 0.5).astype(np.uint8)


def test_the_default_gives_the_very_same_bytes_without_a_copy() -> None:
    images = np.stack([picture(seed) for seed in range(3)])
    assert expose(images, IMAGING.rows(3)) is images


def test_the_input_is_not_written_into() -> None:
    images = np.stack([picture(seed) for seed in range(3)])
    before = images.copy()
    expose(images, IMAGING.typical(3, np.random.default_rng(0)))
    np.testing.assert_array_equal(images, before)


def test_a_row_alone_is_the_row_in_a_batch() -> None:
    images = np.stack([picture(seed) for seed in range(12)])
    rows = np.random.default_rng(0).uniform(IMAGING.low, IMAGING.high, (12, 8))
    rows[3] = IMAGING.default
    together = expose(images, rows)
    for i in range(12):
        np.testing.assert_array_equal(expose(images[i : i + 1], rows[i : i + 1])[0], together[i])
    np.testing.assert_array_equal(together[3], images[3])


def test_the_shape_of_the_rows_is_checked() -> None:
    with pytest.raises(
        ValueError, match=r"expected imaging values of shape \(2, 8\), one row for every picture, got"
    ):
        expose(np.stack([picture(), picture()]), IMAGING.rows(1))


@pytest.mark.parametrize("stops", [-3.0, -1.0, 0.5, 1.0])
def test_exposure_is_in_stops_of_linear_light(stops: float) -> None:
    for level in (60, 120, 180):
        expected = min(255 * 2 ** (stops / 2.2) * level / 255, 255)
        np.testing.assert_allclose(taken(card(level, 8), exposure=stops), expected, atol=0.6)


def test_an_exposure_of_almost_nothing_gives_every_byte_back() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(taken(ramp, exposure=1e-9), ramp)


def test_what_is_brighter_than_white_is_white() -> None:
    assert (taken(card(200, 8), exposure=3.0) == 255).all()


@pytest.mark.parametrize(
    ("level", "shot", "read", "stops"),
    [
        (128, 0.05, 0.0, 0.0),
        (128, 0.0, 0.03, 0.0),
        (128, 0.05, 0.03, 0.0),
        (200, 0.05, 0.02, 0.0),
        (100, 0.15, 0.0, 1.0),
        (220, 0.08, 0.02, -1.0),
    ],
)
def test_noise_follows_photon_transfer(level: int, shot: float, read: float, stops: float) -> None:
    """Mean and variance of a grey card against EMVA 1288: variance = signal / full well + read noise ** 2."""
    measured = light(taken(card(level), shot_noise=shot, read_noise=read, exposure=stops))
    signal = (level / 255) ** 2.2 * 2**stops
    full_well = 1 / shot**2 if shot else np.inf
    assert measured.mean() == pytest.approx(signal, rel=0.005)
    assert measured.var() == pytest.approx(signal / full_well + read**2, rel=0.03)


def test_the_photon_transfer_curve_is_a_straight_line_of_the_signal() -> None:
    """Slope 1 / full well, intercept read noise ** 2."""
    levels = [110, 140, 170, 200, 215]
    signals = np.array([(level / 255) ** 2.2 for level in levels])
    variances = [light(taken(card(level), shot_noise=0.06, read_noise=0.03)).var() for level in levels]
    slope, intercept = np.polyfit(signals, variances, 1)
    assert slope == pytest.approx(0.06**2, rel=0.05)
    assert intercept == pytest.approx(0.03**2, rel=0.12)


def test_noise_is_normal_and_white() -> None:
    noise = light(taken(card(150), read_noise=0.05))
    noise = (noise - noise.mean()) / noise.std()
    assert abs((noise**3).mean()) < 0.03
    assert (noise**4).mean() == pytest.approx(3.0, abs=0.08)
    limit = 5 / np.sqrt(noise.size)
    flat = noise.ravel()
    for lag in (1, 2, 3, 4, 12, 768):
        assert abs((flat[:-lag] * flat[lag:]).mean()) < limit
    assert np.abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 2 * limit


def test_other_noise_levels_make_other_noise_and_a_lost_last_bit_does_not() -> None:
    one, other = (taken(card(128, 32), read_noise=level).astype(float) for level in (0.05, 0.0501))
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.1
    np.testing.assert_array_equal(taken(card(128, 32), read_noise=np.nextafter(0.05, 1)), one)


def test_other_dimensions_leave_the_noise_where_it_is() -> None:
    one = taken(card(128, 32), read_noise=0.05).astype(float)
    other = taken(card(128, 32), read_noise=0.05, exposure=0.1, motion_blur=3).astype(float)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    "changes", [{"defocus": 4.0}, {"motion_blur": 15.0, "motion_angle": 30.0}, {"resolution": 0.3}]
)
def test_blur_keeps_the_mean_of_the_light(changes: dict[str, float]) -> None:
    image = card(60)
    image[96:160, 96:160] = picture(3)
    before = light(image).mean()
    assert light(taken(image, **changes)).mean() == pytest.approx(before, rel=0.005)


def edge_width(changes: dict[str, float], vertical: bool, size: int = 256) -> float:
    """Pixels in which the light of an edge rises from 10 to 90 %, along x or along y."""
    linear = np.full((size, size, 3), 0.1)
    linear[:, size // 2 :] = 0.9
    image = bytes_of(linear.swapaxes(0, 1) if vertical else linear)
    out = light(taken(image, **changes))
    profile = (out[:, size // 2] if vertical else out[size // 2])[:, 0]
    return float(np.subtract(*np.interp((0.82, 0.18), profile, np.arange(size))))


@pytest.mark.parametrize("length", [5.0, 12.0, 20.0])
def test_motion_widens_edges_across_it_by_its_length(length: float) -> None:
    """An even movement makes a ramp of its length, of which 80 % lie between the two levels."""
    assert edge_width({"motion_blur": length}, vertical=False) == pytest.approx(0.8 * length, abs=0.6)
    assert edge_width({"motion_blur": length}, vertical=True) < 1.0
    assert edge_width({"motion_blur": length, "motion_angle": 90.0}, vertical=True) == pytest.approx(
        0.8 * length, abs=0.6
    )


@pytest.mark.parametrize("radius", [2.0, 5.0, 8.0])
def test_defocus_widens_edges_by_its_disc(radius: float) -> None:
    """An edge seen through an even disc: from 10 to 90 % it takes 1.374 radii."""
    for vertical in (False, True):
        assert edge_width({"defocus": radius}, vertical) == pytest.approx(1.374 * radius, abs=0.5)


def test_blur_is_a_share_of_the_picture() -> None:
    small, large = (edge_width({"motion_blur": 16.0}, vertical=False, size=size) for size in (128, 512))
    assert large / small == pytest.approx(4.0, rel=0.1)


def test_motion_turns_anticlockwise() -> None:
    kernel = path(9.0, 45.0)
    assert kernel[0, -1] + kernel[1, -2] + kernel[-1, 0] + kernel[-2, 1] > 0
    assert kernel[0, 0] == kernel[-1, -1] == kernel[1, 1] == 0


@pytest.mark.parametrize("size", [0.0, 1e-6, 0.3, 1.0, 3.7, 8.0])
def test_kernels_have_sum_one_and_are_symmetric(size: float) -> None:
    for kernel in (disc(size), path(size, 0.0), path(size, 33.0), path(size, 90.0)):
        assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
        assert (kernel >= 0).all()
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)


def test_blur_starts_from_nothing() -> None:
    image = picture()
    for changes in ({"defocus": 0.01}, {"motion_blur": 0.02}, {"motion_blur": 0.02, "motion_angle": 60.0}):
        assert np.abs(light(taken(image, **changes)) - light(image)).max() < 0.02


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 0.8])
def test_resolution_keeps_frequencies_below_its_share_of_nyquist(share: float) -> None:
    def kept(frequency: float) -> float:
        """Amplitude of a wave, of its former one; the frequency is a share of the Nyquist frequency."""
        wave = np.exp(1j * np.pi * frequency * np.arange(256))
        linear = np.broadcast_to(0.4 + 0.3 * wave.real[:, None], (256, 256, 3))
        image, weight = bytes_of(np.asarray(linear)), np.hanning(256) * wave.conj()
        before, after = (
            abs((light(i)[128, :, 0] - 0.4) @ weight) for i in (image, taken(image, resolution=share))
        )
        return float(after / before)

    assert kept(0.1 * share) > 0.95
    assert kept(0.5 * share) > 0.75
    assert kept(1.5 * share) < 0.3 or 1.5 * share > 1.0
    assert kept(2.0 * share) < 0.1 or 2.0 * share > 1.0


def test_jpeg_at_100_is_the_identity_and_lower_is_worse() -> None:
    image = picture(5, 128)
    np.testing.assert_array_equal(taken(image, jpeg=100.0), image)
    np.testing.assert_array_equal(taken(image, jpeg=99.7), image)
    errors = [np.abs(taken(image, jpeg=q).astype(int) - image).mean() for q in (95.0, 60.0, 20.0, 3.0)]
    assert 0 < errors[0] < errors[1] < errors[2] < errors[3]


def test_jpeg_keeps_red_red() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[:] = (200, 30, 60)
    np.testing.assert_allclose(taken(image, jpeg=90.0), image, atol=3)


def test_every_corner_of_the_range_and_odd_sizes_work() -> None:
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 8)).reshape(8, -1).T[::7]
    images = np.repeat(picture(1, 32)[None, :31, :29], len(corners), axis=0)
    out = expose(images, IMAGING.values(corners))
    assert out.shape == images.shape
    assert out.dtype == np.uint8


def test_typical_rows_are_in_range_and_mild() -> None:
    rows = IMAGING.typical(300, np.random.default_rng(0))
    assert rows.shape == (300, 8)
    assert ((rows >= IMAGING.low) & (rows <= IMAGING.high)).all()
    image = card(60, 64)
    image[16:48, 16:48] = 180
    changed = expose(np.repeat(image[None], 60, axis=0), rows[:60]).astype(int)
    assert np.median(np.abs(changed - image).mean(axis=(1, 2, 3))) < 20
