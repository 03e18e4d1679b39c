"""The services of this host as they are now: luigid, PostgreSQL, cron."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.ops import history, installation, luigid_api
from pipeline.ops.runtime import Service
from pipeline.settings import Settings


def of_this_host(settings: Settings, luigid_url: str, luigid_pid: int | None) -> list[Service]:
    """Return the services; `luigid_pid` is the luigid that this command started, if it runs."""
    return [_luigid(settings, luigid_url, luigid_pid), _postgres(settings), _cron()]


def _luigid(settings: Settings, url: str, pid: int | None) -> Service:
    look = luigid_api.look(url, settings.luigid_password)
    if look.answers:
        kind = "hardened" if look.hardened else "plain"
        process = f", process {pid}" if pid else ""
        return Service("luigid", "up", f"{url} ({kind}, {look.server or 'no version'}{process})")
    return Service("luigid", "down", f"{url}: {look.why}")


def _postgres(settings: Settings) -> Service:
    if settings.history_url is None:
        return Service("postgres", "off", "PIPELINE_HISTORY_URL is not set: no history is kept")
    try:
        with history.opened(settings) as store:
            return Service("postgres", "up", f"PostgreSQL {store.ping()}")
    except PipelineError as error:
        return Service("postgres", "down", str(error))


def _cron() -> Service:
    places = installation.installed()
    if places:
        return Service("cron", "up", ", ".join(each.place for each in places))
    return Service("cron", "down", "no crontab and no timer of this user names the pipeline")
