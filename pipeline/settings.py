"""What the machine's owner may set, by environment variables and a `.env` file.

The only module that reads `os.environ`. The environment wins over `.env`; an empty value counts as
not set.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pipeline import clock
from pipeline.catalog import Plan, plan_from
from pipeline.errors import SettingsError
from pipeline.paths import Layout
from pipeline.storage import bounded, folders
from pipeline.tmdb.credential import DEMO, Credential, Secret

if TYPE_CHECKING:
    from pipeline.quality.thresholds import Thresholds

VARIABLES = {
    "TMDB_API_KEY": "",
    "TMDB_LANGUAGE": "ko-KR",
    "TMDB_REGION": "KR",
    "TMDB_API_URL": "https://api.themoviedb.org/3",
    "TMDB_REQUESTS_PER_SECOND": "38",
    "TMDB_MAX_RETRIES": "5",
    "PIPELINE_DATA_DIR": "data",
    "PIPELINE_CONFIG_DIR": "",
    "PIPELINE_HISTORY_URL": "",
    "PIPELINE_LUIGID_PASSWORD": "",
    "PIPELINE_ALERT_URL": "",
    "PIPELINE_HEARTBEAT_URL": "",
    "PIPELINE_LOG_FORMAT": "text",
}
"""Every variable that is read, with its default."""

_SECRETS = (
    "TMDB_API_KEY",
    "PIPELINE_HISTORY_URL",
    "PIPELINE_LUIGID_PASSWORD",
    "PIPELINE_ALERT_URL",
    "PIPELINE_HEARTBEAT_URL",
    "POSTGRES_PASSWORD",
)

STARTED_BY = "PIPELINE_STARTED_BY"
COLLECT_UNTIL = "PIPELINE_COLLECT_UNTIL"
RUN_LOG = "PIPELINE_RUN_LOG"
RUN_FAILURES = "PIPELINE_RUN_FAILURES"
OF_A_RUN = (STARTED_BY, COLLECT_UNTIL, RUN_LOG, RUN_FAILURES)
"""Variables that the wrapper and a run set for their own processes; nobody else has to."""

_FOLDERS = ("PIPELINE_DATA_DIR", "PIPELINE_CONFIG_DIR")
"""Variables in which `~` and `$HOME` are expanded, as a shell would."""

DEMO_DATA_DIR = "data-demo"
"""Where the embedded catalogue's files go unless PIPELINE_DATA_DIR says otherwise."""

_for_reading: dict[str, str] = {}
"""Folders that a command which only reads uses where none is set; see `read_demo_data`."""

REPOSITORY = Path(__file__).parent.parent
"""The folder that holds this package and, in a checkout, luigi.cfg and config/."""

KEY_HINT = (
    "TMDB_API_KEY is not set: get a free key at https://www.themoviedb.org/settings/api and put it "
    "into the environment or .env, or set TMDB_API_KEY=demo to try the embedded catalogue."
)


class Settings(NamedTuple):
    """All settings of a run, checked. `credential` is None where no key is set."""

    credential: Credential | None
    language: str
    region: str
    api_url: str
    requests_per_second: float
    max_retries: int
    data_dir: Path
    config_dir: Path
    history: Secret | None
    luigid_password: Secret | None
    alert_url: Secret | None
    log_format_wanted: str

    @property
    def sends_key_in_clear(self) -> bool:
        """Whether whoever sits between us and the API can read the key."""
        address = urlsplit(self.api_url)
        here = re.fullmatch(r"localhost|127(\.\d+){3}|::1", address.hostname or "")
        real = self.credential is not None and not self.credential.is_demo
        return real and address.scheme == "http" and not here

    @property
    def log_format(self) -> str:
        """The form of log lines, `text` or `json`; a word that is neither keeps no run waiting."""
        return "json" if self.log_format_wanted == "json" else "text"

    def refuse_optional(self) -> None:
        """Refuse values of settings that no run needs, for who checks the configuration.

        Raises:
            SettingsError: one of them is unusable; the sentence names it.
        """
        _ = self.history_url
        known = {"PIPELINE_LOG_FORMAT": self.log_format_wanted}
        _matching(known, "PIPELINE_LOG_FORMAT", r"text|json", "has to be text or json")

    @property
    def history_url(self) -> Secret | None:
        """The address of the task history, with the driver that is installed.

        Checked by who uses it, since no list has to wait for it.

        Raises:
            SettingsError: it is no address of PostgreSQL.
        """
        return _history_url(self.history.secret) if self.history else None

    def required_credential(self) -> Credential:
        """Return the credential, or raise SettingsError saying where to get one."""
        if self.credential is None:
            raise SettingsError(KEY_HINT, variable="TMDB_API_KEY")
        return self.credential

    def plan(self) -> Plan:
        """Return what is collected, by `collection.toml` in the configuration's folder."""
        path = self.config_dir / "collection.toml"
        return _plan_of(path, _stamp(path))

    def thresholds(self) -> Thresholds:
        """Return how good is good enough, by `quality.toml`; the packaged limits without one."""
        path = self.config_dir / "quality.toml"
        slugs = tuple(genre.slug for genre in self.plan().genres)
        return _thresholds_of(path, _stamp(path), slugs)


