"""luigi's configuration as it is in force: files read, where luigid is, what is amiss."""

from __future__ import annotations

import configparser
import difflib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import luigi.configuration
from luigi.task_register import Register

from pipeline.errors import SettingsError
from pipeline.ops import luigi_options
from pipeline.runtime import luigi_setup
from pipeline.runtime.luigi_messages import scheduler_address
from pipeline.tmdb.credential import Secret

STATUSES = (
    "already_running",
    "missing_data",
    "not_run",
    "task_failed",
    "scheduling_error",
    "unhandled_exception",
)
"""Entries of `[retcode]` without which a failed run would exit with 0."""

_NOT_OF_A_CLASS = {
    *("resources", "task_history", "logging", "DEFAULT", "email", "retcode", "tmdb_pipeline"),
}
"""Sections that luigi reads without declaring them as a class of options."""


def files() -> list[tuple[Path, bool]]:
    """Return each file that luigi looks for, in the order of reading, and whether it is there."""
    paths = [Path(each).absolute() for each in luigi_setup.config_paths()]
    once = dict.fromkeys(path for path in paths if path.name != "client.cfg")
    return [(path, path.is_file()) for path in once]


def scheduler_url(address: str | None = None) -> str:
    """Return the address where luigi looks for luigid, without the login that it may hold.

    Raises:
        SettingsError: it is no http address.
    """
    try:
        parts = urlsplit(address or scheduler_address())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            "scheduler_url in [core] of luigi.cfg has to be like http://127.0.0.1:8082/."
        )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def scheduler_password(address: str | None = None) -> Secret | None:
    """Return the password in the address of luigid, if somebody wrote one there."""
    try:
        password = urlsplit(address or scheduler_address()).password
    except ValueError:
        return None
    return Secret(unquote(password, errors="surrogateescape")) if password else None


def statuses() -> dict[str, int]:
    """Return the exit status of each ending as `[retcode]` sets it; 0 where it does not.

    Raises:
        SettingsError: one of them is no number.
    """
    configuration = luigi.configuration.get_config()
    try:
        return {name: configuration.getint("retcode", name, 0) for name in STATUSES}
    except ValueError as error:
        raise SettingsError(f"[retcode] of luigi.cfg needs whole numbers ({error}).") from None


def problems() -> list[str]:
    """Return a sentence for each thing in luigi's configuration that would be passed over."""
    try:
        luigi_options.refuse_unusable()
        zero = [name for name, status in statuses().items() if status == 0]
    except SettingsError as error:
        return [str(error)]
    found = [
        f"[retcode] of luigi's configuration gives no status to {name}: a run that ends so would "
        "exit with 0; set one as the luigi.cfg of this pipeline does."
        for name in zero
    ]
    return found + [_unknown(path, name) for path, name in _unknown_sections()]


def _unknown_sections() -> list[tuple[Path, str]]:
    known = _sections_of_luigi()
    return [
        (path, section)
        for path, is_there in files()
        if is_there
        for section in _sections(path)
        if section not in known
    ]


def _sections_of_luigi() -> set[str]:
    return {str(name) for name in Register.task_names()} | _NOT_OF_A_CLASS


def _sections(path: Path) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return []  # luigi itself refuses to start with such a file
    return parser.sections()


def _unknown(path: Path, section: str) -> str:
    near = difflib.get_close_matches(section, _sections_of_luigi(), n=1)
    hint = f"; did you mean [{near[0]}]?" if near else "."
    return f"{path} has a section [{section}] that luigi does not know and ignores{hint}"
