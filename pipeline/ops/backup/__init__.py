"""Backups: the task history and the reports in one checksummed file, and the way back."""
