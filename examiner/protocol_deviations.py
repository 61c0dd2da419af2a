"""What a run of `poseexaminer-2023` does otherwise than the release, each in words, and the published rows."""

from __future__ import annotations

from dataclasses import dataclass

from examiner.protocol_figures import Plan
from examiner.protocols import AGENTS, ITERATIONS
from examiner.rig import Rig

RELEASED_PRIOR = "VPoser v2"
SMPL_VERTICES = 6890


@dataclass(frozen=True)
class Deviation:
    """One thing that is not as released."""

    what: str
    here: str
    release: str


@dataclass(frozen=True)
class PublishedRow:
    """A model in the published table."""

    model: str
    success_rate: float
    region_size_rad: float
    mpjpe_3dpw_mm: float


PUBLISHED = (
    PublishedRow("SPIN", 0.950, 5.417, 94.11),
    PublishedRow("SPIN + PE", 0.766, 3.964, 88.66),
    PublishedRow("HMR-EFT", 0.841, 4.675, 85.23),
    PublishedRow("HMR-EFT + PE", 0.636, 3.429, 80.41),
    PublishedRow("PARE", 0.753, 3.948, 81.81),
    PublishedRow("PARE + PE", 0.484, 2.953, 77.46),
)
"""Rows of SOURCE; + PE is the model fine-tuned on the failures found."""

SOURCE = "Liu et al., PoseExaminer, CVPR 2023 (arXiv 2303.07337), Table 4"

NOT_COMPARABLE = (
    "They are comparable only where the body, the pose prior and the regressor are the release's (SMPL, VPoser v2, "
    "J_regressor_h36m), and growth was not cut short. + PE: fine-tuned on the failures found."
)


def deviations(rig: Rig, no_regressor: str, plan: Plan) -> list[Deviation]:
    """Every deviation, the weightiest first.

    Args:
        rig: The run's parts.
        no_regressor: Why errors are not those of the 14 joints of LSP; empty where they are.
        plan: Of growth.
    """
    return [
        *_bodies(rig),
        *_joints(rig, no_regressor),
        *_sizes(rig, plan),
        Deviation(
            "reward of the search", "mpjpe in space", "xy distance of the root-aligned joints in space"
        ),
        Deviation(
            "renderer",
            f"{rig.simulator.version}; default clothes and light, plain background",
            "PyTorch3D, 1080 px, one texture on white, stored as JPEG",
        ),
        Deviation("camera", "field of view 2 degrees", "about 1.9 degrees, 90 m away"),
        Deviation("crop", _crop(rig), "box of the mask, 1.2 times as large, to 224 px"),
        Deviation(
            "nobody found",
            "told as 180 mm, left out of mean errors, a failure in Per_C",
            "does not occur: the models always answer",
        ),
        Deviation(
            "agents' run",
            "one process, one seed, double precision",
            "40 unseeded processes, single precision",
        ),
    ]


def _bodies(rig: Rig) -> list[Deviation]:
    vertices = len(rig.body.v_template)
    maybe = " (none if this is SMPL's male body)" if vertices == SMPL_VERTICES else ""
    rows = [
        Deviation(
            "body",
            f"{rig.body.name}, {vertices} vertices{maybe}",
            "truth SMPL male, mean shape; prediction SMPL neutral",
        )
    ]
    if not rig.prior.name.startswith(RELEASED_PRIOR):
        rows.append(
            Deviation("pose prior", f"{rig.prior.name}, {rig.prior.dim} numbers", "VPoser v2, 32 numbers")
        )
    return rows


def _joints(rig: Rig, no_regressor: str) -> list[Deviation]:
    """None where a regressor for SMPL's vertices is used."""
    released = "14 joints of LSP by the Human3.6M regressor of SMPL, root its pelvis"
    if no_regressor:
        here = f"{len(rig.evaluator.joints)} joints by name, root mid-hip, because {no_regressor}"
        return [Deviation("joints", here, released)]
    assert rig.regressor is not None
    vertices = rig.regressor.vertices
    if vertices == SMPL_VERTICES:
        return []
    return [Deviation("regressor", f"{rig.regressor.name}, for {vertices} vertices", released)]


def _sizes(rig: Rig, plan: Plan) -> list[Deviation]:
    rows = []
    if plan.cut:
        here = f"at most {int(plan.iterations.max())} iterations an agent, by the budget of {rig.config.budget:,}"
        rows.append(
            Deviation("growth cut short", here, f"{ITERATIONS} iterations less the steps of the search")
        )
    if rig.config.agents != AGENTS:
        rows.append(Deviation("agents", str(rig.config.agents), str(AGENTS)))
    return rows


def _crop(rig: Rig) -> str:
    own = rig.target.spec.region_of_interest == "detector"
    return "the target's own detector" if own else "tight box of the mask, given to the target"
