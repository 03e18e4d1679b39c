"""Have `.env` and the files of `config/` read again, which a process reads once."""

from __future__ import annotations

from pipeline import settings


def clear_settings_cache() -> None:
    for cached in (settings._settings, settings._dotenv, settings._from_toml):
        cached.cache_clear()
