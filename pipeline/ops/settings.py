"""The settings of operation: history, luigid, alerts and heartbeat, and this process's environment.

No list waits for one of them: each is checked by the command that uses it.
"""

import os
import re
import zoneinfo
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import SettingsError
from pipeline.paths import Layout
from pipeline.settings import Settings

# Every variable that is read, with its default.
VARIABLES = {
    **settings.VARIABLES,
    **dict.fromkeys(("PIPELINE_HISTORY_URL", "PIPELINE_WAREHOUSE_URL"), ""),
    "PIPELINE_LUIGID_PASSWORD": "",
    **dict.fromkeys(("PIPELINE_ALERT_URL", "PIPELINE_HEARTBEAT_URL"), ""),
    "PIPELINE_KEEP_DAYS": "180",
}

# The days that TMDB's terms allow to keep data, and the one value that switches deletion off.
MAX_KEEP_DAYS, KEEP_LONGER = 180, "by-agreement-with-tmdb"

# Known whatever else is wrong with the settings, which is worth an alert.
luigid_password = partial(settings.secret, "PIPELINE_LUIGID_PASSWORD")
alert_url = partial(settings.secret, "PIPELINE_ALERT_URL")
heartbeat_url = partial(settings.secret, "PIPELINE_HEARTBEAT_URL")

# The address of the task history, or SettingsError.
history_url = partial(settings.database_url, "PIPELINE_HISTORY_URL")


def keep_days() -> int | None:
    """Return for how many days data may be kept; None by agreement with TMDB, or SettingsError."""
    value = settings.value("PIPELINE_KEEP_DAYS") or VARIABLES["PIPELINE_KEEP_DAYS"]
    return None if value == KEEP_LONGER else read_days("PIPELINE_KEEP_DAYS", value)


def read_days(name: str, value: str) -> int:
    """Return the days of `180d` or `180`, or raise SettingsError for that variable or option."""
    if not (found := re.fullmatch(r"([1-9]\d{0,2})d?", value)) or int(found[1]) > MAX_KEEP_DAYS:
        raise SettingsError(
            f"{name} has to be a number of days from 1 to {MAX_KEEP_DAYS}: TMDB's API terms of use "
            "(section on caching) allow nothing to be kept longer than six months. Only who has "
            f"agreed otherwise with TMDB may set PIPELINE_KEEP_DAYS={KEEP_LONGER}."
        )
    return int(found[1])


def mistakes() -> Iterator[str]:
    """Yield a sentence for each variable in whose place a run silently uses another value."""
    if settings.value("PIPELINE_LOG_FORMAT") not in ("", "text", "json"):
        yield "PIPELINE_LOG_FORMAT has to be text or json; correct it in the environment or .env."
    zone = environment().get("TZ", "").removeprefix(":")
    is_file = any(Path(folder, zone).is_file() for folder in ("/", *zoneinfo.TZPATH))
    # TZ may be as POSIX writes it, with the offset: KST-9, <+09>-9, CET-1CEST,M3.5.0,M10.5.0/3.
    posix = r"([A-Za-z]{3,}|<[\w+-]{3,}>)[+-]?\d.*"
    if not (zone in ("", "UTC") or is_file or re.fullmatch(posix, zone)):
        what = f"TZ is {zone!r}, which is no time zone of this machine: all times, and what is"
        yield f"{what} today, are taken as UTC; write it like Asia/Seoul."


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
