"""The settings of a run: environment variables and a `.env` file, read once by each process.

Only this module and `pipeline.ops.settings` read the environment, which wins over `.env`. An empty
value counts as not set.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from dotenv.parser import parse_stream

from pipeline.catalog import Plan, plan_from
from pipeline.errors import SettingsError
from pipeline.paths import Layout
from pipeline.quality.rules import Thresholds, thresholds_from
from pipeline.storage import local
from pipeline.storage.object_path import SCHEME, ObjectPath
from pipeline.terms import LIMITS
from pipeline.tmdb.credential import DEMO, Credential, Secret

_ADDRESS = r"https?://([\w.-]+|\[[\da-fA-F:.]+\])(:([1-9]\d{0,3}|[1-6]\d{4}))?(/[\w.~%/+:-]*)?"
_RATE = r"0\.[1-9]\d*|[1-9]\d{0,2}(\.\d*)?|1000(\.0*)?"
_FOLDER = r"(?![~'\"])(?!.*://)[^$`]*"
_PLAIN = "a plain folder and no URL; of what a shell expands only ~ and $HOME are expanded"
_DATA_ROOT = rf"{_FOLDER}|s3://[a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9](/(?!\.\.?(/|$))[\w.!*'()=-]+)*/?"
_BUCKET = f"{_PLAIN}; or s3://bucket/prefix, the only kind of object store that is supported"

# The variables of a run: default, pattern of the value, and how a message describes it.
_RULES = {
    "TMDB_API_KEY": ("", r"[!-~]*", "one word of printable characters"),
    "TMDB_LANGUAGE": ("ko-KR", r"[a-z]{2}(-[A-Z]{2})?", "like ko-KR"),
    "TMDB_REGION": ("KR", r"[A-Z]{2}", "like KR"),
    "TMDB_API_URL": ("https://api.themoviedb.org/3", _ADDRESS, "http or https, no user or query"),
    "TMDB_REQUESTS_PER_SECOND": ("38", _RATE, "a number from 0.1 to 1000"),
    "TMDB_MAX_RETRIES": ("5", r"1?\d|20", "a whole number from 0 to 20"),
    "PIPELINE_DATA_DIR": ("data", _DATA_ROOT, _BUCKET),
    "PIPELINE_WORK_DIR": ("", _FOLDER, _PLAIN),
    "PIPELINE_HOSTS": ("1", r"[1-9]|1[0-6]", "the number of hosts behind one address, 1 to 16"),
    "PIPELINE_CONFIG_DIR": ("", _FOLDER, _PLAIN),
    "PIPELINE_LOG_FORMAT": ("text", r".*", "text or json"),
    "PIPELINE_EXPORT": ("", r".*", "analysis or ml-agreement"),
}
# Every variable of a run with its default.
VARIABLES = {name: default for name, (default, _, _) in _RULES.items()}
# The variables that are redacted wherever a text is shown, those of `pipeline.ops` included.
SECRETS = (
    *("TMDB_API_KEY", "PIPELINE_HISTORY_URL", "PIPELINE_LUIGID_PASSWORD"),
    *("PIPELINE_ALERT_URL", "PIPELINE_HEARTBEAT_URL", "POSTGRES_PASSWORD"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "PIPELINE_WAREHOUSE_URL",
)
# The variables that a run and its wrapper set for the processes that they start: `schedule` or
# `trigger`, the seconds since 1970 from which nothing may be collected any more, and three files.
STARTED_BY, COLLECT_UNTIL = "PIPELINE_STARTED_BY", "PIPELINE_COLLECT_UNTIL"
RUN_LOG, RUN_FAILURES = "PIPELINE_RUN_LOG", "PIPELINE_RUN_FAILURES"
RUN_PROGRESS = "PIPELINE_RUN_PROGRESS"
# The data root of the embedded catalogue unless PIPELINE_DATA_DIR names another one.
DEMO_DATA_DIR = "data-demo"
# The value of PIPELINE_WAREHOUSE_URL by which the schedule fills the SQLite file of the data root.
SQLITE = "sqlite"
# The values of PIPELINE_EXPORT: what movies of TMDB are exported for. Nothing here can check it.
EXPORT_PURPOSES = ("analysis", "ml-agreement")
# The folder that holds this package and, in a checkout, luigi.cfg and config/.
REPOSITORY = Path(__file__).parent.parent


class Settings(NamedTuple):
    """All settings of a run, checked. `credential` is None where no key is set."""

    credential: Credential | None
    language: str
    region: str
    api_url: str
    requests_per_second: float
    max_retries: int
    data_dir: Path
    work_dir: Path | None
    hosts: int
    config_dir: Path
    log_format: str
    export_purpose: str

    def required_credential(self) -> Credential:
        """Return the credential, or raise SettingsError saying where to get one."""
        if self.credential is None:
            raise SettingsError(
                "TMDB_API_KEY is not set: get a free key at https://www.themoviedb.org/settings/api"
                " and put it into the environment or .env, or set TMDB_API_KEY=demo to try the "
                "embedded catalogue."
            )
        return self.credential

    @property
    def layout(self) -> Layout:
        """The paths below the data root."""
        return Layout(self.data_dir, self.work_dir)

    def required_export_purpose(self) -> str:
        """Return the purpose of an export of TMDB's movies, or raise SettingsError with the terms.

        Collecting needs no purpose, so a wrong one fails nothing else.
        """
        if self.export_purpose not in EXPORT_PURPOSES:
            raise SettingsError(
                f"PIPELINE_EXPORT does not say what the export is for: {LIMITS}; set "
                "PIPELINE_EXPORT=analysis to keep to that, or ml-agreement if TMDB has agreed."
            )
        return self.export_purpose

    def plan(self) -> Plan:
        """Return what is collected, from `collection.toml`."""
        plan: Plan = _from_toml(self.config_dir / "collection.toml", plan_from)
        return plan

    def thresholds(self) -> Thresholds:
        """Return the limits of `quality.toml`; the packaged ones without that file."""
        lists = self.plan().lists
        slugs = tuple(each.name for each in lists if each.genre)
        others = tuple(each.name for each in lists if not each.genre)
        path = self.config_dir / "quality.toml"
        limits: Thresholds = _from_toml(path, thresholds_from, slugs, others)
        return limits


def current() -> Settings:
    """Return the settings of this process, or raise SettingsError naming what is unusable."""
    return _settings(Path.cwd(), tuple(map(os.environ.get, (*VARIABLES, "HOME"))))


def value(name: str) -> str:
    """Return what the environment or `.env` sets, whatever else is wrong with the settings."""
    return os.environ.get(name, "").strip() or dotenv().get(name, "")


def secret(name: str) -> Secret | None:
    """Return a secret as `value` does; None where it is not set."""
    return Secret(value(name)) if value(name) else None


def database_url(name: str) -> Secret | None:
    """Return the address of a PostgreSQL with the installed driver, or raise SettingsError."""
    given = value(name)
    if not given:
        return None
    if not re.match(r"postgres(ql(\+psycopg2)?)?://", given) or not given.isprintable():
        raise SettingsError(f"{name} has to be like postgresql://luigi:PASSWORD@host:5432/luigi.")
    return Secret(f"postgresql+psycopg2://{given.partition('://')[2]}")


def warehouse_url() -> Secret | None:
    """Return the address of the warehouse; None where it is the SQLite file of the data root."""
    name = "PIPELINE_WAREHOUSE_URL"
    return None if value(name) == SQLITE else database_url(name)


def dotenv() -> dict[str, str]:
    """Return what `.env` sets; nothing where it cannot be read, of which `current` raises."""
    with contextlib.suppress(SettingsError):
        return _dotenv(Path.cwd() / ".env")
    return {}


def redacted(text: str) -> str:
    """Return the text without the secrets, nor the passwords of those that are addresses."""
    for name in SECRETS:
        for given in (os.environ.get(name, "").strip(), dotenv().get(name, "")):
            password = given.rpartition("@")[0].partition("://")[2].partition(":")[2]
            for hidden in filter(None, (given, password, unquote(password))):
                text = Secret(hidden).redact(text)
    return text


def run_variable(name: str) -> str | None:
    """Return what a run or its wrapper has set for the processes that it starts, like RUN_LOG."""
    return os.environ.get(name) or None


def set_run_variable(name: str, new: object) -> None:
    """Set a variable for the processes that this one starts; None counts as not set."""
    os.environ[name] = "" if new is None else str(new)


def unattended_config() -> Path:
    """Return the configuration of unattended runs: that of PIPELINE_CONFIG_DIR, else ours."""
    own = Path(os.environ.get("PIPELINE_CONFIG_DIR") or "config").absolute() / "unattended.cfg"
    return own if os.path.isfile(own) else REPOSITORY / "config/unattended.cfg"


@functools.lru_cache(maxsize=8)
def _settings(folder: Path, _environment: tuple[str | None, ...]) -> Settings:
    _dotenv(folder / ".env")
    given = {name: value(name) or default for name, default in VARIABLES.items()}
    if given["TMDB_API_KEY"] == DEMO and not value("PIPELINE_DATA_DIR"):
        given["PIPELINE_DATA_DIR"] = DEMO_DATA_DIR
    for name, (_, pattern, rule) in _RULES.items():
        if pattern in (_FOLDER, _DATA_ROOT):
            home = re.compile(r"^~(?=/|$)|\$HOME\b|\$\{HOME\}")
            given[name] = home.sub(lambda _: os.path.expanduser("~"), given[name])
        if not re.fullmatch(pattern, given[name]):
            raise SettingsError(f"{name} has to be {rule}; correct it in the environment or .env.")
    key, language, region, url, rate, retries, data_dir, work_dir, hosts, *more = given.values()
    config_dir, log_format, export_purpose = more
    own = folder / "config"
    is_used = os.path.exists(own / "collection.toml") or not os.access(own, os.X_OK)
    in_folder = own if is_used and os.path.exists(own) else REPOSITORY / "config"
    return Settings(
        *(Credential(key) if key else None, language, region, url.rstrip("/")),
        *(float(rate), int(retries)),
        *_data_root(folder, data_dir, work_dir),
        *(int(hosts), folder / (config_dir or in_folder)),
        log_format="json" if log_format == "json" else "text",
        export_purpose=export_purpose,
    )


def _data_root(folder: Path, data_dir: str, work_dir: str) -> tuple[Path, Path | None]:
    """Return the data root, and the folder for what stays on this machine if it is another one.

    Each data root has a folder of its own there. What AWS's tools read from the environment may
    stand in `.env` as well.
    """
    root = folder / data_dir
    if data_dir.startswith(SCHEME):
        root = ObjectPath(data_dir)
        for name in (each for each in dotenv() if each.startswith("AWS_")):
            os.environ.setdefault(name, dotenv()[name])
        if region := os.environ.get("AWS_REGION"):  # botocore knows the other name only
            os.environ.setdefault("AWS_DEFAULT_REGION", region)
    elif not work_dir:
        return root, None
    name = re.sub(r"[^\w.-]+", "-", data_dir.removeprefix(SCHEME)).strip("-.") or "data"
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:8]  # `a/b-c` is not `a-b/c`
    return root, folder / (work_dir or "work") / f"{name}-{digest}"


@functools.lru_cache(maxsize=8)
def _dotenv(path: Path) -> dict[str, str]:
    try:
        text = local.read(path).decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read ({why}): correct or remove it.") from None
    bindings = list(parse_stream(io.StringIO(text, newline=None)))
    for each in bindings:
        if each.error or (each.key and each.value is None):
            blank, *_ = re.split(r"\S", each.original.string, maxsplit=1)
            line = each.original.line + blank.count("\n")
            raise SettingsError(f"{path}, line {line}: write NAME=value there, or remove it.")
    return {each.key: each.value.strip() for each in bindings if each.key and each.value}


@functools.lru_cache(maxsize=8)
def _from_toml(path: Path, convert: Callable[..., Any], *more: object) -> Any:
    """Read a file of `config/`; every error names it. Without quality.toml, it is empty."""
    try:
        is_read = path.name != "quality.toml" or os.path.lexists(path)
        return convert(tomllib.loads(local.read(path).decode() if is_read else ""), *more)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        what = f"cannot be read: {why}; correct it, or name another folder in PIPELINE_CONFIG_DIR"
        raise SettingsError(f"{path} {what}.") from None
