"""Imaging: what lens, sensor and file do to a picture, one function for all renderers.

In the order of a camera: defocus and motion blur, exposure, resolution, sensor noise, 8 bits, JPEG. All but JPEG
happen in linear light. The noise is that of photon transfer (EMVA 1288, release 4.0, section 2): its variance is
signal / full well + read noise ** 2, the signal and the read noise in shares of white, the full well in electrons
at white.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.camera import Float
from simulator.compiled import compiled
from simulator.parameters import Dimension, Parameters

Picture = NDArray[np.float32]
"""(H, W, 3) linear light, 1 being white."""

Pixels = NDArray[np.uint8]

GAMMA = 2.2
"""Of pictures: linear light is (byte / 255) ** GAMMA, as the renderers encode it."""

REFERENCE = 256
"""Height in pixels at which blur is given; at other heights it is that share of the picture."""


def _typical(count: int, rng: np.random.Generator) -> Float:
    """A good camera in good hands: well exposed, a trace of noise and blur, ordinary compression."""
    rare = rng.random((count, 2)) < 0.25
    return np.column_stack(
        [
            rng.normal(0.0, 0.3, count).clip(-1.0, 1.0),
            rng.exponential(0.008, count).clip(0.0, 0.03),
            rng.exponential(0.004, count).clip(0.0, 0.015),
            rare[:, 0] * rng.uniform(0.0, 3.0, count),
            rng.uniform(0.0, 180.0, count),
            rare[:, 1] * rng.uniform(0.0, 1.2, count),
            rng.uniform(70.0, 98.0, count),
            rng.uniform(0.6, 1.0, count),
        ]
    )


IMAGING = Parameters(
    "imaging",
    (
        Dimension("imaging.exposure", "EV", -3.0, 3.0),
        Dimension("imaging.shot_noise", "share of white", 0.0, 0.15),
        Dimension("imaging.read_noise", "share of white", 0.0, 0.1),
        Dimension("imaging.motion_blur", "px of 256", 0.0, 20.0),
        Dimension("imaging.motion_angle", "degree", 0.0, 180.0),
        Dimension("imaging.defocus", "px of 256", 0.0, 8.0),
        Dimension("imaging.jpeg", "quality", 3.0, 100.0),
        Dimension("imaging.resolution", "share", 0.08, 1.0),
    ),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 1.0),
    _typical,
)
"""Stops; standard deviation of shot noise at white, which is 1 / sqrt(full well), and of read noise; length of the
path of motion and its angle, anti-clockwise from the right; radius of the disc that a point becomes; quality of
JPEG, 100 for none; share of the pixels along each side that are left before the picture is enlarged again."""

_EXPOSURE, _SHOT, _READ, _MOTION, _ANGLE, _DEFOCUS, _JPEG, _RESOLUTION = range(8)

_NO_JPEG = 99.5
"""Qualities are whole numbers; what rounds to 100 leaves the file out."""

_DECODE = ((np.arange(256) / 255.0) ** GAMMA).astype(np.float32)

_ENCODE = (255.0 * (np.arange(1 << 18) / ((1 << 18) - 1.0)) ** (1.0 / GAMMA) + 0.5).astype(np.uint8)
"""Bytes of linear light in steps so fine that every byte comes back from its own linear light."""


def expose(images: Pixels, rows: Float) -> Pixels:
    """Take pictures as a camera would.

    Args:
        images: (N, H, W, 3) RGB.
        rows: (N, 8) physical values, columns as in `IMAGING`.

    Returns:
        (N, H, W, 3) RGB: `images` itself if no row asks for anything, so do not write into it. Row i depends on
        image i and row i alone; its noise is a function of its noise levels.

    Raises:
        ValueError: The rows are not (N, 8).
    """
    if rows.shape != (len(images), len(IMAGING.dimensions)):
        raise ValueError(
            f"expected imaging values of shape ({len(images)}, {len(IMAGING.dimensions)}), one row for every picture, "
            f"got {rows.shape}"
        )
    changed = [i for i, row in enumerate(rows) if _linear(row) or _compressed(row)]
    if not changed:
        return images
    out = images.copy()
    for i in changed:
        out[i] = _exposed(images[i], rows[i])
    return out


def _linear(row: Float) -> bool:
    """Whether anything happens in linear light."""
    levels = row[[_EXPOSURE, _SHOT, _READ, _MOTION, _DEFOCUS]]
    return bool((levels != 0.0).any()) or row[_RESOLUTION] < 1.0


def _compressed(row: Float) -> bool:
    return bool(row[_JPEG] < _NO_JPEG)


def _exposed(image: Pixels, row: Float) -> Pixels:
    if _linear(row):
        image = _developed(_seen(_DECODE[image], row), row)
    return _jpeg(image, round(row[_JPEG])) if _compressed(row) else image


def _seen(light: Picture, row: Float) -> Picture:
    """What falls on the sensor at exposure 0."""
    import cv2  # deferred: `import simulator` stays light

    scale = len(light) / REFERENCE
    for kernel in (disc(row[_DEFOCUS] * scale), path(row[_MOTION] * scale, row[_ANGLE])):
        if kernel.size > 1:
            light = np.asarray(cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)
    return _resampled(light, row[_RESOLUTION])


def disc(radius: float) -> Picture:
    """(K, K) kernel of sum 1 of a lens out of focus: an even disc. (1, 1) for radius 0, pixels."""
    if radius == 0:
        return np.ones((1, 1), np.float32)
    steps = np.linspace(-radius, radius, 2 * max(24, int(np.ceil(2 * radius))) + 1)
    x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
    inside = np.hypot(x, y) <= radius
    return _kernel(x[inside], y[inside])


def path(length: float, angle: float) -> Picture:
    """(K, K) kernel of sum 1 of a straight, even movement.

    Args:
        length: Pixels; (1, 1) for 0.
        angle: Degrees anti-clockwise from the right.
    """
    if length == 0:
        return np.ones((1, 1), np.float32)
    along = np.linspace(-length / 2, length / 2, 8 * int(np.ceil(length)) + 1)
    return _kernel(along * np.cos(np.radians(angle)), -along * np.sin(np.radians(angle)))


def _kernel(x: Float, y: Float) -> Picture:
    """Points, each shared out over the four pixels round it; pixels are counted from the middle."""
    reach = int(np.ceil(max(np.abs(x).max(), np.abs(y).max())))
    side = 2 * reach + 1
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = x - column, y - row
    cells = np.zeros((side + 1) ** 2)
    for dx, dy in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = np.abs(1 - dx - right) * np.abs(1 - dy - down)
        where = (row + reach + dy) * (side + 1) + column + reach + dx
        cells += np.bincount(where, share, len(cells))
    kernel = cells.reshape(side + 1, side + 1)[:side, :side]
    return np.asarray(kernel / kernel.sum(), np.float32)


def _resampled(light: Picture, share: float) -> Picture:
    """Fewer pixels, each the mean of those it replaces, enlarged again by bicubic interpolation."""
    import cv2  # deferred: `import simulator` stays light

    height, width = light.shape[:2]
    small = max(round(share * width), 1), max(round(share * height), 1)
    if small == (width, height):
        return light
    few = cv2.resize(light, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _developed(light: Picture, row: Float) -> Pixels:
    """Exposure, noise and 8 bits."""
    levels = np.array([2.0 ** row[_EXPOSURE], row[_SHOT] ** 2, row[_READ] ** 2], np.float32)
    out = np.empty(light.shape, np.uint8)
    _expose(light.reshape(-1), levels, _seed(row), _NORMAL, _ENCODE, out.reshape(-1))
    return out


def _seed(row: Float) -> np.uint64:
    """Of the noise levels, rounded so that a last bit lost on the way does not make other noise."""
    levels = np.round(row[[_SHOT, _READ]] * 1e9).astype("<i8")
    return np.uint64(int.from_bytes(hashlib.sha256(levels.tobytes()).digest()[:8], "little"))


_NORMAL = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.float32)
"""Quantiles of the standard normal distribution: 16 random bits choose one. Electrons are counted in whole
numbers, a Poisson variable; from some 40 at white, the fewest there are here, a normal one stands in for it."""


@compiled
def _expose(
    light: NDArray[np.float32],
    levels: NDArray[np.float32],
    seed: np.uint64,
    normal: NDArray[np.float32],
    encode: Pixels,
    out: Pixels,
) -> None:
    """Bytes (P,) of linear light (P,): gain, noise of variance levels[1] * signal + levels[2], gamma."""
    top = np.float32(len(encode) - 1)
    bits = np.uint64(0)
    for i in range(len(light)):
        bits = _random(seed, np.uint64(i)) if i % 4 == 0 else bits >> np.uint64(16)
        signal = max(light[i] * levels[0], np.float32(0))
        noise = normal[bits & np.uint64(0xFFFF)] * np.sqrt(signal * levels[1] + levels[2])
        out[i] = encode[np.int32(min(max(signal + noise, np.float32(0)), np.float32(1)) * top)]


@compiled
def _random(seed: np.uint64, number: np.uint64) -> np.uint64:
    """64 random bits: SplitMix64 (G. L. Steele et al., "Fast splittable pseudorandom number generators", 2014)."""
    z = seed + number * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _jpeg(image: Pixels, quality: int) -> Pixels:
    """The picture after a JPEG file by OpenCV (libjpeg-turbo, colour at half the resolution)."""
    import cv2  # deferred: `import simulator` stays light

    good, file = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert good
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
