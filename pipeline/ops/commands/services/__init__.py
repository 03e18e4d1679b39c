"""Commands that start and stop the services."""
