"""Weight files: fetched once, verified, offline afterwards, never half there."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from targets.weights import WeightFile, adopt, cache_folder, cached_path, fetch, fetch_together

DATA = b"weights of a tiny network" * 100
DIGEST = hashlib.sha256(DATA).hexdigest()
WHEEL = WeightFile("pip", "tinyweights", "1.0", "tinyweights/net.tflite", DIGEST, "Apache-2.0")
TARBALL = WeightFile("npm", "@tiny/weights", "1.0.0", "package/net.tflite", DIGEST, "MIT", "use another")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSEEXAMINER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def offer_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch, data: bytes = DATA) -> None:
    """Let pip find a wheel in a folder, and nothing else."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "tinyweights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinyweights/net.tflite", data)
        info = "tinyweights-1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(info + "RECORD", "")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def offer_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a fake npm on the path, alone with the shell's own tools."""
    folder.mkdir(exist_ok=True)
    npm = folder / "npm"
    npm.write_text("#!/bin/sh\n" + script)
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def tarball(path: Path, data: bytes = DATA, member: str = "package/net.tflite") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return path


def kept(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*") if path.is_file()]


def test_a_wheels_member_is_fetched_once_and_works_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_wheel(tmp_path / "links", monkeypatch)
    said: list[str] = []
    path = fetch(WHEEL, report=said.append)
    assert path.read_bytes() == DATA
    assert said == [
        f"fetching net.tflite of the pip package tinyweights==1.0 (Apache-2.0) into {path.parent}"
    ]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    monkeypatch.setattr(subprocess, "run", None)
    assert fetch(WHEEL, report=said.append) == path
    assert len(said) == 1


def test_a_tarballs_member_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    made = tarball(tmp_path / "made.tgz")
    offer_npm(tmp_path / "bin", monkeypatch, f'[ "$2" = "@tiny/weights@1.0.0" ] && cp {made} weights.tgz\n')
    assert fetch(TARBALL).read_bytes() == DATA
    assert kept(cache) == [f"{DIGEST[:12]}-net.tflite"]


def test_two_members_come_out_of_one_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = tmp_path / "made.tgz", tmp_path / "calls"
    pair = [replace(TARBALL, member=f"package/{name}") for name in ("graph.json", "graph.bin")]
    with tarfile.open(made, "w:gz") as archive:
        for each in pair:
            info = tarfile.TarInfo(each.member)
            info.size = len(DATA)
            archive.addfile(info, io.BytesIO(DATA))
    offer_npm(tmp_path / "bin", monkeypatch, f"echo >> {calls}\ncp {made} weights.tgz\n")
    said: list[str] = []
    paths = fetch_together(pair, report=said.append)
    assert [path.name[13:] for path in paths] == ["graph.json", "graph.bin"]
    assert [path.read_bytes() for path in paths] == [DATA, DATA]
    assert [line.split()[1] for line in said] == ["graph.json", "graph.bin"]
    paths[1].unlink()
    assert fetch_together(pair) == paths
    assert len(calls.read_text()) == 2
    with pytest.raises(ValueError, match="one package") as caught:
        fetch_together([TARBALL, WHEEL])
    assert str(caught.value) == "expected files of one package, got 2 packages: fetch each by itself"


def test_a_wrong_checksum_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    offer_wheel(tmp_path / "links", monkeypatch, b"something else")
    got = hashlib.sha256(b"something else").hexdigest()[:12]
    with pytest.raises(ValueError, match="nothing was kept") as caught:
        fetch(WHEEL)
    assert str(caught.value) == (
        f"expected net.tflite of the pip package tinyweights==1.0 to have sha256 {DIGEST[:12]}..., "
        f"got {got}... (14 bytes): nothing was kept; delete {cache / 'weights'} and any copy of the package "
        "that pip has cached, then try again"
    )
    assert kept(cache) == []


def test_a_damaged_cached_file_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cached_path(WHEEL)
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA[:100])
    offer_wheel(tmp_path / "links", monkeypatch)
    said: list[str] = []
    assert fetch(WHEEL, report=said.append).read_bytes() == DATA
    assert said[0] == f"{path} is damaged (wrong checksum): fetching it again"


