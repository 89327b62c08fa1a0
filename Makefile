# The two commands of the README: `make demo` and `make test`. Everything else is for developers.
PYTHON ?= python3
VENV := .venv
UV_VERSION := 0.13.8
READY := $(VENV)/.ready

.PHONY: demo test test-long lint check clean

demo: $(READY)
	$(VENV)/bin/harness search --task digits --board virtual:nrf51-dk --board virtual:nrf52840-dk \
	  --max-accuracy-drop 2.0 --study demo

# Tests are spread over the processor's cores, a file to each at a time; a few need the machine for themselves.
test: $(READY)
	$(VENV)/bin/pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m "not long and not alone"
	$(VENV)/bin/pytest -m alone

test-long: $(READY)
	$(VENV)/bin/pytest -m long

lint: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

check: lint test

# uv installs exactly what the lock file names; pip only fetches uv.
$(READY): pyproject.toml uv.lock
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet uv==$(UV_VERSION)
	VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv sync --frozen --active --all-extras
	touch $@

clean:
	rm -rf $(VENV) build
