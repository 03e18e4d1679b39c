"""Commands that save and restore data."""
