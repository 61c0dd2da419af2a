from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, maximum_filter, minimum_filter

from simulator import gl
from simulator.background import BACKGROUND, Backgrounds
from simulator.base import Batch
from simulator.body import Body
from simulator.camera import Float
from simulator.light import LIGHT
from simulator.mesh_simulator import PyrenderSimulator, RasterSimulator
from tests.simulator.people import SIZE, facing, grown, make_scene

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))


RINGS = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("wrist", "elbow", "knee", "ankle")
)
RED, GREEN, BLUE = range(3)


class FakePainter:
    """Blue all over; rings round the joints of the left limbs are red, of the right limbs green."""

    version = "fake rings"

    def __init__(self, body: Body) -> None:
        self._colours = np.zeros((len(body.v_template), 3), np.float32)
        self._colours[:, BLUE] = 1.0
        for joint in RINGS:
            self._colours[ring(body, joint)] = (1, 0, 0) if joint.startswith("left") else (0, 1, 0)

    def paint(self, row: Float) -> NDArray[np.float32]:
        return self._colours

    def worn(self, row: Float) -> dict[str, Float]:
        return {}


@pytest.fixture(scope="module", params=[PyrenderSimulator, RasterSimulator])
def painted(body: Body, request: pytest.FixtureRequest) -> Batch:
    """Five people in the fake outfit, a little turned, at 512 px."""
    rng = np.random.default_rng(0)
    yaw = np.array([0.0, -0.4, 0.4, -0.2, 0.2])
    scene = replace(
        make_scene(5, 1, 512),
        body_pose=rng.normal(0, 0.12, (5, 63)),
        global_orient=np.pi * np.column_stack([np.cos(yaw / 2), np.zeros(5), np.sin(yaw / 2)]),
        background=BACKGROUND.rows(5),
        light=LIGHT.rows(5),
    )
    with request.param(replace(body, uv=None), image_size=512, painter=FakePainter(body)) as simulator:
        return simulator.render(scene)


def ring(body: Body, joint: str) -> NDArray[np.intp]:
    """The vertices of a ring, 6 cm wide in the T-pose, round a joint of an arm or leg."""
    centre = body.joint_template[body.joint_names.index(joint)]
    offset = np.abs(body.v_template - centre)
    along, across = (0, [1, 2]) if joint.endswith(("wrist", "elbow")) else (1, [0, 2])
    return np.flatnonzero((offset[:, along] < 0.03) & (offset[:, across] < 0.12).all(axis=1))


def centroid(weight: Float) -> Float:
    """The centre of mass (x, y) of a picture in continuous pixels."""
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]] + 0.5
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


def fragments(corners: Float, size: int) -> tuple[tuple[slice, slice], Float, NDArray[np.bool_]]:
    """The window of a projected face, barycentric coordinates (h, w, 3) there, and which pixel centres it
    holds."""
    low = np.clip(np.floor(corners.min(0)), 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(0)), low, size).astype(int)
    window = np.s_[low[1] : high[1], low[0] : high[0]]
    y, x = np.mgrid[window] + 0.5
    areas = []
    for a, b in ((1, 2), (2, 0), (0, 1)):
        (xa, ya), (xb, yb) = corners[a], corners[b]
        areas.append((xa - x) * (yb - y) - (xb - x) * (ya - y))
    total = np.where(sum(areas) == 0, 1.0, sum(areas))
    coordinates = np.stack(areas, -1) / total[..., None]
    return window, coordinates, (coordinates >= 0).all(-1)


