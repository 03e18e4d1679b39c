"""The settings of operation: history, luigid, alerts and heartbeat, and this process's environment.

No list waits for one of them: each is checked by the command that uses it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
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
    "PIPELINE_HISTORY_URL": "",
    "PIPELINE_LUIGID_PASSWORD": "",
    "PIPELINE_ALERT_URL": "",
    "PIPELINE_HEARTBEAT_URL": "",
}

# Variables that the wrapper and a run set for their own processes; nobody else has to.
OF_A_RUN = (
    settings.STARTED_BY,
    settings.COLLECT_UNTIL,
    settings.RUN_LOG,
    settings.RUN_FAILURES,
)


def history_url() -> Secret | None:
    """Return the address of the task history, with the driver that is installed.

    SQLAlchemy 2.1 would look for another driver.

    Raises:
        SettingsError: it is no address of PostgreSQL.
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


def luigid_password() -> Secret | None:
    """Return the password that luigid asks for."""
    return settings.secret("PIPELINE_LUIGID_PASSWORD")


def alert_url() -> Secret | None:
    """Return where alerts go, also if the other settings are unusable: that is worth an alert."""
    return settings.secret("PIPELINE_ALERT_URL")


def heartbeat_url() -> Secret | None:
    """Return the address that is requested while no root task is overdue."""
    return settings.secret("PIPELINE_HEARTBEAT_URL")


def refuse_optional() -> None:
    """Refuse values of settings that no run needs.

    Raises:
        SettingsError: one of them is unusable; the sentence names it.
    """
    history_url()
    if settings.value("PIPELINE_LOG_FORMAT") not in ("", "text", "json"):
        raise SettingsError(
            "PIPELINE_LOG_FORMAT has to be text or json; correct it in the environment or .env.",
            variable="PIPELINE_LOG_FORMAT",
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

    For commands that only read: after a run without a key its files are found without one, too.
    That is so where no key and no data root is set and only `data-demo` holds documents.

    Returns:
        The folder that holds nothing and the one that is read instead; None where nothing changed.

    Raises:
        SettingsError: as `settings.current`.
    """
    usual, demo = settings.current(), Path(settings.DEMO_DATA_DIR).absolute()
    is_set = usual.credential is not None or settings.value("PIPELINE_DATA_DIR")
    if is_set or not demo.is_dir() or _is_used(Layout(usual.data_dir)):
        return None
    os.environ["PIPELINE_DATA_DIR"] = settings.DEMO_DATA_DIR
    return usual.data_dir, demo


def _is_used(layout: Layout) -> bool:
    """Whether a data root holds documents, or luigid was started with it."""
    return layout.documents.exists() or layout.luigid_pid.exists()
