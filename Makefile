# make demo    the sample day, through the whole stack on this machine
# make down    stop what `make demo` left running; its data stays
# make check   lint, types and the tests that need no emulator, in about a minute
# make fix     sort imports, format, and mend what the linter can
# make test    everything that can be tested on this machine
# make bench   what takes how long, as ratios; asserts nothing
# make lint    what CI checks besides the tests
# make setup   what `paperboy` needs; all of the above install it as well, and checks and tests their own packages

.DEFAULT_GOAL := help
.PHONY: help setup demo down check fix test bench lint

# uv is used where it is found; else one is installed for this folder alone. Neither is named by its whole path: that may
# have spaces, which make takes for the end of a name.
UV_VERSION := 0.13.8
OWN_UV := .tools/uv/bin/uv
UV := $(if $(shell command -v uv),uv,$(OWN_UV))
READY := .tools/ready
READY_TO_TEST := .tools/ready-to-test

help:
	@sed -n 's/^# //p' $(firstword $(MAKEFILE_LIST)) | head -n 8

setup: $(READY)

# Three environments from one lock: the project's, and one each for two tools that exclude each other.
$(READY): pyproject.toml uv.lock | $(filter $(OWN_UV),$(UV))
	@echo "Setting up Python 3.13 and the project's packages"
	@$(UV) python find --quiet 3.13 >/dev/null 2>&1 || $(UV) python install --quiet 3.13 || { \
		echo "Paperboy needs Python 3.13, and none is here or can be downloaded. Install it" \
		     "(https://www.python.org/downloads, or: pyenv install 3.13) and run make again." >&2; exit 1; }
	@$(UV) sync --quiet --frozen --inexact --no-default-groups --group cli
	@UV_PROJECT_ENVIRONMENT=.tools/sam $(UV) sync --quiet --frozen --no-install-project --only-group sam
	@UV_PROJECT_ENVIRONMENT=.tools/ministack $(UV) sync --quiet --frozen --no-install-project --only-group ministack
	@touch $@

# What only the checks and tests need is as much again.
$(READY_TO_TEST): $(READY)
	@echo "Setting up the packages for checks and tests"
	@$(UV) sync --quiet --frozen
	@touch $@

$(OWN_UV):
	@echo "Setting up uv $(UV_VERSION)"
	@{ python3 -m venv .tools/uv && .tools/uv/bin/python -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION); } || { \
		echo "Paperboy needs uv, and it could not be installed here. Install it" \
		     "(https://docs.astral.sh/uv/getting-started/installation) and run make again." >&2; exit 1; }

demo: setup
	@.venv/bin/paperboy demo

down: setup
	@.venv/bin/paperboy down

PYTEST := .venv/bin/pytest -n 2 --dist loadscope --no-loadscope-reorder

check: code
	@$(PYTEST) -q tests/unit tests/golden tests/template

fix: $(READY_TO_TEST)
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

test: $(READY_TO_TEST)
	@$(PYTEST) --cov --cov-report term

bench: $(READY_TO_TEST)
	@.venv/bin/python -m tests.benchmarks.imports
	@.venv/bin/python -m tests.benchmarks.throughput
	@.venv/bin/python -m tests.benchmarks.linear
	@.venv/bin/python -m tests.benchmarks.texts
	@.venv/bin/python -m tests.benchmarks.search

.PHONY: code
code: $(READY_TO_TEST)
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

lint: code
	@.venv/bin/cfn-lint --include-checks I -- template.yaml
	@SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam validate --lint --region us-east-1
