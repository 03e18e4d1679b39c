"""The how-to guides work as written: their edits are made and their commands are run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.luigi_runs import LuigiRun
from support.operate import Operate
from support.repository import REPOSITORY

HOW_TO = REPOSITORY / "docs/how-to"


def blocks(guide: str, language: str) -> list[str]:
    """Return the code blocks of a guide in one language, without their indentation."""
    text = (HOW_TO / guide).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the packaged configuration, for a user to edit."""
    return Path(shutil.copytree(REPOSITORY / "config", tmp_path / "config"))


def perform(guide: str, luigi_run: LuigiRun, operate: Operate, config: Path) -> None:
    """Run every command of a guide."""
    variables = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(config)}
    for line in "".join(blocks(guide, "sh")).splitlines():
        program, *words = shlex.split(line)
        if program == "luigi":
            run = luigi_run(*words[2:], **variables)
        else:
            run = operate(*words, **variables)
        assert run.status == 0, f"{line}\n{run.output}"


def files_named_by(guide: str) -> list[str]:
    text = (HOW_TO / guide).read_text(encoding="utf-8")
    return re.findall(r"`((?:raw|processed|reports)/[^`]+)`", text)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_list_is_added_by_one_entry(
    luigi_run: LuigiRun, operate: Operate, config: Path, data_dir: Path
) -> None:
    collection = config / "collection.toml"
    *entries, limits = blocks("add-a-list.md", "toml")
    collection.write_text("\n".join([collection.read_text(), *entries]))
    with (config / "quality.toml").open("a", encoding="utf-8") as thresholds:
        thresholds.write(limits)

    perform("add-a-list.md", luigi_run, operate, config)

    for name in files_named_by("add-a-list.md"):
        assert (data_dir / name).is_file(), name
    summary = read(data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json")
    counts = summary["collection_summary"]
    assert counts["now_playing_movies"] > 20
    assert counts["total_collected"] == sum(
        count for name, count in counts.items() if name.endswith("_movies")
    )
    week = read(data_dir / "processed/weekly/consolidated_week_1_20240107.json")
    assert any(each["list"] == "upcoming" for row in week["movies"] for each in row["found_in"])
    assert week["consolidation_info"]["verdict"] == "pass"
    assert "현재 상영작" in (data_dir / "reports/daily/daily_20240107.html").read_text("utf-8")


def test_a_genre_is_added_by_one_line(
    luigi_run: LuigiRun, operate: Operate, config: Path, data_dir: Path
) -> None:
    collection = config / "collection.toml"
    (line,) = blocks("add-a-genre.md", "toml")
    text = collection.read_text(encoding="utf-8")
    end = text.index("]\n", text.index("list = ["))
    collection.write_text(text[:end] + line + text[end:], encoding="utf-8")

    perform("add-a-genre.md", luigi_run, operate, config)

    for name in files_named_by("add-a-genre.md"):
        assert (data_dir / name).is_file(), name
    week = read(data_dir / "processed/weekly/consolidated_week_1_20240107.json")
    assert any(each["list"] == "adventure" for row in week["movies"] for each in row["found_in"])


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, for a developer to edit."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("pipeline", "config"):
        shutil.copytree(REPOSITORY / folder, tmp_path / "checkout" / folder, ignore=ignored)
    shutil.copy(REPOSITORY / "luigi.cfg", tmp_path / "checkout")
    return tmp_path / "checkout/pipeline"


def insert(path: Path, before: str, text: str) -> None:
    """Insert a text before the first place where another one begins."""
    content = path.read_text(encoding="utf-8")
    assert before in content
    path.write_text(content.replace(before, text + before, 1), encoding="utf-8")


def run_in(package: Path, guide: str, data_dir: Path) -> None:
    """Run every command of a guide with the edited package."""
    variables = {"PYTHONPATH": str(package.parent), "PIPELINE_DATA_DIR": str(data_dir)}
    for line in "".join(blocks(guide, "sh")).splitlines():
        done = subprocess.run(
            [str(Path(sys.executable).with_name("luigi")), *shlex.split(line)[1:]],
            env={**os.environ, "TMDB_API_KEY": "demo", **variables},
            cwd=package.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def run_tests_of(checkout: Path, *names: str) -> None:
    """Run tests of an edited copy of the repository."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *names],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_rule_is_added_by_an_entry_and_a_function(package: Path, data_dir: Path) -> None:
    entry, limit = blocks("add-a-rule.md", "toml")
    function, case = blocks("add-a-rule.md", "python")
    (sentence,) = blocks("add-a-rule.md", "ini")
    (row,) = blocks("add-a-rule.md", "markdown")
    checkout = package.parent
    insert(package / "quality/rules.toml", "[backdrop_missing]", entry + "\n")
    insert(package / "quality/movie_rules.py", '    "backdrop_missing":', function)
    insert(package / "pages/translations/ko.toml", "backdrop_missing =", sentence)
    insert(checkout / "config/quality.toml", "# 2.8 %", limit)
    for folder in ("tests", "docs"):
        ignored = shutil.ignore_patterns("__pycache__", "v0_1_0")
        shutil.copytree(REPOSITORY / folder, checkout / folder, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", checkout)
    insert(checkout / "docs/quality.md", "| `backdrop_missing`", row)
    insert(checkout / "tests/unit/quality/test_report.py", '    "backdrop_missing": [', case)

    # the lists that the report checks are collected on the way
    run_in(package, "add-a-rule.md", data_dir)

    (name,) = files_named_by("add-a-rule.md")
    checks = {each["id"]: each for each in read(data_dir / name)["checks"]}
    assert checks["title_long"]["success"] is True
    assert checks["title_long"]["severity"] == "warn"
    run_tests_of(checkout, "tests/unit/quality/test_report.py", "tests/docs/test_quality_page.py")


def test_a_page_is_added_by_a_function_a_template_and_a_task(package: Path, data_dir: Path) -> None:
    place, page, task = (
        block.split("\n", 1)[1] for block in blocks("add-a-page.md", "python")
    )  # without the comment that names the file
    (template,) = blocks("add-a-page.md", "html")
    insert(package / "paths.py", "    daily_page = ", place)
    (package / "pages/best.py").write_text(page, encoding="utf-8")
    (package / "pages/templates/best.html").write_text(template, encoding="utf-8")
    tasks, registry = package / "tasks/pages.py", package / "tasks/registry.py"
    insert(tasks, "class WeeklyPage(Page)", task + "\n\n")
    text = tasks.read_text(encoding="utf-8")
    tasks.write_text(text.replace("import PopularMovies,", "import PopularMovies, TopRatedMovies,"))
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("import DailyPage,", "import BestPage, DailyPage,"))
    insert(package / "roots.py", '"DailyPage", "WeeklyPage", PAGES_TASK', '"BestPage", ')

    run_in(package, "add-a-page.md", data_dir)

    html = (data_dir / "reports/best/best_20240107.html").read_text(encoding="utf-8")
    assert html.count("<li><bdi>") == 10
