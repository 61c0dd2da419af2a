"""The four packages as others see them."""

import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from examiner._siblings import check_siblings

ROOT = Path(__file__).parent.parent
ROOMS = ("simulator", "agents", "targets", "examiner")


@pytest.mark.parametrize("room", ROOMS)
def test_all_is_sorted_and_there(room):
    module = importlib.import_module(room)
    constants = [name for name in module.__all__ if name.isupper() or name.upper() == name]
    others = [name for name in module.__all__ if name not in constants]
    classes = [name for name in others if name[0].isupper()]
    functions = [name for name in others if not name[0].isupper()]
    assert module.__all__ == sorted(constants) + sorted(classes) + sorted(functions)
    assert all(hasattr(module, name) for name in module.__all__)


def test_another_package_of_our_name_is_named(tmp_path):
    with pytest.raises(ImportError, match="another distribution uses this name; install poseexaminer into"):
        check_siblings(tmp_path)


def test_the_embedded_body_needs_neither_smplx_nor_torch():
    code = (
        "import sys; from simulator import load_body; load_body('neutral');"
        "print('torch' in sys.modules, 'smplx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.slow
def test_wheel_holds_the_four_rooms_and_their_data_only(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(ROOMS)
    for wanted in (
        "simulator/data/body_neutral.npz",
        "simulator/data/prior.npz",
        "simulator/data/motion_range.json",
        "simulator/data/LICENSE-body.md",
        "examiner/data/report.html",
        "examiner/data/references/blazepose-full.json",
        "examiner/py.typed",
        "targets/data/hmr_lite.safetensors",
    ):
        assert wanted in names


def test_no_file_of_ours_is_too_long():
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            assert path.read_text().count("\n") <= 300, path
