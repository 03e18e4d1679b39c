"""The subcommands of `tmdb-pipeline`, one module each."""
