"""`gossamer quantize` makes smaller files of float files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.types import DType
from tests.passes.test_store_sparse import pruned_layer
from tests.quantization import graphs

TOML = """
default = "int8"

[[rules]]
pattern = "^s(tem|ide)"
mode = "int16x8"

[[rules]]
operators = ["SOFTMAX"]
mode = "float32"
"""


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(write(graphs.network()))
    return path


@pytest.fixture
def calibration(tmp_path):
    path = tmp_path / "x.npz"
    x = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 3)).astype(np.float32)
    np.savez(path, image=x)
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.tflite"


def types(path):
    nodes = read(path.read_bytes()).main.nodes
    return {node.output.name: node.output.dtype for node in nodes}


def test_int8_with_a_layer_left_in_float(gossamer, network, calibration, out):
    options = ("--calibration", calibration, "--output-type", "int8")
    text = gossamer(
        "quantize", network, "-o", out, "-m", "int8", "--leave", "^side$", *options
    )
    assert f"{out}: " in text
    assert "of network.tflite" in text
    found = types(out)
    assert found["stem"] is found["answer"] is DType.INT8
    assert found["side"] is DType.FLOAT32


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_rules_of_a_file(gossamer, network, calibration, out, tmp_path, kind):
    path = tmp_path / f"rules.{kind}"
    rules = [
        {"pattern": "^s(tem|ide)", "mode": "int16x8"},
        {"operators": ["SOFTMAX"], "mode": "float32"},
    ]
    given = json.dumps({"default": "int8", "rules": rules})
    path.write_text(TOML if kind == "toml" else given)
    options = ("--rules", path, "--calibration", calibration, "--explain")
    gossamer("quantize", network, "-o", out, *options)
    found = types(out)
    assert found["stem"] is found["side"] is DType.INT16
    assert found["total"] is DType.INT8
    assert found["answer"] is DType.FLOAT32


def test_what_stays_in_float_is_told(gossamer, calibration, tmp_path, out):
    path = tmp_path / "island.tflite"
    path.write_bytes(write(graphs.with_float_island()))
    x = tmp_path / "x.npy"
    np.save(x, np.ones((4, 16), np.float32))
    options = ("-m", "int8", "--calibration", x)
    text = gossamer("quantize", path, "-o", out, *options, "--explain")
    assert "NEG has no int8 form" in " ".join(text.split())
    gossamer("quantize", path, "-o", out, *options, "--strict", code=1)


def test_four_bits_in_blocks(gossamer, tmp_path, out):
    path = tmp_path / "classifier.tflite"
    path.write_bytes(write(graphs.classifier()))
    gossamer("quantize", path, "-o", out, "--mode", "weight_int4:32")
    stored = {x.dtype for x in read(out.read_bytes()).main.tensors}
    assert DType.INT4 in stored


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-m", "int8"], "--mode int8 needs --calibration"),
        (["-m", "dynamic", "--calibration", "x.npz"], "for --mode int8 only"),
        (["-m", "dynamic", "--input-type", "int8"], "for --mode int8 only"),
        (["-m", "int8", "--rules", "r.toml"], "--mode and --rules both choose modes"),
        (["--rules", "none.toml"], "Could not open 'none.toml'"),
        (["-m", "dynamic", "--leave", "("], "no regular expression"),
    ],
)
def test_options_that_do_not_fit(gossamer, network, out, options, expected):
    gossamer("quantize", network, "-o", out, *options, code=1)
    assert expected in " ".join(gossamer.err.split())
    assert not out.exists()


@pytest.mark.parametrize("text", ["[[rules", "3", '{"a": 1}', '[{"mode": "int9"}]'])
def test_a_file_that_holds_no_rules(gossamer, network, out, tmp_path, text):
    path = tmp_path / "rules.json"
    path.write_text(text)
    gossamer("quantize", network, "-o", out, "--rules", path, code=1)
    assert not out.exists()


def test_an_unknown_mode_is_a_wrong_command_line(gossamer, network, out):
    gossamer("quantize", network, "-o", out, "-m", "int5", code=2)
    assert "int5" in gossamer.err


def test_zeros_are_left_out_and_sizes_are_told(gossamer, tmp_path, out):
    path = tmp_path / "sparse.tflite"
    path.write_bytes(write(pruned_layer((64, 32), 1)))
    sizes = {}
    for sparse in ("auto", "never"):
        given = ("--mode", "float32", "--sparse", sparse)
        text = gossamer("quantize", path, "-o", out, *given)
        assert " (gzip " in text
        sizes[sparse] = out.stat().st_size
    assert sizes["auto"] < 0.35 * sizes["never"]
