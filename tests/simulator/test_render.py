from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, distance_transform_edt, maximum_filter, minimum_filter

from simulator import background, gl, light, render_process
from simulator.base import Batch, Scene, join_scenes
from simulator.body import Body
from simulator.body_files import load_body
from simulator.camera import Camera, Float
from simulator.pyrender_simulator import PyrenderSimulator
from simulator.render_process import Drawing, RenderProcess
from simulator.stick import stick_body

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))

GOLDEN = Path(__file__).parent / "golden"
SIZE = 256


def make_scene(n: int, seed: int = 0, size: int = SIZE, spread: float = 0.25) -> Scene:
    rng = np.random.default_rng(seed)
    yaw = rng.uniform(-1.2, 1.2, n)
    orient = np.pi * np.column_stack(
        [np.cos(yaw / 2), np.zeros(n), np.sin(yaw / 2)]
    )  # upright, facing the camera
    return Scene(
        betas=rng.normal(0, 1, (n, 10)),
        body_pose=rng.normal(0, spread, (n, 63)),
        global_orient=orient,
        transl=np.column_stack([rng.uniform(-0.1, 0.1, n), np.full(n, 0.3), rng.uniform(2.9, 3.6, n)]),
        camera=Camera(
            np.full(n, 1.35 * size), np.full((n, 2), size / 2) + rng.uniform(-4, 4, (n, 2)), (size, size)
        ),
        clothing=np.arange(n) + 1,
        background=np.arange(n),
        light=np.arange(n),
        box_shift=np.zeros((n, 2)),
    )


def facing(size: int = SIZE) -> Scene:
    """One person in the default clothes and light, in T-pose, facing the camera."""
    zero = np.zeros(1, np.int64)
    return Scene(
        betas=np.zeros((1, 10)),
        body_pose=np.zeros((1, 63)),
        global_orient=np.array([[np.pi, 0.0, 0.0]]),
        transl=np.array([[0.0, 0.3, 3.0]]),
        camera=Camera(np.array([1.3 * size]), np.full((1, 2), size / 2), (size, size)),
        clothing=zero,
        background=zero,
        light=zero,
        box_shift=np.zeros((1, 2)),
    )


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("neutral")


@pytest.fixture(scope="module")
def simulator(body: Body) -> Iterator[PyrenderSimulator]:
    with PyrenderSimulator(body) as one:
        yield one


@pytest.fixture(scope="module")
def batch(simulator: PyrenderSimulator) -> Batch:
    return simulator.render(make_scene(4))


RINGS = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("wrist", "elbow", "knee", "ankle")
)
RED, GREEN, BLUE = range(3)


def fake_outfit(body: Body) -> NDArray[np.uint8]:
    """Blue all over; rings round the joints of the left limbs are red, of the right limbs green."""
    colours = np.zeros((len(body.v_template), 3), np.uint8)
    colours[:, BLUE] = 255
    for joint in RINGS:
        colours[ring(body, joint)] = (255, 0, 0) if joint.startswith("left") else (0, 255, 0)
    return colours


@pytest.fixture(scope="module")
def painted(body: Body) -> Batch:
    """Five people in the fake outfit, a little turned, at 512 px."""
    rng = np.random.default_rng(0)
    yaw = np.array([0.0, -0.4, 0.4, -0.2, 0.2])
    scene = replace(
        make_scene(5, 1, 512),
        body_pose=rng.normal(0, 0.12, (5, 63)),
        global_orient=np.pi * np.column_stack([np.cos(yaw / 2), np.zeros(5), np.sin(yaw / 2)]),
        background=np.zeros(5, np.int64),
        light=np.zeros(5, np.int64),
    )
    colours = fake_outfit(body)
    with PyrenderSimulator(body, image_size=512, outfit=lambda _: colours) as simulator:
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


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask and its eight neighbours."""
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    return np.logical_or.reduce([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)])


# --- labels -------------------------------------------------------------------------------------------------


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


def plate(z: float) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A square of 1 m x 0.6 m facing the camera."""
    corners = [[-0.5, -0.3, z], [0.5, -0.3, z], [0.5, 0.3, z], [-0.5, 0.3, z]]
    return np.array(corners, np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.fixture(scope="module")
def plates() -> Iterator[tuple[RenderProcess, NDArray[np.float32]]]:
    vertices, faces = plate(2.0)
    process = RenderProcess(vertices, faces, 128)
    yield process, vertices
    process.close()


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.25, 0.5), (-7.6, 11.3)])
def test_the_camera_of_the_picture_is_the_camera_of_the_labels(
    plates: tuple[RenderProcess, NDArray[np.float32]], shift: tuple[float, float]
) -> None:
    process, vertices = plates
    turn = np.radians(23.0)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    points = np.float32(vertices @ rotation.T)[None]
    camera = Camera(np.array([130.0]), np.array([[64.0 + shift[0], 64.0 + shift[1]]]), (128, 128))
    rgba, depth = draw(process, points, camera)
    coverage = rgba[0, ..., 3] / 255.0
    corners = camera.project(points.astype(np.float64))[0]
    np.testing.assert_allclose(centroid(coverage), corners.mean(0), atol=0.05)
    assert coverage.sum() == pytest.approx(0.6 * (130.0 / 2.0) ** 2, rel=0.005)
    np.testing.assert_allclose(depth[0][coverage == 1.0], 2.0, atol=1e-4)