def current() -> Settings:
    """Return the settings as the environment and `.env` are now.

    Raises:
        SettingsError: a value is unusable or `.env` cannot be read; the sentence names it.
    """
    path = Path(".env").absolute()
    from_file = _dotenv(path, _stamp(path))
    given = tuple(os.environ.get(name, "").strip() or from_file.get(name, "") for name in VARIABLES)
    return _settings(given, tuple(_folder(name, from_file) for name in _FOLDERS), path.parent)


def _folder(name: str, from_file: Mapping[str, str]) -> str:
    """Return the folder that a variable names, expanded; empty where it is not set."""
    given = os.environ.get(name, "").strip()
    value = given or from_file.get(name, "") or _for_reading.get(name, "")
    if folders.is_plain(value):
        return value

    def lookup(other: str) -> str:
        is_secret = other in _SECRETS
        return "" if is_secret else os.environ.get(other, "") or from_file.get(other, "")

    return folders.expanded(name, value, lookup, from_shell=bool(given))


def read_demo_data() -> tuple[Path, Path] | None:
    """Have `current` name the embedded catalogue's data where there is no other to read.

    For commands that only read, in a process of their own: after a run without a key its files are
    found without one, too. That is so where no key and no data root is set and only `data-demo`
    holds documents.

    Returns:
        The folder that holds nothing and the one that is read instead; None where nothing changed.

    Raises:
        SettingsError: as `current`.
    """
    usual, demo = current(), Path(DEMO_DATA_DIR).absolute()
    is_set = os.environ.get("PIPELINE_DATA_DIR", "").strip() or dotenv().get("PIPELINE_DATA_DIR")
    if usual.credential is not None or is_set or not demo.is_dir() or _is_used(usual.data_dir):
        return None
    _for_reading["PIPELINE_DATA_DIR"] = DEMO_DATA_DIR
    return usual.data_dir, demo


def _is_used(root: Path) -> bool:
    """Whether a data root holds documents, or luigid was started with it."""
    layout = Layout(root)
    return layout.documents.exists() or layout.luigid_pid.exists()


def redacted(text: str) -> str:
    """Return the text without any of the secrets, whatever else is wrong with the settings."""
    from_file = dotenv()
    for name in _SECRETS:
        for value in (os.environ.get(name, "").strip(), from_file.get(name, "").strip()):
            for secret in _parts_to_hide(value):
                text = Secret(secret).redact(text)
    return text


def alert_url() -> Secret | None:
    """Return where alerts go, whatever else is wrong with the settings: that is worth an alert."""
    return _secret_alone("PIPELINE_ALERT_URL")


def heartbeat_url() -> Secret | None:
    """Return what is requested while nothing is overdue, whatever else is wrong."""
    return _secret_alone("PIPELINE_HEARTBEAT_URL")


def started_by() -> str | None:
    """Return who started this run: `schedule` or `trigger`; None where our wrapper did not."""
    word = os.environ.get(STARTED_BY, "")
    return word if word in ("schedule", "trigger") else None


def collect_until() -> datetime.datetime | None:
    """Return from when on no list may be collected any more; None where there is no such moment."""
    with contextlib.suppress(ValueError, OverflowError, OSError):
        seconds = float(os.environ.get(COLLECT_UNTIL, ""))
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return None


def set_collect_until(moment: datetime.datetime | None) -> None:
    """Have this process and all that it starts collect nothing from that moment on."""
    if moment is None:
        os.environ.pop(COLLECT_UNTIL, None)
    else:
        os.environ[COLLECT_UNTIL] = f"{moment.timestamp():.0f}"


