from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from examiner.report import write_report
from tests.examiner.fake_report import EXAMPLE, Loads, browse, fake_results, needs_browser

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
mm per 1,000 queries; random 15.3, typical 21.4
The mildest failure, a variant of
crop 29 %, ambiguous 29 %, definition 29 %
abababababababababababababababababababababababababababababababab
""".strip().splitlines()


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


def test_results_of_an_earlier_version_are_drawn(tmp_path: Path) -> None:
    results = fake_results(tmp_path)
    old = {key: value for key, value in results.items() if key not in ("maps", "unfair", "found")}
    for mode in old["modes"]:
        for name in ("causes", "mildest", "judged"):
            mode.pop(name, None)
        if mode["region"]:
            mode["region"] = {k: v for k, v in mode["region"].items() if k != "widths"}
    page = write_report(old, tmp_path).read_text(encoding="utf-8")
    assert "did not record which queries were unfair" in page
    assert 'id="maps"' not in page
    assert 'id="region-1"' in page


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


def test_twenty_modes_stay_under_four_megabytes(tmp_path: Path) -> None:
    assert write_report(fake_results(tmp_path, modes=20), tmp_path).stat().st_size < 4_000_000


ASKED = """<script>
const set = (id, value) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
};
set("sort", "type");
set("type", "depth");
document.querySelectorAll("[data-view=top]").forEach((button) => button.click());
</script></body>"""


def gallery(page: str, key: str) -> list[str]:
    items = re.findall(r"<li [^>]*>", page.split('class="gallery')[1].split("</ul>")[0])
    values = [re.search(rf'data-{key}="([^"]*)"', item) for item in items if 'hidden=""' not in item]
    return [value[1] for value in values if value]


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
