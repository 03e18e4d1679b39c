"""The settings of operation: history, luigid, alerts and heartbeat, and this process's environment.

No list waits for one of them: each is checked by the command that uses it.
"""

import os
import re
import zoneinfo
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import SettingsError
from pipeline.paths import Layout
from pipeline.settings import Settings
from pipeline.tmdb.credential import Secret

# Every variable that is read, with its default.
VARIABLES = {
    **settings.VARIABLES,
    **dict.fromkeys(("PIPELINE_HISTORY_URL", "PIPELINE_LUIGID_PASSWORD"), ""),
    **dict.fromkeys(("PIPELINE_ALERT_URL", "PIPELINE_HEARTBEAT_URL"), ""),
}

# Variables that the wrapper and a run set for their own processes; nobody else has to.
OF_A_RUN = (
    *(settings.STARTED_BY, settings.COLLECT_UNTIL, settings.RUN_LOG, settings.RUN_FAILURES),
)

# Known whatever else is wrong with the settings, which is worth an alert.
luigid_password = partial(settings.secret, "PIPELINE_LUIGID_PASSWORD")
alert_url = partial(settings.secret, "PIPELINE_ALERT_URL")
heartbeat_url = partial(settings.secret, "PIPELINE_HEARTBEAT_URL")

# TZ as POSIX writes it, with the offset in it: KST-9, <+09>-9, CET-1CEST,M3.5.0,M10.5.0/3.
_POSIX_ZONE = re.compile(r"([A-Za-z]{3,}|<[\w+-]{3,}>)[+-]?\d.*")


def history_url() -> Secret | None:
    """Return the address of the task history with the installed driver, or raise SettingsError.

    SQLAlchemy 2.1 would look for another driver.
    """
    value = settings.value("PIPELINE_HISTORY_URL")
    if not value:
        return None
    scheme, separator, rest = value.partition("://")
    known = scheme in ("postgresql", "postgresql+psycopg2", "postgres")
    if not separator or not known or not value.isprintable():
        raise SettingsError(
            "PIPELINE_HISTORY_URL has to be like postgresql://luigi:PASSWORD@host:5432/luigi.",
            variable="PIPELINE_HISTORY_URL",
        )
    return Secret(f"postgresql+psycopg2://{rest}")


def refuse_log_format() -> None:
    """Raise SettingsError for a format of logs that does not exist; runs then log text."""
    if settings.value("PIPELINE_LOG_FORMAT") not in ("", "text", "json"):
        raise SettingsError(
            "PIPELINE_LOG_FORMAT has to be text or json; correct it in the environment or .env.",
            variable="PIPELINE_LOG_FORMAT",
        )


def refuse_time_zone() -> None:
    """Raise SettingsError for a time zone that the C library would silently take for UTC."""
    zone = environment().get("TZ", "").removeprefix(":")
    is_file = any(Path(folder, zone).is_file() for folder in ("/", *zoneinfo.TZPATH))
    if not (zone in ("", "UTC", "UTC0") or is_file or _POSIX_ZONE.fullmatch(zone)):
        raise SettingsError(
            f"TZ is {zone!r}, which is no time zone of this machine: all times, and what is today, "
            "are taken as UTC; write it like Asia/Seoul.",
            variable="TZ",
        )


def sends_key_in_clear(current: Settings) -> bool:
    """Whether others on the network between here and the API can read the key."""
    address = urlsplit(current.api_url)
    is_here = re.fullmatch(r"localhost|127(\.\d+){3}|::1", address.hostname or "")
    is_real = current.credential is not None and not current.credential.is_demo
    return is_real and address.scheme == "http" and not is_here


def environment() -> dict[str, str]:
    """Return a copy of this process's environment, for a process that it starts."""
    return dict(os.environ)


def adopt(variables: Mapping[str, str]) -> None:
    """Set these variables in this process's environment, its time zone included."""
    os.environ.update(variables)
    clock.read_time_zone()


def read_demo_data() -> tuple[Path, Path] | None:
    """Have `current` name the embedded catalogue's data where there is no other to read.

    So commands that only read find the files of a run with TMDB_API_KEY=demo without it. Return the
    folder that holds nothing and the one that is read instead; None where nothing changed.
    """
    usual, demo = settings.current(), Path(settings.DEMO_DATA_DIR).absolute()
    layout = Layout(usual.data_dir)
    is_used = layout.documents.exists() or layout.luigid_pid.exists()
    is_set = usual.credential is not None or settings.value("PIPELINE_DATA_DIR")
    if is_set or is_used or not demo.is_dir():
        return None
    os.environ["PIPELINE_DATA_DIR"] = settings.DEMO_DATA_DIR
    return usual.data_dir, demo
