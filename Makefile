# make demo and make test need Python 3.11 or newer and make, nothing else. `make` alone lists the targets.

PYTHON ?= python3
VENV ?= .venv
DEMO_PORT ?= 8000
SANDBOX_PORT ?= 8106
export DEMO_PORT SANDBOX_PORT
# Each of the many processes that are started would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

python := $(VENV)/bin/python
pip := $(python) -m pip install --quiet --disable-pip-version-check

# What is installed is the newest that setup.cfg allows, or with LOCKED=1, as in CI, just what .ci/lock.txt names: that
# has all extras, so that it is installed once; by uv, which is quicker.
locked := $(if $(LOCKED),$(VENV)/.locked)

# Drivers of the servers that tests use where they are reachable; their versions are in setup.cfg's extra "services".
drivers := psycopg[binary] redis mysqlclient

# A file's tests stay together: many share a site that takes seconds to start. In the order of tests/conftest.py: xdist's
# own would leave the files with few long tests to the end.
at_once := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-databases matrix audit lock docs reference screenshots chaos bench bench-admin soak lint types format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Run the example site, a worker and the sandbox gateway (DEMO_PORT, SANDBOX_PORT) until Ctrl-C
	@$(python) -m example_project.demo

test: $(VENV)/.test ## Run all tests on SQLite, and a part of them on what else is reachable
	$(python) -m pytest $(at_once)
	$(python) -m tests.databases --parameters 2

test-databases: $(VENV)/.test ## Run all tests that touch a database on PostgreSQL and MariaDB
	$(python) -m tests.databases

matrix: $(VENV)/.dev ## Run the tests on each Python that is here, each Django, and the lowest and newest of all else
	$(VENV)/bin/nox

docs: $(VENV)/.docs ## Make the documents' site in build/docs, in both languages
	$(python) -m docs.builder

reference: $(VENV)/.test ## Write anew what the documents say of codes, commands and settings
	$(python) -m docs.builder.reference

screenshots: $(VENV)/.test ## Make the pictures of the documentation anew, in headless Chromium
	$(python) -m tests.docs.screenshots

chaos: $(VENV)/.test ## Kill real workers, brokers and databases, and count what was lost or sent twice
	$(python) -m tests.chaos --database postgresql --broker redis
	$(python) -m tests.chaos --database postgresql --broker rabbitmq
	$(python) -m tests.chaos --database mariadb --broker redis
	$(python) -m tests.chaos --database sqlite --broker embedded --messages 300

bench: $(VENV)/.bench ## Measure what docs/performance.md claims, on PostgreSQL, Redis and RabbitMQ
	$(python) -m benchmarks

bench-admin: $(VENV)/.bench ## Measure the admin's pages at ten million messages, on PostgreSQL: ten minutes and 10 GB
	$(python) -m benchmarks.admin_pages

soak: $(VENV)/.bench ## Load PostgreSQL and Redis for ten minutes, and see whether anything grows
	$(python) -m benchmarks.soak

lint: $(VENV)/.dev ## Check style, formatting, and layers
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(VENV)/bin/lint-imports

types: $(VENV)/.dev ## Check types, with mypy and with pyright
	$(python) -m mypy
	$(VENV)/bin/pyright --pythonpath $(python)

audit: $(VENV)/.audit ## Look for secrets and known weaknesses, and write what the package consists of (dist/sbom.json)
	@.ci/audit

lock: $(VENV)/.dev ## Lock what CI installs to the newest versions, with their hashes
	@$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --all-extras \
		--no-emit-index-url --no-annotate --custom-compile-command 'make lock' --output-file .ci/lock.txt setup.cfg

format: $(VENV)/.dev ## Mend style and formatting
	$(python) -m ruff check --fix
	$(python) -m ruff format

clean: ## Remove the environment, the demo's data and everything that was built
	rm -rf $(VENV) .nox demo-data build dist *.egg-info .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .import_linter_cache .pytest_cache test-results

# Each stamp says that the environment has an extra as the files name it now, so that a second run starts at once.

$(python):
	@command -v $(PYTHON) > /dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), and 3.11 or newer is needed. Name one: make PYTHON=python3.12"; exit 1; }
	@echo "Making an environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.locked: .ci/lock.txt setup.cfg pyproject.toml | $(python)
	@echo "Installing the package and what .ci/lock.txt names ..."
	@sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ /p}' .ci/lock.txt > $(VENV)/uv.txt
	@$(pip) --require-hashes --requirement $(VENV)/uv.txt
	@$(VENV)/bin/uv pip install --quiet --python $(python) --require-hashes --requirement .ci/lock.txt
	@$(pip) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.demo: setup.cfg pyproject.toml $(locked) | $(python)
	@$(if $(LOCKED),true,echo "Installing the package and what the demo needs ..." && $(pip) -e '.[demo]')
	@touch $@

$(VENV)/.test: setup.cfg pyproject.toml $(locked) | $(python)
	@$(if $(LOCKED),true,echo "Installing the package and what the tests need ..." && $(pip) -e '.[demo,test]')
	@$(if $(LOCKED),true,$(pip) -e '.[services]') || for driver in $(drivers); do \
		$(pip) "$$driver" || echo "$$driver cannot be installed here: the tests that need it are skipped."; done
	@touch $@

# Drivers are installed with the tests, as far as they can be: the measurements say which server they miss.
$(VENV)/.bench: setup.cfg pyproject.toml $(locked) | $(VENV)/.test
	@$(if $(LOCKED),true,echo "Installing what the measurements compare with ..." && $(pip) -e '.[demo,test,bench]')
	@touch $@

$(VENV)/.docs: setup.cfg pyproject.toml $(locked) | $(VENV)/.test
	@$(if $(LOCKED),true,echo "Installing what makes the site ..." && $(pip) -e '.[demo,test,docs]')
	@touch $@

$(VENV)/.dev: setup.cfg pyproject.toml $(locked) | $(python)
	@$(if $(LOCKED),true,echo "Installing the package and the tools for development ..." && $(pip) -e '.[demo,test,dev]')
	@touch $@

$(VENV)/.audit: setup.cfg pyproject.toml $(locked) | $(python)
	@$(if $(LOCKED),true,echo "Installing the package and the tools of the audit ..." && $(pip) -e '.[audit]')
	@touch $@
