"""What a run of the luigi command is, and what is known about runs."""
