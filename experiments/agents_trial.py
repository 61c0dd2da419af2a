"""Does the search win on real targets? Every method, by seeds, at equal budgets; final points, transfer, ablation.

A cell is one search of one target. Each writes a small file in `experiments/results/agents_trial/PART/`; a cell that is
there is not computed again, and one that was stopped goes on from its run folder. One cell at a time: each uses all
cores. Tables are Markdown on standard output.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from examiner import Config, build_rig
from examiner.files import only_one
from examiner.terminal import open_progress
from experiments._agents_audits import audited
from experiments._agents_cells import Bench, Builder, Cell, Kept, keep_cell, read_cell
from experiments._agents_finals import finals
from experiments._agents_search_tables import finals_report, transfer_report
from experiments._agents_tables import JUDGED, ablation_report, audits_report, shape_report
from experiments._agents_transfer import transferred
from simulator import GraphicsError

RESULTS = Path(__file__).parent / "results" / "agents_trial"
RUNS = Path("runs/agents_trial")
METHODS = ("policy-gradient", "random", "typical", "sobol", "cma-es", "cma-mae", "ppo", "sac", "published")
VARIANTS = ("share=none", "dispersion=0", "tries=1", "candidates=1", "tournament=0", "covariance=diagonal")
"""Options of the default, each of which leaves out or changes one part of it."""

SEARCH_SHARE = Config().shares[0]

EXAMPLES = """parts:
  methods   every method on blazepose-lite and blazepose-full, pose and view
  spaces    pose, shape and view on blazepose-full
  shape     shape alone: children, blazepose-heavy
  finals    the first trial's setting: one final point for each agent, all queries spent on search
  transfer  policies that learned on lite and full against cold starts, on heavy
  ablation  the default with parts of it left out, on blazepose-lite

examples:
  python -m experiments.agents_trial                                  # everything that is missing, then the tables
  python -m experiments.agents_trial methods --methods random typical --seeds 0
  python -m experiments.agents_trial finals --tables                  # only print what is there
  python -m experiments.agents_trial methods --budget 400 --agents 4 --seeds 0 --results runs/try --runs runs/try
"""


@dataclass(frozen=True)
class Plan:
    """What a part tries."""

    targets: tuple[str, ...]
    methods: tuple[str, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    agents: int = 20
    budget: int = 6000
    """Queries: of an audit, or of a search where nothing else is asked."""


@dataclass(frozen=True)
class Part:
    """One of the studies."""

    plan: Plan
    cells: Callable[[str, Plan], list[Cell]]
    report: Callable[[Sequence[Kept]], str]


def _audit_cells(part: str, plan: Plan, **settings: Any) -> list[Cell]:
    """A cell for each target, method and seed: one audit without baselines."""
    return [
        Cell(part, method, _config(plan, target, method, seed, **settings))
        for target in plan.targets
        for method in plan.methods
        for seed in plan.seeds
    ]


def _config(plan: Plan, target: str, method: str, seed: int, **settings: Any) -> Config:
    config = Config(
        target=target,
        algorithm=method,
        agents=plan.agents,
        budget=plan.budget,
        seed=seed,
        baselines=(),
    )
    return replace(config, **settings)


def _search_cells(part: str, plan: Plan) -> list[Cell]:
    """The same with a budget of which the search's share is the plan's."""
    return _audit_cells(part, replace(plan, budget=round(plan.budget / SEARCH_SHARE)))


def _transfer_cells(part: str, plan: Plan) -> list[Cell]:
    """The last target from cold by every method, and by those that can from policies of the targets before it."""
    *before, last = plan.targets
    learned = " and ".join(target.removeprefix("blazepose-") for target in before)
    cold = _search_cells(part, replace(plan, targets=(last,)))
    warm = [
        replace(cell, label=f"{cell.label} from {learned}", learned=tuple(before))
        for cell in cold
        if cell.label in LEARNERS and before
    ]
    return [*(replace(cell, label=f"{cell.label} cold") for cell in cold), *warm]


LEARNERS = ("ppo", "sac")
"""Methods whose policy can start the search of another target."""


def _ablation_cells(part: str, plan: Plan) -> list[Cell]:
    """Variants of the default beside itself, which is a cell of `methods`."""
    plain = _audit_cells("methods", replace(plan, methods=(JUDGED,)))
    changed = [
        Cell(part, variant, replace(cell.config, agent_options=(variant,)))
        for variant in VARIANTS
        for cell in plain
    ]
    return [*plain, *changed]


LITE, FULL, HEAVY = (f"blazepose-{size}" for size in ("lite", "full", "heavy"))

PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "methods": Part(Plan((LITE, FULL), METHODS), _audit_cells, audits_report),
        "spaces": Part(
            Plan((FULL,), ("policy-gradient", "random", "typical", "cma-es")),
            lambda part, plan: _audit_cells(part, plan, factors=("pose", "shape", "view")),
            audits_report,
        ),
        "shape": Part(
            Plan((HEAVY,), ("policy-gradient", "random", "typical", "cma-es"), budget=2000),
            lambda part, plan: _audit_cells(part, plan, factors=("shape",), body="child"),
            shape_report,
        ),
        "finals": Part(
            Plan((LITE,), ("policy-gradient", "cma-es", "cma-mae", "random", "ppo")),
            _search_cells,
            finals_report,
        ),
        "transfer": Part(
            Plan((LITE, FULL, HEAVY), ("policy-gradient", "ppo")), _transfer_cells, transfer_report
        ),
        "ablation": Part(Plan((LITE,), (JUDGED,), seeds=(0, 1)), _ablation_cells, ablation_report),
    }
)

COMPUTE: Mapping[str, Callable[[Cell, Bench], Kept]] = MappingProxyType(
    {
        "methods": audited,
        "spaces": audited,
        "shape": audited,
        "finals": finals,
        "transfer": transferred,
        "ablation": audited,
    }
)
"""How a cell of each part is computed."""


@dataclass(frozen=True)
class Study:
    """What is tried, and where it is kept."""

    parts: tuple[str, ...] = tuple(PARTS)
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of every plan that are not as it says."""
    results: Path = RESULTS
    runs: Path = RUNS
    build: Builder = build_rig

    def cells(self, part: str) -> list[Cell]:
        """The cells of a part."""
        plan = replace(PARTS[part].plan, **self.changes)
        return PARTS[part].cells(part, plan)


