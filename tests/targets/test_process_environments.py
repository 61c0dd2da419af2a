"""Models in another environment: an old numpy of its own, the example of the docs, and BlazePose unchanged."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from targets import FakeTarget, Prediction, Target, Truth, build_target, check_target
from targets.axes import in_camera_axes

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OLD_NUMPY = "1.23.5" if sys.version_info < (3, 12) else "1.26.4"
"""The second is the first one that has wheels for Python 3.12."""
DOCS = ROOT / "docs" / "targets-process.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has an old numpy and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--only-binary=:all:"]
    subprocess.run([*pip, f"numpy=={OLD_NUMPY}"], check=True)
    return python


def inputs() -> tuple[dict[str, Any], Truth]:
    """Three people, drawn from the front, and where their joints are."""
    truth = json.loads((HERE / "people.json").read_text())
    sheet = np.asarray(Image.open(HERE / "people.png").convert("RGB"))
    images = np.ascontiguousarray(np.stack(np.split(sheet, 3, axis=1)))
    given = {"images": images, "boxes": np.array(truth["boxes"])}
    return given, Truth(np.array(truth["joints"]), tuple(truth["joint_names"]))


def in_metres(target: Target) -> Target:
    """The target with what it gives in the units of an audit."""
    spec = target.spec
    return FakeTarget(
        lambda **fields: in_camera_axes(target.predict(**fields), spec),
        replace(spec, units="m", axes=(1, 1, 1)),
    )


def arrays(prediction: Prediction) -> dict[str, Any]:
    return {name: value for name, value in vars(prediction).items() if value is not None}


def test_a_network_in_numpy_gives_there_what_it_gives_here(old_python: Path) -> None:
    path = HERE / "numpy_regressor.py"
    here = build_target(f"{path}:build")
    with build_target(f"process:{old_python} {path}:build") as there:  # type: ignore[attr-defined]
        assert there.spec.licence == f"numpy {OLD_NUMPY}"
        assert check_target(in_metres(there), *inputs()) == []
        given = there.predict(**inputs()[0])
    wanted = here.predict(**inputs()[0])
    np.testing.assert_allclose(given.joints, wanted["joints"], rtol=1e-5)
    assert np.ptp(given.joints, axis=0).max() > 1.0


def test_the_example_of_the_docs_runs(
    old_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DOCS.read_text()
    example, limits = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "my_model.py").write_text(example)
    (tmp_path / "my_limits.py").write_text(limits.replace("/path/to/old-env/bin/python", str(old_python)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    commands = re.findall(r"'(process:[^']*)'", text)
    assert len(commands) == 3
    for command in ("process:/path/to/old-env/bin/python my_model.py:build", commands[-1]):
        assert command in commands
    module = commands[-1].replace("~/old-env/bin/python my_package.my_model", f"{old_python} my_model")
    for name in (f"process:{old_python} my_model.py:build", module, "my_limits.py:build"):
        target = build_target(name)
        assert target.spec.units == "mm"
        assert check_target(in_metres(target), *inputs()) == []
        target.close()  # type: ignore[attr-defined]


BLAZEPOSE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from targets import BlazePose

def build():
    return BlazePose("full")
"""


def test_blazepose_gives_the_same_bits_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "blaze.py"
    path.write_text(BLAZEPOSE)
    here = build_target("blazepose-full")
    with build_target(f"process:{sys.executable} {path}:build") as there:  # type: ignore[attr-defined]
        assert vars(there.spec) == {**vars(here.spec), "calls_at_once": 1}
        wanted, given = (arrays(target.predict(**inputs()[0])) for target in (here, there))
        assert check_target(there, *inputs()) == []
    assert list(given) == list(wanted)
    for name, value in wanted.items():
        assert given[name].dtype == value.dtype
        assert given[name].tobytes() == value.tobytes(), name


TORCH = """
import torch

class Model:
    spec = {"name": "torch", "joint_names": ["nose"], "needs": ["images"]}

    def predict(self, images):
        light = torch.tensor(images.mean(axis=(1, 2, 3)), dtype=torch.float32, requires_grad=True)
        return {"joints": light[:, None, None].expand(-1, 1, 3), "found": light > 1e9}

def build():
    return Model()
"""


def test_tensors_that_want_gradients_are_taken(tmp_path: Path) -> None:
    (tmp_path / "my_torch.py").write_text(TORCH)
    images = inputs()[0]["images"]
    with build_target(f"process:{sys.executable} {tmp_path}/my_torch.py:build") as target:  # type: ignore[attr-defined]
        given = target.predict(images=images)
    np.testing.assert_array_equal(given.joints[:, 0, 1], images.mean(axis=(1, 2, 3)).astype(np.float32))
    assert given.found.tolist() == [False] * 3