def draw(
    process: RenderProcess, vertices: NDArray[np.float32], camera: Camera
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    n = len(vertices)
    process.submit(
        Drawing(
            vertices=vertices,
            normals=np.zeros_like(vertices) + np.float32([0, 0, -1]),
            colours=[np.ones_like(vertices[0])] * n,
            cameras=np.column_stack([camera.focal_length, camera.center]),
            lights=[light.draw(0)] * n,
        )
    )
    return process.collect()


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
        np.testing.assert_array_equal(drawn.images[0], background.draw(0, SIZE))
        np.testing.assert_array_equal(drawn.boxes, [[0, 0, SIZE, SIZE]])
        assert not drawn.visibility.any()
        assert not drawn.depth.any()


# --- pictures -----------------------------------------------------------------------------------------------


def test_the_background_is_untouched_and_edges_have_no_fringe(simulator: PyrenderSimulator) -> None:
    scene = facing()
    drawn = simulator.render(scene)
    behind = background.draw(0, SIZE)
    np.testing.assert_array_equal(drawn.images[0][~drawn.mask[0]], behind[~drawn.mask[0]])
    white = replace(scene, background=np.array([next(s for s in range(1, 99) if is_bright(s))]))
    edge = drawn.mask[0] & grown(~drawn.mask[0])
    lighter = simulator.render(white).images[0].astype(int) - drawn.images[0]
    assert (lighter[edge] >= -1).all(), "a brighter background never darkens an edge"
    assert lighter[edge].max() > 20


def is_bright(seed: int) -> bool:
    picture = background.draw(seed, SIZE)
    return bool(picture.min() > 190)


def test_rows_do_not_depend_on_the_batch(simulator: PyrenderSimulator) -> None:
    scene = make_scene(5, seed=3)
    together, again = simulator.render(scene), simulator.render(scene)
    for row in range(5):
        alone = simulator.render(scene.rows(slice(row, row + 1)))
        for name in ("images", "mask", "depth", "boxes", "joints", "vertices", "joints2d", "visibility"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row], name)
            np.testing.assert_array_equal(getattr(again, name)[row], getattr(together, name)[row], name)


def test_more_than_a_chunk_is_drawn_in_order(simulator: PyrenderSimulator) -> None:
    scene = make_scene(render_process.CHUNK + 3, seed=4)
    drawn = simulator.render(scene)
    last = simulator.render(scene.rows(slice(render_process.CHUNK + 2, None)))
    np.testing.assert_array_equal(drawn.images[-1], last.images[0])
    assert len(drawn) == len(scene)
    assert drawn.scene is scene


@pytest.mark.parametrize("field", ["clothing", "background", "light"])
def test_every_seed_changes_the_picture_and_nothing_else(simulator: PyrenderSimulator, field: str) -> None:
    first = simulator.render(facing())
    second = simulator.render(replace(facing(), **{field: np.array([11])}))
    assert (first.images != second.images).any(axis=-1).mean() > 0.02
    np.testing.assert_array_equal(first.mask, second.mask)
    np.testing.assert_array_equal(first.depth, second.depth)


