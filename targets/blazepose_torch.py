"""BlazePose's landmark network in torch: with gradients, trainable, and exported to ONNX."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from targets.blazepose import LANDMARK_FILES, BlazePose, RegionOfInterest, Size
from targets.tflite import Float32
from targets.weights import Report, silent

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

    from targets.tflite_torch import TorchGraph

BASE = "base_sha256"
"""Key of a weight file's metadata: digest of the published file that its weights were trained from."""

WORLD = "Identity_4"
"""World landmarks (N, 117): 39 of x, y, z in metres."""
SCREEN = "Identity"
"""Screen landmarks (N, 195): 39 of x, y, z in pixels of the crop, logits of visibility and presence."""
PRESENCE = "Identity_1"
"""Pose flag (N, 1)."""
MASK = "Identity_2"
"""Logits of the person's pixels (N, 1, 256, 256)."""
HEATMAPS = "Identity_3"
"""Logits (N, 39, 64, 64)."""


class BlazePoseTorch(BlazePose):
    """The target `BlazePose`, its landmark network run by torch: same crops, same answers within 0.1 mm.

    People are looked at one at a time on one thread, so that a row does not depend on its batch.
    """

    graph: TorchGraph
    """The network: RGB crops (N, 3, 256, 256) of 0..1 in, tensors by name out. Train it in place, or save and load."""

    def __init__(
        self,
        size: Size = "full",
        region_of_interest: RegionOfInterest = "box",
        report: Report = silent,
        weights: Path | None = None,
    ) -> None:
        """Fetch the published file where it is missing, and load it.

        Args:
            size: Which of the three networks.
            region_of_interest: As of `BlazePose`.
            report: Called with one sentence before a download.
            weights: A file of `save`, whose weights replace the published ones.

        Raises:
            FileNotFoundError: There is no such weight file.
            ValueError: Unknown size or region of interest, or weights of another network.
        """
        super().__init__(size, region_of_interest, report=report)
        self._base = LANDMARK_FILES[size].sha256
        digest = self._spec.weights_sha256
        if weights is not None:
            self._load(weights)
            digest = digest.replace(self._base, hashlib.sha256(weights.read_bytes()).hexdigest())
        self._spec = replace(self._spec, name=f"blazepose-{size}-torch", weights_sha256=digest)

    def save(self, path: Path) -> None:
        """Write the network's weights as safetensors, for `weights`."""
        from safetensors.torch import save  # deferred: `import targets` stays light

        weights = {key: value.contiguous() for key, value in self.graph.state_dict().items()}
        path.write_bytes(save(weights, metadata={BASE: self._base}))

    def export_onnx(self, path: Path) -> None:
        """Write the network as ONNX: input `pictures` (N, 3, 256, 256), outputs as `graph` names them."""
        self.graph.export_onnx(path)

    def _load(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open  # deferred: `import targets` stays light

        if not path.is_file():
            raise FileNotFoundError(
                f"expected a weight file (.safetensors), got no file {path}: check the path"
            )
        try:
            with safe_open(path, framework="pt") as file:
                base = (file.metadata() or {}).get(BASE, "")
                weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        except SafetensorError as error:
            raise ValueError(f"expected a .safetensors file, got {error} in {path}: save it again") from None
        if base != self._base:
            raise ValueError(
                f"expected weights trained from the published file {self._base[:12]}..., got {path} of "
                f"{base[:12] or 'an unnamed one'}: choose the size that it was trained from"
            )
        self.graph.load_state_dict(weights)

    def _runtime(self, path: Path, threads: int) -> Callable[[Float32], dict[str, Float32]]:
        import torch  # deferred: `import targets` stays light

        from targets.tflite_torch import TorchGraph  # deferred: needs torch

        self.graph = graph = TorchGraph.from_tflite(path)
        for weight in graph.parameters():  # a third faster
            if weight.dim() == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        names = (SCREEN, PRESENCE, HEATMAPS, WORLD)
        needed = graph.pruned(names)

        def run(picture: Float32) -> dict[str, Float32]:
            with one_thread(), torch.inference_mode():
                pictures = torch.from_numpy(picture)[None].permute(0, 3, 1, 2)
                found = needed(pictures)
            return {name: _channels_last(value[0].numpy()) for name, value in found.items()}

        return run


def one_thread() -> AbstractContextManager[Any]:
    """A context in which torch works on the caller's thread alone; other threads are not touched.

    With several the last bits depend on their number, and on a busy machine they wait for each other.
    """
    limits: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="openmp")
    return limits


@cache
def _libraries() -> ThreadpoolController:
    """The libraries of this process, torch's among them; finding them costs milliseconds."""
    import torch  # noqa: F401 - deferred: `import targets` stays light
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _channels_last(values: Float32) -> Float32:
    return np.ascontiguousarray(values.transpose(1, 2, 0)) if values.ndim == 3 else values
