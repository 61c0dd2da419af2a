"""The journal of a run: every evaluated batch, one part file each, written whole.

A run is a deterministic program whose only costly step is to evaluate a batch. Each step is written down as
it ends; on resume the same program reads the steps back in the same order until they run out, and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from examiner.files import plain, write_whole
from examiner.outcomes import Outcomes
from simulator import Camera, Scene


@dataclass(frozen=True)
class Part:
    """One evaluated batch."""

    stage: str
    """What it was for, e.g. `random/search`."""
    first_query: int
    """Query number of row 0; the rows follow on."""
    units: np.ndarray[Any, np.dtype[np.float64]]
    """(n, D), or (n, 0) where no units belong to it."""
    scene: Scene
    outcomes: Outcomes
    state: dict[str, Any]
    """The agents' state after they were told; empty outside a search."""


class Journal:
    """Part files in a folder, read back first and then written on."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._recorded = sorted(folder.glob("part-*.npz"))
        self._done = 0
        self._parts: list[Part] = []
        self.queries = 0

    @property
    def parts(self) -> list[Part]:
        """Every step so far, in order."""
        return self._parts

    @property
    def replaying(self) -> bool:
        """Whether the next step is already written down."""
        return self._done < len(self._recorded)

    @property
    def upcoming(self) -> str | None:
        """Stage of the next step, where it is already written down."""
        return read_part(self._recorded[self._done]).stage if self.replaying else None

    def step(self, stage: str, compute: Callable[[], Part]) -> Part:
        """The next step: read back if it was written down, else computed and written down.

        Raises:
            ValueError: if the written step is another one: the run's configuration was changed.
        """
        number = self._done
        if self.replaying:
            part = read_part(self._recorded[number])
            if part.stage != stage or part.first_query != self.queries:
                raise ValueError(
                    f"expected step {number} of this run to be {stage}, got {part.stage} in "
                    f"{self._recorded[number].name}; resume with the configuration it was started with"
                )
        else:
            part = compute()
            write_part(self._folder / f"part-{number:05d}.npz", part)
        self._done += 1
        self.queries += len(part.outcomes)
        self._keep(part)
        return part

    def _keep(self, part: Part) -> None:
        self._parts.append(part)


class PassingJournal(Journal):
    """A journal of a run whose queries would not fit into memory: it has no `parts`, only their files."""

    def _keep(self, part: Part) -> None:
        """Let it go."""


def write_part(path: Path, part: Part) -> None:
    """Write one part file, whole or not at all."""
    arrays: dict[str, Any] = {f"outcomes.{f.name}": getattr(part.outcomes, f.name) for f in fields(Outcomes)}
    arrays |= {f"scene.{key}": value for key, value in scene_columns(part.scene).items()}
    header = {
        "stage": part.stage,
        "first_query": part.first_query,
        "image_size": part.scene.camera.image_size,
    }
    state = {}
    for key, value in part.state.items():
        if isinstance(value, np.ndarray):
            arrays[f"state.{key}"] = value
        else:
            state[key] = value
    arrays["header"] = np.array(json.dumps(plain({**header, "state": state})))
    write_whole(path, lambda stream: np.savez_compressed(stream, units=part.units, **arrays))


def read_part(path: Path) -> Part:
    """Read one part file.

    Raises:
        ValueError: naming the file, if it is damaged.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            values = {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ValueError(
            f"expected a part of a run in {path}, got a damaged file ({error}); delete it"
        ) from None
    header = json.loads(str(values["header"]))
    state = dict(header["state"]) | _prefixed(values, "state.")
    return Part(
        stage=header["stage"],
        first_query=header["first_query"],
        units=values["units"],
        scene=scene_from(_prefixed(values, "scene."), tuple(header["image_size"])),
        outcomes=_outcomes(_prefixed(values, "outcomes.")),
        state=state,
    )


def _outcomes(columns: dict[str, Any]) -> Outcomes:
    """The outcomes of their columns; runs of before know nothing of hypotheses."""
    nothing = np.full(len(columns["error"]), np.nan)
    return Outcomes(**{"best_error": nothing, "expected_error": nothing, **columns})


def scene_columns(scene: Scene) -> dict[str, Any]:
    """The arrays of a scene by name, the camera's among them."""
    columns = {f.name: getattr(scene, f.name) for f in fields(Scene) if f.name != "camera"}
    return columns | {"focal_length": scene.camera.focal_length, "center": scene.camera.center}


def scene_from(columns: dict[str, Any], image_size: tuple[int, int]) -> Scene:
    """The scene of `scene_columns`."""
    values = dict(columns)
    camera = Camera(values.pop("focal_length"), values.pop("center"), image_size)
    return Scene(camera=camera, **values)


def _prefixed(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
