from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import QuantizationError
from gossamer.ir.graph import Model, Signature, Subgraph, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.quantization.calibrate import calibrate
from gossamer.quantization.ranges import Range
from gossamer.quantization.samples import input_names

IMAGE = Tensor("image", TensorType(DType.FLOAT32, (1, 2, 2)), signature=(-1, 2, 2))
TOKENS = Tensor("tokens", TensorType(DType.INT32, (3,)))
GRAPH = Subgraph("main", (IMAGE, TOKENS), (IMAGE, TOKENS), (IMAGE,), ())
MODEL = Model((GRAPH,))
GOOD = {"image": np.ones((1, 2, 2), np.float32), "tokens": np.zeros(3, np.int32)}


def test_ranges_are_the_extremes_over_all_samples():
    images = [[[[-1, 0], [0, 2]]], [[[5, 0], [0, 0]]], [[[1, 1], [1, -0.5]]]]
    samples = ({**GOOD, "image": np.float32(image)} for image in images)
    assert calibrate(MODEL, samples) == {IMAGE: Range(-1.0, 5.0)}


def test_samples_are_taken_one_at_a_time():
    alive = []

    def samples():
        for i in range(4):
            alive.append(i)
            yield GOOD

    seen = []

    def run(inputs, see):
        seen.append(len(alive))

    calibrate(MODEL, samples(), lambda model, subgraph: run)
    assert seen == [1, 2, 3, 4]


def test_a_batch_of_samples_counts_whole():
    image = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    found = calibrate(MODEL, [{**GOOD, "image": image}])
    assert found[IMAGE] == Range(0.0, 11.0)


def test_integer_inputs_have_no_range():
    assert TOKENS not in calibrate(MODEL, [GOOD])


def test_an_empty_data_set_is_refused():
    with pytest.raises(QuantizationError) as caught:
        calibrate(MODEL, iter(()))
    text = str(caught.value)
    assert "gave no samples; expected at least one" in text
    assert "'image' (float32[?x2x2])" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": np.ones((1, 2, 3), np.float32)}, ["[1x2x3]", "float32[?x2x2]"]),
        ({"image": np.ones((2, 2), np.float32)}, ["[2x2]", "array[None]"]),
        ({"image": np.ones((1, 2, 2))}, ["float64", "expected float32", "astype"]),
        ({"tokens": np.zeros(3, np.int64)}, ["int64", "int32[3]"]),
        ({"tokens": np.zeros(4, np.int32)}, ["'tokens'", "[4]", "int32[3]"]),
        (
            {"image": np.float32([[[np.nan, 1], [np.inf, 0]]])},
            ["2 of 4 values", "finite"],
        ),
        ({"mask": np.zeros(1)}, ["unknown: mask", "expected exactly 'image'"]),
    ],
)
def test_a_sample_that_does_not_fit_is_refused_by_name(change, words):
    samples = [GOOD, {**GOOD, **change}]
    with pytest.raises(QuantizationError) as caught:
        calibrate(MODEL, samples)
    for word in ["sample 1", *words]:
        assert word in str(caught.value)


def test_a_missing_input_is_refused_by_name():
    with pytest.raises(QuantizationError, match=r"sample 0 .* missing: tokens"):
        calibrate(MODEL, [{"image": GOOD["image"]}])


def test_a_sample_that_is_no_mapping_is_refused():
    with pytest.raises(QuantizationError, match=r"sample 0 .* is a list; expected a"):
        calibrate(MODEL, [[GOOD["image"], GOOD["tokens"]]])


def test_a_layer_that_overflows_is_named_with_the_sample():
    values = iter([0.0, np.inf])

    def run(inputs, see):
        see(IMAGE, np.float32([next(values)]))

    with pytest.raises(QuantizationError, match=r"sample 1 .*'image' infinite"):
        calibrate(MODEL, [GOOD, GOOD, GOOD], lambda model, subgraph: run)


def two_signatures():
    first, second = (
        Tensor(name, TensorType(DType.FLOAT32, (1, 2))) for name in ("a", "b")
    )
    graphs = [Subgraph(x.name, (x,), (x,), (x,), ()) for x in (first, second)]
    signatures = [
        Signature("left", {"x": first}, {"y": first}, 0),
        Signature("right", {"x": second}, {"y": second}, 1),
    ]
    return Model(tuple(graphs), tuple(signatures)), first, second


def test_each_sample_goes_to_the_signature_it_names():
    model, first, second = two_signatures()
    one = {"x": np.float32([[1, 2]])}
    found = calibrate(model, [("right", one), ("left", {"x": -one["x"]})])
    assert found == {first: Range(-2.0, -1.0), second: Range(1.0, 2.0)}


def test_a_signature_without_samples_is_refused():
    model, *_ = two_signatures()
    with pytest.raises(QuantizationError, match="no samples for the signature 'right'"):
        calibrate(model, [{"x": np.float32([[1, 2]])}])


def test_an_unknown_signature_is_refused():
    model, *_ = two_signatures()
    with pytest.raises(QuantizationError, match=r"'up'; the model has 'left', 'right'"):
        calibrate(model, [("up", {})])


@pytest.mark.parametrize("method", ["percentile", "mse", "entropy"])
def test_outliers_are_cut_off_by_every_method_but_the_extremes(method):
    values = np.random.default_rng(0).normal(0, 1, (50_000, 2, 2))
    values[0, 0, 0] = 40
    samples = [{**GOOD, "image": values.astype(np.float32)}]
    assert calibrate(MODEL, samples)[IMAGE].maximum == 40
    found = calibrate(MODEL, samples, method=method)[IMAGE]
    assert -6 < found.minimum < -3
    assert 3 < found.maximum < 35
    kept = calibrate(MODEL, samples, method=method, wide=[IMAGE])[IMAGE]
    assert kept == calibrate(MODEL, samples)[IMAGE]


def test_inputs_are_named_as_the_signature_names_them():
    model = Model((GRAPH,))
    assert input_names(model) == {"image": IMAGE, "tokens": TOKENS}
    signature = Signature("serving_default", {"x": IMAGE, "t": TOKENS}, {})
    named = Model((GRAPH,), (signature,))
    assert input_names(named) == {"x": IMAGE, "t": TOKENS}
