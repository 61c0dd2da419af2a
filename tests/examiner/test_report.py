from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from examiner.pictures import overlay
from examiner.report import write_report

EXAMPLE = json.loads((Path(__file__).parent / "fake_results.json").read_text(encoding="utf-8"))
SKELETON = EXAMPLE["modes"][0]["skeleton"]
NAMES, EDGES, REST = SKELETON["names"], SKELETON["edges"], np.array(SKELETON["gt_m"])
TYPES = ["depth", "orientation", "left-right", "articulation", "scale", "depth", "not-found"]
FLAGS: list[list[str]] = [["definition"], [], ["ambiguous", "crop"], []]
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
    region = EXAMPLE["modes"][0]["region"] | {"size_rad": 0.4 + 0.2 * index}
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


def fake_results(folder: Path, modes: int = 7) -> dict[str, Any]:
    return EXAMPLE | {"modes": [fake_mode(index, folder) for index in range(modes)]}


EXPECTED = """
7 failure modes of blazepose-lite
5 distinct by pose alone
2 of 40 agents
173 mm
n_mpjpe in mm over 12 joints
root mid hip
translation and scale
seed 7
10,000 queries
region of interest box
pyrender 1.0.1
QD score
Yield at 1.5\u00d7 threshold
seen 40 degrees from the left
20 of 20 exceed 173 mm
197 of 200
96 %
98 %
left wrist
the lower bound 70 % is under 90 %
No region was grown
truth and no prediction in the picture
nobody found
Scene parameters
examiner run --target blazepose-lite
Apache-2.0
Self-penetration is not checked yet
total 45 min
9 of 20
166 mm to 182 mm
finds more than the best baseline (typical)
abababababababababababababababababababababababababababababababab
""".strip().splitlines()


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


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("run")
    return fake_results(folder), folder


@pytest.fixture(scope="module")
def page(example: tuple[dict[str, Any], Path]) -> str:
    return write_report(*example).read_text(encoding="utf-8")


def test_report_is_one_file_that_loads_nothing(page: str) -> None:
    loads = Loads(page)
    assert len(loads.addresses) > 20
    assert all(a.startswith(("#", "data:image/jpeg;base64,")) for a in loads.addresses)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "default-src 'none'" in page
    anchors = {a[1:] for a in loads.addresses if a.startswith("#")}
    assert anchors <= set(loads.ids)
    assert len(loads.ids) == len(set(loads.ids))


def test_report_says_what_it_must_without_javascript(page: str) -> None:
    text = " ".join(Loads(page).text.replace("\u00a0", " ").split())
    for part in EXPECTED:
        assert part in text, part
    assert "A tour" not in text


def test_tour_is_announced(tmp_path: Path) -> None:
    tour = {"modes": [], "run": EXAMPLE["run"] | {"tour": True}}
    results = EXAMPLE | tour | {"protocol": EXAMPLE["protocol"] | {"agents": 8, "budget": 1600}}
    text = " ".join(Loads(write_report(results, tmp_path).read_text(encoding="utf-8")).text.split())
    assert "A tour, not an audit: 8 agents, 1,600 queries." in text
    assert "No failure was distinct, fair and repeatable." in text


def test_names_are_escaped(example: tuple[dict[str, Any], Path]) -> None:
    results = copy.deepcopy(example[0])
    evil = "</script><img src=x onerror=alert(1)>\"'"
    results["protocol"]["target"] = results["run"]["command"] = results["methods"][0]["name"] = evil
    results["modes"][0] |= {"words": evil, "type": evil, "flags": [evil]}
    results["modes"][0]["skeleton"]["names"] = [evil] * 12
    page = write_report(results, example[1]).read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert page.count("</script>") == 2
    assert "&lt;/script&gt;&lt;img src=x" in page


def test_another_schema_is_refused(tmp_path: Path) -> None:
    message = (
        "expected results of the schema poseexaminer-results/1, got 'poseexaminer-results/2'; write them"
    )
    with pytest.raises(ValueError, match=message):
        write_report({"schema": "poseexaminer-results/2"}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_pictures_must_be_in_the_folder(example: tuple[dict[str, Any], Path]) -> None:
    results = copy.deepcopy(example[0])
    results["modes"][0]["image"] = "images/none.png"
    with pytest.raises(FileNotFoundError, match=r"expected the picture images/none\.png in"):
        write_report(results, example[1])
    results["modes"][0]["image"] = "../secret.png"
    with pytest.raises(ValueError, match=r"expected a picture inside the run's folder, got '../secret.png'"):
        write_report(results, example[1])


def test_failed_writing_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.html").write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_report(EXAMPLE | {"modes": []}, tmp_path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.html", "old")]


def test_twenty_modes_stay_under_three_megabytes(tmp_path: Path) -> None:
    assert write_report(fake_results(tmp_path, modes=20), tmp_path).stat().st_size < 3_000_000


ASKED = """<script>
const set = (id, value) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
};
set("sort", "type");
set("type", "depth");
document.querySelectorAll("[data-view=top]").forEach((button) => button.click());
</script></body>"""


def browse(path: Path, profile: Path, width: int) -> str:
    """The page's elements after its script has run, without a word on the browser's console."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={profile}", f"--window-size={width},900", "--enable-logging=stderr"]
    command += ["--virtual-time-budget=2000", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    return done.stdout


def gallery(page: str, key: str) -> list[str]:
    items = re.findall(r"<li [^>]*>", page.split('class="gallery')[1].split("</ul>")[0])
    values = [re.search(rf'data-{key}="([^"]*)"', item) for item in items if 'hidden=""' not in item]
    return [value[1] for value in values if value]


needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the chromium browser")


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 420])
def test_a_browser_sorts_and_draws(example: tuple[dict[str, Any], Path], tmp_path: Path, width: int) -> None:
    page = browse(write_report(*example), tmp_path, width)
    assert 'data-ready="1"' in page
    assert "data-error=" not in page.split("<body>")[0]
    painted = [int(n) for n in re.findall(r'data-painted="(\d+)"', page)]
    assert len(painted) == 7
    assert min(painted) > 2000
    errors = [float(error) if error else -1.0 for error in gallery(page, "redraw")]
    assert len(errors) == 7
    assert errors == sorted(errors, reverse=True)
    assert "7 of 7 shown" in page


@needs_browser
@pytest.mark.slow
def test_a_browser_filters_and_turns_the_view(example: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    page = write_report(*example).read_text(encoding="utf-8")
    copy_path = tmp_path / "asked.html"
    asked = re.sub(r"<meta http-equiv[^>]*>", "", page).replace("</body>", ASKED)
    copy_path.write_text(asked, encoding="utf-8")
    shown = browse(copy_path, tmp_path / "profile", 1280)
    assert gallery(shown, "type") == ["depth", "depth"]
    assert "2 of 7 shown" in shown
    assert 'aria-pressed="true"' not in shown.split("<article")[1]


@needs_browser
@pytest.mark.slow
def test_the_page_runs_no_script_but_its_own(example: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    page = write_report(*example).read_text(encoding="utf-8")
    copy_path = tmp_path / "foreign.html"
    copy_path.write_text(page.replace("</body>", "<script>alert(1)</script></body>"), encoding="utf-8")
    with pytest.raises(AssertionError, match="CONSOLE"):
        browse(copy_path, tmp_path / "profile", 1280)
