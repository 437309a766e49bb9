# Everything a person or a machine does with this repository. `make` alone lists it.
# What needs more than one line lives in launcher/, which uses nothing but Python's standard library.

ifndef PYTHON
PYTHON := $(shell for candidate in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; done)
endif
# Too old or missing: the launcher, or the shell, says so.
ifeq ($(PYTHON),)
PYTHON := python3
endif
VENV := .venv/bin
# ARGS goes to pytest: make test ARGS="-k replay"
PYTEST := $(VENV)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help run test test-long check smoke bench sandbox demo-reset clean lock install install-dev

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

run: ## set everything up and run it until Ctrl-C (PORT, SANDBOX_PORT, PARTNERBUS_DATA, PARTNERBUS_DEMO=0)
	@exec $(PYTHON) -m launcher run

# By file, because the tests of one share a stack. Four, because much of a test is waiting for servers. Groups (loadgroup) are not obeyed by pytest-xdist 3.8 with pytest 9.2.
test: check ## set up, lint, types, import rules and the tests; under ten minutes (ARGS for pytest)
	@$(PYTHON) -m launcher chromium
	$(PYTEST) -n 4 --dist loadfile -m "not slow" $(ARGS)

test-long: install-dev ## the tests that take too long for every day (ARGS for pytest)
	@$(PYTHON) -m launcher chromium
	$(PYTEST) -m slow $(ARGS)

# Placeholders: nothing here connects to anything, but the settings have no defaults for these.
check: export SECRET_KEY := only-for-checks
check: export DATABASE_URL := postgresql://checks@127.0.0.1:1/checks
check: export REDIS_URL := redis://127.0.0.1:1/0
check: install-dev ## lint, types, import rules and missing migrations only
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy .
	cd clients/python && ../../$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(VENV)/python manage.py check

smoke: install ## the main job without a person: EVENTS=file.ndjson [TENANTS=n] [FAULTS=1]
	@exec $(VENV)/python -m tests.smoke

bench: install ## benchmarks beside baselines on this machine, writes bench.json (BENCH=quick, BENCH_ONLY=id,id)
	@exec $(VENV)/python -m tests.benchmarks $(ARGS)

sandbox: install ## the AWS simulator alone (SANDBOX_PORT, SANDBOX_STATE)
	@exec $(VENV)/python -m integrations.sandbox

demo-reset: ## throw the demo world away; the next run loads a fresh one
	@$(PYTHON) -m launcher demo-reset

clean: ## remove everything make made (FORCE=1: data of your own too)
	@$(PYTHON) -m launcher clean

lock: ## resolve the dependencies anew and write the three lock files (needs uv)
	$(LOCK) --extra local -o requirements.txt
	$(LOCK) --constraint requirements.txt -o requirements-prod.txt
	$(LOCK) --constraint requirements.txt --all-extras -o requirements-dev.txt

# --universal: one lock for every platform and Python patch level, some of which need packages others do not.
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml

install:
	@$(PYTHON) -m launcher install

install-dev:
	@$(PYTHON) -m launcher install-dev