@pytest.mark.slow
def test_specialised_shaders_give_the_same_bits(body: Body, batch: Batch) -> None:
    script = """
import contextlib, sys
import numpy as np
from simulator import renderer, render_process
import pyrender
from pathlib import Path

@contextlib.contextmanager
def installed(_):
    yield str(Path(pyrender.__file__).parent / "shaders")

renderer.specialised_shaders = installed
render_process.serve(int(sys.argv[1]), int(sys.argv[2]))
"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_process, "_COMMAND", script)
        with PyrenderSimulator(body) as simulator:
            plain = simulator.render(make_scene(4))
    np.testing.assert_array_equal(plain.images, batch.images)
    np.testing.assert_array_equal(plain.depth, batch.depth)


def test_pictures_are_the_known_ones(body: Body) -> None:
    """`GOLDEN=write pytest ...` draws them anew: look at them before you commit them."""
    with PyrenderSimulator(body, image_size=64) as simulator:
        pictures = simulator.render(join_scenes([facing(64), make_scene(3, 5, 64)])).images
    for index, picture in enumerate(pictures):
        path = GOLDEN / f"person{index}.png"
        if os.environ.get("GOLDEN") == "write":
            Image.fromarray(picture).save(path)
        difference = np.abs(picture.astype(int) - np.asarray(Image.open(path)))
        assert difference.mean() < 1.0  # another Mesa rounds otherwise at edges
        assert np.percentile(difference, 99) < 12


# --- the process --------------------------------------------------------------------------------------------


@pytest.fixture
def small() -> Iterator[PyrenderSimulator]:
    with PyrenderSimulator(stick_body(), image_size=64) as one:
        yield one


def child_pid(simulator: PyrenderSimulator) -> int:
    child = simulator._process._child
    assert child is not None
    return child.process.pid


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pid: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_running(pid)


@pytest.mark.slow
def test_a_killed_process_is_reported_and_replaced(small: PyrenderSimulator) -> None:
    first = small.render(facing(64))
    os.kill(child_pid(small), signal.SIGKILL)
    message = r"cannot draw pictures through EGL: the drawing process ended with code -9 \(.*\); type: apt-get install"
    with pytest.raises(gl.GraphicsError, match=message):
        small.render(facing(64))
    np.testing.assert_array_equal(small.render(facing(64)).images, first.images)


@pytest.mark.slow
def test_an_interrupt_between_question_and_answer_does_no_harm(
    small: PyrenderSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small.render(facing(64))

    def interrupt(seed: int, size: int) -> NDArray[np.uint8]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(background, "draw", interrupt)
        with pytest.raises(KeyboardInterrupt):
            small.render(replace(facing(64), clothing=np.array([4])))
    np.testing.assert_array_equal(small.render(facing(64)).images, first.images)


@pytest.mark.slow
def test_no_egl_driver_is_one_clear_sentence(
    small: PyrenderSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent.json")
    with pytest.raises(
        gl.GraphicsError, match=r"^cannot draw pictures through EGL: .*; type: apt-get install -y [^\n]*$"
    ):
        small.render(facing(64))


@pytest.mark.slow
def test_a_silent_process_is_given_up(small: PyrenderSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    small.render(facing(64))
    pid = child_pid(small)
    monkeypatch.setattr(render_process, "TIMEOUT_S", 0.5)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(gl.GraphicsError, match=r"no picture came in 0\.5 s"):
        small.render(facing(64))
    assert gone(pid)


@pytest.mark.slow
def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"  # at its top level, as users write scripts
    script.write_text(
        "import os, signal, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[2]), str(Path(__file__).parent)]!r}\n"
        "from simulator.stick import stick_body\n"
        "from simulator.pyrender_simulator import PyrenderSimulator\n"
        "from test_render import facing\n"
        "simulator = PyrenderSimulator(stick_body(), image_size=64)\n"
        "simulator.render(facing(64))\n"
        "print(simulator._process._child.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    assert gone(int(parent.stdout))


def test_close_ends_the_process(small: PyrenderSimulator) -> None:
    small.render(facing(64))
    pid = child_pid(small)
    small.close()
    assert not is_running(pid)


def test_the_parent_never_imports_opengl(simulator: PyrenderSimulator, batch: Batch) -> None:
    assert "pyrender" not in sys.modules
    assert "OpenGL" not in sys.modules


# --- the public face ----------------------------------------------------------------------------------------


def test_version_names_everything_that_changes_a_picture(simulator: PyrenderSimulator, body: Body) -> None:
    assert (
        simulator.version == f"pyrender-maintained 1.0.1, drawing 1, body neutral {body.sha256[:12]}, 256 px"
    )


def test_opengl_is_named_after_the_first_picture(simulator: PyrenderSimulator, batch: Batch) -> None:
    assert simulator.opengl


def test_another_image_size_is_refused(simulator: PyrenderSimulator) -> None:
    message = (
        r"expected cameras of \(256, 256\) px, got \(64, 64\); give the simulator and the camera the same"
    )
    with pytest.raises(ValueError, match=message):
        simulator.render(facing(64))


def test_fields_of_another_length_are_refused(simulator: PyrenderSimulator) -> None:
    with pytest.raises(ValueError, match=r"expected 1 rows of light, one for every row of betas, got 2"):
        simulator.render(replace(facing(), light=np.zeros(2, np.int64)))


def test_nobody_is_refused(simulator: PyrenderSimulator) -> None:
    with pytest.raises(ValueError, match=r"expected at least one person, got a scene of 0 rows"):
        simulator.render(facing().rows(slice(0, 0)))


def test_a_pose_that_is_not_finite_is_refused(simulator: PyrenderSimulator) -> None:
    with pytest.raises(ValueError, match=r"expected finite body_pose, got nan in row 0"):
        simulator.render(replace(facing(), body_pose=np.full((1, 63), np.nan)))
