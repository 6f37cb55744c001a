# Everything a newcomer types. `make demo` and `make test` set up what they need first.
.DEFAULT_GOAL := help
VENV ?= .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
JOBS ?= 2
UV ?= uv
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Every program that a test starts would compile the whole package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo practice test coverage check format bench validate docs lock clean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml scripts/bootstrap.sh
	@PYTHON="$(PYTHON)" sh scripts/bootstrap.sh $(VENV)
	@touch $(STAMP)

setup: $(STAMP) ## the virtual environment, from hash-locked requirements

demo: $(STAMP) ## the main job on the worked example in a simulated city; names the report to open
	@$(VENV)/bin/openverdict demo --out out/demo

practice: $(STAMP) ## the review app on a store to practise on; prints where it is and how to get in
	@mkdir -p out
	@test -e out/practice.db || $(VENV)/bin/openverdict demo --store out/practice.db
	@echo "starting the app on it; the last lines say where it is and how to get in …"
	@$(VENV)/bin/openverdict serve --store out/practice.db --link-for a.reviewer --link-for b.reviewer

test: $(STAMP) ## every test (ARGS="-k name" is handed to pytest)
	@$(PY) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

coverage: ## every test, with branch coverage and its floor
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term $(ARGS)"

check: $(STAMP) ## lint, format, types, import contracts
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

format: $(STAMP) ## put the code into the form that `make check` asks for
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: $(STAMP) ## speed and accuracy, printed and written to benchmarks/results
	@$(PY) benchmarks/run.py

validate: $(STAMP) ## the validation report, from stored results (ARGS=--run runs them first: hours)
	@$(PY) benchmarks/validate.py $(ARGS)

docs: $(STAMP) ## the documentation, into site/, with its links checked
	@$(PY) scripts/docs.py

lock: ## refresh requirements/dev.txt (needs uv; name it with UV=)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --upgrade pyproject.toml requirements/dev.in -o requirements/dev.txt

clean: ## remove what make built
	rm -rf $(VENV) site out build dist htmlcov .coverage .coverage.* .*_cache
