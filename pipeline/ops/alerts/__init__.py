"""Alerts of failed and overdue runs, and the heartbeat."""
