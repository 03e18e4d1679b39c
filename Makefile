# What the README's commands do. `make week` and `make test` set up .venv by themselves.
#
#   make week            the week's films of today, consolidated
#   make day             the day's films of today, checked and summed up
#   make test            the tests
#   make lint            format, lint and types
#   make bench           the week and the day beside a bare client, a plain script and plain luigi
#   make bench-growth    time and memory by films, lists, days and workers
#   make bench-peers     the week in Airflow, Prefect, Dagster and dlt (installs them below .bench)
#   make stack           the compose stack, built and run for real (needs Docker)
#   make pages           60 days of pages, looked at in Chromium and by axe-core (needs both)
#   make trials          what docs/reliability.md counts; or one of: faults chaos year crashes fuzz
#   make clean           remove .venv and caches; data is never touched
#
# DATE=2024-01-07 asks for another day, PYTHON=python3.13 for another interpreter. Without a key
# in the environment or .env the embedded catalogue answers, and its films go to data-demo/.

PYTHON ?= python3
DATE ?= $(shell date +%F)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
KEY_OR_DEMO := if [ -z "$$TMDB_API_KEY" ] && ! grep -qs '^ *\(export \)\? *TMDB_API_KEY *= *[^ ]' .env; \
	then export TMDB_API_KEY=demo; fi;
PAGES := && $(BIN)/luigi --module pipeline IndexPage --date $(DATE) --local-scheduler --log-level WARNING \
	&& printf "The pages: " && $(BIN)/tmdb-pipeline open --print

.PHONY: week day install test lint bench bench-growth bench-peers stack pages trials faults chaos year crashes fuzz clean

week: .venv/run
	@$(KEY_OR_DEMO) $(BIN)/luigi --module pipeline WeeklyConsolidation --date $(DATE) --local-scheduler $(PAGES)

day: .venv/run
	@$(KEY_OR_DEMO) $(BIN)/luigi --module pipeline DailySummary --date $(DATE) --local-scheduler $(PAGES)

install: .venv/run

test: .venv/test
	$(BIN)/python -m pytest

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/test
	$(BIN)/python benchmarks/suite.py --write

bench-growth: .venv/test
	$(BIN)/python benchmarks/growth.py --write

bench-peers: .venv/test
	$(BIN)/python benchmarks/peers.py --write

stack: .venv/test
	tests/stack/run

pages: .venv/test
	tests/pages/run

trials: faults chaos year crashes fuzz

faults chaos year crashes fuzz: .venv/test
	cd tests && ../$(BIN)/python -m trials.$@ --write

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: setup.cfg constraints.txt | .venv/bin/python
	$(PIP) -e .
	@touch $@

.venv/test: setup.cfg constraints.txt | .venv/bin/python
	$(PIP) -e '.[test]'
	@touch $@ .venv/run

.venv/lint: setup.cfg constraints.txt | .venv/bin/python
	$(PIP) -e '.[lint]'
	@touch $@ .venv/run

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
