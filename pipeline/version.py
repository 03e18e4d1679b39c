"""The version of the package, for the User-Agent and setup.cfg, and that of its documents."""

VERSION = "0.1.0"
SCHEMA_VERSION = 1
