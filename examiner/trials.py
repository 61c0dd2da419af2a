"""The trials table: one row a query, from the parts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from examiner.files import write_whole
from examiner.journal import Part, scene_columns
from examiner.rig import Rig

LISTS = ("units", "per_joint_mm", "visible", "gt_m", "prediction_m")


def write_trials(path: Path, parts: list[Part], rig: Rig) -> None:
    """Write every query of a run as Parquet; the key of a row is its physical scene."""
    table = pa.concat_tables([_table(part, rig) for part in parts])
    write_whole(path, lambda stream: pq.write_table(table, stream, compression="zstd"))


def _table(part: Part, rig: Rig) -> pa.Table:
    outcomes, count = part.outcomes, len(part.outcomes)
    method, _, stage = part.stage.partition("/")
    columns: dict[str, Any] = {
        "query": np.arange(part.first_query, part.first_query + count),
        "method": [method] * count,
        "stage": [stage] * count,
        "error_mm": outcomes.error,
        "visible_error_mm": outcomes.visible_error,
        "raw_error_mm": outcomes.raw_error,
        "best_error_mm": outcomes.best_error,
        "expected_error_mm": outcomes.expected_error,
        "pa_mpjpe_mm": outcomes.pa_mpjpe,
        "fair": outcomes.fair,
        "found": outcomes.found,
        "valid": outcomes.valid,
        "failure": outcomes.failures(rig.threshold),
        "confidence": outcomes.confidence,
        "units": part.units,
        "per_joint_mm": outcomes.per_joint,
        "visible": outcomes.visible,
        "gt_m": outcomes.gt,
        "prediction_m": outcomes.prediction,
        **scene_columns(part.scene),
    }
    return pa.table({name: _column(values) for name, values in columns.items()})


def _column(values: Any) -> pa.Array:
    if not isinstance(values, np.ndarray) or values.ndim == 1:
        return pa.array(values)
    flat = values.reshape(len(values), -1)
    return pa.array(list(flat), type=pa.list_(pa.from_numpy_dtype(flat.dtype)))
