from __future__ import annotations

import numpy as np
import pytest

from gossamer.calibration import batches_of, samples_of
from gossamer.errors import QuantizationError
from gossamer.ir.graph import Model, Signature, Subgraph, Tensor
from gossamer.ir.types import DType, TensorType


def tensor(name, *shape, dtype=DType.FLOAT32):
    return Tensor(name, TensorType(dtype, shape))


def model_of(*inputs, key="serve"):
    graph = Subgraph("main", inputs, inputs, inputs[:1], ())
    names = {x.name: x for x in inputs}
    return Model((graph,), (Signature(key, names, {"y": inputs[0]}),))


ONE = model_of(tensor("x", 1, 2))
TWO = model_of(tensor("x", 1, 2), tensor("n", 1, dtype=DType.INT32))
X = np.float32([[1, 2], [3, 4], [5, 6]])
N = np.int32([7, 8, 9])


def same(found, expected):
    found = list(found)
    assert len(found) == len(expected)
    for mine, wanted in zip(found, expected, strict=True):
        assert mine.keys() == wanted.keys()
        for name, array in wanted.items():
            np.testing.assert_array_equal(mine[name], array)
            assert mine[name].dtype == array.dtype


ROWS = [{"x": X[i : i + 1]} for i in range(3)]
PAIRS = [{"x": X[i : i + 1], "n": N[i : i + 1]} for i in range(3)]


@pytest.mark.parametrize(
    "data",
    [
        X,
        X.astype(np.float64),
        [X],
        {"x": X},
        ROWS,
        iter(ROWS),
        lambda: iter([[row["x"]] for row in ROWS]),
    ],
    ids=["array", "float64", "list", "dict", "samples", "iterator", "function"],
)
def test_one_input_in_every_form(data):
    same(batches_of(ONE, data), ROWS)


@pytest.mark.parametrize(
    "data",
    [[X, N], (X, N), {"n": N, "x": X}, PAIRS, lambda: PAIRS],
    ids=["list", "tuple", "dict", "samples", "function"],
)
def test_two_inputs_in_every_form(data):
    same(batches_of(TWO, data), PAIRS)


@pytest.mark.parametrize("data", [("serve", {"x": X}), {"serve": {"x": X}}])
def test_a_signature_goes_with_each_sample(data):
    found = list(batches_of(ONE, data))
    assert [key for key, _ in found] == ["serve"] * 3
    same([sample for _, sample in found], ROWS)


def test_a_generator_may_name_signatures():
    found = list(samples_of(ONE, lambda: [("serve", {"x": X[:1].astype(np.float64)})]))
    assert found[0][0] == "serve"
    same([found[0][1]], ROWS[:1])


def test_a_function_is_asked_anew_each_time():
    for _ in range(2):
        same(batches_of(ONE, lambda: iter(ROWS)), ROWS)


def test_arrays_from_files(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "any.npz", whatever=X)
    np.savez(tmp_path / "both.npz", n=N, x=X)
    np.savez(tmp_path / "keyed.npz", **{"serve/x": X})
    same(batches_of(ONE, tmp_path / "x.npy"), ROWS)
    same(batches_of(ONE, str(tmp_path / "any.npz")), ROWS)
    same(batches_of(TWO, tmp_path / "both.npz"), PAIRS)
    keyed = model_of(tensor("x", 1, 2), tensor("z", 1, 2))
    (key, sample), *_ = batches_of(keyed, tmp_path / "keyed.npz")
    assert key == "serve"
    same([sample], ROWS[:1])


def test_a_file_of_arrays_is_mapped_and_not_read(tmp_path):
    np.save(tmp_path / "x.npy", X)
    sample = next(batches_of(ONE, tmp_path / "x.npy"))["x"]
    assert isinstance(sample.base.base, np.memmap)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(QuantizationError, match="no such file or folder"):
        batches_of(ONE, tmp_path / "none.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x93NUMPY\x01", b"x"])
def test_a_broken_file_is_an_error(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(QuantizationError, match=r"x.npz' is not a .npy or .npz file"):
        batches_of(ONE, tmp_path / "x.npz")


def test_objects_in_a_file_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(QuantizationError, match=r"not a .npy or .npz file with"):
        batches_of(ONE, tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("model", "data", "words"),
    [
        (TWO, [X, N[:2]], "the same number for each of 'x' .*, 'n'"),
        (ONE, {"x": np.float32(1)}, "the same number"),
        (ONE, {"x": [[1], [2, 3]]}, "input 'x': what was given is no array"),
        (ONE, ("other", {"x": X}), "signature 'other'; the model has 'serve'"),
        (ONE, [3.0, 4.0], "sample 0 .* is a float. You need to provide"),
        (TWO, [[X[:1]]], r"sample 0 .* has 1 values; expected one for each of 'x'"),
    ],
)
def test_what_does_not_fit_is_an_error(model, data, words):
    with pytest.raises(QuantizationError, match=words):
        list(batches_of(model, data))
