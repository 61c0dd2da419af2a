"""What pixels show of a mesh, the plain way: every face asked at every sample, in homogeneous coordinates.

Shares nothing with the renderers: no projected vertices, no cutting at the near plane, no rounding. A ray d
through a sample meets the face a, b, c inside where d (b x c), d (c x a) and d (a x b) have one sign, at the
depth a (b x c) over their sum (M. Olano and T. Greer, "Triangle scan conversion using 2D homogeneous
coordinates", 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.body import Int32
from simulator.camera import Float
from simulator.compiled import compiled
from simulator.drawing import Z_NEAR

SAMPLES = ((0.375, 0.875), (0.875, 0.625), (0.125, 0.375), (0.625, 0.125))
"""Where OpenGL looks in a pixel, right and down, when it takes four samples; depth is that of the first."""


@dataclass(frozen=True)
class Seen:
    """The first surface at one sample of every pixel."""

    depth: Float
    """(H, W) metres along z, 0 for nothing."""
    face: Int32
    """(H, W) -1 for nothing."""


def seen(
    vertices: NDArray[np.float32],
    faces: Int32,
    intrinsics: Float,
    size: int,
    sample: tuple[float, float] = (0.5, 0.5),
) -> Seen:
    """Ask one sample of size x size pixels about a closed mesh (V, 3), metres in camera axes."""
    depth, face = np.full((size, size), np.inf), np.full((size, size), -1, np.int32)
    camera = np.array([intrinsics[0, 0], intrinsics[0, 2] - sample[0], intrinsics[1, 2] - sample[1]])
    _ask(vertices.astype(np.float64), faces, camera, depth, face)
    return Seen(np.where(face >= 0, depth, 0.0), face)


@compiled
def _ask(vertices: Float, faces: Int32, camera: Float, depth: Float, found: Int32) -> None:
    focal, cx, cy = camera
    for f in range(len(faces)):
        a, b, c = vertices[faces[f, 0]], vertices[faces[f, 1]], vertices[faces[f, 2]]
        towards_a, towards_b, towards_c = _cross(b, c), _cross(c, a), _cross(a, b)
        volume = _dot(a, towards_a[0], towards_a[1], towards_a[2])
        if volume < 0.0 and max(a[2], b[2], c[2]) > Z_NEAR:  # it faces the camera, and is not behind it
            for y in range(*_span(a, b, c, 1, focal, cy, len(depth))):
                for x in range(*_span(a, b, c, 0, focal, cx, len(depth))):
                    u, v = (x - cx) / focal, (y - cy) / focal
                    at_a, at_b, at_c = (
                        u * towards_a[0] + v * towards_a[1] + towards_a[2],
                        u * towards_b[0] + v * towards_b[1] + towards_b[2],
                        u * towards_c[0] + v * towards_c[1] + towards_c[2],
                    )
                    if max(at_a, at_b, at_c) <= 0.0 and at_a + at_b + at_c < 0.0:
                        z = volume / (at_a + at_b + at_c)
                        if Z_NEAR <= z < depth[y, x]:
                            depth[y, x], found[y, x] = z, f


@compiled
def _span(a: Float, b: Float, c: Float, axis: int, focal: float, centre: float, size: int) -> tuple[int, int]:
    """Pixels that a face may touch; all of them where it reaches behind the near plane."""
    if min(a[2], b[2], c[2]) < Z_NEAR:
        return 0, size
    p, q, r = a[axis] / a[2], b[axis] / b[2], c[axis] / c[2]
    low, high = focal * min(p, q, r) + centre, focal * max(p, q, r) + centre
    return int(min(max(low - 1.0, 0.0), size)), int(max(min(high + 2.0, size), 0.0))


@compiled
def _cross(p: Float, q: Float) -> tuple[float, float, float]:
    return p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]


@compiled
def _dot(p: Float, x: float, y: float, z: float) -> float:
    return float(p[0] * x + p[1] * y + p[2] * z)
