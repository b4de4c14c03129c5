# Each target is a line or two a newcomer can read. On a fresh Debian machine: python3-venv and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint fmt compile faults fuzz setup setup-dev clean

demo: setup ## the whole product with a demo province, in the foreground; Ctrl-C stops it
	@$(BIN)/guatu demo

test: setup-dev ## everything CI runs
	@bash tools/install_test_machine.sh
	# Tests start many processes, each of which would compile the same: once, beside the linters.
	@$(MAKE) --no-print-directory -j2 lint compile
	@bash tools/test.sh

setup: .venv/.server
setup-dev: .venv/.dev

.venv/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Run \`apt-get install python3-venv\`, or name another with \`make PYTHON=...\`."; \
	  echo "找不到 $(PYTHON)。请先运行 \`apt-get install python3-venv\`，或用 \`make PYTHON=...\` 指定另一个。"; exit 1; } >&2
	@$(PYTHON) tools/check_machine.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.9,<1" || sh tools/not_installed.sh

.venv/.server: .venv/bin/uv pyproject.toml uv.lock
	$(BIN)/uv sync --locked --extra server --inexact --quiet || sh tools/not_installed.sh
	@touch $@

.venv/.dev: .venv/bin/uv pyproject.toml uv.lock
	$(BIN)/uv sync --locked --all-extras --all-groups --quiet || sh tools/not_installed.sh
	@touch .venv/.server $@

lint: setup-dev ## format, lint, templates, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --lint src/guatu/web
	$(BIN)/codespell src tests docs README.md CONTRIBUTING.md
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

compile: setup-dev
	$(BIN)/python tools/compile.py

fuzz: setup-dev ## 100,000 broken messages at each door of the gateway; prints its seed
	GUATU_FUZZ_CASES=100000 $(BIN)/pytest -n0 -s -p no:randomly tests/telemetry/test_fuzz.py

faults: setup-dev ## the kills and pauses, ten times over
	GUATU_FAULT_ROUNDS=10 $(BIN)/pytest -m faults -s

clean:
	rm -rf .venv .guatu build dist

bench-%: setup-dev
	bash bench/install_peers.sh
	$(BIN)/python -m bench.$*
