"""The version, told to TMDB in the User-Agent and to pip by setup.cfg."""

VERSION = "0.1.0"

SCHEMA_VERSION = 1
"""Version of the documents' layout, written into each as `schema_version`."""
