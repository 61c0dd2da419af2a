"""The words of the commands round the simulator."""

from __future__ import annotations

import argparse
from pathlib import Path

from examiner import commands_simulator
from examiner.config import FACTORS, POSE_SPACES
from examiner.options import add_drawn, add_fix, names
from examiner.preview import RANGES
from examiner.sweep import PEOPLE_FACTORS

CHECK_EXAMPLES = """examples:
  examiner check-simulator raster
  examiner check-simulator my_engine.py:build        build(body, image_size) gives version, render, close
  examiner check-simulator 'process:blender -b -P my_sim.py'

A program of your own ('process:COMMAND') reads a line of JSON for every few people, with the names of two files. It
draws the people of the first and writes the second. All is in metres, x right, y down, z forward; `vertices`,
`joints` and every parameter of the scene are in the first file by name, so no body model is needed. The smallest:

  import json, sys
  import cv2, numpy as np

  for line in sys.stdin:
      ask = json.loads(line)
      scene = np.load(ask["scene"])
      images = np.full((len(scene["vertices"]), *scene["image_size"], 3), 127, np.uint8)
      mask = np.zeros(images.shape[:3], np.uint8)
      for i, vertices in enumerate(scene["vertices"]):
          corners = scene["focal_length"][i] * vertices[:, :2] / vertices[:, 2:] + scene["center"][i]
          for face in np.int32(16 * corners - 8)[scene["faces"]]:
              cv2.fillConvexPoly(mask[i], face, 1, shift=4)
          images[i][mask[i] > 0] = (200, 150, 120)
      np.savez(ask["answer"], images=images, mask=mask)  # and depth, metres along z, if it has it
      print('{"done": true}', flush=True)
"""

PREVIEW_EXAMPLES = """examples:
  examiner preview --factors pose,view,clothing,background,light --out people.png
  examiner preview --factors imaging --range full --n 24 --seed 3 --out imaging.png
  examiner preview --factors pose,shape --body child --fix view.elevation=20 --out children.png
"""

SWEEP_EXAMPLES = """examples:
  examiner sweep --factor view.elevation
  examiner sweep --target blazepose-lite --factor imaging.defocus --steps 9 --people 128 --out runs/defocus
  examiner sweep --target my_model.py:build --factor occluder.size --fix occluder.kind=1.5

The same folder again goes on with a sweep that was stopped. examiner factors lists what can be swept.
"""


def add_commands(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add check-simulator, preview, sweep and factors."""
    _check(commands_of)
    _preview(commands_of)
    _sweep(commands_of)
    _factors(commands_of)


def _check(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands_of.add_parser(
        "check-simulator",
        help="check that a simulator's labels fit its pictures",
        epilog=CHECK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "name", help="raster, pyrender, judge, module:factory, file.py:factory or 'process:COMMAND'"
    )
    check.add_argument("--n", type=int, default=24, help="number of people (default 24)")
    check.add_argument("--body", help="as of examiner audit (default neutral)")
    _size(check)
    check.set_defaults(run=commands_simulator.check_simulator)


def _preview(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    preview = commands_of.add_parser(
        "preview",
        help="draw a contact sheet of factors",
        epilog=PREVIEW_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = preview.add_argument
    add("--factors", type=names, required=True, help=f"what is drawn at random, of {', '.join(FACTORS)}")
    add("--range", choices=RANGES, default="typical", help="how far it may go (default typical)")
    add("--n", type=int, default=48, help="number of pictures (default 48)")
    add("--seed", type=int, help="seed of the draws (default 0)")
    add_fix(preview)
    _pose(preview)
    add_drawn(preview, size="--size")
    add("--out", type=Path, required=True, help="the picture to write, .png")
    preview.set_defaults(run=commands_simulator.preview)


def _sweep(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sweep = commands_of.add_parser(
        "sweep",
        help="draw the error of a target over one dimension",
        epilog=SWEEP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = sweep.add_argument
    add("--target", help="as of examiner audit (default blazepose-full)")
    add(
        "--factor",
        required=True,
        metavar="NAME",
        help="the dimension, e.g. view.elevation; see examiner factors",
    )
    add(
        "--steps", type=int, default=15, help="values from end to end (default 15); a choice has one for each"
    )
    add("--people", type=int, default=64, help="people who see every value (default 64)")
    add("--seed", type=int, help="seed of the draws (default 0)")
    add(
        "--factors",
        type=names,
        help=f"what differs from person to person, typically (default {','.join(PEOPLE_FACTORS)})",
    )
    add_fix(sweep)
    _pose(sweep)
    add("--score", help="n_mpjpe, mpjpe or pa_mpjpe (default: n_mpjpe, mpjpe for metric targets)")
    add("--threshold", help="millimetres, or id:q, the quantile q on ordinary people (default id:0.99)")
    add_drawn(sweep, size="--size")
    add("--out", type=Path, help="a new folder, or one of a sweep that was stopped (default runs/sweep-NNN)")
    sweep.set_defaults(run=commands_simulator.sweep)


def _factors(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    factors = commands_of.add_parser("factors", help="list what can be searched, fixed or drawn at random")
    factors.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write a page for the documentation instead"
    )
    factors.set_defaults(run=commands_simulator.factors)


def _pose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pose-space", choices=POSE_SPACES, help="latent (default) or joint angles")
    parser.add_argument("--prior", help="default, or a VPoser v1 or v2 checkpoint")
    parser.add_argument("--poses", help="AMASS-style npz, or a folder of them: your own typical poses")


def _size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", type=int, dest="image_size", help="pixels of a picture's side (default 256)"
    )
