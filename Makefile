# GoSeventh: `make run` serves, `make test` tests. Both need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test proof search-proof fuzz fuzz-coverage soak bench publish compare-proof check audit lock clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run.stamp ## serve on port 9999; more flags in ARGS="--workers 2"
	@exec $(BIN)/goseventh serve $(ARGS)

test: $(VENV)/dev.stamp ## run the tests; pytest's arguments in ARGS="-k search"
	@exec $(BIN)/python -m pytest $(ARGS)

proof: $(VENV)/dev.stamp ## crash each write strategy in depth and print what was lost; needs cc, takes minutes
	@exec $(BIN)/python -m tests.proof.report $(ARGS)

search-proof: $(VENV)/dev.stamp ## compare the search with a naive model on 100,000 terms; takes minutes
	@exec $(BIN)/python -m tests.index.model $(ARGS)

fuzz: $(VENV)/dev.stamp ## throw 100,000 cases at a server, minutes; ARGS="5000" for fewer, ARGS="5000 SEED" again
	@exec $(BIN)/python -m tests.fuzz.run $(ARGS)

FUZZED = record head frames segment signature outline validation
FUZZ_SECONDS ?= 60

fuzz-coverage: $(VENV)/fuzz.stamp ## fuzz the readers of bytes along their coverage, each FUZZ_SECONDS=60
	@for target in $(FUZZED); do $(BIN)/python -m tests.fuzz.coverage $$target $(FUZZ_SECONDS) || exit 1; done

soak: $(VENV)/dev.stamp ## load, kill workers and fill the disk for SOAK_MINUTES=30; needs cc
	@exec $(BIN)/python -m tests.soak.run

bench: $(VENV)/dev.stamp ## measure all, about 15 minutes; ARGS="--quick" for two to five, --full for an hour
	@exec $(BIN)/goseventh bench all $(ARGS)

publish: $(VENV)/dev.stamp ## measure all in the tournament's limits into benchmarks/, and show it in the READMEs; needs chromium
	@$(BIN)/goseventh bench all --cpus 1.5 --memory 3g --out benchmarks $(ARGS)
	@$(BIN)/python -m tests.bench.publish benchmarks

compare-proof: $(VENV)/dev.stamp ## whether bench compare finds a planted slowdown, ARGS="5" times; takes half an hour
	@exec $(BIN)/python -m tests.bench.planted $(ARGS)

check: $(VENV)/dev.stamp ## ruff, mypy --strict and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Not a part of `make check`: that must pass without a network, and what is known of a package changes by the day.
# An index that knows no vulnerabilities, such as a mirror, skips every package: --strict makes that a failure.
audit: $(VENV)/made.stamp ## look the pinned dependencies up among known vulnerabilities; needs the network
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip --quiet --disable-pip-version-check install pip-audit==2.10.1
	@$(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt || \
		{ echo 'the audit found something, or could not reach the data that it needs: nothing is known to be safe' >&2; exit 1; }

# The oldest Python supported compiles the pins: newer ones need these packages or fewer.
# A local directory of wheels would hide the hashes of other platforms.
COMPILE = env -u PIP_FIND_LINKS CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes \
	--allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--build-deps-for editable --build-deps-for wheel

lock: $(VENV)/made.stamp ## pin the dependencies anew; ARGS=--upgrade takes newer ones
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo 'pins are made with Python 3.11: make clean, then make lock PYTHON=python3.11' >&2; exit 1; }
	$(PIP) install pip-tools==7.6.2
	$(COMPILE) $(ARGS) --output-file requirements.txt pyproject.toml
	$(COMPILE) $(ARGS) --extra dev --extra bench --extra postgresql --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) $(ARGS) --extra postgresql --constraint requirements.txt --output-file requirements-postgresql.txt pyproject.toml
	$(COMPILE) $(ARGS) --extra fuzz --constraint requirements.txt --output-file requirements-fuzz.txt pyproject.toml

clean: ## remove .venv, caches and what builds left; never ./data
	rm -rf $(VENV) .fuzz build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find goseventh storage index tests -type d -name __pycache__ -prune -exec rm -rf {} +

# A stamp inside .venv stands for one finished step, so that a second `make run` starts at once.
# made.stamp names the directory it was made in: a moved or copied checkout, or one whose Python is gone, starts over.
ifneq ($(shell test -x $(BIN)/python && test "$$(cat $(VENV)/made.stamp 2>/dev/null)" = "$$(pwd -P)" && echo whole),whole)
$(VENV)/made.stamp: FORCE
endif

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'GoSeventh needs Python 3.11 or newer, and "$(PYTHON)" is not: name one, as in make PYTHON=python3.13' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "GoSeventh needs Python's venv module: on Debian \`apt install python3-venv\`" >&2; exit 1; }
	@echo 'making $(VENV) and installing the dependencies: once, about a minute'
	@$(PYTHON) -m venv --clear $(VENV)
	@pwd -P >$@

$(VENV)/run.stamp: $(VENV)/made.stamp requirements.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.txt
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/fuzz.stamp: $(VENV)/dev.stamp requirements-fuzz.txt
	@$(PIP) install --require-hashes -r requirements-fuzz.txt
	@touch $@
