"""A sweep: one dimension from end to end, everything else paired, and what it does to a target's error."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from examiner import seeds
from examiner.config import Config, config_dict
from examiner.dimensions import number as written
from examiner.evaluate import CHUNK
from examiner.files import plain, write_json, write_whole
from examiner.joints import Float, edges
from examiner.outcomes import Outcomes, join_outcomes
from examiner.pictures import overlay
from examiner.progress import Progress
from examiner.rig import Rig
from examiner.spaces import all_factors
from examiner.sweep_chart import Curve, draw_curve
from examiner.sweep_steps import COLUMNS, STORE, Step, picture_path, read_steps, step_of
from simulator import (
    Body,
    Dimension,
    PosePrior,
    Scene,
    load_body,
    load_prior,
    physical_values,
    with_physical_values,
)

PEOPLE_FACTORS = ("pose", "shape", "view", "clothing", "background", "light")
"""What differs from person to person if the user names nothing else."""

ROUNDS = 50
"""Times that people are drawn until there are enough fair ones."""


class Sweep:
    """Sweeps one dimension over the people of a rig's space; every step is written down as it ends.

    Args:
        rig: The target, and the space from whose typical range the people are.
        name: The dimension, e.g. `view.elevation`.
        steps: Number of values, from end to end; a choice has one for each.
        people: How many people see every value.

    Raises:
        ValueError: for a dimension there is not, or that is fixed, or too few steps or people.
    """

    def __init__(self, rig: Rig, name: str, steps: int, people: int) -> None:
        check_sizes(steps, people)
        self._rig, self._people = rig, people
        self.dimension = find_dimension(rig.config, name, rig.body, rig.prior)
        self.values = step_values(self.dimension, steps)

    def run(self, folder: Path, progress: Progress) -> list[Step]:
        """Evaluate every step that is not yet in the folder, and draw the curve.

        Raises:
            ValueError: if the folder holds another sweep, or too few people are fair at the default.
        """
        about = self._about()
        done = read_steps(folder, about)
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        total = len(self.values) * self._people
        progress.update("sweep", len(done) * self._people, total)
        units = self._units() if len(done) < len(self.values) else np.empty((0, 0))
        for number in range(len(done), len(self.values)):
            scene = self._at(units, self.values[number])
            done.append(self._step(number, scene, folder, progress))
            write_json(folder / STORE, {"about": about, "steps": [plain(asdict(step)) for step in done]})
        self._write(folder, done)
        return done

    def _step(self, number: int, scene: Scene, folder: Path, progress: Progress) -> Step:
        total, parts = len(self.values) * self._people, []
        for start in range(0, len(scene), 2 * CHUNK):
            parts.append(self._rig.evaluator(scene.rows(slice(start, start + 2 * CHUNK))))
            through = number * self._people + sum(len(part) for part in parts)
            progress.update("sweep", through, total, f"{self.dimension.name} {self._label(number)}")
        outcomes = join_outcomes(parts)
        picture = self._picture(scene.rows(slice(0, 1)), outcomes)
        write_whole(picture_path(folder, number), lambda stream: picture.save(stream, "PNG"))
        return step_of(number, float(self.values[number]), self._label(number), outcomes, self._rig.threshold)

    def _picture(self, scene: Scene, outcomes: Outcomes) -> Image.Image:
        image = self._rig.simulator.render(scene).images[0]
        found = bool(outcomes.found[0]) and bool(np.isfinite(outcomes.prediction2d[0]).any())
        prediction = outcomes.prediction2d[0] if found else None
        names = self._rig.evaluator.joints
        return overlay(image, outcomes.gt2d[0], prediction, edges(names), names=names)

    def _units(self) -> Float:
        """Units (people, D) of people who are fair where the dimension is at its default."""
        rig, kept = self._rig, []
        rng = seeds.generator(rig.config.seed, seeds.SWEEP)
        default = self._default()
        for _ in range(ROUNDS):
            units = rig.space.typical(self._people, rng)
            kept.append(units[rig.fairness.margin(self._at(units, default)) >= 0])
            if sum(map(len, kept)) >= self._people:
                return np.concatenate(kept)[: self._people]
        raise ValueError(
            f"expected {self._people} people who are fair at {self.dimension.name} {default:g}, got "
            f"{sum(map(len, kept))} of {ROUNDS * self._people}; vary less by --factors"
        )

    def _at(self, units: Float, value: float) -> Scene:
        """The people with the dimension at a value."""
        space, name = self._rig.space, self.dimension.name
        if name.startswith("pose."):
            column = [d.name for d in space.dimensions].index(name)
            units = units.copy()
            units[:, column] = self.dimension.unit_of(value)
            return space.decode(units)
        scene = space.decode(units)
        return space.frame(with_physical_values(scene, [name], np.full((len(units), 1), value)))

    def _default(self) -> float:
        name = self.dimension.name
        if name.startswith("pose."):
            return min(max(0.0, self.dimension.low), self.dimension.high)
        return float(physical_values(self._rig.space.default(1), [name])[0, 0])

    def _label(self, number: int) -> str:
        value = float(self.values[number])
        return self.dimension.choice(value) if self.dimension.choices else written(value)

    def _about(self) -> dict[str, Any]:
        """All that decides the figures."""
        rig = self._rig
        about: dict[str, Any] = plain(
            {
                "factor": self.dimension.name,
                "unit": self.dimension.unit,
                "values": self.values,
                "people": self._people,
                "seed": rig.config.seed,
                "threshold_mm": round(rig.threshold, 2),
                "score": rig.score.name,
                "reference": rig.reference.key,
                "simulator": rig.simulator.version,
                "config": config_dict(rig.config),
            }
        )
        return about

    def _write(self, folder: Path, steps: Sequence[Step]) -> None:
        rows = [[getattr(step, name) for name in COLUMNS] for step in steps]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
        write_whole(folder / "sweep.csv", lambda stream: stream.write(text.getvalue().encode()))
        chart = draw_curve(self._curve(steps), [Image.open(picture_path(folder, s.step)) for s in steps])
        write_whole(folder / "sweep.png", lambda stream: chart.save(stream, "PNG"))

    def _curve(self, steps: Sequence[Step]) -> Curve:
        rig, config = self._rig, self._rig.config
        unit = "" if self.dimension.choices else f", {self.dimension.unit}"
        return Curve(
            title=f"{rig.target.spec.name} over {self.dimension.name}{unit}",
            note=(
                f"the same {self._people} people at every step, their {', '.join(config.factors)} typical; seed "
                f"{config.seed}; {config.simulator}, body {rig.body.name}"
            ),
            score=rig.score.name,
            threshold=rig.threshold,
            labels=tuple(step.label for step in steps),
            median=np.array([step.median_mm for step in steps]),
            low=np.array([step.q25_mm for step in steps]),
            high=np.array([step.q75_mm for step in steps]),
            above=np.array([step.share_above for step in steps]),
            fair=np.array([step.fair / step.people for step in steps]),
            ordered=not self.dimension.choices,
        )


def sweep_config(config: Config, name: str) -> Config:
    """The configuration whose rig sweeps a dimension.

    People differ in its factors, of which pose is one where the dimension is of pose. What else the swept factor has
    stays at its default, unless it is among them.
    """
    factor = name.partition(".")[0]
    if factor in config.factors:
        return config
    if factor == "pose":
        return replace(config, factors=(*config.factors, factor))
    return replace(config, vary=(factor,))  # so that what it may hide is not held against people


def check_sizes(steps: int, people: int) -> None:
    """Refuse too few of either.

    Raises:
        ValueError: saying how few.
    """
    if steps < 2 or people < 4:
        raise ValueError(f"expected at least 2 steps and 4 people, got {steps} and {people}")


def check_dimension(config: Config, name: str) -> None:
    """Refuse a dimension that a configuration cannot sweep, before anything is computed.

    Raises:
        ValueError: there is none of this name, or it is fixed.
    """
    find_dimension(config, name, load_body(config.body), load_prior(config.prior))


def find_dimension(config: Config, name: str, body: Body, prior: PosePrior) -> Dimension:
    """The dimension of a name with its full range.

    Raises:
        ValueError: there is none, or the configuration fixes it.
    """
    if any(text.partition("=")[0] == name for text in config.fix):
        raise ValueError(
            f"expected {name} to be swept or fixed, got both; leave one of --factor and --fix out"
        )
    factors = all_factors(replace(config, view="full"), body, prior, None)
    known = {d.name: d for factor in factors for d in factor.dimensions}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"unknown dimension {name!r}: expected one that examiner factors lists{hint}")


def step_values(dimension: Dimension, steps: int) -> Float:
    """Values from end to end of the range; of a choice each one's middle."""
    if dimension.choices:
        return np.asarray(np.arange(len(dimension.choices)) + 0.5, np.float64)
    return np.asarray(np.linspace(dimension.low, dimension.high, steps), np.float64)
