# The two commands that matter: `make run` and `make test`. Each sets up what it needs first. `make help` lists the rest.

VENV := .venv
PY := $(VENV)/bin/python
TICKERPLANT := $(VENV)/bin/tickerplant
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# RUN_FOR=60 make run ends by itself; UP="--live binance --symbols BTC-USDT" gives `tickerplant up` more words; T=tests/unit chooses tests.
RUN_FOR ?=
UP ?=
T ?=
JOBS ?= 2
DATA_DIR ?= .tickerplant
STACK ?=

.PHONY: help run test chaos install lint format type bench up down status clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

run: install ## the whole pipeline with a simulated feed and a live page; Ctrl-C ends it (RUN_FOR=60: ends by itself)
	@$(TICKERPLANT) up --data-dir $(DATA_DIR) $(if $(RUN_FOR),--run-for $(RUN_FOR)) $(UP)

test: install ## all tests on a real Kafka, PostgreSQL and Redis (STACK=containers: in Docker; T=tests/unit: only those; JOBS=2 at a time)
	@STACK=$(STACK) $(PY) -m pytest $(T) $(if $(T),,-n $(JOBS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered --cov-fail-under=90 --durations=25)

chaos: install ## the kill and outage tests again, at more moments (CHAOS_SEEDS=5 runs of each, CHAOS_KILLS=50 kills of each process, SINK_KILLS=100 of the sink in one load, IMPORT_KILLS=20 of an import)
	@CHAOS_SEEDS=$(or $(CHAOS_SEEDS),5) CHAOS_KILLS=$(or $(CHAOS_KILLS),50) CHAOS_PAIRS=$(or $(CHAOS_PAIRS),50) OUTAGE_S=$(or $(OUTAGE_S),30) \
	SINK_TICKS=$(or $(SINK_TICKS),1000000) SINK_KILLS=$(or $(SINK_KILLS),100) SINK_STOPS=$(or $(SINK_STOPS),5) SINK_CUTS=$(or $(SINK_CUTS),60) DAY_TICKS=$(or $(DAY_TICKS),1000000) \
	IMPORT_ROWS=$(or $(IMPORT_ROWS),400000) IMPORT_KILLS=$(or $(IMPORT_KILLS),20) \
	GATEWAY_CLIENTS=$(or $(GATEWAY_CLIENTS),1000) GATEWAY_KILLS=$(or $(GATEWAY_KILLS),5) GATEWAY_ATTEMPTS=$(or $(GATEWAY_ATTEMPTS),10000) $(PY) -m pytest tests/chaos

install: $(STAMP) ## .venv with the command `tickerplant`, and all that the local stack needs
	@:

# The interpreter: $(PYTHON) if it is given, else what tickerplant/interpreter.py finds with the first Python that runs it.
$(STAMP): pyproject.toml constraints.txt requirements-page.txt tickerplant/stack/kafka.jars
	@set -e; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$(PYTHON)" ] && [ -n "$${found:-}" ]; then chosen=$$($$found tickerplant/interpreter.py); found=$${chosen:-$$found}; fi; \
	if [ -z "$${found:-}" ]; then echo "Python 3.11 or newer is needed and not on the PATH; install it, or name one: make install PYTHON=/path/to/python3.11" >&2; exit 2; fi; \
	echo "==> 1/5 making $(VENV) with $$($$found --version)"; \
	$$found -m venv $(VENV) || { echo "$$found cannot make a virtual environment; install its venv module (Debian: apt-get install python3-venv)" >&2; rm -rf $(VENV); exit 2; }
	@echo "==> 2/5 installing pinned packages (about 300 MB are downloaded the first time)"
	@$(PY) -m pip install -c constraints.txt -e ".[stack,backtest,dev]" || { echo "the packages could not be installed: connect to the internet once, or point pip at a mirror (PIP_INDEX_URL)" >&2; exit 2; }
	@echo "==> 3/5 fetching the live page's chart library"
	@$(PY) -m pip install --no-deps -r requirements-page.txt || { echo "the chart library could not be installed: connect to the internet once, or point pip at a mirror (PIP_INDEX_URL)" >&2; exit 2; }
	@if [ -f gateway/page_assets.py ]; then $(PY) -m gateway.page_assets; fi
	@echo "==> 4/5 fetching Kafka's jars"
	@$(PY) -m tickerplant.stack.jars
	@echo "==> 5/5 making Java keep what a start of Kafka needs"
	@$(PY) -m tickerplant.stack.java_cache
	@touch $(STAMP)
	@echo "==> installed; the command is $(TICKERPLANT)"

lint: install ## style, format, import rules, generated pages
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(PY) -m tickerplant.reference --check

format: install ## rewrites the code in the house's format
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

type: install ## types, strictly
	@$(VENV)/bin/mypy

bench: install ## speed, latency and memory, as JSON and a table
	@$(PY) -m bench $(BENCH)

up: install ## starts the pipeline in the background
	@$(TICKERPLANT) up --data-dir $(DATA_DIR) --detach $(UP)

status: install ## addresses and health of what runs
	@$(TICKERPLANT) status --data-dir $(DATA_DIR)

down: ## stops what `make up` started
	@if [ -x $(TICKERPLANT) ]; then $(TICKERPLANT) down --data-dir $(DATA_DIR); fi

clean: down ## removes the environment, caches and the local stack's data
	@rm -rf $(VENV) $(DATA_DIR) .build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov *.egg-info gateway/page/vendor
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
