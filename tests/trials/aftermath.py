"""What a case left behind, held against a run that nothing disturbed.

lost         a finished file that is gone, was made again, or whose list was asked for again
broken       a target's name on what is not whole or not the clean run's; a temporary that stays
unexplained  a status, a traceback or a silence that no document promises
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from support.fake_tmdb import Request

from trials.launched import HANGS
from trials.stages import Stage

Contents = Mapping[str, Any]
"""What each file holds, apart from times and effort, by its name below the data root."""

OF_THE_CLOCK = {
    *("collected_at", "duration_seconds", "execution_summary", "late_by_days"),
    *("requests", "retries", "run_id"),
}
"""Keys that tell when something was done, and with how much effort."""

_OF_THE_CLOCK = re.compile(
    r'<section id="(?:run|tasks)".*?</section>|<p class="made">.*?</p>|'
    r'<span class="value">[\d.]+[초분]</span>|'
    r"\d\d:\d\d:\d\d–\d\d:\d\d:\d\d UTC|<!-- drawn from \w+ -->",
    re.S,
)
_OWN = ("logs", "state", "backups")
"""Folders that hold no documents."""

_REFUSED_BY_LUIGID = (10, 25)
"""Statuses that say: another run is at it. Luigi's own summary tells which."""

_ERROR_LINE = re.compile(r"^\S+ ERROR: .+", re.M)


class Findings(NamedTuple):
    """What is wrong; all empty where nothing is."""

    lost: list[str]
    broken: list[str]
    unexplained: list[str]

    def add(self, other: Findings) -> None:
        """Take another's findings over."""
        for mine, others in zip(self, other, strict=True):
            mine.extend(others)


def nothing() -> Findings:
    """Return findings to be filled."""
    return Findings([], [], [])


def contents(root: Path) -> dict[str, Any]:
    """Return what the files hold; None for one that is not whole."""
    return {name: content_of(root / name) for name in _names(root) if not _is_temporary(name)}


def is_whole_page(text: str) -> bool:
    """Whether a page ends with its end tag and the fingerprint of its documents."""
    return re.search(r"</html>\n<!-- drawn from \w+ -->\n\Z", text) is not None


def content_of(path: Path) -> Any:
    """Return what a file holds apart from times and effort; None where it is not whole."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".html":
        return _OF_THE_CLOCK.sub("", text) if is_whole_page(text) else None
    try:
        return _timeless(json.loads(text)) if text.endswith("}\n") else None
    except ValueError:
        return None


def leftovers(root: Path) -> list[str]:
    """Return the temporaries that lie there."""
    return [name for name in _names(root) if _is_temporary(name)]


def not_whole(root: Path, clean: Contents) -> list[str]:
    """Return what bears a target's name and is not what the clean run made."""
    return [
        f"{name} is not whole" if content is None else f"{name} is not the clean run's"
        for name, content in contents(root).items()
        if content is None or content != clean.get(name)
    ]


def missing(root: Path, clean: Contents, made: Iterable[str]) -> list[str]:
    """Return which of the files that a command makes are not there."""
    there = set(_names(root))
    return [f"{name} is missing" for name in clean if name in made and name not in there]


def faults_of_end(status: int, text: str, allowed: Iterable[int]) -> list[str]:
    """Return what is wrong with how a run ended: its status, a traceback, no sentence."""
    wrong = []
    if status == HANGS:
        wrong.append("it hangs")
    elif status not in allowed:
        wrong.append(f"status {status}: {text[-300:]!r}")
    if "Traceback" in text:
        wrong.append(f"a traceback: {text[text.index('Traceback') :][-500:]!r}")
    reported_by_luigi = status in _REFUSED_BY_LUIGID
    if status > 0 and not reported_by_luigi and not _ERROR_LINE.search(text):
        wrong.append(f"status {status} without a sentence: {text[-300:]!r}")
    return wrong


class Finished(NamedTuple):
    """What was finished at a moment, and how much TMDB had been asked by then."""

    files: Mapping[str, tuple[int, int]]
    asked: int

    @classmethod
    def now(cls, stage: Stage) -> Finished:
        """Look at the stage."""
        names = [name for name in _names(stage.data) if not _is_temporary(name)]
        stats = {name: os.stat(stage.data / name) for name in names}
        files = {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}
        return cls(files, stage.tmdb.count())

    def lost(self, stage: Stage) -> list[str]:
        """Return what has been lost since: gone, made again, or asked for again.

        A page is drawn again where the note of its documents was not written; it is compared below.
        """
        now = Finished.now(stage).files
        gone = [f"{name} is gone" for name in self.files if name not in now]
        anew = [
            f"{name} was made again"
            for name, was in self.files.items()
            if name in now and now[name] != was and not name.endswith(".html")
        ]
        asked = {list_of(request) for request in stage.tmdb.requests[self.asked :]}
        again = [
            f"{name} was asked for again"
            for name in self.files
            if any(word in name for word in asked)
        ]
        return [*gone, *anew, *again]


def list_of(request: Request) -> str:
    """Return how the file of the list that is asked for begins."""
    if request.path.endswith("/discover/movie"):
        return {"28": "/action_", "27": "/horror_"}[request.query["with_genres"]]
    ends = {"popular": "/popular_", "day": "/trending_", "top_rated": "/top_rated_"}
    return ends[request.path.rpartition("/")[2]]


def after(
    stage: Stage,
    words: tuple[str, ...],
    clean: Contents,
    made: Iterable[str],
    *more: str,
    luigid: str = "",
    patience: float = 0.0,
) -> Findings:
    """Look at what is there, run the command once more, and look again.

    `patience` is for how many seconds luigid may say that another run is at it.
    """
    found = nothing()
    for name in leftovers(stage.data):  # as if an hour had passed: the run removes it
        os.utime(stage.data / name, (1, 1))
    finished = Finished.now(stage)
    found.broken.extend(not_whole(stage.data, clean))
    deadline = time.monotonic() + patience
    while True:
        run = stage.start(words, *more, luigid=luigid)
        status = run.status()
        if status not in _REFUSED_BY_LUIGID or time.monotonic() >= deadline:
            break
        time.sleep(0.2)
    found.unexplained.extend(
        f"the run after it: {why}" for why in faults_of_end(status, run.text, [0])
    )
    found.lost.extend(finished.lost(stage))
    found.add(ended_well(stage, clean, made))
    return found


def ended_well(stage: Stage, clean: Contents, made: Iterable[str]) -> Findings:
    """See that all is there, as the clean run made it, and nothing besides."""
    root = stage.data
    wrong = [*not_whole(root, clean), *missing(root, clean, made)]
    return Findings([], [*wrong, *(f"{name} stays" for name in leftovers(root))], [])


def _names(root: Path) -> list[str]:
    """Return all files below the root that are not for operating it."""
    paths = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return [path.as_posix() for path in paths if path.parts[0] not in _OWN]


def _is_temporary(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base.startswith(".") or not base.endswith((".json", ".html"))


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: None if key in OF_THE_CLOCK else _timeless(each) for key, each in value.items()
        }
    return [_timeless(each) for each in value] if isinstance(value, list) else value
