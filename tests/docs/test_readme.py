"""The README stays true: commands, settings, exit statuses, files and folders."""

from __future__ import annotations

import configparser
import datetime
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from msgspec import structs
from support.lists import list_path, packaged
from support.luigi_runs import LuigiRun
from support.repository import REPOSITORY
from trials.plans import small_plan

import pipeline
from pipeline import clock, luigi_cli
from pipeline.ops import settings as ops_settings
from pipeline.paths import Layout
from pipeline.quality.rules import RULES

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


OF_COMPOSE = {
    "POSTGRES_PASSWORD": "",
    "TZ": "UTC",
    "PIPELINE_UID": "1000",
    "PIPELINE_GID": "1000",
}
OPTIONAL = (
    "PIPELINE_HISTORY_URL",
    "PIPELINE_LUIGID_PASSWORD",
    "PIPELINE_ALERT_URL",
    "PIPELINE_HEARTBEAT_URL",
)


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {row[0]: row[1] for row in table(section("Settings"))}

    assert documented == {
        **ops_settings.VARIABLES,
        "TMDB_API_KEY": "none",
        "PIPELINE_CONFIG_DIR": "config",
        **dict.fromkeys(OPTIONAL, "none"),
    }


def test_the_example_file_names_every_setting_with_its_default() -> None:
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))

    assert named == {**ops_settings.VARIABLES, "PIPELINE_CONFIG_DIR": "config", **OF_COMPOSE}


def test_every_exit_status_is_documented() -> None:
    documented = {int(row[0]) for row in table(section("Exit statuses"))}
    configuration = configparser.ConfigParser()
    configuration.read(REPOSITORY / "luigi.cfg")
    of_luigi = {int(status) for status in configuration["retcode"].values()}

    assert documented == of_luigi | {
        0,
        1,
        2,
        129,
        143,
        luigi_cli.EXIT_INTERRUPTED,
    }


def test_every_file_that_is_written_is_documented_with_its_path() -> None:
    documented = {row[0] for row in table(section("What is written"))}
    layout, day = Layout(Path("/root")), datetime.date(2024, 1, 7)
    written = {
        list_path(layout, "popular", day),
        list_path(layout, "trending", day),
        layout.validation_report(day),
        layout.weekly_validation_report(day),
        layout.daily_page(day),
        layout.weekly_page(day),
        layout.index_page,
        layout.daily_summary(day),
        layout.list_of(structs.replace(packaged("action"), name="G"), day),
        list_path(layout, "top_rated", day),
        layout.consolidated(day),
        layout.identity,
    }

    names = {layout.relative(path).replace("20240107", "D") for path in written}
    assert documented == {re.sub(r"(week|weekly)_1_", r"\1_W_", name) for name in names}


def test_every_entry_of_the_folder_tree_is_there() -> None:
    tree = re.findall(r"```\n(pipeline/.*?)```", README, flags=re.DOTALL)[0]
    entries = [line.split()[0] for line in tree.splitlines()]
    inner = [line.split()[0] for line in tree.splitlines() if line.startswith("  ")]

    missing = [
        each
        for each in entries
        if not (REPOSITORY / ("pipeline" if each in inner else ".") / each).exists()
    ]
    assert len(entries) > 10
    assert missing == []


def test_the_picture_of_the_architecture_shows_every_module_and_task() -> None:
    picture = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    package = REPOSITORY / "pipeline"
    modules = {
        path.stem
        for path in package.rglob("*.py")
        if not {"demo", "ops"} & set(path.parts) and path.stem != "__init__"
    }
    shown = set(re.findall(r"\w+", picture))

    assert modules - shown == set()
    assert set(pipeline.__all__) - {"__version__"} - shown == set()


def test_links_lead_somewhere() -> None:
    pages = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    pages += sorted((REPOSITORY / "docs").rglob("*.md"))

    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_what_the_threat_model_says_is_shown_by_tests_that_are_there() -> None:
    model = (REPOSITORY / "docs/threat-model.md").read_text(encoding="utf-8")
    rows = [line for line in model.splitlines() if line.startswith("| **")]
    named = set(re.findall(r"`(test_\w+)`", model))

    assert len(rows) >= 10
    assert all("`test" in line.split("|")[-2] for line in rows)
    existing = {path.stem for path in (REPOSITORY / "tests").rglob("test_*.py")}
    assert named - existing == set()


def test_the_readme_counts_the_rules() -> None:
    assert f"| {len(RULES)} rules " in README


def test_make_knows_every_target_that_the_readme_names() -> None:
    security = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`?make (\w+)", README)) | set(re.findall(r"`make (\w+)`", security))
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^(\w+):", makefile, flags=re.MULTILINE))

    assert {"week", "test", "day"} <= named
    assert named <= known


def test_make_help_lists_every_target() -> None:
    help_text = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split()
    trials = set(re.findall(r"make year, [\w, ]+", help_text)[0].removeprefix("make ").split(", "))

    described = re.findall(r"^make ([\w-]+) +\S", help_text, flags=re.MULTILINE)
    assert {*described, *trials} == set(phony)
    assert len(described) == len(set(described))


def test_make_can_plan_its_targets() -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "week", "day", "test", "lint", "bench", "stack"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ".venv/bin/" in planned.stdout
    assert "tests/stack/run" in planned.stdout


def as_a_shell_would(command: str) -> str:
    """The command with the dates that a shell puts into it."""
    return re.sub(r"\$\(date \+(\S+)\)", lambda found: f"{clock.today():{found[1]}}", command)


def test_no_command_asks_for_a_day_of_long_ago() -> None:
    """TMDB serves only today's lists, so they would not do what a reader expects."""
    for page in ("README.md", "docs/operations.md", "docs/commands.md"):
        blocks = commands((REPOSITORY / page).read_text(encoding="utf-8"))
        assert [line for line in blocks if re.search(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}", line)] == []


def test_the_documented_versions_of_python_are_those_that_install() -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    assert setup["options"]["python_requires"] == ">=3.11,<3.14"
    assert "Python 3.11 to 3.13" in README


@pytest.mark.parametrize(
    "command",
    [
        each
        for title in ("Use", "Look")
        for each in commands(section(title))
        if "--local-scheduler" in each
    ],
)
def test_a_command_of_the_readme_runs_as_it_stands(
    command: str, luigi_run: LuigiRun, clean_environment: Path, tmp_path: Path
) -> None:
    """By a small plan, and with all but three days of the month in the data root."""
    today = clock.today()
    for number in range(1, today.day - 2):
        summary = Layout(clean_environment / "data-demo").daily_summary(today.replace(day=number))
        summary.parent.mkdir(parents=True, exist_ok=True)
        summary.touch()
    words = shlex.split(as_a_shell_would(command))
    assert words[:3] == ["luigi", "--module", "pipeline"]
    arguments = [word for word in words[3:] if word != "--local-scheduler"]

    run = luigi_run(
        *arguments,
        TMDB_API_KEY="demo",
        PIPELINE_DATA_DIR=None,
        PIPELINE_CONFIG_DIR=str(small_plan(tmp_path / "config")),
    )

    assert run.status == 0, run.output
    assert "The files are in " in run.err
    assert "data-demo" in run.err
