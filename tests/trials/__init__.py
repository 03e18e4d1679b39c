"""Trials: the pipeline broken on purpose, many times over. `docs/reliability.md` holds the counts.

Each module is a command (`python -m trials.NAME` in `tests/`), which prints what it counted, puts
it into that page with `--write`, and ends with 1 where anything was lost, broken or unexplained:

    make faults      every fault of the network, at every place
    make chaos       runs with a fifth of all answers faulty
    make year        a year of nights, with a clock made faster
    make crashes     kill -9, full disks, several runs at once
    make fuzz        any answer, any file, any setting
    make hosts       three hosts with one luigid and one bucket

`make trials` runs all of them but the last, which needs root. The tests run a small part of each.
"""
