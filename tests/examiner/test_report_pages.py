from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from examiner.report import write_report
from examiner.report_pages import flag_shares, judged, judged_counts, region_pages, width_bars
from tests.examiner.fake_report import WIDTHS, Loads, browse, fake_results, needs_browser


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("run")
    return fake_results(folder), folder


@pytest.fixture(scope="module")
def page(example: tuple[dict[str, Any], Path]) -> str:
    return write_report(*example).read_text(encoding="utf-8")


def said(page: str, name: str) -> str:
    """Text of the section of a name, in the page without JavaScript."""
    section = page.split(f'id="{name}"')[1].split("</section>")[0]
    return " ".join(Loads("<p" + section).text.replace("\u00a0", " ").split())


def test_bars_are_multiples_of_what_is_usual_to_one_scale() -> None:
    knee, shape = width_bars(WIDTHS)
    assert (knee.words, knee.usual) == ("\u221212 to 20\u00b0", "\u00b1 10\u00b0")
    assert (shape.words, shape.usual) == ("\u22120.5 to 0.75 SD", "\u00b1 0.5 SD")
    assert knee.usual_width == shape.usual_width
    assert knee.width / knee.usual_width == pytest.approx(1.62, abs=0.01)
    assert all(bar.left + bar.width / 2 == pytest.approx(50, abs=0.02) for bar in (knee, shape))
    assert width_bars([]) == []


def test_pages_follow_each_other_over_modes_without_a_region(example: tuple[dict[str, Any], Path]) -> None:
    pages = region_pages(example[0]["modes"])
    assert [(page.before, page.mode["id"], page.after) for page in pages] == [
        (None, 1, 2),
        (1, 2, 3),
        (2, 3, 4),
        (3, 4, 6),
        (4, 6, 7),
        (6, 7, None),
    ]


def test_flags_and_verdicts_are_counted(example: tuple[dict[str, Any], Path]) -> None:
    modes = example[0]["modes"]
    shares = [(name, n, part.replace("\u00a0", " ")) for name, n, part in flag_shares(modes)]
    assert shares == [("crop", 2, "29 %"), ("ambiguous", 2, "29 %"), ("definition", 2, "29 %")]
    other = [{"flags": ["solvable", "haunted"]}, {"flags": ["fragile"]}]
    assert [name for name, _, _ in flag_shares(other)] == ["fragile", "solvable", "haunted"]
    assert judged_counts(modes) == [("survives", 1), ("not judged", 6)]
    assert judged_counts(modes[1:]) == []
    assert judged({"judged": {"survives": False}}) == "does not survive"


def test_a_regions_page_holds_all_that_is_known_of_it(page: str) -> None:
    text = said(page, "region-2")
    for part in (
        "Previous: mode 1",
        "Next: mode 3",
        "The region round mode 2",
        "draws200",
        "failures151 (76 %)",
        "lower bound, 95 %70 %",
        "typical poses inside",
        "the lower bound 70 % is under 90 %",
        "left knee x\u221212 to 20\u00b0\u00b1 10\u00b0",
        "left shoulder88 mm \u00b1 31 mm1 of 4",
        "Mildest failing variant standing",
        "examiner show RUN 2 --size 512",
    ):
        assert part in text, part
    assert 'id="region-5"' not in page
    assert page.count('href="#region-2"') == 4, "gallery, mode, and both neighbours"


def test_unfair_and_flagged_cases_have_a_page(page: str) -> None:
    text = said(page, "doubt")
    assert "Of 7 modes 2 (29 %) are crop, 2 (29 %) are ambiguous, 2 (29 %) are definition." in text
    assert "The judge: 1 survives, 6 not judged." in text
    assert "45 of the search's 5,000 queries (0.90 %) were no fair test" in text
    assert "17 of them exceed the threshold" in text
    assert "a joint beyond its range of motion310.62 %" in text
    assert "512 mm, query 77left elbow 23 degrees beyond its range (15 are allowed)" in text
    assert "9 of 20" in text, "fragile candidates are told here"


def test_maps_are_drawn_with_their_tables(page: str) -> None:
    assert len(set(re.findall(r'data-chart="(chart-map-[^"]*)"', page))) == 4
    text = said(page, "maps")
    assert "people of random and typical, whose draws do not depend on what they found" in text
    assert "camera elevation, degrees" in text


WALK = """<script>
const wait = () => new Promise((done) => setTimeout(done, 60));
const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
const said = [];
const note = async () => {
  await wait();
  const open = [...document.querySelectorAll("main > .page")].filter((page) => !page.hidden).map((page) => page.id);
  const overview = document.querySelector("header").hidden ? "" : "overview";
  said.push([open.join("+") || overview, location.hash, document.activeElement.id].join(" ").trim());
};
const walk = async () => {
  await note();
  document.querySelector('.gallery a[href="#region-4"]').click();
  await note();
  document.querySelector('#region-4 a[rel="prev"]').click();
  await note();
  document.querySelector('#region-3 a[rel="next"]').click();
  await note();
  press("Escape");
  await note();
  history.back();
  await note();
  document.querySelector('nav a[href="#doubt"]').click();
  await note();
  const flag = document.querySelector("#doubts select[name=flag]");
  said.push(document.querySelector("#doubts output").textContent);
  for (const value of ["crop", "-", ""]) {
    flag.value = value;
    flag.dispatchEvent(new Event("input", { bubbles: true }));
    said.push(document.querySelector("#doubts output").textContent);
  }
  press("Escape");
  await note();
  document.documentElement.dataset.walk = said.join("; ");
};
walk();
</script></body>"""

STEPS = [
    "overview",
    "region-4 #region-4 h-region-4",
    "region-3 #region-3 h-region-3",
    "region-4 #region-4 h-region-4",
    "overview #mode-4",
    "region-4 #region-4 h-region-4",
    "doubt #doubt h-doubt",
    "4 of 7 shown",
    "2 of 7 shown",
    "3 of 7 shown",
    "7 of 7 shown",
    "overview #modes",
]


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_opens_pages_and_goes_back(page: str, tmp_path: Path, width: int) -> None:
    copy_path = tmp_path / "walked.html"
    walked = re.sub(r"<meta http-equiv[^>]*>", "", page).replace("</body>", WALK)
    copy_path.write_text(walked, encoding="utf-8")
    shown = browse(copy_path, tmp_path / "profile", width)
    walk = re.search(r'data-walk="([^"]*)"', shown)
    assert walk
    assert walk[1].split("; ") == STEPS
    assert shown.count("<svg viewBox") > 8


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("name", ["region-3", "doubt"])
def test_a_page_opens_by_its_address_under_the_pages_own_policy(
    example: tuple[dict[str, Any], Path], tmp_path: Path, name: str
) -> None:
    path = write_report(*example)
    shown = browse(path, tmp_path, 1280, f"#{name}")
    assert 'data-ready="1"' in shown
    opened = [tag for tag in re.findall(r'<section class="page[^>]*>', shown) if 'hidden=""' not in tag]
    assert [re.search(r'id="([^"]*)"', tag)[1] for tag in opened] == [name]  # type: ignore[index]
    assert re.search(r'<header hidden="">', shown)
    assert (re.search(rf'id="{name}".*?data-painted="\d+"', shown, re.DOTALL) is not None) == (
        "region" in name
    )
