"""Import luigi, which reads its configuration meanwhile: with one sentence if it cannot be read."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path

from pipeline import settings
from pipeline.storage import bounded


def load() -> None:
    """Import luigi, or exit with a sentence about a configuration that cannot be used."""
    files = _readable_configuration_files()
    # Tenacity imports tornado for coroutines that luigi does not have: 6 % of a no-op run.
    is_hidden = sys.modules.setdefault("tornado", None) is None  # type: ignore[arg-type]
    try:
        import luigi.cmdline  # noqa: F401
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        where = " or ".join(str(path.absolute()) for path in files)
        raise SystemExit(f"{where} is no luigi configuration: {reason}") from None
    except ValueError as error:
        raise SystemExit(
            f"autoload_range in [core] of luigi.cfg cannot be used ({error}): correct it there."
        ) from None
    if is_hidden:
        del sys.modules["tornado"]


def _readable_configuration_files() -> list[Path]:
    ours, named = Path("luigi.cfg"), settings.file_of_this_run("LUIGI_CONFIG_PATH")
    files = [path for path in (ours, named) if path and (path == named or path.exists())]
    for path in files:
        try:
            bounded.read(path)
        except OSError as error:
            raise SystemExit(
                f"{path.absolute()} cannot be read ({error.strerror}): fix its permissions, or "
                "correct LUIGI_CONFIG_PATH."
            ) from None
    return files
