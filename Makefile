# Everything a newcomer types. `make demo` and `make test` set up what they need first.
.DEFAULT_GOAL := help
VENV ?= .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test check bench docs lock clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): requirements/dev.txt pyproject.toml scripts/bootstrap.sh
	@sh scripts/bootstrap.sh $(VENV)
	@touch $(STAMP)

setup: $(STAMP) ## the virtual environment, from hash-locked requirements

demo: $(STAMP) ## the main job on the worked example in a simulated city; names the report to open
	@$(VENV)/bin/openverdict demo --out out/demo

test: $(STAMP) ## every test
	@$(PY) -m pytest

check: $(STAMP) ## lint, types, import contracts
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: $(STAMP) ## speed and accuracy, printed and written to benchmarks/results
	@$(PY) benchmarks/run.py

docs: $(STAMP) ## the documentation, into site/
	@$(PY) scripts/docs.py

lock: ## refresh requirements/dev.txt (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --upgrade pyproject.toml requirements/dev.in -o requirements/dev.txt

clean: ## remove what make built
	rm -rf $(VENV) site out build dist
