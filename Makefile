# Every target is one or two calls of tools in .venv; `make` alone lists them.
PYTHON ?= python3
SUBMITTED ?= build/classroom/submitted
TOPIC ?= perceptron
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# One thread per process: the work is spread over processes instead.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
READY = .venv/ready
# Of one topic only, where the command names it.
ONE = $(filter command,$(firstword $(origin TOPIC)))
ONLY = $(if $(ONE),--topic $(TOPIC))
TESTS = $(if $(ONE),$$(mylib rooms --tests $(TOPIC)),lectures tests mylib)

.DEFAULT_GOAL := help
.PHONY: help setup course test lab lectures site validate release grade feedback report doctor claims answers bench check lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## build .venv from requirements.txt

$(READY): requirements.txt requirements-references.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "make: expected Python 3.11 or newer as $(PYTHON), got `$(PYTHON) --version 2>&1`; install it, or name another with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: expected Python's venv module, got none; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "building .venv (a few minutes the first time)"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-references.txt
	@.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $(READY)

course: $(READY) ## the main job: run and publish the lectures, release and grade the exercises
	@mylib course

test: $(READY) ## everything that must hold, with the network off; of one topic: TOPIC=<name>
	@python tests/offline.py pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-current-env $(ONLY) $(TESTS)
	@$(MAKE) --no-print-directory lint

lint: $(READY)
	@ruff check && ruff format --check && mylib release --check && mylib index --check

lab: $(READY) ## JupyterLab, opened on your own copies in work/
	@mylib lab

lectures: $(READY) ## execute every lecture, write build/site/
	@mylib lectures

site: $(READY) ## write build/site/ from what is committed, executing nothing
	@mylib site

validate: $(READY) ## what the visible tests say of an exercise: TOPIC=<name>
	@mylib validate --topic $(TOPIC)

release: $(READY) ## generate exercises/ from solutions/
	@mylib release

grade: $(READY) ## autograde SUBMITTED=<folder>, behind bubblewrap (make doctor)
	@mylib grade --submitted $(SUBMITTED)

feedback: $(READY) ## one page per graded submission
	@mylib feedback

report: $(READY) ## points as tables, as a page and for Moodle and Canvas
	@mylib report

doctor: $(READY) ## what this machine has and lacks
	@mylib doctor

claims: $(READY) ## measure every claim over three seeds, write lectures/CLAIMS.md
	@mylib claims

answers: $(READY) ## what right, wrong and slightly changed answers score: do the tests notice?
	@mylib answers && mylib mutants

bench: $(READY) ## time the engine beside PyTorch (never part of the tests)
	@python -m benchmarks

check: lint ## style, types, documentation, syllabus; of one topic: TOPIC=<name>
	@mypy
	@pytest -n auto --maxprocesses 8 $(ONLY) tests/test_syllabus.py tests/test_packaging.py mylib

clean: ## remove what was built (.venv stays)
	@rm -rf build .pytest_cache .ruff_cache .hypothesis
	@echo "removed build/ and caches; .venv is left, delete it by hand to start over"
