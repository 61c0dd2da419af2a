"""What `hmr-lite` sees of a crop: features of BlazePose full, whose weights stay as they are published."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from targets.blazepose_torch import PRESENCE, SCREEN, WORLD
from targets.tflite_torch import TorchGraph

POOLED = 300
"""Number of the last tensor of 8 x 8 places in the published file, 288 channels."""
LOCAL = 251
"""Number of the last tensor of 16 x 16 places that is no inner one of a block, 88 channels."""
SHAPES = {POOLED: (288, 8, 8), LOCAL: (88, 16, 16)}
CROP = 256
POINTS = 39
"""Landmarks: the 33 that are published, and six helpers."""
WIDTH = 3 * POINTS + 5 * POINTS + SHAPES[POOLED][0] + SHAPES[LOCAL][0] * POINTS
"""Values a person: world landmarks, screen landmarks, the pooled channels, the local channels at every landmark."""
CLIPPED = 8.0
"""Logits beyond this say no more."""


class Features:
    """The features of crops, and whether somebody is there.

    Only the part of the network without a decoder is run: 12 ms a crop on one core.
    """

    def __init__(self, graph: TorchGraph, device: str = "cpu") -> None:
        """Take the published graph of BlazePose full (by checksum the only one: its tensors are known by number)."""
        for tensor, shape in SHAPES.items():
            assert graph.graph.shapes[tensor] == shape
        named = {name: graph.graph.outputs[name] for name in (WORLD, SCREEN, PRESENCE)}
        self._part = graph.tapped({**named, "pooled": POOLED, "local": LOCAL}).to(device)
        self._device = device
        for weight in self._part.parameters():  # a third faster
            weight.requires_grad_(False)
            if weight.dim() == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)

    def __call__(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, WIDTH) and pose flags (N,) of RGB crops (N, 256, 256, 3) uint8."""
        with torch.inference_mode():
            pictures = crops.to(self._device).permute(0, 3, 1, 2).float() * (1 / 255)
            found = self._part(pictures)
            screen = found[SCREEN].reshape(-1, POINTS, 5)
            places = screen[..., :2] * (2 / CROP) - 1
            local = functional.grid_sample(found["local"], places[:, :, None], align_corners=False)[..., 0]
            logits = screen[..., 3:].clamp(-CLIPPED, CLIPPED) / 4
            parts = [found[WORLD], places, screen[..., 2:3] * (2 / CROP), logits]
            parts += [found["pooled"].mean(dim=(2, 3)), local.transpose(1, 2)]
            return torch.cat([part.flatten(1) for part in parts], dim=1), found[PRESENCE][:, 0]


def world_landmarks(features: Tensor) -> Tensor:
    """(N, 39, 3) metres: BlazePose's own answer, which is part of the features (N, WIDTH)."""
    return features[:, : 3 * POINTS].reshape(-1, POINTS, 3)
