"""The probes of `tmdb-pipeline doctor`."""
