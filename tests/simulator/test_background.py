from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from simulator.background import BACKGROUND, KINDS, PATTERNS, PHOTOGRAPHED, Backgrounds
from simulator.background_kinds import PAINTERS, painted

Float = NDArray[np.float64]
SIZE = 64


def row(kind: str = "plain", **changes: float) -> Float:
    values: Float = BACKGROUND.rows(1)[0]
    values[0] = KINDS.index(kind) + 0.5
    for name, value in changes.items():
        values[BACKGROUND.column(name)] = value
    return values


@pytest.fixture(scope="module")
def backgrounds() -> Backgrounds:
    return Backgrounds(SIZE)


def test_is_a_pure_function_of_the_row_whatever_was_drawn_before(backgrounds: Backgrounds) -> None:
    rows = BACKGROUND.typical(24, np.random.default_rng(0))
    first = [backgrounds.draw(r) for r in rows]
    again = [Backgrounds(SIZE).draw(r) for r in rows[::-1]][::-1]
    np.testing.assert_array_equal(first, again)


def test_threads_draw_the_same(backgrounds: Backgrounds) -> None:
    rows = BACKGROUND.typical(24, np.random.default_rng(1))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(Backgrounds(SIZE).draw, rows))
    np.testing.assert_array_equal(together, [backgrounds.draw(r) for r in rows])


@pytest.mark.parametrize("size", [32, 100, 256])
def test_gives_pictures_of_the_size(size: int) -> None:
    backgrounds = Backgrounds(size)
    for unit in (0.0, 0.5, 1.0):
        values = BACKGROUND.values(np.full((1, 6), unit))[0]
        values[0] = min(values[0], len(PAINTERS) - 0.5)
        picture = backgrounds.draw(values)
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8


def test_the_default_is_a_soft_grey() -> None:
    picture = Backgrounds(256).draw(BACKGROUND.rows(1)[0]).astype(int)
    assert 120 < picture.min() <= picture.max() < 170
    assert np.ptp(picture, axis=-1).max() < 8
    assert np.abs(np.diff(picture, axis=0)).max() <= 1


@pytest.mark.parametrize("kind", list(PAINTERS))
def test_every_pattern_of_a_kind_is_another_picture(kind: str, backgrounds: Backgrounds) -> None:
    pictures = [backgrounds.draw(row(kind, pattern=number + 0.2)) for number in range(PATTERNS)]
    assert len({picture.tobytes() for picture in pictures}) == PATTERNS


def test_a_pattern_is_a_whole_number_and_its_half_tells_whether_it_is_mirrored(
    backgrounds: Backgrounds,
) -> None:
    low, high, mirrored = (backgrounds.draw(row("room", pattern=p)) for p in (3.0, 3.49, 3.5))
    np.testing.assert_array_equal(low, high)
    np.testing.assert_array_equal(low, mirrored[:, ::-1])


def test_shifts_move_the_frame_over_one_picture(backgrounds: Backgrounds) -> None:
    whole = painted("country", 5, 80)
    at = {"pattern": 5.0}
    np.testing.assert_array_equal(
        backgrounds.draw(row("country", shift_x=0, shift_y=0, **at)), whole[:SIZE, :SIZE]
    )
    np.testing.assert_array_equal(
        backgrounds.draw(row("country", shift_x=1, shift_y=0, **at)), whole[:SIZE, 16:]
    )
    np.testing.assert_array_equal(
        backgrounds.draw(row("country", shift_x=0.5, shift_y=1, **at)), whole[16:, 8:72]
    )


@pytest.mark.parametrize("stops", [-2.0, -0.5, 0.4])
def test_brightness_is_in_stops_of_linear_light(stops: float, backgrounds: Backgrounds) -> None:
    picture = (backgrounds.draw(row()) / 255.0) ** 2.2
    changed = (backgrounds.draw(row(brightness=stops)) / 255.0) ** 2.2
    np.testing.assert_allclose(changed.mean() / picture.mean(), 2.0**stops, rtol=0.02)


