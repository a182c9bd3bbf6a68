# `make run` and `make test` do every set-up step that is missing, and nothing when nothing is.
PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .make
GL_PACKAGES := libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 libxrender1 libgomp1 $(VENV_PACKAGE)
# Debian splits venv off its own Python; any other Python brings it.
VENV_PACKAGE := $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)
FRONTEND := $(shell find frontend -type f 2>/dev/null) package.json package-lock.json

.PHONY: run test bench bench-archive lint setup setup-test ohif clean

run: setup
	@$(BIN)/slicecast serve $(ARGS)

setup: $(STAMPS)/system $(STAMPS)/python $(STAMPS)/frontend ohif

setup-test: setup $(STAMPS)/system-test $(STAMPS)/python-test

test: setup-test lint
	npm run --silent check
	npm run --silent test
	$(BIN)/python -m pytest --reruns 1

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-test $(STAMPS)/python-bench
	$(BIN)/python -m benchmarks $(ARGS)

# With Orthanc beside ours where Debian's packages orthanc and orthanc-dicomweb are installed.
bench-archive: setup-test
	SLICECAST_BENCH_INSTANCES=1000000 $(BIN)/python -m benchmarks --archive $(ARGS)

clean:
	rm -rf $(STAMPS) $(VENV) node_modules docroot/viewer docroot/demos/built docroot/browse

$(STAMPS):
	@mkdir -p $@

$(STAMPS)/system: scripts/system-packages | $(STAMPS)
	scripts/system-packages $(GL_PACKAGES)
	@touch $@

$(STAMPS)/system-test: scripts/system-packages | $(STAMPS)
	scripts/system-packages chromium curl dcmtk
	@touch $@

$(VENV)/bin/python: | $(STAMPS)/system
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/python: pyproject.toml | $(VENV)/bin/python $(STAMPS)
	$(BIN)/pip install --quiet --editable .
	$(BIN)/python -m backend.render.warm_up
	@touch $@

$(STAMPS)/python-test: pyproject.toml $(STAMPS)/python | $(STAMPS)
	$(BIN)/pip install --quiet --editable .[test]
	@touch $@

# The peers are no part of the product: without them the benchmarks run and say so.
$(STAMPS)/python-bench: pyproject.toml $(STAMPS)/python-test
	@$(BIN)/pip install --quiet --editable .[bench] && touch $@ || echo "The peers of the benchmarks could not be installed."

$(STAMPS)/node: package-lock.json | $(STAMPS)
	scripts/require-node
	@# A registry mirror that lacks other platforms' optional packages makes a lock file that `npm ci` refuses.
	npm ci --silent --no-audit --no-fund 2>/dev/null || npm install --silent --no-save --no-audit --no-fund
	@touch $@

$(STAMPS)/frontend: $(STAMPS)/node $(FRONTEND)
	npm run --silent build
	@touch $@

# A viewer of others, at /browse: without it the server runs, and says there how to get it. It looks itself whether it is made.
ohif: | $(STAMPS)/node
	@node frontend/ohif/build.mjs || true
