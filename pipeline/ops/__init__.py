"""Operate the pipeline: the command, luigid, backups, alerts. The core does not need it."""
