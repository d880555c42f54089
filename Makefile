# `make lab` opens the course, `make test` runs the tests. Both want Python 3.11 or newer, and nothing else.

# Each of these can be given on the command line: make lab PORT=9000
PYTHON   =#                         the Python to build with; by default the first that serves
VENV     = .venv#                   where to build
NOTEBOOK = notebooks/00-tour.ipynb# what to open
IP       = 127.0.0.1#               where to listen; 0.0.0.0 for a container whose port is published
PORT     = 8888#                    the port; when it is taken, the next free one is

.DEFAULT_GOAL := help
.PHONY: help lab test quick lint format notebooks exercises clauses lock clean elsewhere

python = $(VENV)/bin/python
pip    = $(python) -m pip -qq --disable-pip-version-check --no-input
# Neither a person's own Python path nor their own Jupyter settings reach the course, and it leaves no trace in them.
unexport PYTHONPATH PYTHONHOME
jupyter = env JUPYTER_CONFIG_DIR="$(CURDIR)/$(VENV)/jupyter/config" JUPYTER_DATA_DIR="$(CURDIR)/$(VENV)/jupyter/data" \
	JUPYTER_RUNTIME_DIR="$(CURDIR)/$(VENV)/jupyter/runtime" IPYTHONDIR="$(CURDIR)/$(VENV)/jupyter/ipython"

help: ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

lab: $(VENV)/lab ## open the course in JupyterLab
	@echo "Starting JupyterLab. Ctrl-C here ends it."
	@options=; \
	if [ "$$(id -u)" = 0 ]; then options="--allow-root"; fi; \
	if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY$$WSL_DISTRO_NAME$$BROWSER" ]; then \
		options="$$options --no-browser"; \
		echo "No browser is here. Open the http address below in one that reaches this machine."; \
	fi; \
	exec $(jupyter) $(python) -m jupyterlab $$options --ip=$(IP) --port=$(PORT) --ServerApp.root_dir=. \
		--LabApp.default_url=/lab/tree/$(NOTEBOOK) --Application.log_level=ERROR --ServerApp.answer_yes=True

test: lint ## check everything: style, types, layers, tests
	$(python) -m pytest -m "not browser" --numprocesses=logical --maxprocesses=4
	$(python) -m pytest -m browser

quick: $(VENV)/test ## run the tests that take no time
	$(python) -m pytest -m "not browser and not slow" --numprocesses=logical --maxprocesses=4

lint: $(VENV)/test ## check style, types, layers, and that generated files are up to date
	$(python) -m ruff format --check
	$(python) -m ruff check
	$(python) -m mypy
	$(VENV)/bin/lint-imports --cache-dir build/import-linter
	@$(MAKE) --no-print-directory notebooks exercises clauses OPTIONS=--check

format: $(VENV)/test ## put the code in order
	$(python) -m ruff check --fix
	$(python) -m ruff format

notebooks: $(VENV)/test ## write notebooks/*.ipynb from notebooks/source/
	$(if $(wildcard notebooks/source/build.py),$(python) notebooks/source/build.py $(OPTIONS))

exercises: $(VENV)/test ## write exercises/ from solutions/
	$(if $(wildcard solutions/build.py),$(python) solutions/build.py $(OPTIONS))

clauses: $(VENV)/test ## write tests/clauses/README.md: which tests prove which clause of an RFC
	$(python) tests/clauses/build.py $(OPTIONS)

# Adds what pyproject.toml newly asks for and keeps the other versions; OPTIONS=--upgrade takes the newest of all.
# The constraint is the last line of versions with a wheel for Macs with an Intel processor.
lock: $(VENV)/test ## write the locks from pyproject.toml
	@$(pip) install uv
	@mkdir -p build && echo 'argon2-cffi-bindings<26' > build/constraints.txt
	$(compile) --group build --constraint build/constraints.txt --output-file requirements.lock
	$(compile) --group build --group test --constraint requirements.lock --output-file requirements-test.lock

compile = $(VENV)/bin/uv pip compile pyproject.toml --extra lab --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" --quiet $(OPTIONS)

clean: ## remove everything that make built
	rm -rf .venv build
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +

# --- the environment ---

# What a person who takes the course needs; and that with what the tests need on top.
$(VENV)/lab: requirements.lock pyproject.toml Makefile | $(python)
	$(call install,requirements.lock)
	@touch $@

$(VENV)/test: requirements-test.lock pyproject.toml Makefile | $(python)
	$(call install,requirements-test.lock)
	@touch $@ $(VENV)/lab

# An environment whose folder was moved still points at the old place, and is built anew.
ifneq ($(shell cat $(VENV)/place 2>/dev/null),$(CURDIR))
$(python) $(VENV)/lab $(VENV)/test: elsewhere
endif

define install
	@echo "Installing into $(VENV) what $(1) lists (a minute or two) ..."
	@$(pip) install --require-hashes -r $(1)
	@$(pip) install --no-deps --no-build-isolation -e .
	@mkdir -p $(VENV)/share/jupyter/lab/settings $(VENV)/etc/jupyter/labconfig
	@echo '$(settings)' > $(VENV)/share/jupyter/lab/settings/overrides.json
	@echo '$(hidden)' > $(VENV)/etc/jupyter/labconfig/page_config.json
	@touch $(VENV)/etc/jupyter/nbgrader_config.py
	@echo "$(CURDIR)" > $(VENV)/place
endef

# JupyterLab asks no question about news and no server about updates, and shows a student nothing of nbgrader's but the
# button that checks an assignment; `jupyter labextension enable` brings the rest back. nbgrader itself warns where it
# finds no settings, so it gets an empty file.
settings = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}
hidden   = {"disabledExtensions": {"@jupyter/nbgrader:assignment-list": true, "@jupyter/nbgrader:course-list": true, \
	"@jupyter/nbgrader:create-assignment": true, "@jupyter/nbgrader:formgrader": true, "@jupyter/nbgrader:menu": true}}

$(python):
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.14 python3.11 python); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		found=$$python; \
		"$$python" -c 'import venv, ensurepip' 2>/dev/null || continue; \
		echo "Building $(VENV) with $$("$$python" --version)."; \
		exec "$$python" -m venv --clear $(VENV); \
	done; \
	if [ "$$found" ]; then \
		echo "$$("$$found" --version) is here, but without its modules venv and ensurepip, which set up an environment."; \
		echo "On Debian and Ubuntu: apt install python3-venv"; \
	else \
		echo "netlab needs Python 3.11 or newer; $(if $(PYTHON),$(PYTHON) is not,there is none on the PATH)."; \
		echo "Get it from python.org or your system's packages, then: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
	fi >&2; exit 1
