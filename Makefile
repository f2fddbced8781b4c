# Everything needs only python3 (3.11 or newer) with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run demo stop test cover check proto bench lock format clean help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/run: requirements.lock pyproject.toml clients/python/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e clients/python -e .
	touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/run
	$(INSTALL) --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/run ## start the demonstration shop in the foreground (Ctrl-C ends it)
	@exec $(BIN)/kassenwart demo

demo: $(VENV)/run ## make one sale against the running shop and show every step
	@$(BIN)/kassenwart sale --token-file .run/token --png .run/receipt.png

stop: $(VENV)/run ## end simulators that a killed daemon has left standing
	@$(BIN)/kassenwart demo --stop

test: $(VENV)/dev ## run all tests (installs a browser and a few tools from Debian where it may)
	$(BIN)/python -m pytest -n auto $$(.ci/install)

cover: $(VENV)/dev ## run all tests and show what they leave uncovered
	$(BIN)/python -m pytest -n auto --cov=gateway --cov=drivers --cov-branch --cov-report=term $$(.ci/install)

check: $(VENV)/dev ## lint, types, floors, contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python proto/generate.py --lint

format: $(VENV)/dev ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

proto: $(VENV)/dev ## make the code of the contract anew
	$(BIN)/python proto/generate.py

bench: $(VENV)/dev ## measure latency, throughput, memory and start, with ratios to a raw socket
	$(BIN)/python tests/bench/run.py

lock: $(VENV)/dev ## make the lock files anew (needs uv)
	uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-package kassenwart-client pyproject.toml -o requirements.lock
	uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-package kassenwart-client --extra dev pyproject.toml -o requirements-dev.lock

clean: ## drop the environment and the demonstration shop's state
	rm -rf $(VENV) .run
