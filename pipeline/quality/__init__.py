"""Check movies and lists against the rules, and report the result. Pure."""
