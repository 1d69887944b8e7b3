"""Files that lie, each in one way, and the error that must say so."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from gossamer.errors import FormatError, GraphError, ModelError
from gossamer.flatbuffer import read, write
from gossamer.flatbuffer.storage import Storage
from gossamer.flatbuffer.wire import Writer
from gossamer.flatbuffer.write import _encode, _model
from tests.flatbuffer.models import branches, int8_conv, mlp, with_parts

INVALID = "The model is not a valid Flatbuffer buffer: "


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it has 0 bytes, too few for a header"),
        (b"TFL3", "it has 4 bytes, too few for a header"),
        (b"PK\3\4 archive of something", "bytes 4 to 8 are b' arc', where a .tflite"),
        (b"\x10\0\0\0TFL2" + bytes(64), "bytes 4 to 8 are b'TFL2'"),
    ],
)
def test_other_files(data, reason):
    with pytest.raises(FormatError) as caught:
        read(data)
    assert str(caught.value).startswith(INVALID + reason)


def lying(make, lie) -> bytes:
    """The file of `make()` with its records changed by `lie` before encoding."""
    storage = Storage()
    record = _model(make(), storage)
    lie(record)
    if "buffers" not in record:
        return bytes(_encode(record, storage))
    writer = Writer(1024)
    return bytes(writer.finish(writer.table("Model", record)))


def put(value, *path):
    """A lie: the record at `path` is `value`."""

    def lie(record):
        for key in path[:-1]:
            record = record[key]
        record[path[-1]] = value

    return lie


def tensor(index, name, value):
    return put(value, "subgraphs", 0, "tensors", index, name)


def node(name, value, index=0):
    return put(value, "subgraphs", 0, "operators", index, name)


def call_itself(record):
    """The first node becomes a CALL of the subgraph that it is in."""
    record["operator_codes"][0].update(builtin_code=31, deprecated_builtin_code=31)
    options = ("CallOptions", {"subgraph": 0})
    record["subgraphs"][0]["operators"][0]["builtin_options"] = options


LIES = {
    "version 4": (mlp, put(4, "version"), INVALID + "its schema version is 4"),
    "no subgraphs": (mlp, put(None, "subgraphs"), "no 'subgraphs' section"),
    "empty subgraphs": (mlp, put([], "subgraphs"), "has no subgraph; it must have"),
    "no operator codes": (mlp, put(None, "operator_codes"), "'operator_codes' section"),
    "unknown operator": (
        mlp,
        put(777, "operator_codes", 0, "builtin_code"),
        "operator code 777 is not known; the schema goes from 0 to 209",
    ),
    "nameless custom operator": (
        with_parts,
        put(None, "operator_codes", 0, "custom_code"),
        "a custom operator has no name",
    ),
    "operator code out of range": (
        mlp,
        node("opcode_index", 9),
        "node 0 of subgraph 0 'main' is of operator code 9; there are 2",
    ),
    "input out of range": (
        mlp,
        node("inputs", [0, 99, 2]),
        "FULLY_CONNECTED, node 0 of subgraph 0 'main', as an input has tensor 99",
    ),
    "input below -1": (mlp, node("inputs", [0, -2, 2]), "as an input has tensor -2"),
    "output left out": (mlp, node("outputs", [-1]), "as an output has tensor -1"),
    "graph output out of range": (
        mlp,
        put([77], "subgraphs", 0, "outputs"),
        "subgraph 0 'main' as an output has tensor 77; there are 7",
    ),
    "options of another operator": (
        mlp,
        node("builtin_options", ("Pool2DOptions", {"stride_w": 2})),
        "FULLY_CONNECTED carries Pool2DOptions",
    ),
    "buffer out of range": (
        mlp,
        tensor(1, "buffer", 99),
        "tensor 'w0' refers to buffer 99; there are 5",
    ),
    "shape larger than the buffer": (
        mlp,
        tensor(1, "shape", [2**30, 2**30]),
        "type float32 needs 4611686018427387904 bytes, its buffer holds 192",
    ),
    "product that wraps in 32 bits": (
        mlp,
        tensor(1, "shape", [2**16, 2**16, 48]),
        "its buffer holds 192",
    ),
    "negative shape": (mlp, tensor(0, "shape", [-1, 6]), "sizes must not be negative"),
    "shape that cannot be held": (
        mlp,
        tensor(0, "shape", [2**31 - 1, 2**31 - 1]),
        "elements are more than can be held",
    ),
    "signature of another rank": (
        mlp,
        tensor(0, "shape_signature", [-1]),
        "the shape signature [-1] must have as many sizes",
    ),
    "nine dimensions": (
        mlp,
        tensor(0, "shape", [1] * 9),
        "has 9 dimensions; at most 8",
    ),
    "unknown type": (mlp, tensor(0, "type", 99), "tensor 'features' is of type 99"),
    "data in another file": (
        mlp,
        tensor(0, "external_buffer", 1),
        "'features' has its data in another file (external buffer 1)",
    ),
    "scales of another count": (
        int8_conv,
        tensor(1, "quantization", {"scale": np.ones(2, np.float32)}),
        "its 2 scales are along axis 0, which has size 3",
    ),
    "axis out of range": (
        int8_conv,
        tensor(1, "quantization", {"scale": [1.0] * 3, "quantized_dimension": 4}),
        "its 3 scales are along axis 4",
    ),
    "zero points of another count": (
        int8_conv,
        tensor(1, "quantization", {"scale": [1.0] * 3, "zero_point": [0, 0]}),
        "has 3 scales and 2 zero points; there must be as many",
    ),
    "scale that is no number": (
        int8_conv,
        tensor(0, "quantization", {"scale": [float("nan")]}),
        "its scales must be finite and not negative",
    ),
    "zero point out of range": (
        int8_conv,
        tensor(0, "quantization", {"scale": [1.0], "zero_point": [2**40]}),
        "its zero points go from 1099511627776 to 1099511627776, outside -128 to 127",
    ),
    "scales in their own tensor": (
        with_parts,
        tensor(
            3,
            "quantization",
            {"details": ("BlockwiseQuantization", {"scales": 3, "block_size": 4})},
        ),
        "the scales in tensor 'scales' have scales in a tensor of their own",
    ),
    "scales out of range": (
        with_parts,
        tensor(
            1,
            "quantization",
            {"details": ("BlockwiseQuantization", {"scales": 50, "block_size": 4})},
        ),
        "the quantization of tensor 'blocked' refers to tensor 50; there are 9",
    ),
    "blocks that do not divide": (
        with_parts,
        tensor(
            1,
            "quantization",
            {"details": ("BlockwiseQuantization", {"scales": 3, "block_size": 3})},
        ),
        "blocks of [1, 3] do not divide its shape",
    ),
    "segments that fall": (
        with_parts,
        put(
            ("Int32Vector", {"values": [0, 9, 3]}),
            *("subgraphs", 0, "tensors", 4, "sparsity", "dim_metadata", 1),
            "array_segments",
        ),
        "the segments of level 1 of its sparsity must be 3 numbers that rise",
    ),
    "sparse index out of range": (
        with_parts,
        put(
            ("Int32Vector", {"values": [0, 1, 4]}),
            *("subgraphs", 0, "tensors", 4, "sparsity", "dim_metadata", 1),
            "array_indices",
        ),
        "the indices of level 1 of its sparsity leave 0 to 3",
    ),
    "traversal order with a gap": (
        with_parts,
        put([0, 2], "subgraphs", 0, "tensors", 4, "sparsity", "traversal_order"),
        "the traversal order [0, 2] of its sparsity must hold 0 to 1",
    ),
    "buffer past the end": (
        mlp,
        put([{}] + [{"offset": 2**63, "size": 2**63}] * 4, "buffers"),
        "buffer 1 is said to be at bytes 9223372036854775808",
    ),
    "branch out of range": (
        branches,
        node("builtin_options", ("IfOptions", {"then_subgraph_index": 7})),
        "IF in subgraph 0 'main' has then_subgraph_index 7; the model has subgraphs",
    ),
    "recursion": (
        branches,
        call_itself,
        "subgraph 0 calls subgraph 0",
    ),
    "signature of no subgraph": (
        mlp,
        put(4, "signature_defs", 0, "subgraph_index"),
        "signature 'serving_default' is of subgraph 4; there are 1",
    ),
    "signature of no tensor": (
        mlp,
        put([{"name": "x", "tensor_index": 70}], "signature_defs", 0, "inputs"),
        "signature 'serving_default' leads 'x' to tensor 70; there are 7",
    ),
    "signature of an inner tensor": (
        mlp,
        put([{"name": "x", "tensor_index": 3}], "signature_defs", 0, "inputs"),
        "the input 'x' is the tensor",
    ),
    "a name twice in a signature": (
        mlp,
        put([{"name": "x", "tensor_index": 0}] * 2, "signature_defs", 0, "inputs"),
        "signature 'serving_default' has the name 'x' twice",
    ),
    "node that computes its input": (
        mlp,
        node("outputs", [0]),
        "FULLY_CONNECTED (node 0 of subgraph 0 'main') computes 'features', which is",
    ),
    "node that computes a constant": (mlp, node("outputs", [1]), "which is a constant"),
    "nodes in the wrong order": (
        mlp,
        node("inputs", [6, 1, 2]),
        "which no node before it computes",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_named(name):
    make, lie, message = LIES[name]
    with pytest.raises(ModelError) as caught:
        read(lying(make, lie))
    assert message in str(caught.value)
    assert isinstance(caught.value, FormatError | GraphError)


def test_a_record_without_a_lie_is_read():
    assert read(lying(mlp, lambda record: None)).description == "an MLP"


def shared_tables(fan_out: int) -> bytes:
    """One subgraph of one tensor, each mentioned `fan_out` times over."""
    writer = Writer(1 << 16)
    builder = writer.builder
    shape = builder.CreateNumpyVector(np.ones(8, np.int32))
    builder.StartObject(11)
    builder.PrependUOffsetTRelativeSlot(0, shape, 0)
    tensors = repeat(builder, builder.EndObject(), fan_out)
    builder.StartObject(6)
    builder.PrependUOffsetTRelativeSlot(0, tensors, 0)
    subgraphs = repeat(builder, builder.EndObject(), fan_out)
    codes = writer._tables("OperatorCode", [])
    buffers = writer._tables("Buffer", [{}])
    builder.StartObject(10)
    builder.PrependUint32Slot(0, 3, 0)
    for slot, vector in ((1, codes), (2, subgraphs), (4, buffers)):
        builder.PrependUOffsetTRelativeSlot(slot, vector, 0)
    return bytes(writer.finish(builder.EndObject()))


def repeat(builder, table, count):
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(table)
    return builder.EndVector()


def test_a_small_file_cannot_describe_a_large_tree():
    assert len(read(shared_tables(3)).subgraphs) == 3
    data = shared_tables(5000)  # 40 kB that would decode to 25 million tensors
    assert len(data) < 50_000
    with pytest.raises(FormatError, match="refer to the same bytes again and again"):
        read(data)


def test_metadata_that_share_a_large_buffer_are_not_copied_each():
    names = [{"name": f"m{index}", "buffer": 1} for index in range(1000)]
    found = read(lying(mlp, put(names, "metadata"))).metadata
    assert len({id(value) for value in found.values()}) == 1


@pytest.mark.parametrize(
    ("position", "word", "message"),
    [
        (0, 0xFFFFFFF0, "a Model table is said to be at bytes 4294967280"),
        (0, 4, "the vtable of a Model is said to be at bytes -"),
    ],
)
def test_a_root_that_leads_outside(position, word, message):
    data = bytearray(write(mlp()))
    struct.pack_into("<I", data, position, word)
    with pytest.raises(FormatError, match=message):
        read(bytes(data))
