"""Calibration: a linear map between joint definitions, fitted once on ordinary people.

Targets place a hip or a shoulder elsewhere than the body does. That is no failure of pose, so each
true joint is written as a weighted sum of the predicted ones: the same weights for x, y and z, so that
the map cannot hide a view-dependent error (it commutes with every rotation of the person).
"""

from __future__ import annotations

import numpy as np

from examiner.joints import Float, Pair

RIDGE = 1.0
"""Pull towards the identity, in square metres summed over the fitting people."""


def identity(count: int) -> Float:
    """The calibration that changes nothing, (J, J)."""
    return np.eye(count)


def fit_calibration(pair: Pair) -> Float:
    """Weights (J, J): calibrated joint i = sum over j of weights[i, j] * predicted joint j.

    Ridge regression towards the identity on root-relative joints whose scale has been fitted to the truth.
    """
    scale = (pair.gt * pair.prediction).sum(axis=(1, 2)) / np.maximum(
        (pair.prediction**2).sum(axis=(1, 2)), 1e-12
    )
    scaled = pair.prediction * scale[:, None, None]
    inputs = scaled.transpose(0, 2, 1).reshape(-1, scaled.shape[1])
    outputs = pair.gt.transpose(0, 2, 1).reshape(-1, scaled.shape[1])
    gram = inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1])
    return np.asarray(np.linalg.solve(gram, inputs.T @ outputs + RIDGE * np.eye(inputs.shape[1])).T)


def calibrate(weights: Float, joints: Float) -> Float:
    """Calibrated joints (N, J, 3), row by row the same in any batch."""
    return np.asarray((weights[None, :, :, None] * joints[:, None, :, :]).sum(axis=2))
