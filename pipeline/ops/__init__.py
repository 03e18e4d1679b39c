"""What operates the pipeline: the command, luigid, backups, alerts. The core needs none of it."""
