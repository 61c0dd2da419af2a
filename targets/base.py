"""What a target is: the model under test, its Prediction and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from targets.crop import Crop

Float = NDArray[np.float64]


@dataclass(frozen=True)
class TargetSpec:
    """What a target needs and gives."""

    name: str
    """As on the command line, e.g. `blazepose-full`."""
    joint_names: tuple[str, ...] = ()
    """Names of the predicted joints, SMPL words where they mean the same (`left_knee`). Empty where the target gives
    no joints but the vertices or parameters of `body`."""
    needs: tuple[str, ...] = ("images", "boxes", "intrinsics")
    """Keywords that `predict` is called with, exactly these."""
    metric: bool = False
    """Whether joints carry absolute metric scale (chooses `mpjpe` over `n_mpjpe`)."""
    licence: str = "unstated"
    """Licence of code and weights."""
    weights_sha256: str = ""
    """Hex digest of the weights, or any text that changes with them. With it what is normal for the target is
    measured once and kept; without it every audit measures it again, since the weights may have changed."""
    calls_at_once: int = 1
    """How many calls of `predict`, each from a thread of its own, the target bears at the same time."""
    region_of_interest: str = "box"
    """`box` (the simulator's) or `detector` (the target's own)."""
    units: Literal["m", "mm"] = "m"
    """Of predicted joints, vertices and `transl`; millimetres are turned into metres for you."""
    axes: tuple[int, int, int] = (1, 1, 1)
    """Signs that turn the target's axes into OpenCV's camera axes (x right, y down, z forward): (1, -1, -1) for
    OpenGL's. Applied for you to joints, vertices, `transl` and `global_orient`."""
    root: str = ""
    """What lies at the origin of predicted joints: a joint's name, `hips` (their middle), or nothing: the camera."""
    gives: tuple[str, ...] = ("joints",)
    """Fields of its Prediction that a score can be made of: `joints`, `joints2d`, `vertices`, `body_pose`,
    `hypotheses`. What is given beyond these does no harm."""
    crop: Crop | None = None
    """How the target cuts a person out, where it does; None where it looks at the whole picture or does so itself."""
    body: str = ""
    """Whose vertices and parameters it gives: `smpl`, `smplx` or the name of an embedded body."""
    keypoints: tuple[str, ...] = ()
    """Names of the 2D joints that it wants, where it needs `keypoints` (N, K, 2) pixels: a lifter."""
    trained_on: str = ""
    """`version` of the simulator whose pictures the weights were trained on, where they were: `stale_look` tells
    whether a simulator still draws such pictures."""
    frames: int = 1
    """Frames of a clip, where it needs `clips` (N, T, H, W, 3): its answer is for the last one."""


@dataclass(frozen=True)
class Prediction:
    """What a target returned for N people. Only `found` is always there.

    Lengths and axes are the spec's `units` and `axes`. A target that finds people by itself may return any number M
    of rows in place of N and say by `picture` which of the N pictures each is in: the person who overlaps the box
    most is taken, by `joints2d`.
    """

    found: NDArray[np.bool_]
    """(N,) whether a person was found."""
    joints: Float | None = None
    """(N, J, 3) metres, camera axes (x right, y down, z forward), in the spec's joint order."""
    joints2d: Float | None = None
    """(N, J, 2) pixels of the input image."""
    vertices: Float | None = None
    """(N, V, 3) metres, camera axes."""
    betas: Float | None = None
    """(N, 10)."""
    body_pose: Float | None = None
    """(N, 63 or 69) axis-angle, radians."""
    global_orient: Float | None = None
    """(N, 3) axis-angle, radians."""
    confidence: Float | None = None
    """(N,) in 0..1, the target's own."""
    heatmaps: NDArray[np.float32] | None = None
    """(N, J, h, w)."""
    transl: Float | None = None
    """(N, 3) the body's translation in the camera."""
    focal_length: Float | None = None
    """(N,) pixels, of the camera that `transl` is for."""
    hypotheses: Float | None = None
    """(N, H, J, 3): several guesses of the joints, the best guess first where `joints` is not given."""
    picture: NDArray[np.intp] | None = None
    """(M,) 0..N-1, the picture that each row is in."""


@runtime_checkable
class Target(Protocol):
    """The model under test. It never has to import anything of ours but `Prediction`."""

    @property
    def spec(self) -> TargetSpec:
        """What it needs and gives."""

    def predict(self, *args: Any, **fields: Any) -> Prediction:
        """Predict N people from exactly the fields named in `spec.needs`, given by keyword."""
