"""ImpHMR: SMPL parameters from a crop through a feature field; its output has SPIN's form.

H. Cho et al., "Implicit 3D Human Mesh Recovery using Consistency with Pose and Shape from Unseen-view", CVPR 2023.
We know no published repository, so you must bring the network, loaded: called with images (1, 3, 224, 224) it gives
rotations (1, 24, 3, 3), betas (1, 10) and the camera (s, tx, ty). Of several views that it renders, give the canonical.
Licence: not stated to us; SMPL for non-commercial research.

The real checkpoint has not been run here; crop, axes, units and camera were checked against a stand-in of the same
signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from targets.recipe import Recipe
from targets.recipes import spin

CHECKPOINT = "a loaded network, as build(network=...)"
LICENCE = "unstated; SMPL: non-commercial research"


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    device: str = "cpu",
    box_scale: float = 1.2,
) -> spin.Spin:
    """ImpHMR from a network that the user has loaded.

    Args:
        model: Not used: there is no published loader.
        network: Called as SPIN's is.
        device: Torch's word for where the network runs.
        box_scale: Region over box.

    Raises:
        ValueError: No network was given.
    """
    if network is None:
        raise ValueError(
            "expected build(network=...) with a loaded network of ImpHMR, got none: "
            "we know no published repository to load it from"
        )
    target = spin.build(network=network, device=device, box_scale=box_scale)
    return replace(target, spec=replace(target.spec, name="imphmr", licence=LICENCE))


RECIPE = Recipe("imphmr", "", CHECKPOINT, LICENCE, build)
