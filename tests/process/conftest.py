"""Tests that start processes: the installed commands, and children of the tests."""

from support.docker import docker
from support.scheduled_runs import layout, run, start, variables

__all__ = ["docker", "layout", "run", "start", "variables"]
