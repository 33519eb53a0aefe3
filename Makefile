# make run      install multilayer into .venv and train a first network
# make test     style, types and tests (a seeded fraction of every suite)
# make accept   the tests with their full counts; writes docs/acceptance.md
# make bench    speed beside PyTorch, JAX, scikit-learn, ONNX Runtime (CASE=name for one row, QUICK=1 for a quick form)
# make docs     the documentation as HTML in docs/_build/html
# make format   put the source into its form

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
EVERY_CORE := --numprocesses auto --dist loadfile --no-loadscope-reorder
BUILD_INPUTS := pyproject.toml CMakeLists.txt src/multilayer/version.py $(wildcard native/*)

.PHONY: run test accept bench docs format

run: $(VENV)/.installed
	$(BIN)/multilayer train digits
	@echo
	@echo "What to try next:"
	@echo "  $(BIN)/multilayer tasks                               what there is to learn"
	@echo "  $(BIN)/multilayer train moons --hidden 40             one hidden layer of 40 units"
	@echo "  $(BIN)/multilayer train 'x^2' --hidden none           what a linear network cannot do"
	@echo "  $(BIN)/multilayer train and --hidden none --weights 1,1 --bias -1.5 --epochs 0"
	@echo "  $(BIN)/multilayer --help"

test: $(VENV)/.testable
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest $(EVERY_CORE)

accept: $(VENV)/.testable
	MULTILAYER_ACCEPT=1 $(BIN)/pytest $(EVERY_CORE) --figures docs/acceptance.md

bench: $(VENV)/.measurable
	$(BIN)/python -m benchmarks $(if $(CASE),--case $(CASE)) $(if $(QUICK),--quick)

docs: $(VENV)/.documentable
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

format: $(VENV)/.testable
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The package is installed in place: an edited Python file counts at once, an edited native/ file is compiled by make.
$(VENV)/.installed: $(BUILD_INPUTS) | $(VENV)/.created
	@echo "Installing multilayer into $(VENV) (a minute or two the first time)"
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.testable: $(BUILD_INPUTS) | $(VENV)/.created
	@echo "Installing multilayer and what its tests need into $(VENV) (some minutes the first time: PyTorch is among it)"
	$(INSTALL) --editable '.[test,lint]'
	@touch $(VENV)/.installed $@

$(VENV)/.measurable: $(BUILD_INPUTS) | $(VENV)/.created
	@echo "Installing multilayer and the peers it is measured against into $(VENV)"
	$(INSTALL) --editable '.[bench]'
	@touch $(VENV)/.installed $@

$(VENV)/.documentable: $(BUILD_INPUTS) | $(VENV)/.created
	@echo "Installing multilayer and what its documentation needs into $(VENV)"
	$(INSTALL) --editable '.[docs]'
	@touch $(VENV)/.installed $@

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "multilayer needs Python 3.11 or newer as '$(PYTHON)'. Another one is named by: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) cannot make virtual environments here. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