def silhouette(pixels: Float, faces: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    """(size, size) pixels whose centre some projected face holds, by brute force."""
    mask = np.zeros((size, size), np.bool_)
    for corners in pixels[faces]:
        window, _, inside = fragments(corners, size)
        mask[window] |= inside
    return mask


def expected_ring(
    pixels: Float, faces: NDArray[np.int32], on_ring: NDArray[np.bool_], size: int
) -> NDArray[np.bool_]:
    """Pixels where the interpolated paint of a ring outweighs what is round it; faces that look away are left
    out."""
    mask = np.zeros((size, size), np.bool_)
    for face in faces[on_ring[faces].any(axis=1)]:
        (xa, ya), (xb, yb), (xc, yc) = pixels[face]
        if (xb - xa) * (yc - ya) < (xc - xa) * (yb - ya):
            window, coordinates, inside = fragments(pixels[face], size)
            mask[window] |= inside & ((coordinates * on_ring[face]).sum(-1) > 0.5)
    return mask


@pytest.mark.parametrize("joint", RINGS)
def test_painted_joints_are_where_the_labels_say(body: Body, painted: Batch, joint: str) -> None:
    index, channel = body.joint_names.index(joint), RED if joint.startswith("left") else GREEN
    on_ring = np.isin(np.arange(len(body.v_template)), ring(body, joint))
    pixels = painted.camera.project(painted.vertices.astype(np.float64))
    for row in range(len(painted)):
        expected = expected_ring(pixels[row], body.faces, on_ring, 512)
        picture = painted.images[row].astype(int)
        seen = (picture[..., channel] > picture[..., BLUE] + 2) & painted.mask[row]
        seen &= binary_dilation(expected, iterations=8)  # the same colour is on other joints too
        np.testing.assert_allclose(centroid(seen), centroid(expected), atol=1.0)
        assert (seen & expected).sum() > 0.8 * (seen | expected).sum()
        away = distance_transform_edt(~seen)[tuple(painted.joints2d[row, index, ::-1].astype(int))]
        assert away < 6, "the label lies on the ring, or a centimetre beside it where the limb points at us"
        assert painted.visibility[row, index]


def test_the_mask_is_the_projected_mesh(body: Body, batch: Batch) -> None:
    pixels = batch.camera.project(batch.vertices.astype(np.float64))[1]
    expected = silhouette(pixels, body.faces, SIZE)
    assert not (expected & ~batch.mask[1]).any(), "a pixel whose centre is inside must be in the mask"
    assert not (batch.mask[1] & ~grown(expected)).any(), "and no other than edge pixels beside those"


def test_the_depth_is_the_z_of_the_vertices(body: Body, batch: Batch) -> None:
    np.testing.assert_array_equal(batch.depth > 0, batch.mask)
    pixels = batch.camera.project(batch.vertices.astype(np.float64))
    row, vertex = np.nonzero(((pixels >= 1) & (pixels < SIZE - 1)).all(-1))
    x, y = pixels[row, vertex].astype(int).T
    gap = batch.vertices[row, vertex, 2] - batch.depth[row, y, x]
    span = maximum_filter(batch.depth, (1, 3, 3)) - minimum_filter(batch.depth, (1, 3, 3))
    gap = gap[span[row, y, x] < 0.02]  # where the surface is smooth
    assert gap.min() > -0.02, "nothing lies before the surface"
    seen = gap[gap < 0.02]
    assert len(seen) > 5000
    assert abs(np.median(seen)) < 0.0005
    assert np.percentile(np.abs(seen), 75) < 0.005


def test_the_persons_left_is_on_the_right_when_facing_us(painted: Batch) -> None:
    picture = np.where(painted.mask[0][..., None], painted.images[0], 0).astype(int)
    red, green = (centroid(picture[..., channel] > picture[..., BLUE]) for channel in (RED, GREEN))
    assert red[0] > 256 > green[0]
    joints = dict(zip(painted.joint_names, painted.joints2d[0], strict=True))
    assert joints["left_wrist"][0] > joints["right_wrist"][0]
    assert joints["head"][1] < joints["left_foot"][1]


def test_boxes_hold_the_mask_tightly_and_move_with_the_shift(
    simulator: PyrenderSimulator, batch: Batch
) -> None:
    for mask, (x0, y0, x1, y1) in zip(batch.mask, batch.boxes.astype(int), strict=True):
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
        for edge in (mask[y0], mask[y1 - 1], mask[:, x0], mask[:, x1 - 1]):
            assert edge.any()
    moved = simulator.render(replace(make_scene(4), box_shift=np.tile([2.5, -1.0], (4, 1))))
    np.testing.assert_allclose(moved.boxes - batch.boxes, np.tile([2.5, -1.0, 2.5, -1.0], (4, 1)))


def test_nobody_in_the_picture_leaves_the_background_and_the_whole_box(simulator: PyrenderSimulator) -> None:
    for transl in ([40.0, 0.0, 3.0], [0.0, 0.0, -5.0]):
        drawn = simulator.render(replace(facing(), transl=np.array([transl])))
        np.testing.assert_array_equal(drawn.images[0], Backgrounds(SIZE).draw(facing().background[0]))
        np.testing.assert_array_equal(drawn.boxes, [[0, 0, SIZE, SIZE]])
        assert not drawn.visibility.any()
        assert not drawn.depth.any()
