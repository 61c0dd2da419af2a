"""A user's simulator in a process of its own: any language, any renderer, our geometry and our labels.

For every chunk of people the process reads one line of JSON, `{"scene": PATH, "answer": PATH}`, on its standard
input, draws what is in the first .npz file, writes the second and prints one line of JSON, `{"done": true}` or
`{"error": "what went wrong"}`. It ends when its standard input ends.

The scene holds every array of `Scene` and its camera by name, with `<factor>_names` for the columns of the factors,
and the posed `vertices` (N, V, 3), `faces`, `joints` and texture coordinates (`vt`, `ft`, where the body has them),
so that the process needs no body model. What stands in front of person i is the mesh `front_<i>_vertices`,
`front_<i>_faces`. All is in metres and OpenCV camera axes: x right, y down, z forward.

The answer holds `images` (N, H, W, 3) uint8, `mask` (N, H, W) bool, the pixels that show the person, and may hold
`depth` (N, H, W), metres along z on the mask. The pictures are to be perfect ones: imaging is done here. Joints,
visibility and boxes come from our geometry and the mask.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from simulator.background import BACKGROUND
from simulator.base import Batch, Scene
from simulator.body import Body, BodyOutput, Float32
from simulator.camera import Camera
from simulator.clothing import CLOTHING
from simulator.conversation import Conversation
from simulator.drawing import Z_NEAR
from simulator.imaging import IMAGING, expose
from simulator.in_front import Front, in_front, joints_in_front
from simulator.light import LIGHT
from simulator.occluder import OCCLUDER
from simulator.raycast import first_hits
from simulator.silhouette import boxes_round, depth_to_the_edge
from simulator.visibility import JointVisibility
from simulator.visible_share import VisibleShare

CHUNK = 16
"""People in one request."""

TIMEOUT_S = 600.0
"""Seconds that a chunk may take."""

PROTOCOL_VERSION = 1
"""Raised whenever the same scene would be asked for otherwise."""


@dataclass(frozen=True)
class Answer:
    """What the process drew."""

    images: NDArray[np.uint8]
    """(N, H, W, 3)."""
    mask: NDArray[np.bool_]
    """(N, H, W)."""
    depth: Float32 | None
    """(N, H, W) metres."""


class ProcessSimulator:
    """Draws with a program of the user's, which starts with the first picture, and again after a failure.

    Keeps the protocol `Simulator`. A simulator is a context manager; without `with`, call `close()`.

    Args:
        command: Program and arguments; the module's head says what it is asked and has to answer.
        body: Who is drawn.
        image_size: Height and width in pixels.
        timeout_s: Seconds that a chunk of people may take.

    Raises:
        ValueError: The command is empty.
    """

    def __init__(
        self, command: Sequence[str], body: Body, image_size: int = 256, timeout_s: float = TIMEOUT_S
    ) -> None:
        if not command:
            raise ValueError("expected a command after 'process:', got none; e.g. 'process:python my_sim.py'")
        self.body = body
        self._command = tuple(command)
        self._size = image_size
        self._timeout_s = timeout_s
        self._visibility = JointVisibility(body)
        self._share = VisibleShare(body)
        self._folder = Path(tempfile.mkdtemp(prefix="examiner-"))
        self._finish = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._turn = threading.Lock()
        self._talk: Conversation | None = None

    @property
    def version(self) -> str:
        """The command, the contents of the files that it names, body and image size."""
        content = hashlib.sha256()
        for path in (Path(word) for word in self._command[1:]):
            content.update(path.read_bytes() if path.is_file() else b"")
        name = f"process {PROTOCOL_VERSION}, {' '.join(self._command)}, files {content.hexdigest()[:12]}"
        return f"{name}, body {self.body.name} {self.body.sha256[:12]}, {self._size} px"

    def render(self, scene: Scene) -> Batch:
        """Draw the scene; threads take turns.

        Raises:
            ValueError: The scene does not fit, or what the process wrote does not.
            OSError: The process does not start, ended, or took too long.
        """
        if not len(scene) or scene.camera.image_size != (self._size, self._size):
            raise ValueError(
                f"expected people before cameras of {(self._size, self._size)} px, got {len(scene)} before cameras "
                f"of {scene.camera.image_size} px"
            )
        out = self.body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        fronts = in_front(scene, out.joints, self.body)
        slices = [slice(start, start + CHUNK) for start in range(0, len(scene), CHUNK)]
        parts = [self._drawn(scene.rows(rows), _rows(out, rows), fronts[rows]) for rows in slices]
        images, mask, depth = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return self._labelled(scene, out, fronts, images, mask, depth)

    def close(self) -> None:
        """End the process; the next picture starts a new one."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drawn(
        self, scene: Scene, out: BodyOutput, fronts: Sequence[Front]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_], Float32]:
        """Images, mask and depth of a chunk."""
        with self._turn:
            answer = self._ask(scene, out, fronts)
        depth = answer.depth if answer.depth is not None else self._cast(out, scene.camera, answer.mask)
        return answer.images, answer.mask, depth_to_the_edge(depth, answer.mask, out.joints[:, 0, 2])

    def _ask(self, scene: Scene, out: BodyOutput, fronts: Sequence[Front]) -> Answer:
        asked, answered = self._folder / "scene.npz", self._folder / "answer.npz"
        answered.unlink(missing_ok=True)
        np.savez(asked, allow_pickle=False, **request(scene, out, fronts, self.body))
        try:
            self._talk = self._talk or Conversation(self._command)
            self._talk.ask({"scene": str(asked), "answer": str(answered)}, self._timeout_s)
        except BaseException:
            self.close()
            raise
        return read_answer(answered, (len(scene), self._size, self._size))

    def _labelled(
        self,
        scene: Scene,
        out: BodyOutput,
        fronts: Sequence[Front],
        images: NDArray[np.uint8],
        mask: NDArray[np.bool_],
        depth: Float32,
    ) -> Batch:
        blockers = [front.blockers for front in fronts]
        blocked = np.array([bool(meshes) for meshes in blockers])[:, None, None]
        nearest = np.where(blocked & ~mask, np.float32(Z_NEAR), depth)
        normals = self.body.normals(out.vertices)
        return Batch(
            images=expose(images, scene.imaging),
            joints=out.joints,
            vertices=out.vertices,
            joints2d=scene.camera.project(out.joints),
            visibility=self._visibility(out.vertices, out.joints, scene.camera, blockers=blockers),
            visible_share=self._share(out.vertices, normals, nearest, scene.camera),
            mask=mask,
            depth=depth,
            boxes=boxes_round(mask, scene.box_shift),
            scene=scene,
            joint_names=self.body.joint_names,
            others=joints_in_front(fronts, out.joints.shape[1]),
        )

    def _cast(self, out: BodyOutput, camera: Camera, mask: NDArray[np.bool_]) -> Float32:
        """Depth (N, H, W) on the mask by rays against the bare body, 0 where they miss."""
        depth = np.zeros(mask.shape, np.float32)
        for row in range(len(mask)):
            y, x = np.nonzero(mask[row])
            u = (x + 0.5 - camera.center[row, 0]) / camera.focal_length[row]
            v = (y + 0.5 - camera.center[row, 1]) / camera.focal_length[row]
            near = first_hits(out.vertices[row], self.body.faces, u, v).nearness
            depth[row, y, x] = np.divide(1.0, near, out=np.zeros_like(near), where=near > 0)
        return depth


