"""Fake results with pictures, and what the tests of the report read pages with."""

from __future__ import annotations

import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from examiner.pictures import overlay

EXAMPLE = json.loads((Path(__file__).parent / "fake_results.json").read_text(encoding="utf-8"))
SKELETON = EXAMPLE["modes"][0]["skeleton"]
NAMES, EDGES, REST = SKELETON["names"], SKELETON["edges"], np.array(SKELETON["gt_m"])
TYPES = ["depth", "orientation", "left-right", "articulation", "scale", "depth", "not-found"]
FLAGS: list[list[str]] = [["definition"], [], ["ambiguous", "crop"], []]
CAUSES = [{"name": "left shoulder", "fall_mm": 88.0, "spread_mm": 31.0, "exceed": 1, "fair": True}]
MILDEST = {
    "error_mm": [199.0, 201.0],
    "way": 0.5,
    "distance": 0.7,
    "start_distance": 2.1,
    "words": "standing",
    "scene": {},
}
WIDTHS = [
    {"name": "left knee x", "unit": "degree", "low": -12.4, "high": 20.0, "usual": 10.0},
    {"name": "shape beta0", "unit": "SD", "low": -0.5, "high": 0.75, "usual": 0.5},
]
LOST = {"success": False, "failures": 151, "rate": 0.755, "lower_bound": 0.7}


def fake_picture(joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mannequin of capsules on a grey ramp; it stands for a rendered person."""
    ramp = np.linspace(205, 120, 256)[:, None, None] + rng.normal(0, 2, (256, 256, 1)) + [0, 4, 10]
    image = Image.fromarray(np.clip(ramp, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.polygon([tuple(joints[i]) for i in (0, 1, 7, 6)], fill=(62, 84, 120))
    for start, end in EDGES:
        draw.line([*joints[start], *joints[end]], fill=(62, 84, 120) if start < 2 else (70, 66, 72), width=17)
    for joint in joints:
        draw.ellipse([*(joint - 8), *(joint + 8)], fill=(196, 150, 122))
    x, y = joints[:2].mean(axis=0)
    draw.ellipse([x - 15, y - 44, x + 15, y - 8], fill=(196, 150, 122))
    return np.asarray(image)


def fake_pictures(gt: np.ndarray, prediction: np.ndarray | None, names: list[str], folder: Path) -> None:
    pixels, flat = (None if m is None else m[:, :2] * 130 + [128, 118] for m in (gt, prediction))
    assert pixels is not None
    image = fake_picture(pixels, np.random.default_rng(len(names[0])))
    (folder / "images").mkdir(exist_ok=True)
    Image.fromarray(image).save(folder / names[0])
    overlay(image, pixels, flat, EDGES, names=NAMES).save(folder / names[1])


def fake_region(index: int) -> dict[str, Any] | None:
    region = EXAMPLE["modes"][0]["region"] | {"size_rad": 0.4 + 0.2 * index, "widths": WIDTHS}
    lost = LOST | {"why": "the lower bound 70 % is under 90 %"}
    return None if index % 5 == 4 else region if index % 3 == 0 else region | lost


def fake_mode(index: int, folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(index)
    kind, found = TYPES[index % len(TYPES)], TYPES[index % len(TYPES)] != "not-found"
    gt = REST + rng.normal(0, 0.05, REST.shape)
    prediction = gt + rng.normal(0, 0.09, gt.shape) * [0.4, 0.4, 2.2]
    names = [f"images/mode-{index + 1:02}{end}.png" for end in ("", "-overlay")]
    fake_pictures(gt, prediction if found else None, names, folder)
    error = float(rng.uniform(240, 420)) if found else None
    redraws = [error - 8 + e if error else None for e in rng.normal(0, 20, 20).tolist()]
    distance = (1000 * np.linalg.norm(prediction - gt, axis=1)).tolist() if found else [None] * 12
    return EXAMPLE["modes"][0] | {
        "id": index + 1,
        "query": 1200 + 731 * index,
        "error_mm": error,
        "pa_mpjpe_mm": error and 0.6 * error,
        "raw_error_mm": error and error + 9,
        "visible_error_mm": error,
        "redraw": {
            "errors_mm": redraws,
            "exceed": sum(e is None or e > 173.2 for e in redraws),
            "mean_mm": error and float(np.mean(redraws)),
        },
        "type": kind,
        "confidence": 0.93 if found else None,
        "flags": FLAGS[index % 4],
        "per_joint_mm": dict(zip(NAMES, distance, strict=True)),
        "visible": {name: (k + index) % 7 != 3 for k, name in enumerate(NAMES)},
        "image": names[0],
        "overlay": names[1],
        "skeleton": SKELETON
        | {"gt_m": gt.tolist(), "prediction_m": prediction.tolist() if found else [[None] * 3] * 12},
        "region": fake_region(index),
    }


def fake_grid(blind: bool, rng: np.random.Generator) -> dict[str, Any]:
    count = rng.integers(0, 9, (10, 10))
    failing = np.where(count > 0, rng.uniform(0, 0.6, (10, 10)), None)
    return {
        "methods": ["random", "typical"] if blind else ["policy-gradient", "random", "typical"],
        "blind": blind,
        "people": int(count.sum()),
        "count": count.tolist(),
        "median_mm": np.where(count > 0, 90 + 40 * count, None).tolist(),
        "failing": failing.tolist(),
    }


def fake_maps() -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    names = [("body turned to the left", "camera elevation"), ("left arm raised", "camera elevation")]
    edges = np.linspace(-90, 90, 11).tolist()
    return [
        {
            "x": {"name": x, "unit": "degree", "edges": edges},
            "y": {"name": y, "unit": "degree", "edges": edges},
            "grids": [fake_grid(True, rng), fake_grid(False, rng)],
        }
        for x, y in names
    ]


def fake_unfair(image: str) -> dict[str, Any]:
    case = {"query": 77, "error_mm": 512.0, "words": "left arm overhead", "image": image}
    return {
        "queries": 5000,
        "unfair": 45,
        "reasons": {"motion_range": 31, "self_penetration": 12, "out_of_sight": 9},
        "failures": 17,
        "worst": [case | {"reason": "left elbow 23 degrees beyond its range (15 are allowed)"}],
    }


def fake_results(folder: Path, modes: int = 7) -> dict[str, Any]:
    found = [fake_mode(index, folder) for index in range(modes)]
    for mode in found:
        mode |= {"causes": CAUSES, "mildest": MILDEST | {"image": mode["overlay"]}} if mode["region"] else {}
    found[0] |= {"judged": {"pictures": 2, "exceed": 2, "mean_mm": 300.0, "survives": True}}
    return EXAMPLE | {"modes": found, "maps": fake_maps(), "unfair": fake_unfair(found[0]["image"])}


class Loads(HTMLParser):
    """Collects what a page would load, its ids and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "data", "action")]
        self.ids += [values["id"] or ""] if "id" in values else []
        if tag == "img":
            assert values["alt"], "a picture has its alternative text"

    def handle_data(self, data: str) -> None:
        self.text += data


def browse(path: Path, profile: Path, width: int, place: str = "") -> str:
    """The page's elements after its script has run, without a word on the browser's console."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={profile}", f"--window-size={width},900", "--enable-logging=stderr"]
    command += ["--virtual-time-budget=2000", "--dump-dom", path.as_uri() + place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the chromium browser")
