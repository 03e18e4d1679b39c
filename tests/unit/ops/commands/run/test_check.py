"""`tmdb-pipeline check`."""

from __future__ import annotations

from support.operate import Operate


def test_there_are_colours_on_a_terminal_only_and_not_where_they_are_unwanted(
    command: Operate,
) -> None:
    assert "\x1b[" not in command("check").out
    assert "\x1b[" in command("check", on_a_terminal=True).out
    for unwanted in ("1", "no matter what"):
        assert "\x1b[" not in command("check", on_a_terminal=True, NO_COLOR=unwanted).out
    assert "\x1b[" not in command("--no-color", "check", on_a_terminal=True).out
    assert "\x1b[" in command("check", on_a_terminal=True, NO_COLOR="").out
