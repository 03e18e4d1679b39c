"""The settings in force, each with where it comes from, and what is wrong with them."""

import contextlib
import difflib

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.ops import settings as ops_settings
from pipeline.ops.schedule import times
from pipeline.runtime import luigi_configuration

_KNOWN = {
    *ops_settings.VARIABLES,
    # Read by docker-compose.yml from the same `.env`, and set by a run for its own processes.
    *("PIPELINE_UID", "PIPELINE_GID", "PIPELINE_CERTIFICATES"),
    *(settings.STARTED_BY, settings.COLLECT_UNTIL, settings.RUN_LOG, settings.RUN_FAILURES),
    settings.RUN_PROGRESS,
}


def in_force() -> list[dict[str, str]]:
    """Return every setting with its source; of a secret only whether it is set."""
    folders = {}  # their defaults depend on the key and the working folder
    with contextlib.suppress(PipelineError):
        now = settings.current()
        folders = {"PIPELINE_DATA_DIR": now.data_dir, "PIPELINE_CONFIG_DIR": now.config_dir}
    found = []
    sources = {"environment": ops_settings.environment(), ".env": settings.dotenv()}
    for name, default in ops_settings.VARIABLES.items():
        given = ((each, values.get(name, "").strip()) for each, values in sources.items())
        source, value = next((each for each in given if each[1]), ("default", default))
        value = str(folders[name].absolute()) if name in folders else settings.redacted(value)
        if name in settings.SECRETS and value != "demo":
            value = "set" if value else "not set"
        found.append({"variable": name, "value": value or "-", "source": source})
    return found


def problems() -> list[str]:
    """Return a sentence for each thing that keeps the pipeline from running as it is meant to."""
    found: list[str] = []
    checks = (
        lambda: settings.current().required_credential(),
        lambda: (settings.current().plan(), settings.current().thresholds()),
        lambda: times.packaged(settings.current().config_dir / "crontab"),
        ops_settings.history_url,
        settings.warehouse_url,
        ops_settings.keep_days,
        lambda: found.extend(ops_settings.mistakes()),
        luigi_configuration.scheduler_url,
        luigi_configuration.refuse_unusable,
        lambda: found.extend(luigi_configuration.mistakes()),
    )
    for check in checks:
        try:
            check()
        except PipelineError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def warnings(*, only_misspelt: bool = False) -> list[str]:
    """Return a sentence for each variable that looks like one of ours and is read by nothing."""
    given = {*ops_settings.environment(), *settings.dotenv()}
    found = []
    for name in sorted(n for n in given - _KNOWN if n.startswith(("TMDB_", "PIPELINE_"))):
        near = difflib.get_close_matches(name, ops_settings.VARIABLES, n=1)
        hint = f"did you mean {near[0]}?" if near else "remove it."
        if near or not only_misspelt:
            found.append(f"{name} is set, but nothing reads a variable of that name: {hint}")
    return found
