"""`gossamer inspect` tells what is in the file."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from gossamer import metadata
from gossamer.flatbuffer import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ir.work import multiplications, stored_bytes
from gossamer.ops import BatchMatMul, Conv2D, Cumsum, DepthwiseConv2D, FullyConnected
from tests.runtime import calls, models


def test_table_has_ends_operators_and_totals(gossamer, dense):
    gossamer("inspect", dense)
    rows = gossamer.rows()
    assert ["input", "0", "x", "float32[?x2x2]"] in rows
    assert ["output", "5", "scores", "float32[?x3]"] in rows
    assert ["0", "RESHAPE", "float32[?x4]", "int32[2]", "8 B"] in rows
    assert [
        "1",
        "FULLY_CONNECTED",
        "float32[?x3]",
        "float32[3x4]",
        "60 B",
        "12",
    ] in rows
    assert ["FULLY_CONNECTED", "1", "60 B", "12"] in rows
    assert "serving_default(in_x) -> out_scores" in gossamer.out
    assert f"{dense}, {dense.stat().st_size} B" in gossamer.out


def test_tensors_are_listed_on_demand(gossamer, dense):
    assert "\nTensors" not in gossamer("inspect", dense)
    assert "\nTensors" in gossamer("inspect", dense, "--tensors")
    assert any("weights" in row and "constant" in row for row in gossamer.rows())


def test_quantization_is_shown(gossamer, tmp_path):
    path = tmp_path / "q.tflite"
    path.write_bytes(models.quantized())
    gossamer("inspect", path)
    assert ["input", "0", "x", "int8[1x4]", "0.5, 3"] in gossamer.rows()


def test_every_subgraph_is_shown(gossamer, tmp_path):
    path = tmp_path / "two.tflite"
    path.write_bytes(models.two_signatures())
    assert "Operators of subgraph 1 'row'" in gossamer("inspect", path)


def test_plain_output_has_no_colour_lines_or_trailing_spaces(gossamer, dense):
    out = gossamer("inspect", dense)
    assert "\x1b" not in out
    assert "─" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_json_holds_everything(gossamer, dense):
    facts = json.loads(gossamer("inspect", dense, "--json"))
    assert facts["bytes"] == dense.stat().st_size
    graph = facts["subgraphs"][0]
    assert [node["operator"] for node in graph["operators"]] == [
        "RESHAPE",
        "FULLY_CONNECTED",
    ]
    assert graph["multiplications"] == 12
    weights = next(x for x in graph["tensors"] if x["name"] == "weights")
    assert weights["kind"] == "constant"
    assert weights["bytes"] == 48
    signature = facts["signatures"][0]
    assert signature["inputs"] == {"in_x": "x"}


FLOAT = DType.FLOAT32


def made(op, *shapes):
    """One node on an input and constants of the given shapes."""
    build = Builder()
    x = build.input("x", TensorType(FLOAT, shapes[0]))
    rest = [build.constant("c", np.ones(shape, np.float32)) for shape in shapes[1:]]
    y = build.node(op, x, *rest)
    return build.finish([y]).nodes[0]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (made(FullyConnected(), (2, 8), (5, 8), (5,)), 2 * 5 * 8),
        (
            made(
                Conv2D(padding="same", stride_w=1, stride_h=1),
                (1, 6, 6, 3),
                (8, 3, 3, 3),
                (8,),
            ),
            36 * 8 * 27,
        ),
        (
            made(
                DepthwiseConv2D(
                    padding="same", stride_w=1, stride_h=1, depth_multiplier=1
                ),
                (1, 6, 6, 4),
                (1, 3, 3, 4),
                (4,),
            ),
            36 * 4 * 9,
        ),
        (made(BatchMatMul(), (2, 3, 4), (2, 4, 5)), 2 * 3 * 4 * 5),
    ],
)
def test_multiplications(node, expected):
    assert multiplications(node) == expected


def test_stored_bytes_counts_packed_elements_and_text():
    nibbles = Tensor("n", TensorType(DType.INT4, (5,)), np.zeros(5, np.int8))
    assert stored_bytes(nibbles) == 3
    words = np.array([b"ab", b"cde"], np.object_)
    assert stored_bytes(Tensor("s", TensorType(DType.STRING, (2,)), words)) == 5


def test_kernels_are_shown_with_their_reasons(gossamer, dense):
    out = gossamer("inspect", dense)
    assert re.search(r"On this machine \(.+\): 1 of 1 steps compiled, arena \d+ B", out)
    (row,) = (row for row in gossamer.rows() if "conv_f32" in row)
    assert row[:3] == ["0", "FULLY_CONNECTED", "float32[1x3]"]
    assert row[-1].startswith("tile 1x16: 1 rows, 3 columns, depth 4")
    assert "machine code" not in out
    assert re.search(
        r"machine code [\d.]+ k?B", gossamer("inspect", dense, "--compile")
    )


def test_what_has_no_kernel_is_said_with_the_reason(gossamer, tmp_path, monkeypatch):
    monkeypatch.setattr(Cumsum, "lower", lambda *_: None)
    build = Builder()
    x = build.input("x", TensorType(FLOAT, (4,)))
    axis = build.constant("axis", np.array(0, np.int32))
    graph = build.finish([build.node(Cumsum(), x, axis)])
    path = tmp_path / "sums.tflite"
    path.write_bytes(write(Model((graph,))))
    facts = json.loads(gossamer("inspect", path, "--json"))
    (step,) = facts["plans"][0]["steps"]
    assert step["kernel"] is None
    assert "the kernel of CUMSUM does not take this form" in step["why"]
    assert facts["plans"][0]["interpreted"] == 1
    assert "Interpreted: these run through NumPy" in gossamer("inspect", path)


def test_a_shape_that_depends_on_data_is_said(gossamer, tmp_path):
    path = tmp_path / "growing.tflite"
    path.write_bytes(write(calls.growing()))
    assert "not compiled as a whole, since" in gossamer("inspect", path)
    assert "Subgraphs" in gossamer.out


def test_variables_are_listed(gossamer, tmp_path):
    path = tmp_path / "counter.tflite"
    path.write_bytes(write(calls.counter()))
    facts = json.loads(gossamer("inspect", path, "--json"))
    (variable,) = facts["plans"][0]["variables"]
    assert variable["bytes"] > 0
    assert "1 variables of" in gossamer("inspect", path)


def test_what_a_file_says_of_its_model_is_shown(gossamer, tmp_path):
    path = tmp_path / "described.tflite"
    path.write_bytes(
        metadata.attach(
            models.dense(),
            name="Animals",
            license="MIT",
            descriptions={"in_x": "a photograph"},
            normalization=(127.5, 127.5),
            labels=["cat", "dog", "bird"],
        )
    )
    gossamer("inspect", path)
    rows = gossamer.rows()
    assert ["Name", "Animals"] in rows
    assert ["License", "MIT"] in rows
    assert ["input", "in_x", "a photograph", "(x - 127.5) / 127.5"] in rows
    assert ["output", "out_scores", "cat, dog, bird"] in rows
    assert ["Files", "labels.txt (13 B)"] in rows
    facts = json.loads(gossamer("inspect", path, "--json"))
    assert facts["described"]["tensors"][1]["labels"] == ["cat", "dog", "bird"]
    assert facts["described"]["metadata"]["name"] == "Animals"
