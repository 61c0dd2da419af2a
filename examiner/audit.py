"""The examiner: the one loop, from a rig and a folder to an audit."""

from __future__ import annotations

import platform
import shlex
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from examiner.config import Config, config_dict, dump_config, with_values
from examiner.error_maps import error_maps
from examiner.explain import Explainer, Explanation, Pool
from examiner.files import only_one, plain, read_json, write_json, write_whole
from examiner.journal import Journal
from examiner.judging import judge_modes
from examiner.method import Method, MethodResult
from examiner.mode_pictures import draw_mildest, draw_modes, draw_unfair
from examiner.notes import Verdicts
from examiner.population import build_population
from examiner.presets import TOUR
from examiner.progress import Progress, Silence
from examiner.protocols import VERIFIED
from examiner.reference import Reference, reference_from, save_reference
from examiner.report import write_report
from examiner.results import results_of
from examiner.rig import Rig, assets
from examiner.solvable import solvers_of
from examiner.subspace_files import write_subspaces
from examiner.trials import write_trials
from examiner.unfair import unfair_of
from examiner.version import VERSION

PACKAGES = (
    "numpy",
    "numba",
    "scipy",
    "torch",
    "opencv-python-headless",
    "mitsuba",
    "pyrender-maintained",
    "PyOpenGL",
    "ai-edge-litert",
    "matplotlib",
    "pyarrow",
    "smplx",
)


SAME = ("poseexaminer", "config", "assets", "reference_key", "renderer")
"""What may not change between the parts of a run."""


@dataclass(frozen=True)
class Audit:
    """A finished audit."""

    folder: Path
    results: dict[str, Any]


class Examiner:
    """Runs an audit in a folder; started again in the same folder, it goes on from where it was."""

    def __init__(
        self, rig: Rig, folder: Path, progress: Progress | None = None, *, name: str = "audit"
    ) -> None:
        self._rig, self._folder, self._name = rig, folder, name
        self._progress = progress or Silence()
        self.methods: list[MethodResult] = []
        self.explained: list[Explanation] = []

    def run(self) -> Audit:
        """Examine with the search and every baseline, then write what a run leaves behind."""
        config = self._rig.config
        build_population(
            config.algorithm, 0, self._rig, int(config.budget * config.shares[0])
        )  # refused early
        begin(self._folder, self._rig, self._name)
        with only_one(self._folder):
            return self._run()

    def _run(self) -> Audit:
        started = time.monotonic()
        (self._folder / "images").mkdir(exist_ok=True)
        self.methods = []
        journal = Journal(self._folder / "parts")
        names = (self._rig.config.algorithm, *self._rig.config.baselines)
        timings = {}
        for stream, name in enumerate(dict.fromkeys(names)):
            before = time.monotonic()
            self.methods.append(Method(name, stream, self._rig, journal, self._progress).run())
            timings[f"{name}_s"] = round(time.monotonic() - before, 2)
        methods = self.methods
        drawn = draw_modes(self._rig, methods[0].modes, self._folder)
        judged = judge_modes(self._rig, methods[0].modes, self._progress)
        before = time.monotonic()
        explainer = Explainer(self._rig, journal, self._progress)
        pool = Pool(self._rig, methods)
        explained = self.explained = explainer.run(methods[0].modes, pool)
        timings["explain_s"] = round(time.monotonic() - before, 2)
        draw_mildest(self._rig, explained, self._folder)
        solvers = solvers_of(self._rig, methods[0].modes, self._progress)
        unfair = unfair_of(self._rig, methods[0])
        draw_unfair(self._rig, unfair, self._folder)
        maps = error_maps(pool, explained)
        verdicts = Verdicts(drawn, judged, explained, explainer.queries, solvers, unfair, maps)
        results = results_of(self._rig, methods, verdicts, self._run_row())
        write_trials(self._folder / "trials.parquet", journal.parts, self._rig)
        flags = [mode["flags"] for mode in results["modes"]]
        write_subspaces(self._folder / "subspaces.json", self._rig, methods[0].modes, flags)
        results["timings"] = {"total_s": round(time.monotonic() - started, 2), **timings}
        write_json(self._folder / "results.json", results)
        results = read_json(self._folder / "results.json")
        write_report(results, self._folder)
        finish(self._folder)
        return Audit(self._folder, results)

    def _run_row(self) -> dict[str, Any]:
        tour = self._name == TOUR
        preset = f" --preset {TOUR}" * tour
        return {"name": self._name, "tour": tour, "command": command(self._rig.config) + preset}


