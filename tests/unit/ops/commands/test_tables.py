"""What commands print of a document."""

from __future__ import annotations

import json
import os
import sys

import pytest
from support.hostile_texts import TEXTS, assert_shown_safely

from pipeline.ops.commands import tables
from pipeline.ops.commands.tables import show_json, show_table


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_json_that_is_shown_means_what_it_meant(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {text: [text]}
    show_json(document)
    reported = capsys.readouterr().out

    assert_shown_safely(reported)
    assert json.loads(reported) == document


def test_the_last_column_is_wrapped_below_itself(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"probe": "luigid", "state": "ok", "found": "nothing listens there; " * 4},
        {"probe": "disk", "state": "warning", "found": "x" * 70},
    ]
    show_table("Title", "probe, state, was found=found", rows)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "",
        "Title",
        "probe   state    was found",
        f"------  -------  {'-' * 63}",
    ]
    assert lines[4].startswith("luigid  ok       nothing listens there; nothing listens there;")
    assert lines[5].startswith(" " * 17 + "there; nothing listens there;")
    assert lines[6:] == [f"disk    warning  {'x' * 63}", " " * 17 + "x" * 7]


def test_a_command_in_a_cell_is_not_broken_at_its_hyphen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_table("Title", "fix", [{"fix": f"{'x' * 72} `tmdb-pipeline start` starts it."}])
    assert "\n`tmdb-pipeline start` starts it." in capsys.readouterr().out


def test_a_table_without_rows_is_a_sentence_or_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("Title", "probe", [], "There is nothing.")
    show_table("Title", "probe", [])
    assert capsys.readouterr().out == "\nThere is nothing.\n"


@pytest.mark.parametrize(("columns", "lines"), [(60, 2), (80, 2), (120, 1)])
def test_the_width_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, lines: int
) -> None:
    text = "word " * 20
    assert len(tables.wrap(text).splitlines()) == 2, "80 where the output is no terminal"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setitem(os.environ, "COLUMNS", str(columns))
    wrapped = tables.wrap(text).splitlines()
    assert len(wrapped) == lines
    assert max(map(len, wrapped)) <= columns


def test_what_follows_the_first_line_is_indented() -> None:
    first, second = tables.wrap("word " * 20, 3, first="- ", further="| ").splitlines()
    assert first.startswith("- word")
    assert second.startswith("|    word")
