from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.errors import InputError, QuantizationError
from gossamer.explain import frontier
from gossamer.explain.labelled import accuracy, read_labelled
from gossamer.explain.search import search
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from tests.quantization import graphs

COUNT = 160


def fragile():
    """Three dense layers; what the second one's weights tell is lost in eight bits.

    Each of its channels has a weight of a thousand, for an input that is always 0.
    """
    build = Builder()
    x = build.input("x", graphs.floats(1, 16))
    weights = graphs.normal(1, 16, 16, spread=0.3)
    shift = np.where(np.arange(16) == 0, -100, 0.1).astype(np.float32)
    first = dense(build, x, weights, shift, "first", activation="relu")
    weights = graphs.normal(2, 16, 16, spread=0.3)
    weights[:, 0] = 1000
    second = dense(build, first, weights, shift * 0, "second")
    scores = dense(build, second, graphs.normal(3, 12, 16, spread=0.3), None, "scores")
    return graphs.model_of(build, [x], [scores])


def dense(build, x, weights, shift, name, activation="none"):
    constants = [build.constant(f"{name}/weights", weights)]
    constants += [None if shift is None else build.constant(f"{name}/bias", shift)]
    op = graphs.FullyConnected(fused_activation_function=activation)
    return build.node(op, x, *constants, name=name)


@pytest.fixture(scope="module")
def data():
    """A model, inputs, and the float model's own classes as labels."""
    model = fragile()
    x = np.random.default_rng(5).uniform(-1, 1, (COUNT, 16)).astype(np.float32)
    function = gossamer.load(write(model))
    return model, x, np.array([function(row[None])[0].argmax() for row in x])


@pytest.fixture(scope="module", params=["alone", "together"])
def found(data, request):
    model, x, labels = data
    return search(
        write(model),
        x,
        labels,
        max_drop=0.05,
        modes=("int8", "float32"),
        sensitivity=request.param,
    )


def test_exactly_the_sensitive_layer_stays_in_float(found):
    assert found.modes == {"first": "int8", "second": "float32", "scores": "int8"}
    assert found.trials[0].label == "all int8"
    assert found.trials[0].metric < 0.7


def test_what_is_returned_holds_the_bound_and_is_what_was_measured(data, found):
    _, x, labels = data
    function = gossamer.load(found.content)
    classes = np.array([function(row[None])[0].argmax() for row in x])
    assert np.mean(classes == labels) == found.chosen.metric >= found.floor
    assert found.reference.metric == 1
    assert len(found.content) == found.chosen.size
    nodes = {y.name: n for n in read(found.content).main.nodes for y in n.outputs}
    assert nodes["second"].input(1).dtype is DType.FLOAT32
    assert nodes["first"].input(1).dtype is DType.INT8


def test_without_a_drop_the_float_model_is_left(data):
    model, x, labels = data

    def picky(outputs, _):
        wanted = np.concatenate([function(row[None]) for row in x])
        return -np.abs(outputs - wanted).max()

    function = gossamer.load(write(model))
    result = search(
        write(model), x, labels, metric=picky, max_drop=0, modes=("int8", "float32")
    )
    assert set(result.modes.values()) == {"float32"}
    assert result.chosen.metric == result.reference.metric == 0


def test_half_floats_are_taken_where_they_are_enough(data):
    model, x, labels = data
    result = search(write(model), x, labels, max_drop=0.05, modes=("int8", "float16"))
    assert result.modes["second"] == "float16"
    assert result.chosen.size == min(t.size for t in result.trials if t.holds)
    assert result.chosen.size < result.reference.size


def test_the_frontier_begins_with_the_cheapest(found):
    kept = found.frontier()
    sizes = [trial.size for trial in kept]
    assert sizes == sorted(sizes)
    assert found.chosen in kept
    rows = frontier.cells(found, kept)
    assert [row for row in rows if row[-1] == "chosen"] == [
        row for row in rows if row[1] == "2 int8, 1 float32"
    ]


@pytest.mark.parametrize("objective", ["size", "latency"])
def test_a_chart_is_drawn(data, tmp_path, objective):
    model, x, labels = data
    result = search(write(model), x[:40], labels[:40], max_drop=1, objective=objective)
    frontier.draw(result, tmp_path / "frontier.svg")
    assert "1 mixes of modes" in (tmp_path / "frontier.svg").read_text()
    with pytest.raises(InputError, match=r"end in \.png"):
        frontier.draw(result, tmp_path / "frontier.txt")


def test_labels_may_be_part_of_a_file(data, tmp_path):
    model, x, labels = data
    np.savez(tmp_path / "data.npz", images=x, labels=labels)
    kept = read_labelled(tmp_path / "data.npz", model)
    np.testing.assert_array_equal(kept.labels, labels)
    assert list(kept.inputs) == ["x"]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((3, 16))}, "expected the labels as 'labels'"),
        ({"x": np.zeros((3, 16)), "labels": np.zeros(4)}, "as many of each"),
        ({"x": np.zeros((0, 16)), "labels": np.zeros(0)}, "as many of each"),
        ({"a": np.zeros(3), "b": np.zeros(3), "labels": np.zeros(3)}, "expected the"),
    ],
)
def test_files_that_do_not_fit(tmp_path, arrays, words):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(InputError, match=words):
        read_labelled(tmp_path / "data.npz", fragile())


def test_what_is_no_npz_file(tmp_path):
    (tmp_path / "data.npz").write_bytes(b"text")
    with pytest.raises(InputError, match=r"not an \.npz file"):
        read_labelled(tmp_path / "data.npz", fragile())


def test_accuracy_of_classes_rows_and_of_two_classes():
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    assert accuracy(scores, np.array([1, 0, 1, 1])) == 0.75
    assert accuracy(scores, np.eye(2)[[1, 0, 0, 0]]) == 0.75
    assert accuracy(scores[:, 1:], np.array([1, 0, 1, 1])) == 0.75
    assert accuracy([scores, scores], np.array([[1], [0], [1], [0]])) == 1
    with pytest.raises(QuantizationError, match="4 classes for 3 labels"):
        accuracy(scores, np.array([1, 2, 3]))


def failing(outputs, labels):
    raise ZeroDivisionError("of nothing")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"metric": "loss"}, InputError, "'loss' is not known"),
        ({"metric": failing}, QuantizationError, "ZeroDivisionError: of nothing"),
        ({"metric": lambda *_: np.nan}, QuantizationError, "metric is nan"),
        ({"max_drop": -1}, InputError, "expected 0 or more"),
        ({"objective": "beauty"}, InputError, "'size' or 'latency'"),
        ({"sensitivity": "none"}, InputError, "auto, alone, together"),
        ({"modes": ("int3",)}, QuantizationError, "'int3' is not known"),
    ],
)
def test_mistakes_are_told(data, options, error, words):
    model, x, labels = data
    with pytest.raises(error, match=words):
        search(write(model), x[:2], labels[:2], **options)


def test_a_quantized_model_is_no_start(data, found):
    _, x, labels = data
    with pytest.raises(QuantizationError, match="starts from a float model"):
        search(found.content, x, labels)
