"""The documents that the code of a checkout writes of the demo catalogue."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = {"ko-KR": "KR", "en-US": "US"}
"""Languages of the documents, each with its region."""

RUNS = ("DailySummary=2024-01-05", "DailySummary=2024-01-06", "WeeklyConsolidation=2024-01-07")
"""A first day, a day with history, and a week."""

Documents = Mapping[str, str]
"""The text of each document, by its language and its path below the data root."""

_RUN_TASKS = Path(__file__).with_name("run_tasks.py")
_NO_DOCUMENTS = ("logs", "state")
"""Folders of a data root in which no documents are."""


class NoDocuments(Exception):
    """The documents of a checkout cannot be made; the message says why."""


def documents_of(checkout: Path) -> dict[str, str]:
    """Return the documents of all languages.

    Raises:
        NoDocuments: as `documents_in`.
    """
    return {
        name: text
        for language in LANGUAGES
        for name, text in documents_in(language, checkout).items()
    }


def documents_in(language: str, checkout: Path) -> dict[str, str]:
    """Return the documents of one language, made in one process.

    Raises:
        NoDocuments: the checkout has no `luigi` command, or a run failed.
    """
    with tempfile.TemporaryDirectory(prefix="golden-") as name:
        folder = Path(name)
        _run_all(checkout, folder, language)
        data = folder / "data"
        paths = (path.relative_to(data) for path in sorted(data.rglob("*.json")))
        return {
            f"{language}/{path.as_posix()}": (data / path).read_text(encoding="utf-8")
            for path in paths
            if path.parts[0] not in _NO_DOCUMENTS
        }


def entry_point(checkout: Path) -> str:
    """Return the MODULE:FUNCTION of the `luigi` command of a checkout.

    Raises:
        NoDocuments: its setup.cfg names none.
    """
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(checkout / "setup.cfg", encoding="utf-8")
    scripts = setup.get("options.entry_points", "console_scripts", fallback="")
    for line in scripts.splitlines():
        name, _, target = line.partition("=")
        if name.strip() == "luigi":
            return target.strip()
    raise NoDocuments(f"{checkout / 'setup.cfg'} names no console script `luigi`.")


def _run_all(checkout: Path, folder: Path, language: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", str(_RUN_TASKS), entry_point(checkout), *RUNS],
        env=_environment(checkout, folder, language),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoDocuments(f"The runs of {checkout} in {language} failed:\n{done.stdout[-3000:]}")


def _environment(checkout: Path, folder: Path, language: str) -> dict[str, str]:
    """Return the variables of the runs, among them no setting of the user.

    The working folder holds no `.env`, and the installed package comes after PYTHONPATH.
    """
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "TZ": "UTC",
        "PYTHONPATH": str(checkout),
        "LUIGI_CONFIG_PATH": str(checkout / "luigi.cfg"),
        "PIPELINE_CONFIG_DIR": str(checkout / "config"),
        "PIPELINE_DATA_DIR": str(folder / "data"),
        "TMDB_API_KEY": "demo",
        "TMDB_LANGUAGE": language,
        "TMDB_REGION": LANGUAGES[language],
    }
