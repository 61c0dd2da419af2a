"""Runners: what each protocol does with a rig and a folder, and how its outcome is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from examiner.audit import Examiner, resume_reference
from examiner.config import Config
from examiner.presets import TOUR
from examiner.progress import Progress
from examiner.protocol_2023 import Protocol2023, opening
from examiner.protocol_tables import print_protocol
from examiner.protocols import POSEEXAMINER_2023, VERIFIED
from examiner.reference import Reference, unmeasured
from examiner.rig import Rig
from examiner.simulators import check_judge
from examiner.terminal import print_summary


class Runner(Protocol):
    """One protocol, as the command line drives it."""

    def name(self, preset: str | None) -> str:
        """What a new run is called."""

    def check(self, config: Config) -> None:
        """Refuse early what cannot be run on this machine."""

    def reference(self, folder: Path | None) -> Reference | None:
        """The reference to build with, of the stopped run in a folder; None where it has to be found."""

    def opening(self, rig: Rig) -> str:
        """What to say before anything is asked; empty for nothing."""

    def run(self, rig: Rig, folder: Path, progress: Progress, name: str) -> dict[str, Any]:
        """Run to the end."""

    def show(self, results: dict[str, Any], folder: str) -> None:
        """Print what came of it."""


class VerifiedRunner:
    """Our own audit."""

    def name(self, preset: str | None) -> str:
        """A tour says so."""
        return TOUR if preset == TOUR else "audit"

    def check(self, config: Config) -> None:
        """The judge's packages, where it is asked."""
        if config.judge:
            check_judge()

    def reference(self, folder: Path | None) -> Reference | None:
        """The stopped run's own."""
        return None if folder is None else resume_reference(folder)

    def opening(self, rig: Rig) -> str:
        """Nothing."""
        return ""

    def run(self, rig: Rig, folder: Path, progress: Progress, name: str) -> dict[str, Any]:
        """Audit, and write the report."""
        return Examiner(rig, folder, progress, name=name).run().results

    def show(self, results: dict[str, Any], folder: str) -> None:
        """The table of methods."""
        print_summary(results, folder)


class ReleasedRunner:
    """The protocol of the release of PoseExaminer."""

    def name(self, preset: str | None) -> str:
        """The protocol's.

        Raises:
            ValueError: beside a preset.
        """
        if preset is not None:
            raise ValueError(
                f"expected no --preset beside --protocol {POSEEXAMINER_2023}, got {preset!r}: its agents and budget "
                "are the release's; use --agents and --budget"
            )
        return POSEEXAMINER_2023

    def check(self, config: Config) -> None:
        """Nothing beside what every run needs."""

    def reference(self, folder: Path | None) -> Reference | None:
        """None is needed: the threshold is absolute, and nothing is calibrated."""
        return unmeasured()

    def opening(self, rig: Rig) -> str:
        """How many queries, and about how long."""
        return opening(rig)

    def run(self, rig: Rig, folder: Path, progress: Progress, name: str) -> dict[str, Any]:
        """Run the protocol, and write its table."""
        return Protocol2023(rig, folder, progress, name=name).run()

    def show(self, results: dict[str, Any], folder: str) -> None:
        """The table and every deviation."""
        print_protocol(results, folder)


RUNNERS: Mapping[str, Runner] = MappingProxyType(
    {VERIFIED: VerifiedRunner(), POSEEXAMINER_2023: ReleasedRunner()}
)
"""By the name of the protocol."""