def request(scene: Scene, out: BodyOutput, fronts: Sequence[Front], body: Body) -> dict[str, NDArray[Any]]:
    """What the process is told of some people, by name."""
    arrays = {f.name: getattr(scene, f.name) for f in fields(Scene) if f.name != "camera"}
    for parameters in (CLOTHING, BACKGROUND, LIGHT, OCCLUDER, IMAGING):
        arrays[f"{parameters.name}_names"] = np.array([d.name for d in parameters.dimensions])
    camera = scene.camera
    arrays |= {"focal_length": camera.focal_length, "center": camera.center}
    arrays |= {"image_size": np.array(camera.image_size), "faces": body.faces}
    arrays |= {"vertices": out.vertices, "joints": out.joints}
    if body.uv is not None:
        arrays |= {"vt": body.uv.vt, "ft": body.uv.ft}
    for row, front in enumerate(fronts):
        for mesh in front.blockers:
            arrays |= {f"front_{row}_vertices": mesh.vertices, f"front_{row}_faces": mesh.faces}
    return arrays


def _rows(out: BodyOutput, rows: slice) -> BodyOutput:
    return BodyOutput(out.vertices[rows], out.joints[rows])


def read_answer(path: Path, shape: tuple[int, int, int]) -> Answer:
    """What the process wrote for N pictures of H by W pixels; nothing in it is trusted.

    Raises:
        FileNotFoundError: It wrote nothing.
        ValueError: It is no .npz of plain arrays, or an array is missing, of a wrong shape or kind, or not finite.
    """
    if not path.is_file():
        raise FileNotFoundError("expected the process to write the file named `answer`, found none")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ("images", "mask", "depth") if name in archive.files}
    except Exception as error:
        raise ValueError(f"expected an .npz of plain arrays in the answer, got {error}") from error
    images, mask = _of_shape(arrays, "images", (*shape, 3)), _of_shape(arrays, "mask", shape)
    if images.dtype != np.uint8:
        raise ValueError(f"expected images of uint8 in the answer, got {images.dtype}; scale them to 0..255")
    if mask.dtype not in (np.bool_, np.uint8):
        raise ValueError(f"expected a mask of bool in the answer, got {mask.dtype}")
    depth = _depth(arrays, shape, mask != 0) if "depth" in arrays else None
    return Answer(np.ascontiguousarray(images), mask != 0, depth)


def _depth(
    arrays: dict[str, NDArray[Any]], shape: tuple[int, ...], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    depth = _of_shape(arrays, "depth", shape)
    if depth.dtype.kind != "f":
        raise ValueError(f"expected depth of float32 metres in the answer, got {depth.dtype}")
    bad = np.flatnonzero((~np.isfinite(depth) | (depth <= 0))[mask])
    if len(bad):
        row = np.nonzero(mask)[0][bad[0]]
        raise ValueError(
            f"expected depth in metres above 0 on the mask, got {depth[mask][bad[0]]} in picture {row} of the answer"
        )
    return np.where(mask, depth, 0).astype(np.float32)


def _of_shape(arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if name not in arrays:
        raise ValueError(f"expected {name} in the answer, got {', '.join(arrays) or 'none of its arrays'}")
    if arrays[name].shape != shape:
        raise ValueError(f"expected {name} of shape {shape} in the answer, got {arrays[name].shape}")
    return arrays[name]