def file_of_this_run(name: str) -> Path | None:
    """Return the file that RUN_LOG or RUN_FAILURES names for the task processes of a run."""
    value = os.environ.get(name)
    return Path(value) if value else None


def set_file_of_this_run(name: str, path: Path | None) -> None:
    """Name a file for the task processes that this process starts, forked or not."""
    if path is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = str(path)


def environment() -> dict[str, str]:
    """Return a copy of this process's environment, for a process that it starts."""
    return dict(os.environ)


def adopt(variables: Mapping[str, str]) -> None:
    """Set these variables in this process's environment, its time zone included."""
    os.environ.update(variables)
    clock.read_time_zone()


def luigid_password() -> Secret | None:
    """Return what luigid asks for, whatever else is wrong with the settings."""
    return _secret_alone("PIPELINE_LUIGID_PASSWORD")


def proxy_variable(scheme: str) -> str | None:
    """Return the name of the variable by which addresses of a scheme have a proxy, as spelled."""
    names = (f"{scheme}_proxy", "all_proxy")
    spelled = (each for name in names for each in (name, name.upper()))
    return next((name for name in spelled if os.environ.get(name)), None)


def certificates_variable() -> str | None:
    """Return the name of the variable that says which certificates are trusted."""
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return next((name for name in names if os.environ.get(name)), None)


def _secret_alone(name: str) -> Secret | None:
    return _secret(os.environ.get(name, "").strip() or dotenv().get(name, "").strip())


def dotenv() -> dict[str, str]:
    """Return what `.env` sets; nothing where it cannot be read, which `current` tells of."""
    path = Path(".env")
    with contextlib.suppress(SettingsError):
        return _dotenv(path.absolute(), _stamp(path))
    return {}


def _parts_to_hide(value: str) -> list[str]:
    """Return a secret, and where it is an address the password in it, as written and as meant."""
    password = value.rpartition("@")[0].partition("://")[2].partition(":")[2]
    return [each for each in (value, password, unquote(password)) if each]


def luigi_config_path() -> Path | None:
    """Return the luigi configuration that the environment names, whether it exists or not."""
    named = os.environ.get("LUIGI_CONFIG_PATH")
    return Path(named) if named else None


def unattended_config() -> Path:
    """Return the configuration of unattended runs: that of PIPELINE_CONFIG_DIR, else ours."""
    named = os.environ.get("PIPELINE_CONFIG_DIR", "").strip()
    mine = Path(named or "config") / "unattended.cfg"
    return mine.absolute() if mine.is_file() else REPOSITORY / "config/unattended.cfg"


@functools.lru_cache(maxsize=8)
def _settings(given: tuple[str, ...], folders_given: tuple[str, ...], _: Path) -> Settings:
    """Check the values; relative folders count from the working folder, which comes last."""
    chosen = {
        **dict(zip(VARIABLES, given, strict=True)),
        **dict(zip(_FOLDERS, folders_given, strict=True)),
    }
    values = {name: chosen[name] or default for name, default in VARIABLES.items()}
    key = _matching(values, "TMDB_API_KEY", r"[!-~]*", "has to be one word of printable characters")
    if key == DEMO and not chosen["PIPELINE_DATA_DIR"]:
        values["PIPELINE_DATA_DIR"] = DEMO_DATA_DIR
    return Settings(
        credential=Credential(key) if key else None,
        language=_matching(
            values, "TMDB_LANGUAGE", r"[a-z]{2}(-[A-Z]{2})?", "has to be like ko-KR"
        ),
        region=_matching(values, "TMDB_REGION", r"[A-Z]{2}", "has to be like KR"),
        api_url=_api_url(values["TMDB_API_URL"]),
        requests_per_second=_number(values, "TMDB_REQUESTS_PER_SECOND", low=0.1, high=1000),
        max_retries=int(_number(values, "TMDB_MAX_RETRIES", low=0, high=20, whole=True)),
        data_dir=_data_dir(values["PIPELINE_DATA_DIR"]),
        config_dir=_config_dir(values["PIPELINE_CONFIG_DIR"]),
        history=_secret(values["PIPELINE_HISTORY_URL"]),
        luigid_password=_secret(values["PIPELINE_LUIGID_PASSWORD"]),
        alert_url=_secret(values["PIPELINE_ALERT_URL"]),
        log_format_wanted=values["PIPELINE_LOG_FORMAT"],
    )


