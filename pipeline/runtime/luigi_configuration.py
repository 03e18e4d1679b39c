"""luigi's configuration as it is in force: files read, where luigid is, what is wrong in it."""

import configparser
import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import luigi.configuration
from luigi.task_register import Register

from pipeline.errors import SettingsError
from pipeline.runtime import luigi_setup
from pipeline.runtime.luigi_messages import scheduler_address
from pipeline.tmdb.credential import Secret

# Options that luigi does not validate: their type and minimum; the maximum is a day.
_READ_LATE = {
    ("core", "rpc_connect_timeout"): ("getfloat", 0.001),
    ("core", "rpc_retry_attempts"): ("getint", 1),
    ("core", "rpc_retry_wait"): ("getint", 0),
    ("core", "rpc_log_retries"): ("getboolean", 0),
    ("worker", "ping_interval"): ("getfloat", 0.001),
    ("worker", "wait_interval"): ("getfloat", 0.001),
    ("worker", "wait_jitter"): ("getfloat", 0),
}


def files() -> list[tuple[Path, bool]]:
    """Return each file that luigi looks for, in the order of reading, and whether it is there."""
    paths = [Path(each).absolute() for each in luigi_setup.config_paths()]
    once = dict.fromkeys(path for path in paths if path.name != "client.cfg")
    return [(path, path.is_file()) for path in once]


def scheduler_url(address: str | None = None) -> str:
    """Return luigid's address without the login that it may hold; SettingsError if it is none."""
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
    """Return the password in the address of luigid, which is a URL, if somebody wrote one there."""
    password = urlsplit(address or scheduler_address()).password
    return Secret(unquote(password, errors="surrogateescape")) if password else None


def statuses() -> dict[str, int]:
    """Return the exit status of each ending by [retcode], else 0; raise SettingsError."""
    names = ("already_running", "missing_data", "not_run", "task_failed", "scheduling_error")
    status_of = luigi.configuration.get_config().getint
    try:
        return {e: status_of("retcode", e, 0) for e in (*names, "unhandled_exception")}
    except ValueError as error:
        raise SettingsError(f"[retcode] of luigi.cfg needs whole numbers ({error}).") from None


def refuse_unusable() -> None:
    """Raise SettingsError for an option that would be a traceback once luigi reads it."""
    configuration = luigi.configuration.get_config()
    section, option = "resources", "an amount"
    try:
        configuration.getintdict(section)
        for (section, option), (reader, least) in _READ_LATE.items():
            value = getattr(configuration, reader)(section, option, None)
            if value is not None and not least <= value <= 86_400:
                raise ValueError(f"it has to be from {least:g} to 86400")
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"{option} in [{section}] of luigi.cfg cannot be used ({reason}): correct it there."
        ) from None


def mistakes() -> Iterator[str]:
    """Yield a sentence for endings without a status, and for sections that luigi would ignore."""
    if silent := [name for name, status in statuses().items() if status == 0]:
        yield (
            f"[retcode] of luigi's configuration gives no status to {', '.join(silent)}: a run "
            "that ends so would exit with 0; set one as the luigi.cfg of this pipeline does."
        )
    # These, luigi reads without declaring them as a class of options.
    more = ("resources", "task_history", "logging", "email", "retcode", "tmdb_pipeline")
    known = {*Register.task_names(), *more}
    for path, _ in files():
        parser = configparser.ConfigParser(interpolation=None)
        with contextlib.suppress(configparser.Error, UnicodeDecodeError):  # luigi refuses these
            parser.read(path, encoding="utf-8")
        if unknown := [f"[{each}]" for each in parser.sections() if each not in known]:
            what = f"{path} has a section that luigi does not know and ignores"
            yield f"{what}: {', '.join(unknown)}; correct or remove it."
