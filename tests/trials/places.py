"""Data roots of awkward names, named in every way, and what else works on them there."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from support.operate import WORDS

from trials.aftermath import Findings, ended_well, faults_of_end, nothing
from trials.cases import Case, Clean
from trials.launched import command
from trials.stages import NAMES, Stage, stage

ROOTS = {
    "spaces": "my films  of the week",
    "Korean": "영화 자료/주간 모음",
    "quotes": 'it\'s "quoted"',
    "percent": "100% of %(it)s %s {HOME}",
    "newline": "two\nlines",
    "odd": "-n; # [a] *? \\ & é̈",
    "not UTF-8": os.fsdecode(b"caf\xe9"),
}
"""What a folder may be called."""

WAYS = ("absolute", "relative", ".env", "plain locale")
"""How the data root is named, and in which surroundings."""

OTHERS: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("open", "--print"),
    ("backup", "--runtime", "host"),
)
"""Commands of `tmdb-pipeline` that work on the data root."""


def cases(clean: Clean, folder: Path) -> Iterator[Case]:
    """Return all of them."""
    for name, root in ROOTS.items():
        for way in WAYS if name == "Korean" else WAYS[:1]:
            label = f"places-{name}-{way}".replace(" ", "-")
            yield Case("data root of an awkward name", label, partial(_play, root, way))


def _play(root: str, way: str, clean: Clean, folder: Path, chance: random.Random) -> Findings:
    with stage(folder / "stage", data=folder / "stage" / root) as one:
        variables = _named(one, root, way)
        found = nothing()
        for words in NAMES:
            run = one.start(words, by=command, variables=variables)
            found.unexplained.extend(faults_of_end(run.status(), run.text, [0]))
        found.add(ended_well(one, clean.contents, clean.contents))
        for others in OTHERS:
            found.unexplained.extend(_ran(one, others, variables))
        found.add(_restored(one, clean, variables))
        return found


def _named(one: Stage, root: str, way: str) -> dict[str, str]:
    """Return the variables that name the data root; write .env where that does."""
    if way == "relative":
        return {"PIPELINE_DATA_DIR": root}
    if way == ".env":
        quoted = root.replace("\\", "\\\\").replace("'", "\\'")
        text = f"PIPELINE_DATA_DIR='{quoted}'\n"
        (one.folder / ".env").write_bytes(os.fsencode(text))
        return {"PIPELINE_DATA_DIR": ""}
    if way == "plain locale":
        return {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    return {}


def _ran(one: Stage, words: tuple[str, ...], variables: dict[str, str]) -> list[str]:
    """Run `tmdb-pipeline` and return what is wrong with it."""
    done = subprocess.run(
        [*WORDS, *words],
        env=one.variables() | variables,
        cwd=one.folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    text = done.stdout + done.stderr
    wrong = [f"{words[0]}: status {done.returncode}: {text[-400:]}"] if done.returncode else []
    return [*wrong, *([f"{words[0]}: {text[-400:]}"] if "Traceback" in text else [])]


def _restored(one: Stage, clean: Clean, variables: dict[str, str]) -> Findings:
    """Lose the reports, restore them from the backup, and see that nothing else is to be done."""
    found = nothing()
    backups = sorted((one.data / "backups").glob("*.tar.gz"))
    if not backups:
        found.lost.append("no backup is there")
        return found
    for report in (one.data / "raw/metadata").rglob("*.json"):
        report.unlink()
    restore = ("restore", str(backups[-1]), "--yes", "--no-history", "--runtime", "host")
    found.unexplained.extend(_ran(one, restore, variables))
    found.add(ended_well(one, clean.contents, clean.contents))
    return found
