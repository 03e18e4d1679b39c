"""Tests that start processes: the installed commands, and children of the tests."""

from support.data_roots import data_roots
from support.docker import docker
from support.scheduled_runs import layout, run, start, variables

__all__ = ["data_roots", "docker", "layout", "run", "start", "variables"]