def test_a_failed_download_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer_wheel(tmp_path / "links", monkeypatch)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ConnectionError) as caught:
        fetch(WHEEL)
    message = str(caught.value)
    assert message.startswith("expected pip to download tinyweights==1.0, got exit status 1 (ERROR: ")
    assert message.endswith(
        ": check the network, then try again; a file already on disk can be adopted instead"
    )
    assert "\n" not in message


def test_npms_failure_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer_npm(tmp_path / "bin", monkeypatch, "echo 'npm error code ENOTFOUND' >&2\necho more >&2\nexit 1\n")
    with pytest.raises(ConnectionError) as caught:
        fetch(TARBALL)
    assert str(caught.value) == (
        "expected npm to download @tiny/weights@1.0.0, got exit status 1 (npm error code ENOTFOUND): "
        "check the network, then try again; a file already on disk can be adopted instead"
    )


def test_a_missing_npm_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError) as caught:
        fetch(TARBALL)
    assert str(caught.value) == (
        "expected the npm client to fetch net.tflite of the npm package @tiny/weights@1.0.0, "
        "got no npm on the PATH: install Node.js's npm, or use another"
    )


def test_a_python_without_pip_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'python: No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(FileNotFoundError) as caught:
        fetch(WHEEL)
    assert str(caught.value) == (
        "expected the pip client to fetch net.tflite of the pip package tinyweights==1.0, "
        f"got a Python without pip ({python}): run `python -m ensurepip`, then try again"
    )


def test_an_archive_without_the_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tarball(tmp_path / "made.tgz", member="package/other")
    offer_npm(tmp_path / "bin", monkeypatch, f"cp {made} weights.tgz\n")
    with pytest.raises(ValueError, match="got an archive without it") as caught:
        fetch(TARBALL)
    assert str(caught.value) == (
        "expected package/net.tflite in @tiny/weights@1.0.0, got an archive without it"
    )


def test_half_an_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    made = tmp_path / "made.tgz"
    made.write_bytes(tarball(tmp_path / "whole.tgz").read_bytes()[:60])
    offer_npm(tmp_path / "bin", monkeypatch, f"cp {made} weights.tgz\n")
    with pytest.raises(
        ValueError, match=r"^expected a whole archive of @tiny/weights@1\.0\.0, got a damaged"
    ):
        fetch(TARBALL)
    assert kept(cache) == []


def test_a_kill_in_the_middle_leaves_nothing_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    made = tarball(tmp_path / "made.tgz")
    started = tmp_path / "started"
    offer_npm(
        tmp_path / "bin", monkeypatch, f"head -c 50 {made} > weights.tgz\ntouch {started}\nexec sleep 20\n"
    )
    code = (
        f"from targets.weights import *\nfetch(WeightFile('npm', '@tiny/weights', '1.0.0', "
        f"'package/net.tflite', '{DIGEST}', 'MIT'))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=os.getcwd(), start_new_session=True)
    while not started.exists():
        assert child.poll() is None
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert kept(cache) == []
    offer_npm(tmp_path / "bin", monkeypatch, f"cp {made} weights.tgz\n")
    assert fetch(TARBALL).read_bytes() == DATA


def test_a_kill_while_the_cache_is_written_leaves_nothing_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    def die(descriptor: int) -> None:
        raise KeyboardInterrupt

    made = tmp_path / "mine.tflite"
    made.write_bytes(DATA)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", die)
        with pytest.raises(KeyboardInterrupt):
            adopt(WHEEL, made)
    assert kept(cache) == []


def test_a_users_own_file_is_adopted(tmp_path: Path) -> None:
    mine = tmp_path / "mine.tflite"
    mine.write_bytes(DATA)
    assert adopt(WHEEL, mine) == fetch(WHEEL)
    mine.write_bytes(b"not it")
    with pytest.raises(ValueError, match=rf"^expected {mine} to have sha256 {DIGEST[:12]}\.\.\., got "):
        adopt(WHEEL, mine)
    with pytest.raises(FileNotFoundError) as caught:
        adopt(WHEEL, tmp_path / "gone")
    assert str(caught.value) == (
        "expected net.tflite of the pip package tinyweights==1.0 on disk, "
        f"got no file {tmp_path / 'gone'}: check the path"
    )


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("POSEEXAMINER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/poseexaminer")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "poseexaminer"
