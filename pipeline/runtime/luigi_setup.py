"""Before luigi is imported: see that its configuration can be read, and that ours is in force.

Luigi reads its configuration while it is imported. A damaged file ends that in a traceback; one
that cannot be read is passed over in silence. And without our luigi.cfg a failed run would exit
with 0, so it underlies whatever other configuration there is.
"""

from __future__ import annotations

import atexit
import configparser
import contextlib
import gc
import itertools
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pipeline import settings
from pipeline.storage import bounded

_ALSO_CORE = {"rpc_connect_timeout", "rpc_retry_attempts", "rpc_retry_wait", "rpc_log_retries"}
"""Options of [core] that luigi reads itself and nevertheless warns of as unknown."""


PACKAGE = "pipeline"
"""Tasks of this package and of each of its modules are ours."""


def prepare_luigi() -> None:
    """Import luigi with a configuration that is known to be good.

    Raises:
        SystemExit: a configuration file is missing or damaged; its text says which and why.
    """
    files = _configuration_files()
    try:
        with _without_detours():
            import luigi.configuration
            import luigi.interface
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        where = " or ".join(str(path.absolute()) for path in files)
        raise SystemExit(f"{where} is no luigi configuration: {reason}") from None
    except ValueError as error:
        raise SystemExit(
            f"autoload_range in [core] of luigi.cfg cannot be used ({error}): correct it there."
        ) from None
    if serves_another_module():
        return
    _keep_what_is_written_from_others()
    _read_our_configuration()
    luigi.interface.core.ignore_unconsumed |= _ALSO_CORE
    _log_in_to_luigid()

    from pipeline.runtime import journal, luigi_messages

    luigi_messages.install()
    journal.install()


def _read_our_configuration() -> None:
    """Have luigi read our luigi.cfg below all others, and unattended.cfg for the wrapper's runs.

    The wrapper's runs repeat failed tasks whatever LUIGI_CONFIG_PATH names, which is read last.
    """
    import luigi.configuration

    parser = luigi.configuration.LuigiConfigParser
    paths = [str(path) for path in parser._config_paths]
    ours, unattended = str(settings.REPOSITORY / "luigi.cfg"), str(settings.unattended_config())
    if ours not in paths:
        paths.insert(0, ours)
    if settings.started_by() and unattended not in paths:
        named = settings.luigi_config_path()
        last = len(paths) - 1 if named and paths[-1] == str(named) else len(paths)
        paths.insert(last, unattended)
    if paths != parser._config_paths:
        parser._config_paths = paths
        parser.reload()


def is_wrapper() -> bool:
    """Whether this process is `tmdb-scheduled`, which starts luigi and needs none of it itself.

    It has to start, and to alert, although luigi's configuration is damaged.
    """
    return Path(sys.argv[0]).name == "tmdb-scheduled"


def _keep_what_is_written_from_others() -> None:
    """Let nobody else change a file or a folder of ours, whatever the umask says to it."""
    os.umask(os.umask(0o077) | stat.S_IWOTH)


@contextlib.contextmanager
def _without_detours() -> Iterator[None]:
    """Import in two thirds of the time.

    tenacity, which luigi tries again with, imports all of tornado if there is one, for coroutines
    that nobody here has. And while modules are made, as while they are taken down at the end, the
    garbage collector goes through all of them over and over, for nothing; frozen, they also stay
    shared with forked workers.
    """
    unwanted = "tornado" not in sys.modules
    if unwanted:
        sys.modules["tornado"] = None  # type: ignore[assignment]
    gc.disable()
    atexit.register(gc.freeze)
    try:
        import tenacity  # noqa: F401

        if unwanted:
            del sys.modules["tornado"]
        yield
    finally:
        gc.freeze()
        gc.enable()


def _log_in_to_luigid() -> None:
    """Have workers tell luigid the password, if one is set. It stays in this process's memory."""
    import luigi.configuration

    password = settings.luigid_password()
    configuration = luigi.configuration.get_config()
    url = configuration.get("core", "scheduler_url", "")
    if password is None or not url or "@" in url:
        return
    scheme, _, rest = url.partition("://")
    secret = quote(password.secret, safe="", errors="surrogateescape")
    secret = secret.replace("%", "%%")  # configparser halves them again
    configuration.set("core", "scheduler_url", f"{scheme}://luigi:{secret}@{rest}")


def serves_another_module() -> bool:
    """Whether this process is the `luigi` command, asked for tasks of somebody else's module."""
    name = _module_of(sys.argv[1:])
    is_ours = name == PACKAGE or name.startswith(f"{PACKAGE}.")
    return Path(sys.argv[0]).name == "luigi" and not is_ours


def _module_of(words: list[str]) -> str:
    """Return what luigi will read as --module: the last one, also abbreviated, as argparse does."""
    found = ""
    for word, after in itertools.pairwise([*words, ""]):
        option, equals, value = word.partition("=")
        if word == "--":
            break
        if len(option) > len("--") and "--module".startswith(option):
            found = value if equals else after
    return found


def asks_for_a_range() -> bool:
    """Whether the command names one of luigi's ranges, or ours."""
    return any(word.startswith("Range") for word in sys.argv[1:])


def _configuration_files() -> list[Path]:
    """Return the files that luigi will read here; one that cannot be read ends the run."""
    named = settings.luigi_config_path()
    files = [
        path for path in (Path("luigi.cfg"), named) if path and (path.exists() or path is named)
    ]
    for path in files:
        try:
            bounded.read(path)
        except OSError as error:
            raise SystemExit(
                f"{path.absolute()} cannot be read ({error.strerror}): mend its permissions, or "
                "correct LUIGI_CONFIG_PATH."
            ) from None
    return files
