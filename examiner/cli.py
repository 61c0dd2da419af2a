"""The command line. Exit codes: 0 fine, 1 gate failed, 2 misuse or broken environment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from agents import POPULATIONS
from examiner import commands, commands_run, commands_targets
from examiner.cli_simulator import add_commands
from examiner.commands_matrix import add_matrix
from examiner.config import FACTORS, POSE_SPACES, REGIONS, VIEWS
from examiner.options import add_drawn, add_fix, names
from examiner.presets import PRESETS
from examiner.protocols import PROTOCOLS
from examiner.show import VARIANTS
from examiner.version import VERSION
from simulator import GraphicsError

MISUSE = 2
STOPPED = 130

AUDIT_EXAMPLES = """examples:
  examiner audit                                     audit blazepose-full with the default budget
  examiner audit --preset full                       figures to rely on
  examiner audit --target my_model.py:build          audit your own model
  examiner audit --target blazepose-lite --seed 3 --agents 20 --budget 8000
  examiner audit --body SMPL_NEUTRAL.npz --factors pose,view,shape --threshold 150
  examiner audit --factors pose,view --vary clothing,background,light
  examiner audit --factors light,imaging --fix light.temperature=3200 --fix imaging.jpeg=30
  examiner audit --algorithm cma-es --baselines random,policy-gradient
  examiner audit --algorithm ppo --target blazepose-heavy --agents-from runs/full-ppo
  examiner audit --algorithm my_search.py:build      search with your own agents
  examiner audit --simulator my_engine.py:build      draw with your own simulator
  examiner audit --protocol poseexaminer-2023 --target my_pare.py:build --body SMPL_MALE.pkl --prior V02_05
                 --regressor J_regressor_h36m.npy    the columns of the published tables
  examiner audit --resume runs/audit-001             go on with a run that was stopped
"""

EXPORT_EXAMPLES = """examples:
  examiner export runs/tour-001 --format parquet --samples 500 --out failures
"""


SHOW_EXAMPLES = """examples:
  examiner show runs/audit-001 3
  examiner show runs/audit-001 3 --variant mildest --size 2048 --out mildest.png
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a user's mistake is one sentence on standard error, never a traceback."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ValueError, OSError, GraphicsError, ImportError) as error:
        Console(stderr=True).print(
            f"examiner: {_sentence(error)}", highlight=False, markup=False, soft_wrap=True
        )
        return MISUSE
    except KeyboardInterrupt as stopped:
        Console(stderr=True).print(
            f"examiner: stopped{stopped}", highlight=False, markup=False, soft_wrap=True
        )
        return STOPPED


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    top = argparse.ArgumentParser(
        prog="examiner", description="Find the people that a human pose and shape model gets wrong."
    )
    top.add_argument("--version", action="version", version=f"examiner {VERSION}")
    commands_of = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _audit(commands_of)
    _export(commands_of)
    _small(commands_of)
    _finished(commands_of)
    add_commands(commands_of)
    add_matrix(commands_of)
    return top


