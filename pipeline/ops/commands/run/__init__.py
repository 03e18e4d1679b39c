"""Commands that run tasks, or show what a run would do."""
