# Everything sets itself up: `make demo` and `make test` work in a fresh clone. What they install goes to
# ~/.cache/kops-pulumi (KOPS_PULUMI_CACHE moves it); the checkout gets one link, .venv.

PYTHON ?= python3
BIN := .venv/bin
SETUP := PYTHON=$(PYTHON) tools/setup.sh

.DEFAULT_GOAL := help
.PHONY: help setup demo test e2e lint format lock docs bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## Packages, Pulumi engine and the link .venv; instant when they are there
	@$(SETUP)

demo: setup ## An HA cluster on a simulated AWS: preview, up, no change, one change, destroy
	@$(BIN)/python -m kops_pulumi.demo

test: setup ## All tests (ARGS="-k network" for some of them)
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

e2e: setup ## Boot a rendered HA cluster of real etcd and Kubernetes; root, Debian, Go (docs/e2e.md)
	@$(BIN)/python tools/e2e/build.py
	@$(BIN)/python -m pytest -m e2e tests/e2e -p no:cacheprovider -v $(ARGS)

lint: setup ## Formatting, ruff, mypy --strict, import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## Let ruff format and mend what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Lock requirements/*.in again (UPGRADE=1 takes newer versions)
	@$(SETUP) lock $(if $(UPGRADE),--upgrade)

docs: ## Build the documentation into site/
	@$(SETUP) docs

bench: setup ## Measure the figures of docs/performance.md
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove this checkout's environment and caches (not the engine)
	@$(SETUP) clean
