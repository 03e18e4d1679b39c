"""What runtimes report: a document, and the state of a service; and the services of this host."""

import contextlib
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.ops import settings as ops_settings
from pipeline.ops.luigid import client
from pipeline.ops.schedule import installed

Document = dict[str, Any]
_HISTORY_OFF = (
    "No task history is kept here: set PIPELINE_HISTORY_URL to postgresql://luigi:PASSWORD@HOST:"
    "5432/luigi, in the environment or .env, for luigid and for this command."
)


class Service(NamedTuple):
    """A part of the operation; `fix` says what to do where something is wrong with it."""

    service: str
    state: str  # up, down or off (not configured, not used)
    detail: str
    fix: str = ""


def luigid(url: str, pid: int | None = None) -> Service:
    """Ask luigid. It is off, and no problem, where it is of this host and was never used."""
    look = client.look(url, ops_settings.luigid_password())
    if look.answers:
        kind = "hardened" if look.hardened else "plain"
        process = f", process {pid}" if pid else ""
        detail = f"{url} ({kind}, {look.server or 'no version'}{process})"
        plain = "Anybody may have tasks run by a plain one: stop it, then `tmdb-pipeline start`."
        return Service("luigid", "up", detail, "" if look.hardened else plain)
    layout = settings.current().layout
    is_known = layout.luigid_seen.exists() or layout.luigid_state.exists()
    if not is_known and urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"):
        detail = f"{url}: {look.why}; none was used yet, runs use the local scheduler"
        return Service("luigid", "off", detail)
    fix = "`tmdb-pipeline start` starts it."
    if look.refuses_password:
        fix = "Set PIPELINE_LUIGID_PASSWORD to the one that luigid was started with."
    return Service("luigid", "down", f"{url}: {look.why}", fix)


def postgres() -> Service:
    """Ask PostgreSQL for its version and for the history's tables."""
    from pipeline.ops.history.store import HistoryStore

    try:
        url = ops_settings.history_url()
        if url is None:
            off = "PIPELINE_HISTORY_URL is not set: no history is kept"
            return Service("postgres", "off", off, _HISTORY_OFF)
        with contextlib.closing(HistoryStore(url)) as store:
            version, runs = store.ping(), store.runs(limit=1)
    except PipelineError as error:
        found = str(error)
        fix = "Check that PostgreSQL runs; in the compose stack: docker compose logs postgres."
        if "does not exist" in found and "relation" in found:
            found = "the database answers, but the history's tables are not there"
            fix = "Start luigid with this PIPELINE_HISTORY_URL (`tmdb-pipeline restart`)."
        return Service("postgres", "down", found, fix)
    empty = "" if runs else "; nothing has run yet"
    return Service("postgres", "up", f"PostgreSQL {version}{empty}")


def cron() -> Service:
    """See whether something starts the tasks by the clock, and whether it is of this version."""
    places = installed.installed()
    if not places:
        off = "no crontab and no active timer starts the pipeline"
        fix = "Install config/crontab or the timers as docs/operations.md says, or use compose."
        return Service("cron", "off", off, fix)
    jobs = [(place, job) for place, jobs in places.items() for job in jobs]
    if outdated := "; ".join(f"{place}: {job.outdated}" for place, job in jobs if job.outdated):
        fix = (
            "Install the lines of config/crontab or the units of config/systemd again, as "
            "docs/operations.md says; the old ones work, but do not catch up or alert as these do."
        )
        return Service("cron", "up", f"outdated: {outdated}", fix)
    found, fixes = ", ".join(places), []
    for name, what in (("catch-up", "the hourly catch-up"), ("prune", "the daily prune")):
        if not installed.starts(name, places):
            found += f"; without {what}"
            fixes.append(f"Add the {name} line of config/crontab, or enable tmdb-{name}.timer.")
    return Service("cron", "up", found, " ".join(fixes))
