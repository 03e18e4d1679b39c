"""A year of nights, as cron or systemd runs them, on a machine to which much happens.

`schedules` says what is started when, `due` which dates that makes due, `clock` what time it is.
`host` is the machine, `configuration` its files. `plan` draws what happens on each day, `nights` to
a run, `outages` for longer. `days` lives through the days, `jobs` starts the jobs. `ledger` writes
down what was done, `judge` and `documents` compare that with what is there.
"""