def main(study: Study) -> None:
    """Compute what is missing of every part, one cell after the other.

    Raises:
        ValueError: for an unknown name, a kept cell of other settings, or where another process is at work.
    """
    planned = {cell.path(study.results): cell for part in study.parts for cell in study.cells(part)}
    missing = [cell for cell in planned.values() if read_cell(cell, study.results) is None]
    if not missing:
        return
    study.runs.mkdir(parents=True, exist_ok=True)
    with only_one(study.runs):
        for number, cell in enumerate(missing, start=1):
            print(f"cell {number} of {len(missing)}: {cell.part}, {cell.stem}", file=sys.stderr)
            _compute(cell, study)


def _compute(cell: Cell, study: Study) -> None:
    progress = open_progress()
    try:
        figures = COMPUTE[cell.part](cell, Bench(study.runs, study.build, progress))
    finally:
        progress.close()
    keep_cell(cell, study.results, figures)


def report(study: Study) -> str:
    """The tables of every part, of the cells that are there."""
    said = []
    for part in study.parts:
        kept = [k for cell in study.cells(part) if (k := read_cell(cell, study.results)) is not None]
        said.append(f"### {part}\n\n{PARTS[part].report(kept) if kept else 'Nothing is there yet.'}")
    return "\n\n".join(said)


def parse(arguments: Sequence[str] | None = None) -> tuple[Study, bool]:
    """The study of a command line, and whether only its tables are wanted."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.agents_trial",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="some of the parts below; default: all")
    parser.add_argument("--targets", nargs="+", metavar="NAME", help="default: those of the part")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="default: those of the part")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="default: those of the part")
    parser.add_argument("--agents", type=int, help="default: 20")
    parser.add_argument("--budget", type=int, help="queries of a cell, default: that of the part")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the cells")
    parser.add_argument(
        "--runs", type=Path, default=RUNS, help="folder of the run folders, default %(default)s"
    )
    parser.add_argument("--tables", action="store_true", help="compute nothing, print what is there")
    given = parser.parse_args(arguments)
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}: expected some of {', '.join(PARTS)}")
    named = {name: getattr(given, name) for name in (entry.name for entry in fields(Plan))}
    changes = {
        name: tuple(dict.fromkeys(value)) if isinstance(value, list) else value
        for name, value in named.items()
        if value is not None
    }
    parts = tuple(dict.fromkeys(given.parts)) or tuple(PARTS)
    return Study(parts, changes, given.results, given.runs), given.tables


def run(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 fine, 2 misuse, 130 stopped."""
    study, only_tables = parse(arguments)
    try:
        if not only_tables:
            main(study)
        print(report(study))
    except (ValueError, OSError, GraphicsError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(run())
