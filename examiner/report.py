"""The report of an audit: one HTML file that opens without a network."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from examiner import report_charts as charts
from examiner import report_words as words
from examiner.report_found import found_levels
from examiner.report_heat import heat_maps
from examiner.report_pages import flag_shares, judged, judged_counts, region_pages
from examiner.report_schema import check_results
from examiner.report_strips import strip_of
from examiner.report_svg import SERIES

DATA = Path(__file__).parent / "data"
PICTURE_BYTES = 42_000
THUMBNAIL_BYTES = 12_000
THUMBNAIL_PIXELS = 240
SCRIPTS, STYLES = ("report_pages.js", "report.js"), ("report.css", "report_pages.css")
FILTERS = ("mm", "count", "share", "number", "duration", "plain", "parameters")


def write_report(results: Mapping[str, Any], folder: Path) -> Path:
    """Write the report of an audit as one file that loads nothing else.

    Args:
        results: the audit's results, as `docs/results.md` describes them.
        folder: the run's folder; the modes' pictures are read from it, `report.html` is written into it,
            whole or not at all.

    Returns:
        Path of the written file.

    Raises:
        ValueError: the results do not fit the schema, or a picture lies outside the folder or is none.
        FileNotFoundError: a mode's picture is missing.
    """
    page = _render(check_results(results), folder)
    path = folder / "report.html"
    _write_atomically(path, page)
    return path


def _render(results: dict[str, Any], folder: Path) -> str:
    script = "".join((DATA / name).read_text(encoding="utf-8") for name in SCRIPTS)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(DATA),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(words, name) for name in FILTERS})
    return environment.get_template("report.html").render(
        r=results,
        style=Markup("".join((DATA / name).read_text(encoding="utf-8") for name in STYLES)),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        glossary={"types": words.TYPES, "flags": words.FLAGS, "unfair": words.UNFAIR},
        **_overview(results),
        **_gallery(results, folder),
        **_pages(results, folder),
    )


def _overview(results: dict[str, Any]) -> dict[str, Any]:
    methods = sorted(results["methods"], key=lambda method: method["role"] != "search")
    main, baselines = methods[0], [method for method in methods if method["role"] == "baseline"]
    threshold, reference = results["protocol"]["threshold_mm"], results["reference"]
    series = [(method["name"], method["curve"]) for method in methods]
    if "curve" in reference:
        series.append(("reference", reference["curve"]))
    quantiles = [(method["name"], method["error_mm"]) for method in methods]
    quantiles.append(("reference", {name: reference[f"{name}_mm"] for name in ("median", "p90", "p99")}))
    return {
        "main": main,
        "methods": methods,
        "verdict": words.verdict(main, baselines),
        "success_rate": words.success_rate(main),
        "success_interval": words.success_interval(main),
        "comparison": words.comparison(methods),
        "colours": SERIES,
        "found": found_levels(methods),
        "agents": words.agents(results["protocol"]),
        "series": [name for name, _ in series],
        "curves": charts.failure_curves(series, threshold),
        "curve_table": charts.curve_table(series),
        "quantiles": charts.quantile_rows(quantiles, threshold),
    }


def _gallery(results: dict[str, Any], folder: Path) -> dict[str, Any]:
    modes, threshold = results["modes"], results["protocol"]["threshold_mm"]
    redraws = [error for mode in modes for error in mode["redraw"]["errors_mm"] if error is not None]
    high = 1.08 * max([threshold, *redraws])
    joints = [error for mode in modes for error in mode["per_joint_mm"].values() if error is not None]
    return {
        "worst": max(modes, key=_redrawn, default=None),
        "mildest": min((m for m in modes if "mildest" in m), key=_distance, default=None),
        "nearness": charts.nearness_curve(results["nearness"]) if "nearness" in results else "",
        "by_type": _counts([mode["type"] for mode in modes]),
        "by_flag": _counts([flag for mode in modes for flag in mode["flags"]]),
        "pictures": {mode["id"]: _pictures(mode, folder) for mode in modes},
        "strips": {mode["id"]: strip_of(mode["redraw"]["errors_mm"], threshold, high) for mode in modes},
        "predicted": {mode["id"] for mode in modes if _predicted(mode["skeleton"]["prediction_m"])},
        "joint_high": max(joints, default=1.0) or 1.0,
        "skeletons": {str(mode["id"]): mode["skeleton"] for mode in modes},
    }


def _pages(results: dict[str, Any], folder: Path) -> dict[str, Any]:
    modes, unfair = results["modes"], results.get("unfair")
    falls = [cause["fall_mm"] or 0.0 for mode in modes for cause in mode.get("causes", [])]
    return {
        "maps": heat_maps(results.get("maps", [])),
        "regions": region_pages(modes),
        "flag_shares": flag_shares(modes),
        "judged": {mode["id"]: judged(mode) for mode in modes},
        "judged_counts": judged_counts(modes),
        "fall_high": max(falls, default=1.0) or 1.0,
        "unfair": unfair,
        "unfair_pictures": [
            _embed(_open(folder, case["image"]), PICTURE_BYTES // 2)
            for case in (unfair or {}).get("worst", [])
        ],
    }


def _predicted(joints: list[list[float | None]] | None) -> bool:
    return any(value is not None for joint in joints or [] for value in joint)


def _redrawn(mode: Mapping[str, Any]) -> float:
    return float(mode["redraw"]["mean_mm"] or 0.0)


def _distance(mode: Mapping[str, Any]) -> float:
    return float(mode["mildest"]["distance"])


def _counts(names: list[str]) -> dict[str, int]:
    return dict(
        sorted(((name, names.count(name)) for name in set(names)), key=lambda item: (-item[1], item[0]))
    )


def _pictures(mode: Mapping[str, Any], folder: Path) -> dict[str, str]:
    image, overlay = _open(folder, mode["image"]), _open(folder, mode["overlay"])
    small = overlay.copy()
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.LANCZOS)
    mildest, strip = mode.get("mildest"), (mode["region"] or {}).get("image")
    return {
        "image": _embed(image, PICTURE_BYTES),
        "overlay": _embed(overlay, PICTURE_BYTES),
        "thumbnail": _embed(small, THUMBNAIL_BYTES),
        "mildest": _embed(_open(folder, mildest["image"]), PICTURE_BYTES // 2) if mildest else "",
        "strip": _embed(_open(folder, strip), 2 * PICTURE_BYTES) if strip else "",
    }


def _open(folder: Path, name: str) -> Image.Image:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"expected a picture inside the run's folder, got {name!r}")
    if not path.is_file():
        raise FileNotFoundError(
            f"expected the picture {name} in {folder}, got no such file; run the audit again"
        )
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except UnidentifiedImageError:
        raise ValueError(f"expected a picture in {name}, got another kind of file") from None


def _embed(picture: Image.Image, limit: int) -> str:
    """JPEG as a data address, at the best quality that keeps it under the limit where one does."""
    for quality in (90, 82, 72, 60, 45):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= limit:
            break
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".report-", suffix=".html")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
