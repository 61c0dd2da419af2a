"""Export: failure cases as a Parquet table of labels beside pictures."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from examiner.files import write_json, write_whole
from examiner.progress import Progress
from examiner.samples import AMBIGUOUS, Samples, sample_run
from examiner.simulators import build_reference_renderer
from examiner.subspace_files import check_finished
from examiner.version import VERSION
from simulator import EMBEDDED, Batch, Simulator

CHUNK = 16
SCHEMA = "poseexaminer-export/1"

CARD = """# Failure cases of {target}

{count} pictures of people round the failures of {target} that poseexaminer {version} found (run seed {seed}), drawn
anew from the failure subspaces of the run with sampling seed {export_seed}: fresh pose, view, clothing, background and
light. {proven} of them come from success regions (`region_success`), where at least 90 % of fair people fail; the
others from regions whose rate (`region_rate`) is lower or, where it is null, was not measured. {ambiguous} of them
belong to ambiguous failures (`ambiguous`): another possible pose gives the same picture, so do not take their labels
as the only right answer.

- `images/`: PNG, {size} x {size}, RGB.
- `labels.parquet`: one row a picture. Metres and radians in camera axes (x right, y down, z forward), pixels with
  pixel i covering [i, i + 1). `body_pose` is axis-angle of the joints 1..21 in SMPL order, hands at rest; `joints` is
  (24, 3), `joints2d` (24, 2), `visibility` (24,), each flattened row by row; `mode` is the number in the
  report, `flags` what is said of it there.
- The body is "{body}", in SMPL's format but {topology}.

## Licences

{licences}
"""


def export_parquet(
    run: Path, out: Path, count: int, seed: int, progress: Progress, simulator: Simulator | None = None
) -> Path:
    """Write `count` pictures and their labels into a new folder; it appears when it is whole.

    Raises:
        FileExistsError: if the folder exists.
        FileNotFoundError: if there is no run.
        ValueError: if the run is not finished or found no failure.
    """
    if out.exists():
        raise FileExistsError(
            f"expected a new folder for the export, got {out}, which exists; choose another --out"
        )
    manifest = check_finished(run)
    samples = sample_run(run, count, seed)
    simulator = simulator or build_reference_renderer(samples.config, samples.body)
    work = out.with_name(f".{out.name}.part")
    shutil.rmtree(work, ignore_errors=True)  # what a killed export left has pictures of other people
    (work / "images").mkdir(parents=True)
    try:
        _write(work, samples, simulator, progress)
        _write_card(work, manifest, samples, seed)
    except BaseException:
        shutil.rmtree(work)
        raise
    finally:
        simulator.close()
    work.replace(out)
    return out


def label_columns(batch: Batch) -> dict[str, Any]:
    """The labels of a batch by name, each (N, ...) with its last axes flattened."""
    scene = batch.scene
    rows = {
        "betas": scene.betas,
        "body_pose": scene.body_pose,
        "global_orient": scene.global_orient,
        "transl": scene.transl,
        "joints": batch.joints,
        "joints2d": batch.joints2d,
        "visibility": batch.visibility,
        "box": batch.boxes,
        "center": scene.camera.center,
    }
    return {name: list(value.reshape(len(batch), -1)) for name, value in rows.items()} | {
        "focal_length": scene.camera.focal_length
    }


def _write(work: Path, samples: Samples, simulator: Simulator, progress: Progress) -> None:
    tables = []
    count = len(samples.mode)
    for start in range(0, count, CHUNK):
        batch = simulator.render(samples.scene.rows(slice(start, start + CHUNK)))
        numbers = np.arange(start, start + len(batch))
        names = [f"images/{number:06d}.png" for number in numbers]
        for name, image in zip(names, batch.images, strict=True):
            Image.fromarray(image).save(work / name)
        columns = {
            "image": names,
            "mode": samples.mode[numbers],
            "region_success": samples.proven[numbers],
            "region_rate": samples.rate[numbers],
            "flags": [" ".join(samples.flags[number]) for number in numbers],
            "ambiguous": [AMBIGUOUS in samples.flags[number] for number in numbers],
            **label_columns(batch),
        }
        tables.append(pa.table({key: pa.array(value, from_pandas=True) for key, value in columns.items()}))
        progress.update("export", start + len(batch), count)
    table = pa.concat_tables(tables)
    write_whole(work / "labels.parquet", lambda stream: pq.write_table(table, stream, compression="zstd"))


def _write_card(work: Path, manifest: dict[str, Any], samples: Samples, seed: int) -> None:
    licences = "\n".join(f"- {a['role']}: {a['name']}, {a['licence']}" for a in manifest["assets"])
    own = samples.config.body in EMBEDDED
    card = CARD.format(
        target=samples.config.target,
        count=len(samples.mode),
        proven=int(samples.proven.sum()),
        ambiguous=sum(AMBIGUOUS in flags for flags in samples.flags),
        version=VERSION,
        seed=manifest["seed"],
        export_seed=seed,
        size=samples.config.image_size,
        body=samples.body.name,
        topology="NOT on SMPL's mesh: do not train a SMPL model on its betas" if own else "your own file",
        licences=licences,
    )
    write_whole(work / "README.md", lambda stream: stream.write(card.encode()))
    about = {"schema": SCHEMA, "count": len(samples.mode), "seed": seed, "run": manifest["config"]}
    write_json(work / "export.json", {**about, "assets": manifest["assets"]})
