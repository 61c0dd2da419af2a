"""How many processor cores a run may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Processor cores of this process; results never depend on it."""
    return len(os.sched_getaffinity(0))
