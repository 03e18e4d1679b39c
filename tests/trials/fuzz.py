"""Any answer, any file, any setting, any words: a clear error or a right result.

    make fuzz
    python -m trials.fuzz [answer|file|setting|words|size] [--seed 7] [--examples 100] [--write]

A case is right (status 0, and what was published reads back), refused (a sentence and a status of
docs/reference/exit-statuses.md), or a defect: any other exception, a traceback, silence, a hang,
too much memory. For a defect the smallest case that still shows it is printed; its seed makes it
again.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from support.repository import RECORDINGS

from trials.record import tell

EXAMPLES = {"answer": 5_000, "file": 400, "setting": 300, "words": 400, "size": 0}
"""Of each kind; a size is no matter of chance."""

NAMES = {
    "answer": "answers of TMDB",
    "file": "files in the place of ours",
    "setting": "settings",
    "words": "command lines",
    "size": "a gigabyte as an answer or a file",
}
AT_ONCE = 2

Outcomes = Counter[str]


def outcomes(kind: str, examples: int, number: int) -> Outcomes:
    """Try one kind; the defects that were found are printed."""
    with ExitStack() as stack:
        if kind == "size":
            return _sizes(stack)
        cases, outcome = _property(kind, stack)
        found: Outcomes = Counter()

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(cases)
        def holds(case: Any) -> None:
            found["examples"] += 1
            found[outcome(case)] += 1

        try:
            holds()
        except Exception as error:
            found["defects"] += 1
            print(f"{kind}, seed {number}: {error}\n{_notes(error)}", file=sys.stderr)
        return found


def _property(kind: str, stack: ExitStack) -> tuple[st.SearchStrategy[Any], Callable[[Any], str]]:
    if kind == "answer":
        from trials import answers, any_answer

        day = stack.enter_context(answers.day())
        return any_answer.any_replies(any_answer.all_pages()), day.outcome
    from trials import any_arguments, any_file, any_setting
    from trials.workspaces import workspaces

    made = stack.enter_context(workspaces())
    if kind == "file":
        return any_file.file_cases(made), lambda case: any_file.file_outcome(made, case)
    if kind == "setting":
        return any_setting.setting_cases(made), lambda case: any_setting.setting_outcome(made, case)
    return any_arguments.arguments_cases(made), lambda case: any_arguments.arguments_outcome(
        made, case
    )


def _sizes(stack: ExitStack) -> Outcomes:
    from trials import any_size
    from trials.workspaces import workspaces

    made, url = stack.enter_context(workspaces()), stack.enter_context(any_size.huge_answers())
    found: Outcomes = Counter()
    tries: list[tuple[str, Callable[[], str]]] = [
        *((way, lambda way=way: any_size.answer_outcome(made, url, way)) for way in any_size.WAYS),
        *(
            (file, lambda case=(file, command): any_size.size_outcome(made, *case))
            for file, command in any_size.FILES
        ),
    ]
    for name, attempt in tries:
        found["examples"] += 1
        try:
            found[attempt()] += 1
        except AssertionError as error:
            found["defects"] += 1
            print(f"size, {name}: {error}", file=sys.stderr)
    return found


def _notes(error: BaseException) -> str:
    """The smallest case, as hypothesis notes it at the error."""
    return "\n".join(getattr(error, "__notes__", ()))[:20_000]


def in_processes(kinds: list[str], number: int, examples: int | None) -> dict[str, Outcomes]:
    """Try each kind in a process of its own, two at a time, the longest first."""
    waiting = list(kinds)
    running: dict[str, subprocess.Popen[str]] = {}
    found: dict[str, Outcomes] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            kind = waiting.pop(0)
            count = EXAMPLES[kind] if examples is None else examples
            words = [kind, "--seed", str(number), "--examples", str(count), "--counts"]
            running[kind] = subprocess.Popen(
                [sys.executable, "-m", "trials.fuzz", *words], stdout=subprocess.PIPE, text=True
            )
        for kind, process in list(running.items()):
            if process.poll() is not None:
                out, _ = process.communicate()
                found[kind] = Counter(_counts(out))
                del running[kind]
        time.sleep(0.1)
    return {kind: found[kind] for kind in kinds}


def _counts(out: str) -> dict[str, int]:
    """Read a line of counts; a process that did not come to that is a defect itself."""
    words = out.split()
    counts = {name: int(count) for name, count in zip(words[::2], words[1::2], strict=False)}
    return counts or {"defects": 1}


def rows_of(found: dict[str, Outcomes]) -> list[list[str]]:
    """One line a kind."""
    kept = ("examples", "right", "refused", "defects")
    return [[NAMES[kind], *(f"{each[key]:,}" for key in kept)] for kind, each in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help=", ".join(EXAMPLES))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--examples", type=int)
    parser.add_argument("--counts", action="store_true", help="here, and print the counts alone")
    parser.add_argument("--write", action="store_true")
    given_ = parser.parse_args()
    kinds = given_.kinds or list(EXAMPLES)
    if given_.counts:
        logging.disable(logging.CRITICAL if kinds == ["answer"] else logging.NOTSET)
        with contextlib.redirect_stdout(sys.stderr):
            counts = outcomes(kinds[0], given_.examples, given_.seed)
        print(" ".join(f"{name} {count}" for name, count in counts.items()))
        return
    started = time.monotonic()
    found = in_processes(kinds, given_.seed, given_.examples)
    minutes = (time.monotonic() - started) / 60
    source = "genuine recordings among them" if RECORDINGS.is_dir() else "no recordings were there"
    tell(
        "fuzz",
        ("what", "tried", "right", "refused in a sentence", "defects"),
        rows_of(found),
        [f"Seed {given_.seed}; {minutes:.0f} minutes, two processes; {source}."],
    )
    sys.exit(any(each["defects"] for each in found.values()))


if __name__ == "__main__":
    main()
