"""Documents out of documents. Pure: no clock, no I/O, no settings."""
