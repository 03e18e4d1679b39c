"""Delete what has expired, on a command and daily by the schedule."""