def test_saturation_goes_from_grey_to_vivid(backgrounds: Backgrounds) -> None:
    grey, less, whole = (backgrounds.draw(row("country", saturation=s)).astype(int) for s in (0.0, 0.5, 1.0))
    assert np.ptp(grey, axis=-1).max() == 0
    np.testing.assert_allclose(np.ptp(less, axis=-1).mean(), np.ptp(whole, axis=-1).mean() / 2, rtol=0.05)
    np.testing.assert_allclose(grey.mean(), (whole @ (0.299, 0.587, 0.114)).mean(), atol=1)


def test_typical_rows_are_in_range_with_photographs_only_where_the_user_gave_some() -> None:
    painted_rows = BACKGROUND.typical(400, np.random.default_rng(0))
    photographed = PHOTOGRAPHED.typical(400, np.random.default_rng(0))
    for rows in (painted_rows, photographed):
        assert rows.shape == (400, 6)
        assert ((rows >= BACKGROUND.low) & (rows <= BACKGROUND.high)).all()
    assert painted_rows[:, 0].max() < KINDS.index("person-coloured")
    assert 0.4 < (photographed[:, 0] > KINDS.index("photograph")).mean() < 0.7


@pytest.mark.parametrize("kind", ["room", "country"])
def test_amplitude_falls_with_frequency_as_in_photographs(kind: str) -> None:
    """The range of exponents is that of D. J. Tolhurst et al., 1992."""
    spectra = np.mean([_amplitudes(painted(kind, variant, 256)) for variant in range(PATTERNS)], axis=0)
    exponent = np.polyfit(np.log(_BANDS), np.log(spectra), 1)[0]
    assert -1.5 < exponent < -0.8


_BANDS = 4 * 1.3 ** np.arange(12)
"""Cycles per picture."""


def _amplitudes(picture: NDArray[np.uint8]) -> Float:
    """Root mean square amplitude of the brightness in each band, under a Hann window."""
    grey, window = picture @ (0.2126, 0.7152, 0.0722), np.hanning(len(picture))
    window = window[:, None] * window
    power = np.abs(np.fft.fft2((grey - (grey * window).sum() / window.sum()) * window)) ** 2
    steps = np.fft.fftfreq(len(picture)) * len(picture)
    frequency = np.hypot(steps[:, None], steps)
    return np.sqrt([power[(frequency >= low) & (frequency < 1.3 * low)].mean() for low in _BANDS])


def test_person_coloured_pictures_look_like_skin_in_many_places() -> None:
    """The rule for skin is that of J. Kovac et al., "Human skin colour clustering for face detection", 2003."""

    def skin(kind: str) -> float:
        pixels = np.concatenate([painted(kind, v, SIZE).reshape(-1, 3) for v in range(PATTERNS)]).astype(int)
        red, green, blue = pixels.T
        rule = (red > 95) & (green > 40) & (blue > 20) & (np.ptp(pixels, axis=1) > 15)
        return float((rule & (red - green > 15) & (red > blue)).mean())

    assert skin("person-coloured") > 0.2
    assert skin("person-coloured") > 2 * skin("country")


def test_a_users_photographs_are_all_reached_and_are_part_of_the_version(tmp_path: Path) -> None:
    for number in range(40):
        Image.new("RGB", (80, 80), (number, 100, 50)).save(tmp_path / f"{number:02d}.png")
    files = sorted(tmp_path.iterdir())
    backgrounds = Backgrounds(SIZE, files)
    patterns = (np.arange(400) + 0.5) / 400 * PATTERNS
    shown = {int(backgrounds.draw(row("photograph", pattern=p))[0, 0, 0]) for p in patterns}
    assert shown == set(range(40))
    assert Backgrounds(SIZE).version == "backgrounds 1"
    assert backgrounds.version.startswith("backgrounds 1, photographs ")
    assert Backgrounds(SIZE, files[1:]).version != backgrounds.version


def test_the_ends_of_the_range_are_drawn(backgrounds: Backgrounds) -> None:
    vivid = row("person-coloured", pattern=PATTERNS, shift_x=1, shift_y=1, brightness=1.5, saturation=2)
    assert backgrounds.draw(vivid).std() > 20
