"""Tests against a real PostgreSQL."""

from support.backup_runs import root

__all__ = ["root"]
