# What the README's commands do. `make week` and `make test` set up .venv by themselves.
#
#   make week            the week's films of today, consolidated
#   make day             the day's films of today, checked and summed up
#   make quick           the unit tests, in less than a minute: run it after each change
#   make test            all tests
#   make coverage        branches of the lower layers that the unit tests take: 95 percent or more
#   make lint            format, lint and types
#   make bench           the week and the day beside a bare client, a plain script and plain luigi
#   make bench-growth    time and memory by films, lists, days and workers
#   make bench-peers     the week in Airflow, Prefect, Dagster and dlt (installs them below .bench)
#   make stack           the compose stack, built and run for real (needs Docker)
#   make pages           60 days of pages, looked at in Chromium and by axe-core (needs both)
#   make trials          what docs/reliability.md counts; or one of: faults chaos year crashes fuzz
#   make golden          compare the documents of the demo catalogue with their checksums
#   make mutants         small faults put into the code, which the tests have to notice (an hour or
#                        two); MODULES="catalog paths" tries those anew and writes no figures
#   make audit           is a vulnerability known of any package (asks a service on the internet)
#   make sbom            build/sbom.json: what is installed in .venv, as CycloneDX
#   make lock            requirements/ anew from setup.cfg, pyproject.toml and constraints.txt
#   make clean           remove .venv and caches; data is never touched
#
# DATE=YYYY-MM-DD asks for another day, PYTHON=python3.13 for another interpreter. Without a key
# in the environment or .env the embedded catalogue answers, and its films go to data-demo/.
# `make week` and `make day` write no .env: compose would read it, and collect made-up films.

PYTHON ?= python3
DATE ?= $(shell date +%F)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses logical --dist worksteal
# Packages are held to the hashes of requirements/, and none runs code while it is installed.
HASHED := -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all:
OURS := -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --no-index -e .
PACKAGES := setup.cfg pyproject.toml $(wildcard requirements/*.txt)
UV = .lock/bin/uv pip compile --quiet -c constraints.txt --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
KEY_OR_DEMO := if [ -z "$$TMDB_API_KEY" ] && ! grep -qs '^ *\(export \)\? *TMDB_API_KEY *= *[^ ]' .env; \
	then export TMDB_API_KEY=demo; fi;
PAGES := && $(BIN)/luigi --module pipeline IndexPage --date $(DATE) --local-scheduler --log-level WARNING \
	&& printf "The pages: " && $(BIN)/tmdb-pipeline open --print
# Commands to copy: they carry the settings of this one that come from the environment, but no real key.
NEXT := && { given=; \
	if [ -n "$$PIPELINE_DATA_DIR" ]; then \
		given="PIPELINE_DATA_DIR='$$(printf %s "$$PIPELINE_DATA_DIR" | sed "s/'/'\\\\''/g")' "; fi; \
	if [ "$$TMDB_API_KEY" = demo ]; then given="TMDB_API_KEY=demo $$given"; fi; \
	printf 'Next, in %s:\n' "$$PWD"; \
	for words in open status logs; do printf '  %s\n' "$$given$(BIN)/tmdb-pipeline $$words"; done; }

.PHONY: week day install quick test golden lint bench bench-growth bench-peers stack pages trials faults chaos year crashes fuzz audit sbom lock coverage mutants clean

week: .venv/run
	@$(KEY_OR_DEMO) $(BIN)/luigi --module pipeline WeeklyConsolidation --date $(DATE) --local-scheduler $(PAGES) $(NEXT)

day: .venv/run
	@$(KEY_OR_DEMO) $(BIN)/luigi --module pipeline DailySummary --date $(DATE) --local-scheduler $(PAGES) $(NEXT)

install: .venv/run

quick: .venv/test
	$(PYTEST) --quiet tests/unit

test: .venv/test
	$(PYTEST)

golden: .venv/test
	cd tests && ../$(BIN)/python -m golden check

coverage: .venv/test
	$(BIN)/python -m coverage run -m pytest --quiet --timeout=600 tests/unit
	cd tests && ../$(BIN)/python -m trials.branches

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

trials: .venv/test
	+$(MAKE) --no-print-directory --jobs 2 year crashes faults chaos fuzz

faults chaos year crashes fuzz: .venv/test
	cd tests && ../$(BIN)/python -m trials.$@ --write

mutants: .venv/test .venv/mutants
	cd tests && ../$(BIN)/python -m trials.mutants $(or $(MODULES),--write)

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: $(PACKAGES) | .venv/bin/python
	$(BIN)/python $(HASHED) -r requirements/build.txt -r requirements/run.txt
	$(BIN)/python $(OURS)
	@touch $@

.venv/test .venv/lint .venv/mutants: .venv/%: requirements/%.txt .venv/run
	$(BIN)/python $(HASHED) -r $<
	@touch $@

# mypy reads the tests, and so what they import.
.venv/lint: .venv/test

audit: .audit/ready
	.audit/bin/python .ci/audit.py

sbom: .venv/run .audit/ready
	@mkdir -p build
	.audit/bin/cyclonedx-py environment --output-file build/sbom.json $(BIN)/python
	$(BIN)/python .ci/sbom.py build/sbom.json

lock: .lock/ready
	$(UV) setup.cfg -o requirements/run.txt
	for extra in alerts test lint mutants; do $(UV) setup.cfg --extra $$extra -o requirements/$$extra.txt || exit 1; done
	for group in build audit lock; do $(UV) --group $$group -o requirements/$$group.txt || exit 1; done

.audit/ready .lock/ready: .%/ready: requirements/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(HASHED) -r $<
	@touch $@

clean:
	rm -rf .venv .audit .lock .coverage* mutants .pytest_cache .mypy_cache .ruff_cache
