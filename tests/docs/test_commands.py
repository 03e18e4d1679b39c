"""Every command in README.md and docs/ runs as written, but for those that not_run.toml lists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from support.operate import luigi_cfg, without_docker
from support.optional_packages import require_pyarrow
from support.repository import REPOSITORY
from trials.plans import SMALL

from pipeline.ops import cli

NOT_RUN: dict[str, list[dict[str, str]]] = tomllib.loads(
    (REPOSITORY / "tests/docs/not_run.toml").read_text(encoding="utf-8")
)
DOCS = REPOSITORY / "docs"
ALL_PAGES = ["README.md", *sorted(p.relative_to(REPOSITORY).as_posix() for p in DOCS.rglob("*.md"))]
# What `make week` and the commands of a reader need of the checkout.
NEEDED = (
    ".ci",
    "Makefile",
    "requirements",
    "setup.cfg",
    "pyproject.toml",
    "config",
    ".env.example",
)


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a page in one language, without their indentation."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def commands(page: str) -> Iterator[str]:
    """Yield the commands of a page: of its `sh` blocks, and those behind a `$` prompt."""
    for block in blocks(page, "sh"):
        lines = iter(block.splitlines())
        for line in lines:
            command = line
            if end := re.search(r"<<'(\w+)'$", line):
                for more in lines:
                    command += f"\n{more}"
                    if more == end[1]:
                        break
            while command.endswith("\\") or command.partition(" #")[0].count("'") % 2:
                command += f"\n{next(lines)}"
            if not re.match(r"\s*(#|$)", command):
                yield command
    for block in blocks(page, ""):
        yield from re.findall(r"^\$ (.+)$", block, flags=re.MULTILINE)


def exception(page: str, command: str) -> dict[str, str] | None:
    """Return the entry of not_run.toml for a command."""
    for entry in NOT_RUN["commands"]:
        applies = entry.get("page", page) == page and re.match(entry["command"], command)
        if applies and not ("unless" in entry and shutil.which(entry["unless"])):
            return entry
    return None


PAGES = [
    page
    for page in ALL_PAGES
    if page not in {entry["page"] for entry in NOT_RUN["pages"]}
    and any(not exception(page, command) for command in commands(page))
]


@pytest.fixture
def checkout(tmp_path: Path, luigid_port: int) -> Path:
    """What a reader has in front of them: a checkout with its environment, and a small plan."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in NEEDED:
        copy: Any = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy2
        copy(REPOSITORY / name, folder / name)
    (folder / "config/collection.toml").write_text(SMALL, encoding="utf-8")
    luigi_cfg(folder / "luigi.cfg", f"http://127.0.0.1:{luigid_port}/")
    environment = folder / ".venv"
    for parent, names in ((".", os.listdir(sys.prefix)), ("bin", os.listdir(f"{sys.prefix}/bin"))):
        (environment / parent).mkdir()
        for name in {*names} - {"bin", "activate", "run", "test"}:
            (environment / parent / name).symlink_to(Path(sys.prefix) / parent / name)
    (environment / "bin/activate").write_text(f"PATH={environment}/bin:$PATH\n", encoding="utf-8")
    for marker in ("run", "test"):  # make takes the packages for installed
        (environment / marker).touch()
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_as_written(
    page: str, checkout: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In their order and in one shell, after `. .venv/bin/activate`, without a key."""
    if page == "docs/how-to/export.md":
        require_pyarrow()
    script = ["set -e", ". .venv/bin/activate"]
    if page not in ("README.md", "docs/tutorial.md"):
        script += ["export TMDB_API_KEY=demo"]  # as docs/how-to/README.md says
    for command in commands(page):
        script += [command] if not exception(page, command) else []
    done = subprocess.run(
        ["bash", "-xc", "\n".join(script)],
        cwd=checkout,
        env={
            "PATH": without_docker(tmp_path_factory.getbasetemp(), os.environ["PATH"]),
            "HOME": str(tmp_path),
            "TMPDIR": os.environ["TMPDIR"],
            "LANG": "C.UTF-8",
            "BROWSER": "true",
            "no_proxy": "*",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    assert "jq: error" not in done.stderr


def test_the_list_of_exceptions_has_none_that_is_not_needed() -> None:
    for entry in NOT_RUN["commands"]:
        pages = [page for page in ALL_PAGES if entry.get("page", page) == page]
        matching = (re.match(entry["command"], c) for page in pages for c in commands(page))
        assert any(matching), entry
    for entry in NOT_RUN["pages"]:
        assert list(commands(entry["page"])), entry
    assert all(entry["reason"] for kind in NOT_RUN.values() for entry in kind)


def test_every_edit_of_a_guide_that_is_left_out_is_made_by_another_test() -> None:
    performed = (REPOSITORY / "tests/docs/test_how_to.py").read_text(encoding="utf-8")
    for entry in NOT_RUN["pages"]:
        if "test_how_to.py" in entry["reason"]:
            assert f'"{Path(entry["page"]).name}"' in performed


def test_no_command_asks_for_a_day_of_long_ago() -> None:
    """TMDB serves only today's lists, so they would not do what a reader expects."""
    for page in ("README.md", "docs/tutorial.md", "docs/operations.md"):
        assert [each for each in commands(page) if re.search(r"\b20\d\d-\d\d-\d\d", each)] == []


# Words of the documents that stand for a value.
VALUES = {
    "TASK": "DailySummary",
    "DATE": "2026-11-29",
    "YYYY-MM-DD": "2026-11-29",
    "FILE": str(REPOSITORY / "README.md"),
    "N": "3",
    "ID": "20261129T020000Z",
}


def commands_in_sentences() -> list[tuple[str, str]]:
    """Return the page and the words of each `tmdb-pipeline` command in a sentence or a table."""
    found = set()
    for page in ALL_PAGES:
        text = re.sub(
            r"^ *```.*?^ *```$", "", (REPOSITORY / page).read_text("utf-8"), flags=re.M | re.S
        )
        found |= {(page, each) for each in re.findall(r"`tmdb-pipeline ([a-z][^`]*)`", text)}
        found |= {
            (page, each.removeprefix("tmdb-pipeline ").partition("#")[0].strip())
            for each in commands(page)
            if re.match(r"tmdb-pipeline [a-z][^|&<>$]*$", each)
        }
    return sorted(found)


@pytest.mark.parametrize(("page", "words"), commands_in_sentences())
def test_a_command_has_options_that_exist(page: str, words: str) -> None:
    name, *rest = (VALUES.get(word, word) for word in words.split())
    command = cli.group.get_command(cli.group.make_context("tmdb-pipeline", [name]), name)
    assert command is not None, f"{page}: {words}"
    if not rest or re.search(r"[\[\]|…]|\.\.\.|--help|/mnt/|\*", words):
        return
    try:
        command.make_context(name, list(rest))
    except click.UsageError as error:
        pytest.fail(f"{page}: {words}: {error.format_message()}")


PYTHON = [
    (re.findall(r"^import (\w+)", code, flags=re.MULTILINE)[-1], code)
    for page in ("docs/how-to/query.md", "docs/how-to/export.md")
    for code in blocks(page, "python")
]


@pytest.mark.parametrize(("package", "code"), PYTHON)
def test_a_query_runs_where_its_package_is_installed(
    package: str, code: str, checkout: Path
) -> None:
    pytest.importorskip(package)
    require_pyarrow()
    environment = {**os.environ, "TMDB_API_KEY": "demo", "PATH": f"{Path(sys.executable).parent}"}
    for task in ("WeeklyConsolidation", "DailySummary", "ExportDay", "ExportWeek"):
        command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", task]
        command += ["--date", "2026-11-29", "--local-scheduler"]
        subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"horror|2026-11-29|day\.parquet", done.stdout)
