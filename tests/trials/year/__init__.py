"""A year of nights, as cron runs them, on a machine that much befalls.

`cron` says what is started when, `clock` what day it is, `host` is the machine, `configuration` its
files, `nights` what can befall it, `days` lives through them, `ledger` writes down what was done,
`judge` and `documents` compare that with what is there.
"""