def command(config: Config) -> str:
    """The command line that repeats an audit; shares have no option, so they come from the run's own file."""
    base = with_values(Config(), {"protocol": config.protocol}, "the protocol")
    default = {**config_dict(base), "protocol": VERIFIED}
    if config.shares != Config().shares:
        return "examiner audit --config config.yaml"
    words = ["examiner audit", f"--target {shlex.quote(config.target)}", f"--seed {config.seed}"]
    for key, value in config_dict(config).items():
        always = key in ("agents", "budget", "threshold")
        if (always or value != default[key]) and key not in ("target", "seed"):
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words.append(f"--{key.replace('_', '-')} {shlex.quote(text)}")
    return " ".join(words)


def begin(folder: Path, rig: Rig, name: str) -> None:
    """Write the configuration and a manifest that says `running`.

    Raises:
        ValueError: if the folder holds another run.
    """
    manifest = {
        "status": "running",
        "name": name,
        "poseexaminer": VERSION,
        "seed": rig.config.seed,
        "config": config_dict(rig.config),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": {package: _version(package) for package in PACKAGES},
        "assets": assets(rig),
        "reference_key": rig.reference.key,
        "renderer": rig.simulator.version,
    }
    _check_same_run(folder, manifest)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "config.yaml", lambda stream: stream.write(dump_config(rig.config).encode()))
    if rig.reference.draws:
        save_reference(rig.reference, folder / "reference.json")
    write_json(folder / "manifest.json", manifest)


def _check_same_run(folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse to go on with the parts of a run that was made from something else."""
    if not (folder / "manifest.json").is_file():
        if any(folder.glob("parts/*.npz")):
            raise ValueError(
                f"expected the manifest of the run in {folder}, found parts without one; delete it"
            )
        return
    before, now = read_json(folder / "manifest.json"), plain(manifest)
    for key in SAME:
        if before.get(key) != now[key]:
            raise ValueError(
                f"expected the run in {folder} to have the same {key} as this one, got {before.get(key)!r} there and "
                f"{now[key]!r} here; choose another folder"
            )


def finish(folder: Path) -> None:
    """Mark the manifest `done`: from now on report, export and the hook trust the folder."""
    manifest = read_json(folder / "manifest.json")
    write_json(folder / "manifest.json", {**manifest, "status": "done"})


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def resume_reference(folder: Path) -> Reference | None:
    """The reference that an unfinished run was started with, if it got that far."""
    path = folder / "reference.json"
    return reference_from(read_json(path)) if path.is_file() else None


def resume_config(folder: Path) -> Config:
    """The configuration of an unfinished run.

    Raises:
        ValueError: if it is finished, or belongs to another version.
    """
    manifest = read_json(folder / "manifest.json")
    if not isinstance(manifest, dict) or not {"status", "poseexaminer", "name", "config"} <= set(manifest):
        raise ValueError(f"expected the manifest of a run in {folder}, got something else; start a new run")
    if manifest["status"] == "done":
        raise ValueError(
            f"expected an unfinished run in {folder}, got a finished one; its report is report.html"
        )
    if manifest["poseexaminer"] != VERSION:
        raise ValueError(
            f"expected a run of version {VERSION} in {folder}, got {manifest['poseexaminer']}; start a new run"
        )
    return with_values(Config(), manifest["config"], str(folder / "manifest.json"))
