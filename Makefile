# Everything installs itself: a machine needs Python 3.11 or later, pip, node 20.19 or later, npm and make.
# The browser tests need Chromium, which is installed by apt-get where that is there and allowed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
# More than there are cores: most of the time a test waits for a socket.
WORKERS ?= 3
REPORT ?= conformance-report.json
DJUST := conformance/targets/djust
TESTEES := conformance/testees
CLIENT := $(BIN)/streamops test client
NODE_IS_NEW := const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)

# What failed beside others is asked once more, alone: docs/decisions/fair-tests.md.
SECOND_LOOK = { echo "== a second look, alone, at what failed =="; \
	$(BIN)/pytest -n 0 -v --no-cov --last-failed --last-failed-no-failures none && \
	$(BIN)/coverage report --skip-covered --fail-under=100 && \
	echo "== passed alone only: the tests above are fragile; mend them =="; }

TWICE = { $(1) || { echo "== a second look: what fails now fails twice =="; $(1); }; }

.DEFAULT_GOAL := help
.PHONY: help setup chromium conformance clients test lint types unit js examples demo docs docs-serve djust bench stress wheel clean

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

$(STAMPS)/node: package.json js_client/package.json examples/package.json $(TESTEES)/package.json
	@mkdir -p $(STAMPS)
	@node -e '$(NODE_IS_NEW)' || { echo "node 20.19 or later is needed; this is $$(node --version)" >&2; exit 1; }
	npm install --silent --no-audit --no-fund --no-progress
	@touch $@

chromium: # Instant where there is one; asked each time, since no stamp would notice that it went.
	@sh $(TESTEES)/install-chromium.sh

setup: $(STAMPS)/venv $(STAMPS)/node ## Make the environments that everything below uses

conformance: setup ## The verdict on the reference server, and its report
	$(BIN)/streamops test server --json $(REPORT)
	@echo "report: $(REPORT)"

clients: setup chromium ## The verdicts on this project's clients: JavaScript in node and in Chromium, the terminal's
	$(CLIENT) --json client-jsdom-report.json -- node $(TESTEES)/jsdom/testee.mjs
	$(CLIENT) --json client-chromium-report.json -- node $(TESTEES)/chromium/testee.mjs
	$(CLIENT) --json client-tail-report.json -- $(BIN)/python -m streamops_conformance.tail.testee

test: lint types unit js examples djust ## All tests: lint, types, unit tests with coverage, JavaScript, browsers, djust

lint: setup ## ruff and ESLint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	npm run --silent lint

types: setup ## mypy, strict, and tsc
	$(BIN)/mypy
	cd js_client && npm run --silent types

unit: setup chromium $(STAMPS)/djust ## Every pytest test; the cores and the oracle are held to 100 % branch coverage
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term-missing:skip-covered --cov-fail-under=100 || \
		$(SECOND_LOOK)

js: setup chromium ## The JavaScript client: tests in node and in Chromium, its size, its package
	cd js_client && npm run --silent test && $(call TWICE,npm run --silent test:browser) && npm run --silent pack:check

examples: setup chromium ## The guide's examples and the demo, each seen in Chromium
	cd examples && $(call TWICE,npm run --silent test)

demo: setup ## Serve the demo: a chat, a log, progress, errors; and every frame beside them
	$(BIN)/streamops-server --demo

docs: setup ## Build the documentation, strictly, into site/
	$(BIN)/mkdocs build --strict

docs-serve: setup ## Serve the documentation while writing
	$(BIN)/mkdocs serve

djust: setup $(STAMPS)/djust chromium ## The verdicts on djust's server and client, compared with what is known of them
	$(BIN)/streamops test server --config $(DJUST)/target.toml --json djust-report.json
	$(CLIENT) --spec v0 --baseline $(TESTEES)/djust/baseline.toml --json djust-client-report.json -- \
		node $(TESTEES)/djust/testee.mjs

bench: setup $(STAMPS)/djust chromium ## What server and client cost, beside bare websockets and djust's client
	$(BIN)/python reference_server/benchmarks/throughput.py
	$(BIN)/python reference_server/benchmarks/pressure.py
	cd js_client && npm run --silent bench

stress: setup chromium ## The verdicts 20 times in a row, and 20 times with both cores busy; TARGET=jsdom is one of them
	for target in $(or $(TARGET),server jsdom chromium tail); do $(BIN)/python conformance/stress.py --target $$target || exit 1; done

wheel: setup ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove what was built, the environments included
	rm -rf $(VENV) .djust-venv $(STAMPS) site dist build schemas/node/node_modules node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *-report.json
