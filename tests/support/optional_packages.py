"""Packages of extras, without which the tests that need them skip, with a reason."""

from __future__ import annotations

import pytest


def require_pyarrow() -> None:
    """Skip the test, or the tests of the module that is imported, where pyarrow is missing."""
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: `make extras` installs it")
