"""The examiner: finds the people that a human pose and shape model gets wrong, and proves it."""

from typing import TYPE_CHECKING, Any

from examiner._siblings import check_siblings

check_siblings()

if TYPE_CHECKING:
    from examiner.dataset import FailureDataset, Sample

from examiner.audit import Audit, Examiner  # noqa: E402, the guard comes first
from examiner.config import Config  # noqa: E402
from examiner.evaluate import Evaluator  # noqa: E402
from examiner.outcomes import Outcomes  # noqa: E402
from examiner.rig import Rig, build_rig  # noqa: E402
from examiner.scores import MPJPE, N_MPJPE, PA_MPJPE, Score  # noqa: E402
from examiner.subspace import FailureSubspace  # noqa: E402
from examiner.version import VERSION  # noqa: E402

__all__ = [
    "MPJPE",
    "N_MPJPE",
    "PA_MPJPE",
    "VERSION",
    "Audit",
    "Config",
    "Evaluator",
    "Examiner",
    "FailureDataset",
    "FailureSubspace",
    "Outcomes",
    "Rig",
    "Sample",
    "Score",
    "build_rig",
]


def __getattr__(name: str) -> Any:
    """Import the torch dataset when it is asked for: torch takes a second that the command line need not wait."""
    if name in ("FailureDataset", "Sample"):
        from examiner import dataset

        return getattr(dataset, name)
    raise AttributeError(f"module 'examiner' has no attribute {name!r}")
