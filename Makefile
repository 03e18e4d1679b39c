# The commands of this repository; `make help` lists them. `make week` and `make test` set up .venv
# by themselves.
#
# Without a key in the environment or .env the embedded catalogue answers, and its movies go to
# data-demo/. `make week` and `make day` write no .env: compose would read it, and collect made-up
# movies.

PYTHON ?= python3
DATE ?= $(shell date +%F)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses logical --dist worksteal
# Packages are held to the hashes of requirements/, and none runs code while it is installed.
HASHED := .ci/install.py -m pip --disable-pip-version-check install --require-hashes --only-binary :all:
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
	for words in open 'show daily $(DATE)' status; do printf '  %s\n' "$$given$(BIN)/tmdb-pipeline $$words"; done; }

help:  ## List these commands
	@sed -n 's/^\([a-z-]*\):.*  ## /\1  /p' $(MAKEFILE_LIST) | while read -r name text; do printf 'make %-13s %s\n' "$$name" "$$text"; done
	@printf '\n%s\n%s\n%s\n' \
		'DATE=YYYY-MM-DD chooses another day, PYTHON=python3.13 another interpreter.' \
		'MODULES="catalog paths" chooses what make mutants tries, without writing figures.' \
		'Each of the trials is a command as well: make year, crashes, faults, chaos, fuzz.'

.PHONY: help week day install quick test golden lint bench bench-growth bench-peers bench-warehouse stack pages trials faults chaos year crashes fuzz extras hosts audit sbom lock coverage mutants clean

week: .venv/run  ## Collect this week's lists and today's, and draw the pages
	@$(KEY_OR_DEMO) $(BIN)/luigi --module pipeline WeeklyConsolidation --date $(DATE) --local-scheduler \
		&& $(BIN)/luigi --module pipeline DailySummary --date $(DATE) --local-scheduler $(PAGES) $(NEXT)

day: .venv/run  ## Collect, validate and summarize today's lists, and draw the pages
	@$(KEY_OR_DEMO) $(BIN)/luigi --module pipeline DailySummary --date $(DATE) --local-scheduler $(PAGES) $(NEXT)

install: .venv/run  ## Set up .venv with what a run needs

quick: .venv/test  ## Run the unit tests, in less than a minute: after each change
	$(PYTEST) --quiet tests/unit

test: .venv/test  ## Run all tests
	$(PYTEST)

golden: .venv/test  ## Compare the documents of the demo catalogue with their checksums
	cd tests && ../$(BIN)/python -m golden check

coverage: .venv/test  ## Measure the branches that the unit tests cover in the lower layers (at least 95 %)
	$(BIN)/python -m coverage run -m pytest --quiet --timeout=600 tests/unit
	cd tests && ../$(BIN)/python -m trials.branches

lint: .venv/lint  ## Check lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/test  ## Time the week and the day beside a bare client, a plain script and plain luigi
	$(BIN)/python benchmarks/suite.py --write

bench-growth: .venv/test  ## Measure time and memory by movies, lists, days and workers
	$(BIN)/python benchmarks/growth.py --write

bench-warehouse: .venv/test  ## Time loads and views of half a year in the warehouse
	$(BIN)/python benchmarks/warehouse.py --write

bench-peers: .venv/test  ## Time the week in Airflow, Prefect, Dagster and dlt (installs them below .bench)
	$(BIN)/python benchmarks/peers.py --write

stack: .venv/test  ## Build the compose stack and test it (needs Docker)
	tests/stack/run

pages: .venv/test  ## Take screenshots of 60 days of pages and check them with axe-core (needs Chromium)
	tests/pages/run

trials: .venv/test  ## Run all trials of docs/reliability.md: year, crashes, faults, chaos, fuzz
	+$(MAKE) --no-print-directory --jobs 2 year crashes faults chaos fuzz

faults chaos year crashes fuzz: .venv/test
	cd tests && ../$(BIN)/python -m trials.$@ --write

extras: .venv/test .venv/parquet .venv/test-s3 .venv/test-kubernetes  ## Run the tests of optional parts: Parquet, a real S3 server, Kubernetes
	$(BIN)/python -m pytest -n 2 tests/object_store tests/unit/warehouse/test_parquet.py tests/unit/tasks/test_exports.py tests/process/test_export.py \
	    tests/docs/test_schemas.py tests/process/test_kubernetes_files.py

hosts: .venv/test .venv/test-s3  ## Disturb a week on three hosts with one luigid and one bucket (needs root and SeaweedFS)
	cd tests && ../$(BIN)/python -m trials.hosts --write

mutants: .venv/test .venv/mutants  ## Put small faults into the code that the tests have to notice (an hour or two)
	cd tests && ../$(BIN)/python -m trials.mutants $(or $(MODULES),--write)

.venv/bin/python:
	@echo 'Making .venv, once ...'
	@$(PYTHON) -m venv .venv

.venv/run: $(PACKAGES) | .venv/bin/python
	@$(BIN)/python $(HASHED) -r requirements/build.txt -r requirements/run.txt
	@$(BIN)/python $(OURS)
	@touch $@

.venv/test .venv/parquet .venv/test-s3 .venv/test-kubernetes .venv/lint .venv/mutants: .venv/%: requirements/%.txt .venv/run
	@$(BIN)/python $(HASHED) -r $<
	@touch $@

# mypy reads the tests, and so what they import.
.venv/lint: .venv/test

audit: .audit/ready  ## Look for known vulnerabilities of the packages (asks a service on the internet)
	.audit/bin/python .ci/audit.py

sbom: .venv/run .audit/ready  ## Write build/sbom.json: what is installed in .venv, as CycloneDX
	@mkdir -p build
	.audit/bin/cyclonedx-py environment --output-file build/sbom.json $(BIN)/python
	$(BIN)/python .ci/sbom.py build/sbom.json

lock: .lock/ready  ## Write requirements/ from setup.cfg, pyproject.toml and constraints.txt
	$(UV) setup.cfg -o requirements/run.txt
	for extra in alerts s3 parquet test test-s3 test-kubernetes lint mutants; do $(UV) setup.cfg --extra $$extra -o requirements/$$extra.txt || exit 1; done
	for group in build audit lock; do $(UV) --group $$group -o requirements/$$group.txt || exit 1; done

.audit/ready .lock/ready: .%/ready: requirements/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(HASHED) -r $<
	@touch $@

clean:  ## Remove .venv and caches, but no data
	rm -rf .venv .audit .lock .coverage* mutants .pytest_cache .mypy_cache .ruff_cache
