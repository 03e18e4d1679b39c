"""luigid, hardened: same page, API and tables, a history that never blocks, its own tasks only."""
