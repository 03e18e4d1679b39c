"""What `logs` shows of a log file."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest

from pipeline.ops.runs import log_files


def test_logs_follow_shows_a_line_that_was_added_while_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between what is shown of the end and what is followed, no line is lost."""
    log = tmp_path / "run.log"
    log.write_text("first\n", encoding="utf-8")

    def added_after(shown: str = "", **named: Any) -> None:
        echo(shown, **named)
        if shown == "first\n":
            with log.open("a", encoding="utf-8") as stream:
                stream.write("second\n")
        elif "second" in shown:
            raise KeyboardInterrupt

    echo = click.echo
    monkeypatch.setattr(log_files, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(click, "echo", added_after)
    log_files.show(log, 1, follow=True)
    assert capsys.readouterr().out == "first\nsecond\n"


@pytest.mark.parametrize("way", ["renamed", "cut"])
def test_logs_follow_a_log_that_made_room(
    way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old file is shown to its end and not again, and the new one is."""
    log = tmp_path / "luigid.log"
    log.write_text("old\n" * 100, encoding="utf-8")
    polls: list[str] = []

    def make_room(shown: str = "", **named: Any) -> None:
        echo(shown, **named)
        polls.append(shown)
        if len(polls) == 4:
            if way == "renamed":
                with log.open("a", encoding="utf-8") as stream:
                    stream.write("last\n")
                log.rename(tmp_path / "luigid.log.1")
            log.write_text("new\n", encoding="utf-8")
        elif len(polls) > 7:
            raise KeyboardInterrupt

    echo = click.echo
    monkeypatch.setattr(log_files, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(click, "echo", make_room)
    log_files.show(log, 1, follow=True)
    last = ["last"] if way == "renamed" else []
    assert capsys.readouterr().out.split() == ["old", *last, "new"]


def test_a_log_that_is_one_endless_line_costs_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end that is shown is cut to 256 KiB here: tracemalloc makes 4 MiB slow."""
    log, shown = tmp_path / "run.log", Counter[str]()
    with log.open("wb") as stream:
        stream.truncate(1 << 30)
    monkeypatch.setattr(log_files, "_SHOWN_BYTES", 1 << 18)
    monkeypatch.setattr(click, "echo", lambda text, **_: shown.update({"size": len(text)}))
    tracemalloc.start()
    try:
        log_files.show(log, 10, follow=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert shown["size"] > 1 << 16
    assert peak < 4 << 20
