"""WHAM: SMPL of every frame of a clip, from 2D keypoints and features that it takes from the video itself.

S. Shin et al., "WHAM: Reconstructing World-grounded Humans with Accurate 3D Motion", CVPR 2024.
Repository yohanshin/WHAM. Code MIT; weights and SMPL for non-commercial research.
You must have: a clone on PYTHONPATH (its modules `wham_api`, `lib`, `configs`), started from there, with everything
that its script `fetch_demo_data.sh` gets, among it `wham_vit_w_3dpw.pth.tar`, and ViTPose. CUDA is asked for.

It finds and tracks people itself and drops those seen in fewer than 30 frames; of the rest, the one whose vertices
overlap the box most is taken. The clip goes to it as a video file, motion JPEG.

The real checkpoint has not been run here; axes, units, camera and the choice of the person were checked against a
stand-in of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.overlap import boxes_of, overlap
from targets.people import LEAST_OVERLAP
from targets.recipe import Recipe
from targets.smpl_parameters import from_matrices
from targets.torch_network import Float
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.weak_perspective import picture_pixels

REPOSITORY = "yohanshin/WHAM"
CHECKPOINT = "checkpoints/wham_vit_w_3dpw.pth.tar"
LICENCE = "MIT (code); weights and SMPL: non-commercial research"
LEAST_FRAMES = 30
VERTICES = 6890


@dataclass(frozen=True)
class Wham:
    """Something called like `WHAM_API()`: a video's path, an output folder to (people by id, tracks, camera motion)."""

    spec: TargetSpec
    """Of the target."""
    network: Callable[..., Any]
    """The user's."""

    def predict(self, *, clips: NDArray[np.uint8], boxes: Float) -> Prediction:
        """The last frame of clips (N, T, H, W, 3), in a camera whose focal length is the picture's diagonal."""
        size = (int(clips.shape[3]), int(clips.shape[2]))
        focal_length = np.full(len(clips), float(np.hypot(*size)))
        last = boxes if boxes.ndim == 2 else boxes[:, -1]
        people = [
            self._person(clip, box, focal_length[:1], size) for clip, box in zip(clips, last, strict=True)
        ]
        found = np.array([person is not None for person in people])
        blank = next((person for person in people if person is not None), None)
        if blank is None:
            return Prediction(found=found, vertices=np.zeros((len(clips), VERTICES, 3)))
        nobody = {name: np.zeros_like(value) for name, value in blank.items()}
        rows = [nobody if person is None else person for person in people]
        stacked = {name: np.stack([row[name] for row in rows]) for name in nobody}
        parameters = from_matrices(stacked["rotations"], stacked["betas"])
        return Prediction(found=found, vertices=stacked["vertices"], focal_length=focal_length, **parameters)

    def _person(
        self, clip: NDArray[np.uint8], box: Float, focal_length: Float, size: tuple[int, int]
    ) -> dict[str, Float] | None:
        """The last frame of whom the box is for; None where nobody was tracked until then."""
        with TemporaryDirectory() as folder:
            video = Path(folder) / "clip.avi"
            write_video(clip, video)
            people, *_ = self.network(str(video), output_dir=folder, run_global=False)
        there = [p for p in people.values() if int(np.max(p["frame_id"])) == len(clip) - 1]
        seen = [picture_pixels(_vertices(p)[None], focal_length, size)[0] for p in there]
        shares = overlap(boxes_of(np.stack(seen)), box) if seen else np.zeros(1)
        if shares.max() < LEAST_OVERLAP:
            return None
        return _last(there[int(np.argmax(shares))])


def _of_last_frame(value: Any, *shape: int) -> Float:
    """Of frames stacked in any way."""
    frames = np.asarray(value, np.float64).reshape(-1, *shape)
    return np.asarray(frames[-1])


def _vertices(person: Mapping[str, Any]) -> Float:
    """(V, 3) of the last frame, metres, camera axes."""
    return _of_last_frame(person["verts_cam"], *np.shape(person["verts_cam"])[-2:])


def _last(person: Mapping[str, Any]) -> dict[str, Float]:
    root = _of_last_frame(person["poses_root_cam"], 1, 3, 3)
    rest = _of_last_frame(person["poses_body"], 23, 3, 3)
    betas = _of_last_frame(person["betas"], 10)
    return {"rotations": np.concatenate([root, rest]), "betas": betas, "vertices": _vertices(person)}


def write_video(clip: NDArray[np.uint8], path: Path, frames_per_second: float = 30.0) -> None:
    """Write RGB frames (T, H, W, 3) as motion JPEG.

    Raises:
        OSError: OpenCV was built without it.
    """
    import cv2  # deferred: `import targets` stays light

    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, frames_per_second, (clip.shape[2], clip.shape[1]))
    if not writer.isOpened():
        raise OSError(
            f"expected OpenCV to write motion JPEG to {path}, got no writer: install opencv with video"
        )
    for frame in clip:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()


def build(
    model: str | Path | None = None, *, network: Callable[..., Any] | None = None, frames: int = 32
) -> Wham:
    """WHAM from its clone, or from anything called like its API.

    Args:
        model: Path of the checkpoint, where the clone's configuration expects it.
        network: Called in place of a loaded one.
        frames: Of a clip, at least 30.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    if frames < LEAST_FRAMES:
        raise ValueError(f"expected at least {LEAST_FRAMES} frames, fewer WHAM drops, got {frames}")
    network = network or load(model)
    spec = TargetSpec(
        name="wham",
        needs=("clips", "boxes"),
        metric=True,
        licence=LICENCE,
        gives=("vertices", "body_pose"),
        weights_sha256=weights_digest(model),
        region_of_interest="detector",
        body="smpl",
        frames=frames,
    )
    return Wham(spec, network)


def load(model: str | Path | None) -> Callable[..., Any]:
    """The published API; it takes its weights from the folders of its configuration."""
    checkpoint_file(model, CHECKPOINT, REPOSITORY)
    loaded: Callable[..., Any] = repository_module("wham_api", REPOSITORY).WHAM_API()
    return loaded


RECIPE = Recipe("wham", REPOSITORY, CHECKPOINT, LICENCE, build)
