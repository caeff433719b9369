# `make run` and `make test` are the whole set-up: each makes its environment first, once.
# `make PYTHON=/path/to/python3 ...` picks the interpreter.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then command -v $$p; break; fi; done)
# The lowest versions have no packages for newer interpreters.
LOWEST_PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
	if $$p -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' >/dev/null 2>&1; \
	then command -v $$p; break; fi; done)
LOWEST := out/lowest.txt
PINS := $(lastword $(sort $(wildcard tests/colab-pins-*.txt)))
REQUIREMENTS := requirements.txt tests/requirements.txt
CHROMIUM := $(shell command -v chromium || command -v chromium-browser)
BROWSER := browser
WIDGETS := $(CURDIR)/out/ipywidgets7
NEXT_KERAS := $(CURDIR)/out/keras-nightly
# Two processes; the tests of a file stay together.
PYTEST := -m pytest -n 2 --dist loadfile
QUIET := $(if $(MAKE_TERMOUT),,--quiet)

export PYTHONPATH := $(CURDIR)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_DEFAULT_TIMEOUT ?= 180
export PIP_RETRIES ?= 10
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help run test checks test-full lowest-test next-keras browser-test bench gpu-bench flowers17 notebooks docs address clean

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1  /p' Makefile | awk -F'  ' '{printf "make %-13s %s\n", $$1, $$2}'

run: .venv/ready  ## the course 01 to 05 on pictures it draws; on your own photos with FOLDER=path
	@.venv/bin/python notebooks/course.py run $(if $(FOLDER),--folder "$(FOLDER)")

test: .venv/ready checks  ## checks, tests and all notebooks, with the newest versions of everything
	.venv/bin/python $(PYTEST)
	$(if $(CHROMIUM),@$(MAKE) --no-print-directory browser-test BROWSER="browser and not slow")

checks: .venv/ready  ## layout, lint and types: what takes seconds
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy

test-full: .venv/ready .venv-colab/ready checks lowest-test next-keras  ## the slow proofs too, then tests and notebooks with Colab's versions
	.venv/bin/python -m pytest -m "not browser"
	.venv-colab/bin/python $(PYTEST)
	.venv-colab/bin/python -m pytest -m slow tests/colab
	@$(MAKE) --no-print-directory browser-test
	@.venv/bin/python -m pip install --quiet --no-deps --upgrade --target $(WIDGETS) -r tests/browser/colab-widgets.txt
	BROWSER_TEST_WIDGETS=$(WIDGETS) .venv/bin/python -m pytest -m "browser and not slow" tests/browser -k "not stored"

lowest-test:  ## the tests with the lowest versions that requirements.txt allows
	@$(if $(LOWEST_PYTHON),$(MAKE) --no-print-directory .venv-lowest/ready,echo "NOT TESTED with the lowest versions: they need Python 3.11 or 3.12")
	$(if $(LOWEST_PYTHON),.venv-lowest/bin/python $(PYTEST))

next-keras: .venv/ready  # tests/test_next_keras.py says so where it cannot be had
	-@.venv/bin/python -m pip install --quiet --no-deps --upgrade --target $(NEXT_KERAS) keras-nightly

browser-test: .venv/ready  ## notebooks in JupyterLab, clicked through in Chromium; pictures go to out/browser
	@.venv/bin/python -m pip install --quiet -r tests/browser/requirements.txt
	.venv/bin/python -m pytest -m "$(BROWSER)" tests/browser

bench: .venv/ready  ## measure against what you would use instead and write BENCHMARKS.md: FOLDER=photos
	@.venv/bin/python -m pip install --quiet -r tests/benchmarks/requirements.txt
	@.venv/bin/python -m tests.benchmarks $(if $(FOLDER),--folder "$(FOLDER)")

gpu-bench: .venv/ready  ## whether the stream keeps an NVIDIA GPU busy: FOLDER=photos
	@.venv/bin/python -m tests.benchmarks.gpu "$(FOLDER)"

flowers17: .venv/ready  ## the Flowers-17 tutorial's job, three seeds, more than an hour: FOLDER=path
	@.venv/bin/python -m tests.benchmarks.flowers17 "$(FOLDER)"

notebooks: .venv/ready  ## run the notebooks and store their outputs, and the README's pictures, again
	@.venv/bin/python notebooks/course.py store

docs: .venv/ready  ## the API reference, from the docstrings, into out/docs
	@.venv/bin/python docs/build.py out/docs

address:  ## point all badges and setup cells at a fork: REPO=owner/name
	@"$(PYTHON)" notebooks/course.py address "$(REPO)"

clean:  ## remove what run and test made
	rm -rf .venv .venv-colab .venv-lowest out build *.egg-info .mypy_cache .pytest_cache .ruff_cache

.venv/ready: $(REQUIREMENTS)
	$(call environment,.venv,$(PYTHON))

.venv-colab/ready: $(REQUIREMENTS) $(PINS)
	$(call environment,.venv-colab,$(PYTHON),-c $(PINS))

.venv-lowest/ready: $(REQUIREMENTS) .venv/ready
	@mkdir -p $(dir $(LOWEST))
	@.venv/bin/python -m uv pip compile --quiet --resolution lowest-direct --no-deps \
		--python-version 3.11 --output-file $(LOWEST) requirements.txt
	$(call environment,.venv-lowest,$(LOWEST_PYTHON),-c $(LOWEST))

define environment
	@test -n "$(2)" || { echo "This needs Python 3.11 or later with its venv module (Debian and Ubuntu:" \
		"apt install python3-venv). Have one elsewhere? make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || "$(2)" -m venv --clear $(1)
	@echo "Installing what this needs into $(1): about 2 GB with TensorFlow, a few minutes, once ..."
	@$(1)/bin/python -m pip install $(QUIET) $(foreach file,$(REQUIREMENTS),-r $(file)) $(3)
	@touch $@
endef
