"""The how-to guides work as written: their edits are made and their commands are run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
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
    collection.write_text("\n".join([collection.read_text(), *blocks("add-a-list.md", "toml")]))

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
