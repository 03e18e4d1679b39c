"""The settings in force, each with where it comes from, and what is wrong with them."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.ops import luigi_configuration
from pipeline.ops import settings as ops_settings
from pipeline.ops.schedule import times

_OURS = ("TMDB_", "PIPELINE_")
_OF_COMPOSE = {"PIPELINE_UID", "PIPELINE_GID", "PIPELINE_LUIGID_PORT"}
"""Read by docker-compose.yml, from the same `.env`."""


@dataclass(frozen=True)
class Setting:
    """A variable in force; `source` is environment, .env or default."""

    variable: str
    value: str
    source: str


def in_force() -> list[Setting]:
    """Return every setting with its source; of a secret only whether it is set."""
    environment, dotenv = _given()
    return [_setting(name, environment, dotenv, _folders()) for name in ops_settings.VARIABLES]


def problems() -> list[str]:
    """Return a sentence for each thing that keeps the pipeline from running; none is good."""
    found: list[str] = []
    try:
        current = settings.current()
        current.required_credential()
    except PipelineError as error:
        found.append(str(error))
    try:
        current = settings.current()
        current.plan()
        current.thresholds()
        times.packaged(current.config_dir / "crontab")
    except PipelineError as error:
        found.append(str(error))
    try:
        ops_settings.refuse_optional()
    except PipelineError as error:
        found.append(str(error))
    try:
        luigi_configuration.scheduler_url()
    except PipelineError as error:
        found.append(str(error))
    return list(dict.fromkeys(found + luigi_configuration.problems()))


def warnings() -> list[str]:
    """Return a sentence for each variable that looks like one of ours and is read by nothing."""
    environment, dotenv = _given()
    names = {name for name in {**environment, **dotenv} if name.startswith(_OURS)}
    known = {*ops_settings.VARIABLES, *ops_settings.OF_A_RUN, *_OF_COMPOSE}
    return [_unknown(name) for name in sorted(names - known)]


def _given() -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables of the environment and of `.env`, to show the source of a value."""
    return dict(os.environ), settings.dotenv()


def _folders() -> dict[str, str]:
    """Return the folders in force: what they are by default depends on key and working folder."""
    try:
        current = settings.current()
    except PipelineError:
        return {}
    folders = {"PIPELINE_DATA_DIR": current.data_dir, "PIPELINE_CONFIG_DIR": current.config_dir}
    return {name: str(path.absolute()) for name, path in folders.items()}


def _setting(
    name: str, environment: dict[str, str], dotenv: dict[str, str], folders: dict[str, str]
) -> Setting:
    for source, values in (("environment", environment), (".env", dotenv)):
        if value := values.get(name, "").strip():
            return Setting(name, _shown(name, folders.get(name, value)), source)
    return Setting(name, _shown(name, folders.get(name, ops_settings.VARIABLES[name])), "default")


def _shown(name: str, value: str) -> str:
    if name not in settings.SECRETS:
        return settings.redacted(value) or "-"
    if name == "TMDB_API_KEY" and value == "demo":
        return "demo"
    return "set" if value else "not set"


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, ops_settings.VARIABLES, n=1)
    hint = f"did you mean {near[0]}?" if near else "remove it."
    return f"{name} is set, but nothing reads a variable of that name: {hint}"
