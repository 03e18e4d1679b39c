"""What operators read stays true: statuses, variables, units, commands and links."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
from support.repository import REPOSITORY

from pipeline.ops import cli

PAGES = ["operations.md", "explanation/runs.md"]
PAGES += [f"how-to/{name}.md" for name in ("schedule", "alerts", "back-up", "upgrade")]
TEXTS = {name: (REPOSITORY / "docs" / name).read_text(encoding="utf-8") for name in PAGES}
GUIDE = "\n".join(TEXTS.values())
CRONTAB = (REPOSITORY / "config/crontab").read_text(encoding="utf-8")
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")


def test_every_exit_status_has_its_row() -> None:
    configuration = configparser.ConfigParser()
    configuration.read(REPOSITORY / "luigi.cfg", encoding="utf-8")
    statuses = {*configuration["retcode"].values(), "0", "1", "2", "129", "130", "143"}

    documented = set(re.findall(r"\d+", " ".join(re.findall(r"^\| status ([\d, ]+)", GUIDE, re.M))))
    assert documented == statuses


def test_the_crontab_of_a_plain_host_sets_variables_that_are_there() -> None:
    changed = re.findall(r"-e 's\|\^(\w+)=", GUIDE)

    assert {f"{name}=" for name in changed} == {
        f"{name}="
        for name, value in re.findall(r"^(\w+)=(.*)$", CRONTAB, re.M)
        if value.startswith("/") and name != "SHELL"
    }


def test_every_unit_it_starts_is_there() -> None:
    units = set(re.findall(r"\btmdb-\w+\.(?:service|timer)\b", GUIDE))

    assert len(units) >= 4
    assert all((REPOSITORY / "config/systemd" / unit).is_file() for unit in units)


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"\btmdb-pipeline ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`", GUIDE))))

    assert named - set(cli.COMMANDS) == set()
    assert {"backup", "doctor", "run", "start", "status"} <= named


ON_CALL = [
    row.split(" | ")
    for row in GUIDE.partition("\n## On call\n")[2].partition("\n## ")[0].splitlines()
    if row.startswith("| ") and not row.startswith("| failure")
]
PROGRAMS = ("tmdb-pipeline ", "docker compose ", "systemctl ", "timedatectl ", "df ", "dmesg")


def test_ten_failures_are_on_the_page_of_the_person_on_call() -> None:
    assert len(ON_CALL) == 10
    assert all(len(row) == 3 for row in ON_CALL)


@pytest.mark.parametrize("row", ON_CALL, ids=[row[0] for row in ON_CALL])
def test_a_failure_needs_at_most_three_commands_each_of_which_exists(row: list[str]) -> None:
    named = [each for each in re.findall(r"`([^`]+)`", row[2]) if each.startswith(PROGRAMS)]
    ours = [each.split()[1:] for each in named if each.startswith("tmdb-pipeline ")]
    assert ours
    assert len({*named}) <= 3
    for name, *words in ours:
        command = cli.group.get_command(cli.group.make_context("tmdb-pipeline", [name]), name)
        assert command is not None
        command.make_context(name, list(words))


@pytest.mark.parametrize("name", ["TZ", "PIPELINE_UID", "PIPELINE_GID", "PIPELINE_DATA_DIR"])
def test_the_documented_defaults_of_the_stack_are_those_of_compose(name: str) -> None:
    (default,) = set(re.findall(r"\$\{" + name + r":-([^}]*)\}", COMPOSE))

    assert re.search(rf"^\| [^|]*`{name}`[^|]*\| `{re.escape(default)}` \|", GUIDE, re.M)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXTS[page]):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        linked = (REPOSITORY / "docs" / page).parent / path if path else REPOSITORY / "docs" / page
        assert linked.is_file(), target
        assert not anchor or anchor in anchors(linked), target


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
