"""README and reference stay true: settings, exit statuses, files, tasks and figures."""

from __future__ import annotations

import configparser
import datetime
import re
import subprocess
import sys
import types
from pathlib import Path

import luigi
import pytest
from msgspec import structs
from support.layers import LAYERS
from support.lists import list_path, packaged
from support.repository import REPOSITORY

import pipeline
from pipeline import luigi_cli
from pipeline.ops import settings as ops_settings
from pipeline.paths import Layout
from pipeline.quality.rules import RULES

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DOCS = REPOSITORY / "docs"
ARCHITECTURE = (DOCS / "explanation/architecture.md").read_text(encoding="utf-8")


OF_COMPOSE = {
    "POSTGRES_PASSWORD": "",
    "TZ": "UTC",
    "PIPELINE_UID": "1000",
    "PIPELINE_GID": "1000",
    "PIPELINE_BUCKET": "",
}
OF_AWS = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "",
}
OPTIONAL = (
    "PIPELINE_WORK_DIR",
    "PIPELINE_EXPORT",
    "PIPELINE_HISTORY_URL",
    "PIPELINE_WAREHOUSE_URL",
    "PIPELINE_LUIGID_PASSWORD",
    "PIPELINE_ALERT_URL",
    "PIPELINE_HEARTBEAT_URL",
)


def table(page: str) -> list[list[str]]:
    """Return the rows of the first table of a page below docs/."""
    text = (DOCS / page).read_text(encoding="utf-8").split("\n|", 1)[1].split("\n\n")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines()]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def test_the_readme_is_short_and_has_a_small_picture() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\((\S+)\)", README)

    assert len(README.splitlines()) <= 120
    assert 0 < (REPOSITORY / picture).stat().st_size < 200_000


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {row[0]: row[1] for row in table("reference/settings.md")}

    assert documented == {
        **ops_settings.VARIABLES,
        "TMDB_API_KEY": "none",
        "PIPELINE_CONFIG_DIR": "config",
        **dict.fromkeys(OPTIONAL, "none"),
    }


def test_the_example_file_names_every_setting_with_its_default() -> None:
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))

    given = {**ops_settings.VARIABLES, "PIPELINE_CONFIG_DIR": "config"}
    assert named == {**given, **OF_AWS, **OF_COMPOSE}


def test_every_exit_status_is_documented() -> None:
    documented = {int(row[0]) for row in table("reference/exit-statuses.md")}
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
    documented = {row[0] for row in table("files.md")}
    layout, day = Layout(Path("/root")), datetime.date(2024, 1, 7)
    written = {
        list_path(layout, "popular", day),
        list_path(layout, "trending", day),
        layout.validation_report(day),
        layout.weekly_validation_report(day),
        layout.daily_page(day),
        layout.weekly_page(day),
        layout.trends_page(day),
        layout.index_page,
        layout.daily_summary(day),
        layout.list_of(structs.replace(packaged("action"), name="G"), day),
        list_path(layout, "top_rated", day),
        layout.consolidated(day),
        layout.identity,
        layout.day_export(day),
        layout.week_export(day),
        layout.export_schema,
        layout.export_readme,
    }

    names = {layout.relative(path).replace("20240107", "D") for path in written}
    names = {name.replace("2024-01-07", "YYYY-MM-DD") for name in names}
    assert documented == {re.sub(r"(week|weekly|trends)_1_", r"\1_W_", name) for name in names}


def test_every_entry_of_the_folder_tree_is_there() -> None:
    tree = re.findall(r"```\n(pipeline/.*?)```", ARCHITECTURE, flags=re.DOTALL)[0]
    entries = [line.split()[0] for line in tree.splitlines()]
    inner = [line.split()[0] for line in tree.splitlines() if line.startswith("  ")]

    missing = [
        each
        for each in entries
        if not (REPOSITORY / ("pipeline" if each in inner else ".") / each).exists()
    ]
    assert len(entries) > 10
    assert missing == []


def figures() -> list[str]:
    return re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE, flags=re.DOTALL)


def test_the_figure_of_the_graph_has_every_task_and_what_it_requires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, graph, _ = figures()
    arrows = set(re.findall(r"(\w+)(?:\[.*?\])? --> (\w+)", graph))
    drawn = {name for arrow in arrows for name in arrow} | {"ListMovies"}
    date = datetime.date(2024, 1, 7)
    monkeypatch.setenv("TMDB_API_KEY", "demo")  # an export of TMDB's movies asks for its purpose
    stand_in = types.ModuleType("parquet")  # what needs pyarrow, which may be missing
    monkeypatch.setitem(sys.modules, "pipeline.warehouse.parquet", stand_in)
    required = {
        (type(below).__name__, name)
        for name in ("ValidationReport", "DailySummary", "WeeklyValidationReport",
                     "WeeklyConsolidation", "LoadDay", "LoadWeek", "ExportDay", "ExportWeek")
        for below in luigi.task.flatten(getattr(pipeline, name)(date=date).requires())
    }  # fmt: skip

    assert drawn == set(pipeline.__all__) - {"__version__"}
    assert required <= arrows
    of_what_exists = {"DailyPage", "WeeklyPage", "IndexPage", "LoadWarehouse", "TrendsPage"}
    assert {arrow for arrow in arrows if arrow[1] not in of_what_exists} == required


def test_the_figure_of_the_layers_has_every_part_in_its_layer() -> None:
    _, _, figure = figures()
    drawn = {
        name: int(layer)
        for layer, names in re.findall(r'L\d\["(\d) · [^<]*<br>([^"]*)"\]', figure)
        for name in names.split(" · ")
    }
    parts = {
        module.removesuffix(".*").removeprefix("pipeline."): layer
        for module, layer in LAYERS.items()
        if (module != "pipeline" and not module.startswith("pipeline.tmdb.")) or "*" in module
    }

    assert drawn == parts


def test_every_task_has_its_row_in_the_reference() -> None:
    rows = {row[0] for row in table("reference/tasks.md")}
    documented = {name.strip().strip("`") for row in rows for name in row.split(",")}

    assert documented == set(pipeline.__all__) - {"__version__"} | {"RangeDaily", "RangeWeekly"}


def test_the_index_leads_to_every_page() -> None:
    """Each page is one or two clicks away: from the index, or from the index of its folder."""
    linked = set()
    for index in (DOCS / "README.md", *sorted(DOCS.glob("*/README.md"))):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", index.read_text(encoding="utf-8")):
            linked.add((index.parent / target).resolve())
    pages = {path for path in DOCS.rglob("*.md") if path != DOCS / "README.md"}

    assert sorted(str(path.relative_to(DOCS)) for path in pages - linked) == []


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
    model = (REPOSITORY / "docs/explanation/threat-model.md").read_text(encoding="utf-8")
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


def test_the_documented_versions_of_python_are_those_that_install() -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    assert setup["options"]["python_requires"] == ">=3.11,<3.14"
    assert "Python 3.11 to 3.13" in README
