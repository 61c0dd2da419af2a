"""Does the search find hidden failure regions that we planted? Every method on every landscape, by seeds.

A cell is a landscape, a method and a seed (of the regions, the noise and the agents alike): 40 agents, 12,000 queries.
Each writes a small file in `experiments/results/planted/`; a cell that is there is not computed again. Tables are
Markdown on standard output. `ppo` and `sac` are slow: three landscapes and three seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from examiner.terminal import open_progress
from experiments._planted_cells import Cell, Result, build, compute_all, find_landscape, read_result
from experiments._planted_chart import draw_chart
from experiments._planted_tables import report
from experiments.landscapes import LANDSCAPES

RESULTS = Path(__file__).parent / "results" / "planted"
METHODS = ("policy-gradient", "published", "cma-es", "cma-mae", "sobol", "random", "ppo", "sac")
SLOW = ("ppo", "sac")
SLOW_LANDSCAPES = ("few-dimensions", "smooth-32-12", "lure-32-12")
SLOW_SEEDS = 3

EXAMPLES = """examples:
  python -m experiments.planted
  python -m experiments.planted --methods random sobol --landscapes few-dimensions ridge-32-6 --seeds 0 1
  python -m experiments.planted --methods policy-gradient 'policy-gradient[candidates=1]'   # an ablation
  python -m experiments.planted --seeds 1000 1001 --results runs/tuning                     # to tune on others
  python -m experiments.planted --chart docs/planted.png
"""


@dataclass(frozen=True)
class Study:
    """What is tried."""

    methods: tuple[str, ...] = METHODS
    landscapes: tuple[str, ...] = tuple(x.name for x in LANDSCAPES)
    seeds: tuple[int, ...] = (5, 6, 7, 8, 9)
    budget: int = 12_000
    jobs: int = 2
    results: Path = RESULTS


def main(study: Study) -> list[Result]:
    """Compute the missing cells and return all, in the order of the plan.

    Raises:
        ValueError: for an unknown method, option or landscape, before anything is computed.
        ModuleNotFoundError: for a population whose package is not installed.
    """
    cells = plan(study)
    missing = [cell for cell in cells if read_result(cell, study.results) is None]
    for method in dict.fromkeys(cell.method for cell in missing):
        build(LANDSCAPES[0], method, seed=0)
    _compute(missing, study)
    kept = [read_result(cell, study.results) for cell in cells]
    return [result for result in kept if result is not None]


def plan(study: Study) -> list[Cell]:
    """The cells of a study; slow methods have fewer.

    Raises:
        ValueError: for an unknown landscape, or where no cell is left.
    """
    for landscape in study.landscapes:
        find_landscape(landscape)
    cells = [
        Cell(landscape, method, seed, study.budget)
        for method in study.methods
        for landscape in study.landscapes
        for seed in study.seeds[: SLOW_SEEDS if _slow(method) else None]
        if landscape in SLOW_LANDSCAPES or not _slow(method)
    ]
    if not cells:
        raise ValueError(
            f"expected one of {', '.join(SLOW_LANDSCAPES)} for {', '.join(SLOW)}, got none of them"
        )
    return cells


def _slow(method: str) -> bool:
    return method.partition("[")[0] in SLOW


def _compute(cells: Sequence[Cell], study: Study) -> None:
    """Compute cells with a bar for each method."""
    methods = [cell.method for cell in cells]
    done = dict.fromkeys(methods, 0)
    progress = open_progress()
    try:
        for result in compute_all(cells, study.results, study.jobs):
            done[result.method] += study.budget
            total = methods.count(result.method) * study.budget
            note = f"{result.landscape} seed {result.seed}: {len(result.hits)} of {result.regions} regions"
            progress.update(_label(result.method), done[result.method], total, note)
    finally:
        progress.close()


def _label(method: str) -> str:
    """The method without brackets, which a terminal takes for colours."""
    return method.replace("[", " ").replace("]", "")


def parse(arguments: Sequence[str] | None = None) -> tuple[Study, Path | None]:
    """The study of a command line, and where its chart goes."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.planted",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    d = Study()
    parser.add_argument(
        "--methods", nargs="+", default=d.methods, metavar="NAME", help="name or name[key=value]"
    )
    parser.add_argument("--landscapes", nargs="+", default=d.landscapes, metavar="NAME", help="default: all")
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=d.seeds, metavar="N", help="default: 5 6 7 8 9"
    )
    parser.add_argument("--budget", type=int, default=d.budget, help="queries of a cell, default %(default)s")
    parser.add_argument(
        "--jobs", type=int, default=d.jobs, help="processes side by side, default %(default)s"
    )
    parser.add_argument("--results", type=Path, default=d.results, help="folder of the cells")
    parser.add_argument("--chart", type=Path, metavar="PNG", help="also draw regions against queries")
    given = parser.parse_args(arguments)
    for name in ("budget", "jobs"):
        if getattr(given, name) < 1:
            parser.error(f"expected --{name} of at least 1, got {getattr(given, name)}")
    methods, landscapes, seeds = (
        tuple(dict.fromkeys(some)) for some in (given.methods, given.landscapes, given.seeds)
    )
    return Study(methods, landscapes, seeds, given.budget, given.jobs, given.results), given.chart


def run(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 fine, 2 misuse, 130 stopped."""
    study, chart = parse(arguments)
    try:
        results = main(study)
    except (ValueError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on with the cells that are missing", file=sys.stderr)
        return 130
    print(report(results))
    if chart is not None:
        chart.parent.mkdir(parents=True, exist_ok=True)
        draw_chart(results).save(chart)
    return 0


if __name__ == "__main__":
    sys.exit(run())
