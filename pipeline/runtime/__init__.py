"""Around a Luigi run: configuration, logs, messages, progress, standard streams."""
