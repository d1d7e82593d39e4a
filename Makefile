# Everything installs itself: a machine needs Python 3.11 or later, pip, node, npm and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
REPORT ?= conformance-report.json
DJUST := conformance/targets/djust

.DEFAULT_GOAL := help
.PHONY: help setup conformance test lint types unit coverage docs docs-serve djust bench stress wheel clean

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMPS)/venv: pyproject.toml constraints.txt
	@mkdir -p $(STAMPS)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,docs]'
	@touch $@

$(STAMPS)/djust: $(DJUST)/requirements.txt
	@mkdir -p $(STAMPS)
	PYTHON=$(PYTHON) sh $(DJUST)/setup.sh
	@touch $@

setup: $(STAMPS)/venv ## Make the environment that everything below uses

conformance: setup ## The verdict on the reference server, and its report
	$(BIN)/streamops test server --json $(REPORT)
	@echo "report: $(REPORT)"

test: lint types unit djust ## All tests: lint, types, unit tests with coverage, docs, the djust verdict

lint: setup ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

unit: setup ## Every pytest test; the cores and the oracle are held to 100 % branch coverage
	$(BIN)/pytest -n 2 --cov --cov-report=term-missing:skip-covered --cov-fail-under=100

docs: setup ## Build the documentation, strictly, into site/
	$(BIN)/mkdocs build --strict

docs-serve: setup ## Serve the documentation while writing
	$(BIN)/mkdocs serve

djust: setup $(STAMPS)/djust ## The verdict on djust, compared with what is known of it
	$(BIN)/streamops test server --config $(DJUST)/target.toml --json djust-report.json

bench: setup ## What the reference server costs, beside bare websockets
	$(BIN)/python reference_server/benchmarks/throughput.py

stress: setup ## The verdict 20 times in a row, and 20 times with both cores busy
	$(BIN)/python conformance/stress.py

wheel: setup ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove what was built, the environments included
	rm -rf $(VENV) .djust-venv $(STAMPS) site dist build schemas/node/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *-report.json
