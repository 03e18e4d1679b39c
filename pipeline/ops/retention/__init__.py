"""Delete what TMDB's terms no longer allow to keep, and know what was deleted."""
