"""Options of luigi.cfg that luigi does not validate, so that a wrong one fails during a run."""

from __future__ import annotations

import luigi.configuration

from pipeline.errors import SettingsError

_A_DAY = 86_400
_READ_LATE = {
    ("core", "rpc_connect_timeout"): ("getfloat", 0.001, _A_DAY),
    ("core", "rpc_retry_attempts"): ("getint", 1, _A_DAY),
    ("core", "rpc_retry_wait"): ("getint", 0, _A_DAY),
    ("core", "rpc_log_retries"): ("getboolean", False, True),
    ("worker", "ping_interval"): ("getfloat", 0.001, _A_DAY),
    ("worker", "wait_interval"): ("getfloat", 0.001, _A_DAY),
    ("worker", "wait_jitter"): ("getfloat", 0, _A_DAY),
}
"""The type, minimum and maximum of each option: seconds, attempts, or yes and no."""


def refuse_unusable() -> None:
    """Read them before luigi does, where a wrong value would be a traceback.

    Raises:
        SettingsError: one cannot be used; the sentence names it.
    """
    configuration = luigi.configuration.get_config()
    section, option = "resources", "an amount"
    try:
        configuration.getintdict(section)
        for (section, option), (reader, least, most) in _READ_LATE.items():
            value = getattr(configuration, reader)(section, option, None)
            if value is not None and not least <= value <= most:
                raise ValueError(f"it has to be from {least:g} to {most:g}")
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"{option} in [{section}] of luigi.cfg cannot be used ({reason}): correct it there."
        ) from None
