"""What `systemctl show` prints of units, in the form that systemd 252 printed for the fixture."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "fixtures/systemctl/show"
"""Recorded: tmdb-daily.timer has a drop-in with two values, tmdb-old is of 0.1.0 with a time zone,
tmdb-mono has no calendar, tmdb-backup.timer is masked, and tmdb-watch.timer is not enabled."""


def show(units: Path, *names: str, state: str = "active") -> str:
    """Return what it prints of timers and their services, given by their files in a folder."""
    blocks = []
    for name in names:
        lines = [f"Unit=tmdb-{name}.service"]
        for value in values(units / f"tmdb-{name}.timer", "OnCalendar"):
            elapse = "next_elapse=Sun 2099-01-04 03:00:00 UTC"
            lines.append(f"TimersCalendar={{ OnCalendar={value} ; {elapse} }}")
        blocks.append([*lines, f"Id=tmdb-{name}.timer", f"ActiveState={state}"])
        started = values(units / f"tmdb-{name}.service", "ExecStart")
        lines = [_started(shlex.split(each.replace("%%", "%"))) for each in started]
        blocks.append([*lines, f"Id=tmdb-{name}.service", "ActiveState=inactive"])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def values(unit: Path, name: str) -> list[str]:
    """Return all values of a name in a unit file."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def program(text: str) -> str:
    """Return the shell text of a `systemctl` that prints this of the system's units."""
    return f"[ \"$1\" = --system ] && cat <<'END'\n{text}\nEND"


def _started(words: list[str]) -> str:
    rest = "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null)"
    return f"ExecStart={{ path={words[0]} ; argv[]={' '.join(words)} ; {rest} ; status=0/0 }}"
