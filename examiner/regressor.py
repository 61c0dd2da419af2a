"""A user's own Human3.6M regressor: from a file to the 14 joints of LSP."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from scipy.sparse import load_npz

from examiner.joint_sets import JointSet, Points, lsp_14, shortfall
from examiner.joints import Float

ROWS = 17
"""Joints of Human3.6M."""

MOST_VERTICES = 1_000_000


@dataclass(frozen=True, eq=False)
class Regressor:
    """What a file holds and which file it was."""

    name: str
    """The file's name."""
    sha256: str
    """Of the file."""
    joint_set: JointSet
    """LSP's 14 joints from vertices."""

    @property
    def vertices(self) -> int:
        """Those it was made for."""
        assert self.joint_set.regressor is not None
        return int(self.joint_set.regressor.shape[1])

    def shortfall(self, truth: Points, prediction: Points) -> str:
        """Why the joints cannot be had of one of two sides, in a sentence without a full stop; empty where they can."""
        sides = (("the body", truth), ("the target", prediction))
        reasons = ((side, shortfall(self.joint_set, points)) for side, points in sides)
        return next((f"{reason} ({side})" for side, reason in reasons if reason), "")


def load_regressor(path: Path) -> Regressor:
    """The regressor of a file: .npy of shape (17, V), or a sparse matrix of that shape by `scipy.sparse.save_npz`.

    Rows are ordered as in `lsp_14`; no code of the file is run.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that cannot be read, another shape, or weights that are not finite.
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected a Human3.6M regressor at {path}, found no such file")
    weights = _weights(path)
    bad = np.argwhere(~np.isfinite(weights))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"expected finite weights in the regressor {path}, got {weights[row, column]} in row {row}, column {column}"
        )
    return Regressor(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), lsp_14(weights))


def _weights(path: Path) -> Float:
    """(17, V)."""
    sparse = path.suffix == ".npz"
    try:
        with path.open("rb") as stream:
            stored = load_npz(stream) if sparse else np.load(stream, allow_pickle=False)
        shape = tuple(stored.shape)
        if len(shape) == 2 and shape[0] == ROWS and 0 < shape[1] <= MOST_VERTICES:
            return np.asarray(stored.toarray() if sparse else stored, np.float64)
    except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, BadZipFile) as error:
        raise ValueError(
            f"expected a regressor in {path}, a .npy of numbers or a sparse matrix of scipy in .npz, got a file that "
            f"cannot be read: {error}"
        ) from None
    raise ValueError(f"expected a Human3.6M regressor of shape ({ROWS}, V) in {path}, got {shape}")
