"""Evaluation on joints that the user's regressor takes from vertices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from examiner.evaluate import Evaluator, mean_where
from examiner.figures import joint_errors, pa_mpjpe, predicted_points, true_points
from examiner.joint_sets import JointSet, joint_pair
from examiner.joints import pick
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from examiner.scores import MPJPE
from simulator import Batch
from targets import Prediction


class RegressedEvaluator(Evaluator):
    """Evaluates scenes by the mpjpe of a regressed joint set, millimetres, without calibration.

    All else of an outcome (visibility, joints, fairness) is that of the common joints. The visible error is over
    those joints of the set that the body has by name.

    Args:
        rig: The run's parts.
        joint_set: With a regressor that fits the vertices of both sides.
    """

    def __init__(self, rig: Rig, joint_set: JointSet) -> None:
        super().__init__(rig.simulator, rig.target, rig.fairness, MPJPE)
        self._set = joint_set

    def judge(self, batch: Batch, prediction: Prediction) -> Outcomes:
        """What the target's answer is worth, row for row.

        Raises:
            ValueError: where the vertices do not fit the regressor.
        """
        outcomes = super().judge(batch, prediction)
        pair = joint_pair(self._set, true_points(batch), predicted_points(prediction, self.target.spec))
        errors = joint_errors(pair)
        finite = np.isfinite(errors).all(axis=1)
        usable = np.where(outcomes.found & outcomes.valid & finite, 1.0, np.nan)
        named = tuple(name for name in self._set.joints if name in batch.joint_names)
        seen = pick(batch.visibility, batch.joint_names, named)
        error = errors.mean(axis=1) * usable
        return replace(
            outcomes,
            error=error,
            visible_error=mean_where(pick(errors, self._set.joints, named), seen) * usable,
            raw_error=error,
            pa_mpjpe=pa_mpjpe(pair) * usable,
            valid=outcomes.valid & (finite | ~outcomes.found),
        )
