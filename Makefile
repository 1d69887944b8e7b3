# Each target makes .venv and installs what it needs; Python 3.11 and make suffice.
# `make mnist ARGS=--full` hands arguments on to the program behind a target.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/installed
TRAINING := tests/clustering tests/compression tests/quantization_aware tests/sparsity \
	tests/training
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup

.PHONY: help mnist mnist-page page-picture compress outliers test test-all test-tensorflow test-torch test-edge fuzz check format bench quality sparse edge docs readme clean

help:
	@echo "make mnist      train, convert, quantize and run a digit classifier"
	@echo "make mnist-page  a web page that reads the digit one draws on it"
	@echo "make test       the tests, in minutes"
	@echo "make test-all   the tests with the slow ones, every case on every machine"
	@echo "make test-tensorflow  SavedModels, functions and training, with TensorFlow in .venv-tensorflow"
	@echo "make test-torch  training, with Keras on torch in .venv-torch"
	@echo "make test-edge  libraries for other machines, with the compilers and emulators it installs"
	@echo "make compress   a digit classifier pruned, clustered and quantized, as a table"
	@echo "make outliers   a network that int8 breaks, and training for int8 mends"
	@echo "make fuzz       hunt for mutants of models that end badly (ARGS='--seed 4')"
	@echo "make check      ruff, pyright and the rules on the source tree"
	@echo "make format     let ruff put the sources in order"
	@echo "make bench      time the benchmark models beside LiteRT: about 20 minutes"
	@echo "make quality    what int8 costs in accuracy, beside TensorFlow's converter"
	@echo "make sparse     what pruned weights save in bytes and time"
	@echo "make edge       bytes and instructions of libraries for devices: 5 minutes"
	@echo "make docs       write docs/keras.md, what each Keras layer and function becomes"
	@echo "make page-picture  draw on that page and take its picture for the docs"
	@echo "make readme     put the last results into the README"
	@echo "make clean      remove .venv and everything that was built"

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.venv-tensorflow/installed: pyproject.toml
	$(PYTHON) -m venv .venv-tensorflow
	.venv-tensorflow/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[tensorflow]' keras h5py ai-edge-litert pytest hypothesis matplotlib
	@touch $@

.venv-torch/installed: pyproject.toml
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable . torch keras h5py ai-edge-litert pytest hypothesis matplotlib
	@touch $@

mnist: $(READY)
	$(BIN)/python examples/mnist.py $(ARGS)

mnist-page: $(READY)
	$(BIN)/python examples/mnist_page.py $(ARGS)

page-picture: $(READY)
	$(BIN)/python -m tests.edge.picture docs/images/mnist_page.png

compress: $(READY)
	$(BIN)/python examples/mnist_compress.py --page benchmarks/COMPRESS.md $(ARGS)

outliers: $(READY)
	$(BIN)/python examples/mnist_outliers.py --page benchmarks/OUTLIERS.md $(ARGS)

test: $(READY)
	$(PYTEST) -m 'not slow and not edge' $(ARGS)

test-tensorflow: .venv-tensorflow/installed
	KERAS_BACKEND=tensorflow .venv-tensorflow/bin/python -m pytest \
		tests/frontends/tensorflow $(TRAINING) $(ARGS)

test-torch: .venv-torch/installed
	KERAS_BACKEND=torch .venv-torch/bin/python -m pytest $(TRAINING) $(ARGS)

test-all: $(READY)
	GOSSAMER_TEST_MACHINES=all $(PYTEST) -m 'not edge' $(ARGS)

test-edge: $(READY)
	scripts/install-edge.sh
	$(PYTEST) -m edge tests/edge $(ARGS)

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.hunt $(ARGS)

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest tests/architecture $(ARGS)

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

quality: .venv-tensorflow/installed
	KERAS_BACKEND=tensorflow .venv-tensorflow/bin/python -m benchmarks.quality $(ARGS)

edge: $(READY)
	scripts/install-edge.sh
	$(BIN)/python -m benchmarks.edge $(ARGS)

sparse: $(READY)
	$(BIN)/python -m benchmarks.sparse $(ARGS)

docs: $(READY)
	$(BIN)/python -m catalogue.page

readme: $(READY)
	$(BIN)/python -m benchmarks.readme

clean:
	rm -rf .venv .venv-tensorflow build dist .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
