# Each target is a line or two a newcomer can read. On a fresh Debian machine: python3-venv and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint fmt types contracts unit browser faults setup setup-dev clean bench-spine

demo: setup ## the whole product with a demo province, in the foreground; Ctrl-C stops it
	@$(BIN)/guatu demo

test: setup-dev lint unit ## everything CI runs

setup: .venv/.server
setup-dev: .venv/.dev

.venv/bin/uv: 
	@$(PYTHON) tools/check_machine.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.9,<1"

.venv/.server: .venv/bin/uv pyproject.toml uv.lock
	$(BIN)/uv sync --locked --extra server --inexact --quiet
	@touch $@

.venv/.dev: .venv/bin/uv pyproject.toml uv.lock tools/install_test_machine.sh
	$(BIN)/uv sync --locked --all-extras --all-groups --quiet
	bash tools/install_test_machine.sh
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

unit: setup-dev ## unit, property, web, engine, browser and short fault tests, with coverage
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

clean:
	rm -rf .venv .guatu build dist

bench-%: setup-dev
	$(BIN)/python -m bench.$*
