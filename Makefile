# Everything sets itself up: a virtual environment, packages, weights, graphics libraries.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: audit test check bench reference factors clean help graphics weights

help: ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

audit: $(READY) graphics weights ## the tour: find where BlazePose goes wrong, in a minute or two
	$(BIN)/examiner audit --preset tour

test: $(READY) graphics weights ## all tests
	$(BIN)/python -m pytest --quiet --durations=5

check: $(READY) ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

bench: $(READY) graphics weights ## speed, side by side in one run, into experiments/bench.json
	$(BIN)/python -m experiments.bench

reference: $(READY) graphics ## compute again what is normal for the built-in targets
	$(BIN)/examiner fetch blazepose-lite blazepose-full blazepose-heavy hmr-lite
	$(BIN)/examiner reference blazepose-lite blazepose-full blazepose-heavy hmr-lite --out examiner/data/references

factors: $(READY) ## write docs/factors.md again, from the code
	$(BIN)/examiner factors --markdown docs/factors.md

clean: ## remove what was built; runs/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

graphics: $(READY)
	@sh .ci/graphics $(BIN)/python

weights: $(READY)
	@$(BIN)/examiner fetch blazepose-full

# torch alone first: asked for by another package, pip may pick a build with gigabytes of CUDA.
$(READY): setup.cfg constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)
