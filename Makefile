# Everything here works from a fresh clone: `make demo`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench figures setup system clean

setup: $(STAMP)

# the build hook of the package fetches the boundaries, parses the rules and builds the map's scripts
$(STAMP): pyproject.toml hatch_build.py data/boundaries/build.py data/boundaries/geopackage.py data/boundaries/registry.toml data/places/build.py data/places/registry.toml maps/build_assets.py package-lock.json spatial/parsed_toml.py $(wildcard data/rules/*.toml data/rules/*/*.toml layers/*.toml screening/*.toml) $(wildcard maps/page/*.ts maps/page/*/*.ts maps/page/*/*/*.ts)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	$(BIN)/python maps/build_assets.py
	touch $(STAMP)

# Chromium, Chinese fonts: with the system's package manager when run as root; else the tests that need them skip and say so
system:
	@sh .ci/system-parts

demo: setup
	$(BIN)/sanxian demo demo

# a worker that crashes ends the run and names its test; one put in its place would wait for ever (loadfile)
test: setup system
	$(BIN)/python -m pytest -n 2 --dist loadfile --max-worker-restart 0

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/ruff check --quiet --preview --select D417,DOC102,DOC202 spatial layers screening maps apps
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python maps/build_assets.py --check

# beside the engines of others, which it installs
bench: setup system
	$(BIN)/python -m pip install --quiet -e ".[bench]"
	nice $(BIN)/python -m benchmarks

# the pictures in README.md and docs/, from the engine's own answers
figures: setup system
	$(BIN)/python -m docs.figures

clean:
	rm -rf $(VENV) demo
