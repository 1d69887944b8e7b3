"""`gossamer.experimental.Analyzer` prints a model in TensorFlow Lite's form."""

from __future__ import annotations

import re

import pytest

import gossamer
from gossamer.errors import FormatError, InputError
from gossamer.flatbuffer import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Reshape
from tests.runtime import models


@pytest.fixture
def analyze(capsys):
    def run(**arguments):
        gossamer.experimental.Analyzer.analyze(**arguments)
        return capsys.readouterr().out

    return run


def test_subgraphs_operators_and_tensors(analyze):
    lines = analyze(model_content=models.dense()).splitlines()
    assert lines[0] == "=== TFLite ModelAnalyzer ==="
    assert lines[2] == "Your TFLite model has '1' subgraph(s)."
    graph = next(line for line in lines if line.startswith("Subgraph#0"))
    assert re.fullmatch(r"Subgraph#0 \w+\(T#0\) -> \[T#5\]", graph)
    assert "  Op#0 RESHAPE(T#0, T#1) -> [T#2]" in lines
    assert "  Op#1 FULLY_CONNECTED(T#2, T#3, T#4) -> [T#5]" in lines
    assert "  T#0(x) shape_signature:[-1, 2, 2], type:FLOAT32" in lines
    assert any(
        re.match(r"  T#3\(weights\) shape:\[3, 4\].* RO 48 bytes", x) for x in lines
    )


def test_signatures(analyze):
    text = analyze(model_content=models.dense())
    assert "Signature#0 key: 'serving_default'" in text
    assert "    'in_x' : T#0" in text
    assert "has '2' signature_def(s)" in analyze(model_content=models.two_signatures())


def test_sizes_add_up(analyze, tmp_path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(models.dense())
    text = analyze(model_path=path)
    whole, other, data = (
        int(re.search(rf"{title}: +(\d+) bytes", text)[1])
        for title in ("Model size", "Non-data buffer size", "Total data buffer size")
    )
    assert whole == path.stat().st_size
    assert other + data == whole
    assert data >= 48 + 12


def test_an_input_that_is_left_out(analyze):
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (4,)))
    data = write(Model((build.finish([build.node(Reshape((2, 2)), x)]),)))
    assert "Op#0 RESHAPE(T#0) -> [T#1]" in analyze(model_content=data)


def test_gpu_compatibility_is_not_claimed(analyze):
    text = analyze(model_content=models.dense(), gpu_compatibility=True)
    assert "GPU compatibility is not checked" in text


def test_mistakes(analyze, tmp_path):
    with pytest.raises(InputError, match="must be specified"):
        analyze()
    with pytest.raises(InputError, match="Could not open"):
        analyze(model_path=tmp_path / "none.tflite")
    with pytest.raises(FormatError, match="not a valid Flatbuffer"):
        analyze(model_content=b"nothing")
