"""Any text in `.env`, luigi.cfg, the files of config/, and each variable of ours."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from hypothesis import strategies as st

from pipeline.ops.settings import VARIABLES
from trials.any_file import COMMANDS, run, run_alone
from trials.inputs import damaged
from trials.workspaces import TODAY, Workspaces

_DOTENV = b"""\
# what the machine's owner sets
TMDB_API_KEY=demo
export TMDB_LANGUAGE="ko-KR"
TMDB_REGION='KR'
TMDB_REQUESTS_PER_SECOND=38
TMDB_MAX_RETRIES = 5
PIPELINE_LOG_FORMAT=json # or text
PIPELINE_DATA_DIR=data
PIPELINE_LUIGID_PASSWORD="a b\\"c${HOME}%40"
"""
_FILES = (".env", ".env", "luigi.cfg", "luigi.cfg", "config/collection.toml", "config/quality.toml",
          "config/crontab")  # fmt: skip
_VALUES = {
    "TMDB_API_URL": ("http://127.0.0.1:9/3", "http://[::1", "http://127.0.0.1:99999/3", "ftp://x"),
    "TMDB_MAX_RETRIES": ("٣", "1_0", "-1", "1e1", "9" * 5000, "٠"),
    "TMDB_REQUESTS_PER_SECOND": ("nan", "inf", "-inf", "1e-400", "1_0", "٣٨", "0x10"),
    "PIPELINE_DATA_DIR": ("/proc/x", "~", "a" * 300, "/dev/null", "data\n", "x/../data", "s3://b"),
    "PIPELINE_CONFIG_DIR": ("/dev/null", "config/../config", "a" * 5000, "\udcff"),
    "PIPELINE_HISTORY_URL": (
        "postgresql://luigi:x@127.0.0.1:9/luigi",
        "postgresql://luigi:x@127.0.0.1:port/luigi",
        "postgresql://luigi:%zz@[::1/luigi",
        "postgres://",
        "postgresql://127.0.0.1:9/luigi?connect_timeout=x",
        "postgresql://127.0.0.1:9/\udcff",
    ),
    "PIPELINE_ALERT_URL": ("json://127.0.0.1:9/x", "x", "://", "json://[::1"),
    "PIPELINE_LUIGID_PASSWORD": ("\udcff\udc80", "a:b@c/d%", "한국어"),
    "TMDB_API_KEY": ("demo", "eyJ", "\udcff", "한"),
}
"""Nothing that would lead to another machine."""

_MORE = ("LUIGI_CONFIG_PATH", "TZ", "NO_COLOR", "TMPDIR", "COLUMNS")
_WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00/@"), max_size=40
) | st.sampled_from(("0", "-1", "1e999", "한국어", "%(x)s", "${x}", "[", "a = 1\n", "\ufeff"))


class SettingCase(NamedTuple):
    """Text for some file and values for some variables; then a command, forked or by itself."""

    file: str
    content: bytes
    variables: dict[str, str]
    command: tuple[str, ...]
    alone: bool


@st.composite
def setting_cases(draw: st.DrawFn, workspaces: Workspaces) -> SettingCase:
    """A file of settings with any text, or a variable with any value."""
    command = draw(st.sampled_from(COMMANDS))
    if draw(st.integers(0, 2)) == 0:
        names = st.sampled_from((*VARIABLES, *_MORE))
        variables = {name: draw(_value(name)) for name in draw(st.sets(names, min_size=1))}
        return SettingCase("", b"", variables, command, draw(st.integers(0, 4)) == 0)
    file = draw(st.sampled_from(_FILES))
    genuine = {**workspaces.files, ".env": _DOTENV}[file]
    content = draw(
        st.one_of(
            damaged(genuine),
            _edited(genuine),
            _edited(genuine),
            st.binary(max_size=60),
            _WORDS.map(str.encode),
            st.sampled_from((b"", b"\x00" * 999, b"=" * 9999, genuine.replace(b"\n", b"\r"))),
        )
    )
    return SettingCase(file, content, {}, command, alone=file == "luigi.cfg")


def _value(name: str) -> st.SearchStrategy[str]:
    known = st.sampled_from((*_VALUES.get(name, ("",)), VARIABLES.get(name, ""), " ", "\t"))
    return known if name == "PIPELINE_HISTORY_URL" else known | _WORDS


@st.composite
def _edited(draw: st.DrawFn, text: bytes) -> bytes:
    """A genuine text with one value or line of it replaced, taken away or doubled."""
    lines = text.splitlines(keepends=True)
    place = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(("value", "value", "value", "without", "twice", "before")))
    word = draw(_WORDS).encode()
    new = {
        "value": re.sub(rb"=.*", lambda _: b"= " + word, lines[place]),
        "without": b"",
        "twice": lines[place] * 2,
        "before": word + b"\n" + lines[place],
    }[how]
    return b"".join([*lines[:place], new, *lines[place + 1 :]])


def setting_outcome(workspaces: Workspaces, case: SettingCase) -> str:
    """Run the case in a workspace of its own; return right or refused.

    Raises:
        AssertionError: neither.
    """
    with workspaces.done() as workspace:
        for path in workspace.data.glob(f"**/*{TODAY:%Y%m%d}.*"):
            path.unlink()
        (workspace.data / "reports/index.html").unlink()
        if case.file:
            (workspace.folder / case.file).write_bytes(case.content)
        variables = dict(case.variables)
        if case.file == ".env":
            variables = {"TMDB_API_KEY": "", "PIPELINE_DATA_DIR": ""}
        start = run_alone if case.alone else run
        return start(workspace, case.command, **variables).judged()


def is_possible(variables: dict[str, str]) -> bool:
    """Whether an environment can hold the values."""
    try:
        return all(b"\x00" not in os.fsencode(value) for value in variables.values())
    except UnicodeEncodeError:
        return False