def _audit(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    audit = commands_of.add_parser(
        "audit",
        help="search for failures, prove them, write a report",
        description="Search for failures of a target, confirm them, grow regions round them, write a report.",
        epilog=AUDIT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = audit.add_argument
    add(
        "--target",
        help="blazepose-full (default), another built-in one, or your own as file.py:factory, model.yaml or "
        "'process:PYTHON file.py:factory'; `examiner targets` lists all",
    )
    add(
        "--preset",
        choices=tuple(PRESETS),
        help="tour: 8 agents, 1,600 queries a method, as the default; full: 20 agents, 7,500 queries, and two pictures "
        "of each mode by the judge; other options win",
    )
    add("--agents", type=int, help="number of agents (default 8)")
    add(
        "--protocol",
        choices=PROTOCOLS,
        help="verified: ours (default); poseexaminer-2023: search, growth and columns of that release, 40 agents, "
        "90 mm, up to 1.2 million queries, of which --budget allows fewer",
    )
    _search(audit)
    add("--budget", type=int, help="target queries of each method, all stages together (default 1600)")
    add("--seed", type=int, help="seed of every draw (default 0)")
    _searched(audit)
    add("--score", help="n_mpjpe, mpjpe or pa_mpjpe (default: n_mpjpe, mpjpe for metric targets)")
    add("--threshold", help="millimetres, or id:q, the quantile q on ordinary people (default id:0.99)")
    add(
        "--region-of-interest",
        choices=("box", "detector"),
        help="the simulator's box or the target's detector",
    )
    add_drawn(audit, size="--image-size")
    add("--prior", help="default, or a VPoser v1 or v2 checkpoint")
    add("--poses", help="AMASS-style npz, or a folder of them: your own typical poses")
    add(
        "--regressor",
        metavar="FILE",
        help="your Human3.6M regressor of shape (17, V), .npy or sparse .npz: figures on the 14 joints of LSP",
    )
    _beside(audit)
    add("--config", type=Path, help="YAML file of these settings; options given here win")
    add("--out", type=Path, help="a new folder (default runs/audit-NNN)")
    add("--resume", type=Path, metavar="FOLDER", help="go on with a stopped run, with its own settings")
    audit.set_defaults(run=commands.audit)


def _beside(audit: argparse.ArgumentParser) -> None:
    """Who else is asked: the judge, baselines, other targets."""
    add = audit.add_argument
    add(
        "--judge",
        type=int,
        metavar="N",
        help="pictures of each mode that an independent path tracer draws again",
    )
    add("--baselines", type=names, help="methods beside the search (default random,typical)")
    add(
        "--others",
        type=names,
        metavar="TARGETS",
        help="other targets that are shown the failures, e.g. blazepose-heavy: is it the picture, or the model?",
    )
    add(
        "--keypoints",
        metavar="TARGET",
        help="for a target that lifts 2D joints: whose, e.g. movenet-thunder (default: the true ones)",
    )


def _search(audit: argparse.ArgumentParser) -> None:
    add = audit.add_argument
    add(
        "--algorithm",
        help=f"how the agents search: {', '.join(POPULATIONS)}, or your own as module:factory "
        "(default policy-gradient)",
    )
    add(
        "--agent-options",
        type=names,
        metavar="NAME=VALUE,...",
        help="options of the algorithm, e.g. covariance=full; an unknown one names those there are",
    )
    add("--agents-from", metavar="RUN", help="start with the policy that the agents of this run learnt")
    add(
        "--regions",
        choices=REGIONS,
        help="how regions grow: verified (default), or as in the release of PoseExaminer",
    )


def _searched(audit: argparse.ArgumentParser) -> None:
    add = audit.add_argument
    add("--factors", type=names, help=f"what is searched, of {', '.join(FACTORS)} (default pose,view)")
    add(
        "--vary",
        type=names,
        metavar="FACTORS",
        help="what is drawn at random for every query, from its typical range, e.g. clothing,background,light",
    )
    add_fix(audit)
    add("--view", choices=VIEWS, help="views searched: in front of the person, or every one")
    add(
        "--pose-space",
        choices=POSE_SPACES,
        help="poses searched: 32 numbers of a learnt prior (default), or 63 joint angles in their range of motion",
    )


def _export(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = commands_of.add_parser(
        "export",
        help="write failure cases as a dataset",
        epilog=EXPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_run(export)
    export.add_argument(
        "--format", choices=("parquet",), default="parquet", help="labels as Parquet, pictures as PNG"
    )
    export.add_argument("--samples", type=int, default=200, help="number of pictures (default 200)")
    export.add_argument("--seed", type=int, default=0, help="seed of the sampling (default 0)")
    export.add_argument("--out", type=Path, required=True, help="a new folder")
    export.set_defaults(run=commands.export)


def _small(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fetch = commands_of.add_parser("fetch", help="get a built-in target's weights into the cache")
    fetch.add_argument("target", nargs="+", help="e.g. blazepose-full")
    fetch.set_defaults(run=commands.fetch)
    listing = commands_of.add_parser("targets", help="list what can be examined, with licences")
    listing.set_defaults(run=commands_targets.targets)
    check = commands_of.add_parser("check-target", help="check that your model wrapper keeps the contract")
    check.add_argument("target", help="as `examiner targets` names it: built in, or a form for your own")
    check.set_defaults(run=commands.check_target)
    reference = commands_of.add_parser("reference", help="compute what is normal for targets")
    reference.add_argument("target", nargs="+", help="e.g. blazepose-full")
    reference.add_argument("--out", type=Path, required=True, help="folder for the reference files")
    reference.set_defaults(run=commands.reference)


def _finished(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = commands_of.add_parser("report", help="write a finished run's report again")
    _add_run(report)
    report.set_defaults(run=commands_run.report)
    show = commands_of.add_parser(
        "show",
        help="draw one case of a finished run again, at any size",
        epilog=SHOW_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_run(show)
    show.add_argument("mode", type=int, metavar="MODE", help="number of the mode in the report")
    show.add_argument("--size", type=int, default=1024, help="pixels a side (default 1024)")
    show.add_argument(
        "--variant", choices=VARIANTS, default=VARIANTS[0], help="the failure, or its mildest variant"
    )
    show.add_argument("--out", type=Path, help="the picture (default RUN/mode-NN-VARIANT.png)")
    show.set_defaults(run=commands_run.show)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a finished run")


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
