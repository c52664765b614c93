# Every target does its own set-up first. `make help` lists them.

PYTHON_BIN := .venv/bin/python
PYPROJECTS := $(wildcard pyproject.toml conf/pyproject.toml models/pyproject.toml packages/*/pyproject.toml)
RELEASE_TOOLS := uv packaging pytest pytest-asyncio pytest-timeout

# Real data, where this checkout has it beside it; tests on real data run only then.
ifneq ($(wildcard ../shared/data),)
export DESKCHECK_DATA ?= $(abspath ../shared/data)
endif
export TOKENIZERS_PARALLELISM := false
export TRL_EXPERIMENTAL_SILENCE := 1
# Threads that wait give their core away: beside another process, spinning ones cost a CPU run nine tenths of its speed.
export OMP_WAIT_POLICY := passive

.PHONY: help setup test check proof demo docs vllm pins wheels ranges release-check clean

help:
	@echo "make setup   .venv with every package at the tested versions (a second call is instant)"
	@echo "make demo    the whole method at micro scale on a CPU; results in outputs/demo/"
	@echo "             (SKIP_TRAINING=1: the trained micro model is only measured, in minutes; outputs/shipped/)"
	@echo "make test    all tests that need no accelerator, no network and no account"
	@echo "make check   lint, format, types"
	@echo "make docs    the documentation site, into site/ (open site/index.html); links are checked"
	@echo "make proof   the long proofs; their results go to docs/proof/ (PROOF=name for one)"
	@echo "make vllm    .venv-vllm: vLLM on a CPU, for evaluating real models without an accelerator"
	@echo "make pins    write constraints.txt from what .venv holds"
	@echo "make wheels  every package alone and all together, from wheels, on Python 3.12 and 3.13 (ONLY=\"tracer and py3.13\")"
	@echo "make ranges  every package at both ends of the versions that it admits (CASES=\"conf+sweep\")"
	@echo "make release-check   build what would be published, with a bill of materials, in dist/ (TAG=tracer-v0.1.0 for one)"
	@echo "make clean   remove .venv, caches and build output (outputs/ stays)"

setup: .venv/.setup

.venv/.setup: constraints.txt tools/setup.sh $(PYPROJECTS)
	@bash tools/setup.sh

test: setup
	$(PYTHON_BIN) -m pytest -q --durations=15 $(ARGS)

check: setup
	$(PYTHON_BIN) -m ruff check .
	$(PYTHON_BIN) -m ruff format --check .
	$(PYTHON_BIN) -m pyright

proof: setup
	$(PYTHON_BIN) tools/proof.py $(PROOF)

demo: setup
	@bash examples/demo.sh

docs: setup
	NO_MKDOCS_2_WARNING=1 $(PYTHON_BIN) -m mkdocs build --quiet --strict
	@echo "site/index.html"

vllm: .venv-vllm/.setup

.venv-vllm/.setup: .venv/.setup tools/vllm.sh
	@bash tools/vllm.sh

# Names and versions only: no editable packages, no addresses. pip itself comes with Python.
pins: setup
	$(PYTHON_BIN) tools/pins.py

# Tests of wheels need none of what .venv holds.
.venv-release/.setup: constraints.txt
	@$(if $(wildcard .venv-release),,$(or $(PYTHON),python3) -m venv .venv-release)
	.venv-release/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(RELEASE_TOOLS)
	@touch $@

wheels: .venv-release/.setup
	.venv-release/bin/python -m pytest -q -s -m slow tests/integration/test_clean_installs.py -k "$(or $(ONLY),py)"

ranges: .venv-release/.setup
	.venv-release/bin/python -m tools.release.ranges $(CASES)

release-check: setup
	$(PYTHON_BIN) -m tools.release.check $(if $(TAG),--tag "$(TAG)")

clean:
	rm -rf .venv .venv-vllm .venv-release site .pytest_cache .ruff_cache .hypothesis
	find conf models packages tests -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf dist conf/dist models/dist packages/*/dist
