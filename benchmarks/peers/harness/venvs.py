"""An environment of its own for each tool, and what its installation weighs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from report import REPOSITORY

PEERS = Path(__file__).parent.parent
BENCH = REPOSITORY / ".bench"
"""Where everything is that the benchmark installs; ignored by git, and safe to delete."""

OURS = "ours"
BUILD_SECONDS = 1200
_OF_EVERY_VENV = {"pip", "setuptools"}
_SOURCE = ("pipeline", "config", "pyproject.toml", "setup.cfg", "README.md", "LICENSE", "luigi.cfg")


class InstallFailed(Exception):
    """pip could not install a tool; the text names its log."""


@dataclass(frozen=True)
class Venv:
    """An installed tool: `megabytes` and `packages` beyond an empty environment."""

    tool: str
    stamp: str
    megabytes: float
    packages: int
    versions: dict[str, str]
    seconds: float

    def program(self, name: str) -> str:
        """Return the path of one of its commands."""
        return str(BENCH / self.tool / "bin" / name)


def installed(tool: str) -> Venv:
    """Return the tool's environment, made afresh where what it consists of has changed."""
    arguments = _our_arguments() if tool == OURS else ["-r", str(_requirements(tool))]
    stamp = _stamp(tool)
    record = BENCH / tool / "venv.json"
    if record.exists():
        venv = Venv(**json.loads(record.read_text()))
        if venv.stamp == stamp:
            return venv
    venv = _made(tool, arguments, stamp)
    record.write_text(json.dumps(dataclasses.asdict(venv)))
    return venv


def _made(tool: str, arguments: list[str], stamp: str) -> Venv:
    folder = BENCH / tool
    shutil.rmtree(folder, ignore_errors=True)
    BENCH.mkdir(exist_ok=True)
    (BENCH / ".gitignore").write_text("*\n")
    print(f"installing {tool}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    empty = _megabytes(folder)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    if tool == OURS:
        _copy_our_source()
    started = time.monotonic()
    log = BENCH / f"{tool}-install.log"
    with log.open("w") as printed:
        done = subprocess.run(
            [*pip, "install", *arguments],
            stdout=printed,
            stderr=subprocess.STDOUT,
            timeout=BUILD_SECONDS,
        )
    if done.returncode != 0:
        raise InstallFailed(f"{tool} could not be installed; see {log.relative_to(REPOSITORY)}")
    seconds = time.monotonic() - started
    listed = subprocess.run([*pip, "list", "--format", "json"], check=True, capture_output=True)
    versions = {each["name"].lower(): each["version"] for each in json.loads(listed.stdout)}
    packages = len(versions.keys() - _OF_EVERY_VENV)
    return Venv(tool, stamp, _megabytes(folder) - empty, packages, versions, seconds)


def _requirements(tool: str) -> Path:
    return PEERS / tool / "requirements.txt"


def _our_arguments() -> list[str]:
    return ["-c", str(REPOSITORY / "constraints.txt"), str(_our_source())]


def _our_source() -> Path:
    return BENCH / "ours-source"


def _copy_our_source() -> None:
    """Build from a copy: a build leaves folders in its source."""
    shutil.rmtree(_our_source(), ignore_errors=True)
    for name in _SOURCE:
        source, copy = REPOSITORY / name, _our_source() / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)


def _stamp(tool: str) -> str:
    if tool != OURS:
        consists_of = [_requirements(tool)]
    else:
        roots = [REPOSITORY / name for name in ("constraints.txt", *_SOURCE)]
        consists_of = [file for root in roots for file in (root, *root.rglob("*"))]
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(consists_of):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _megabytes(folder: Path) -> float:
    packages = next((folder / "lib").glob("python*/site-packages"))
    sizes = (file.stat().st_size for file in packages.rglob("*") if file.is_file())
    return sum(sizes) / 2**20