@functools.lru_cache(maxsize=8)
def _dotenv(path: Path, stamp: tuple[int, ...]) -> dict[str, str]:
    return _read_dotenv(path) if stamp else {}


def _read_dotenv(path: Path) -> dict[str, str]:
    from dotenv.parser import parse_stream

    try:
        bindings = list(parse_stream(io.StringIO(bounded.read(path).decode(), newline=None)))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read ({why}): mend or remove it.") from None
    for binding in bindings:
        if binding.error or (binding.key and binding.value is None):
            text = binding.original.string
            empty_before = text[: len(text) - len(text.lstrip())].count("\n")
            line = binding.original.line + empty_before
            raise SettingsError(f"{path}, line {line}: write NAME=value there, or remove it.")
    return {each.key: each.value.strip() for each in bindings if each.key and each.value}


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes when the file does; empty where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SettingsError(f"{path.absolute()} cannot be read ({error.strerror}).") from None
    return status.st_ino, status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=8)
def _plan_of(path: Path, stamp: tuple[int, ...]) -> Plan:
    if not stamp:
        raise SettingsError(
            f"{path.absolute()} is missing: run from the repository's root, or name the folder "
            "that holds collection.toml in PIPELINE_CONFIG_DIR.",
            variable="PIPELINE_CONFIG_DIR",
        )
    tables = _tables(path)
    with _naming(path):
        return plan_from(tables)


@functools.lru_cache(maxsize=8)
def _thresholds_of(path: Path, stamp: tuple[int, ...], slugs: tuple[str, ...]) -> Thresholds:
    from pipeline.quality.thresholds import thresholds_from  # only a run that judges needs them

    tables = _tables(path) if stamp else {}
    with _naming(path):
        return thresholds_from(tables, slugs)


def _tables(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(bounded.read(path).decode())
    except RecursionError:
        why = "it is nested too deeply"
        raise SettingsError(f"{path.absolute()} cannot be read: {why}.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise SettingsError(f"{path.absolute()} cannot be read: {why}.") from None


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say which file it is that a setting is wrong in."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{path.absolute()}: {error}", file=str(path.absolute())) from None


def _config_dir(value: str) -> Path:
    if value:
        return Path(value)
    return Path("config") if _stamp(Path("config/collection.toml")) else REPOSITORY / "config"


def _secret(value: str) -> Secret | None:
    return Secret(value) if value else None


def _history_url(value: str) -> Secret | None:
    """Name the driver that is installed: SQLAlchemy 2.1 would look for another one."""
    scheme, separator, rest = value.partition("://")
    if not value:
        return None
    known = scheme in ("postgresql", "postgresql+psycopg2", "postgres")
    if not separator or not known or not value.isprintable():
        raise SettingsError(
            "PIPELINE_HISTORY_URL has to be like postgresql://luigi:PASSWORD@host:5432/luigi.",
            variable="PIPELINE_HISTORY_URL",
        )
    return Secret(f"postgresql+psycopg2://{rest}")


def _data_dir(value: str) -> Path:
    if "://" in value:
        raise SettingsError(
            "PIPELINE_DATA_DIR has to be a folder of this machine; an object store's URL is not "
            "supported yet.",
            variable="PIPELINE_DATA_DIR",
        )
    return Path(value).absolute()


def _api_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not value.isprintable() or re.search(r"[\s?#@\\]", value):
        raise SettingsError(
            "TMDB_API_URL has to be a plain http or https address like "
            f"{VARIABLES['TMDB_API_URL']}, without user, password or query.",
            variable="TMDB_API_URL",
        )
    return value.rstrip("/")


def _matching(values: Mapping[str, str], name: str, pattern: str, rule: str) -> str:
    if not re.fullmatch(pattern, values[name]):
        raise SettingsError(f"{name} {rule}; correct it in the environment or .env.", variable=name)
    return values[name]


def _number(
    values: Mapping[str, str], name: str, *, low: float, high: float, whole: bool = False
) -> float:
    kind = "whole number" if whole else "number"
    try:
        number = int(values[name]) if whole else float(values[name])
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise SettingsError(
            f"{name} has to be a {kind} from {low:g} to {high:g}; correct it in the environment "
            "or .env.",
            variable=name,
        )
    return number
