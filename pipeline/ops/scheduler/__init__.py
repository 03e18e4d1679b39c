"""luigid, hardened: same page, API and tables, a history that never blocks, no strangers."""
