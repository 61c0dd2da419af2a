"""The network of `hmr-lite` that we train: features in, parameters of a SMPL-format body out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from targets.hmr_features import WIDTH

ROTATIONS = 22
"""The root's and those of SMPL joints 1 to 21; the hands (22, 23) are at rest in every picture."""
BETAS = 10
OUTPUTS = 6 * ROTATIONS + BETAS + 3
SPREAD = 6.0
"""Standard deviations at which features are cut."""


@dataclass(frozen=True)
class Estimate:
    """Parameters of N people."""

    rotations: Tensor
    """(N, 22, 3, 3): of the root from body to camera axes, then of each joint in its parent's."""
    betas: Tensor
    """(N, 10)."""
    camera: Tensor
    """(N, 3) weak perspective in the crop, whose sides are at -1 and 1: logarithm of the scale (units a metre), then
    the pelvis, right and down."""


class Head(nn.Module):
    """A multilayer perceptron with residual blocks on standardised features.

    Rotations come out as two columns each (Zhou et al., "On the Continuity of Rotation Representations in Neural
    Networks", CVPR 2019).
    """

    mean: Tensor
    std: Tensor
    pelvis: Tensor
    pelvis_dirs: Tensor

    def __init__(self, hidden: int = 640, blocks: int = 2, dropout: float = 0.1, width: int = WIDTH) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        self.register_buffer("pelvis", torch.zeros(3))  # (3,) metres, of the mean body at rest
        self.register_buffer("pelvis_dirs", torch.zeros(3, BETAS))  # metres a beta
        self.enter = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, hidden))
        self.blocks = nn.ModuleList(_block(hidden, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(hidden)
        self.last = nn.Linear(hidden, OUTPUTS)

    def forward(self, features: Tensor) -> Estimate:
        """Parameters of people with features (N, width)."""
        x = self.enter(((features - self.mean) / self.std).clamp(-SPREAD, SPREAD))
        for block in self.blocks:
            x = x + block(x)
        pairs, betas, camera = self.last(self.norm(x)).split([6 * ROTATIONS, BETAS, 3], dim=1)
        return Estimate(rotations_from_pairs(pairs.reshape(-1, ROTATIONS, 2, 3)), betas, camera)

    def root_translation(self, betas: Tensor) -> Tensor:
        """(N, 3) metres: where the pelvis is at rest, before `transl`."""
        moved: Tensor = self.pelvis + (self.pelvis_dirs * betas[:, None, :]).sum(dim=2)
        return moved


def rotations_from_pairs(pairs: Tensor) -> Tensor:
    """Rotations (..., 3, 3) whose first two columns are the nearest, in this order, to pairs (..., 2, 3)."""
    first = functional.normalize(pairs[..., 0, :], dim=-1)
    second = pairs[..., 1, :] - (first * pairs[..., 1, :]).sum(dim=-1, keepdim=True) * first
    second = functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def save_head(head: Head, path: Path, about: Mapping[str, str]) -> None:
    """Write the weights in half precision, with what is to be known of them."""
    from safetensors.torch import save

    exact = ("pelvis", "pelvis_dirs", "mean", "std")
    state = head.state_dict()
    small = {key: (value if key in exact else value.half()).contiguous() for key, value in state.items()}
    shape = {"hidden": str(head.last.in_features), "blocks": str(len(head.blocks))}
    path.write_bytes(save(small, metadata={**about, **shape}))


def load_head(path: Path) -> tuple[Head, dict[str, str]]:
    """The weights of `save_head`, and what is to be known of them.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds something else.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(
            f"expected weights of hmr-lite (.safetensors), got no file {path}: check the path"
        )
    try:
        with safe_open(path, framework="pt") as file:
            about = dict(file.metadata() or {})
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 - no mapping
        head = Head(int(about["hidden"]), int(about["blocks"]))
        head.load_state_dict(state)
    except (SafetensorError, KeyError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ValueError(
            f"expected weights of hmr-lite, got something else in {path} ({first}): train them again"
        ) from None
    return head.eval(), about


def _block(hidden: int, dropout: float) -> nn.Sequential:
    wide = nn.Linear(hidden, hidden)
    return nn.Sequential(
        nn.LayerNorm(hidden), wide, nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, hidden)
    )
