"""Sets of joints that models predict, by the names that a specification of a network file may use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from targets.blazepose import LANDMARKS
from targets.joint_orders import COCO_17, H36M_17, OPENPOSE_25, SMPL_24

LSP_14 = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist"),
    *("right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top"),
)
"""Joints of the LSP data set (S. Johnson and M. Everingham, BMVC 2010)."""

JOINT_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "blazepose-33": LANDMARKS,
        "coco-17": COCO_17,
        "h36m-17": H36M_17,
        "lsp-14": LSP_14,
        "openpose-25": OPENPOSE_25,
        "smpl-24": SMPL_24,
    }
)
"""Names in order, by the name of the set."""
