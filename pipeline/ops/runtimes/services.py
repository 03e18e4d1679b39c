"""The services of this host as they are now: luigid, PostgreSQL, cron."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.ops import settings as ops_settings
from pipeline.ops.history.store import open_history
from pipeline.ops.luigid import client
from pipeline.ops.runtimes.runtime import Service
from pipeline.ops.schedule import installed


def of_this_host(luigid_url: str, luigid_pid: int | None) -> list[Service]:
    """Return the services; `luigid_pid` is the luigid that this command started, if it runs."""
    return [_luigid(luigid_url, luigid_pid), _postgres(), _cron()]


def _luigid(url: str, pid: int | None) -> Service:
    look = client.look(url, ops_settings.luigid_password())
    if look.answers:
        kind = "hardened" if look.hardened else "plain"
        process = f", process {pid}" if pid else ""
        return Service("luigid", "up", f"{url} ({kind}, {look.server or 'no version'}{process})")
    return Service("luigid", "down", f"{url}: {look.why}")


def _postgres() -> Service:
    try:
        url = ops_settings.history_url()
        if url is None:
            off = "PIPELINE_HISTORY_URL is not set: no history is kept"
            return Service("postgres", "off", off)
        with open_history(url) as store:
            return Service("postgres", "up", f"PostgreSQL {store.ping()}")
    except PipelineError as error:
        return Service("postgres", "down", str(error))


def _cron() -> Service:
    places = installed.installed()
    if places:
        return Service("cron", "up", ", ".join(each.place for each in places))
    return Service("cron", "down", "no crontab and no timer of this user names the pipeline")
