"""Draws the picture of the README out of a finished run: its most severe modes, truth and prediction over them.

usage: python -m experiments.readme_picture RUN docs/failures.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from examiner.files import read_json
from examiner.pictures import contact_sheet

SHOWN = 8
COLUMNS = 4
SIDE = 320


def main(run: Path, out: Path) -> None:
    """Write the contact sheet."""
    modes = sorted(read_json(run / "results.json")["modes"], key=lambda m: -m["redraw"]["mean_mm"])[:SHOWN]
    pictures = [
        np.asarray(Image.open(run / mode["overlay"]).convert("RGB").resize((SIDE, SIDE))) for mode in modes
    ]
    captions = [f"{mode['redraw']['mean_mm']:.0f} mm, {mode['type']}" for mode in modes]
    out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(pictures, COLUMNS, captions).save(out, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    main(given.run, given.out)
