"""Sets of joints that models predict, by name: SMPL's words where they mean the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from targets.blazepose import LANDMARKS

COCO_17 = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip"),
    *("left_knee", "right_knee", "left_ankle", "right_ankle"),
)
"""Keypoints of the COCO data set, in its order (Lin et al., ECCV 2014)."""

SMPL_24 = (
    *("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle"),
    *("right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("left_hand", "right_hand"),
)
"""Joints of SMPL, in the order of its pose (Loper et al. 2015)."""

LSP_14 = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist"),
    *("right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top"),
)
"""Joints of the LSP data set, in its order (Johnson and Everingham, BMVC 2010)."""

H36M_17 = (
    *("pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "spine"),
    *("thorax", "nose", "head_top", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder"),
    *("right_elbow", "right_wrist"),
)
"""Joints of Human3.6M in the order of lifters (Pavllo et al., CVPR 2019); regressors of SMPL have another."""

JOINT_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "blazepose-33": LANDMARKS,
        "coco-17": COCO_17,
        "smpl-24": SMPL_24,
        "lsp-14": LSP_14,
        "h36m-17": H36M_17,
    }
)
"""Names in order, by the name of the set."""
