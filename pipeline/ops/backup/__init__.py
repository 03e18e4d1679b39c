"""Backups: the task history and the reports in one file with checksums, and the way back."""
