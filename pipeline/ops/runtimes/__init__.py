"""Where the services run: the compose stack or this host."""
