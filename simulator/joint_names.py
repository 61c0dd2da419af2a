"""Names of the joints of SMPL (24), SMPL-H (52) and SMPL-X (55), in their order."""

from __future__ import annotations

SMPL_JOINTS = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
    "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand",
    "right_hand",
)  # fmt: skip
"""SMPL's joints; the first 22 are those of SMPL-H and SMPL-X too."""

_FINGERS = tuple(f"{name}{i}" for name in ("index", "middle", "pinky", "ring", "thumb") for i in (1, 2, 3))
_HANDS = tuple(f"{side}_{finger}" for side in ("left", "right") for finger in _FINGERS)
_BY_COUNT = {
    24: SMPL_JOINTS,
    52: (*SMPL_JOINTS[:22], *_HANDS),
    55: (*SMPL_JOINTS[:22], "jaw", "left_eye", "right_eye", *_HANDS),
}


def joint_names(count: int) -> tuple[str, ...]:
    """Names of the joints of the model with that many.

    Raises:
        ValueError: No model has that many joints.
    """
    if count not in _BY_COUNT:
        raise ValueError(
            f"expected 24 (SMPL), 52 (SMPL-H) or 55 (SMPL-X) joints, got {count}; use one of these files"
        )
    return _BY_COUNT[count]
