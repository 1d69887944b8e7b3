"""FlexBuffers against Google's own reader and writer, and against hostile bytes."""

from __future__ import annotations

import random

import pytest
from flatbuffers import flexbuffers

from gossamer.errors import FormatError
from gossamer.ir.flexbuffers import decode, decode_map, encode

VALUES = [
    None,
    True,
    5,
    -3,
    2**40,
    -(2**40),
    0.25,
    0.1,
    "häh",
    "",
    b"\x00\xff",
    [],
    {},
    [1, 2, 3],
    [1, "two", 3.5, None, [False]],
    {"a": 1, "b": 2.5, "long": "x" * 300, "c": True, "d": [1.5, {"e": None}]},
    {"": {"": {"": 2**62}}},
    {f"key {i}": i for i in range(300)},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(value)[:30])
def test_both_ways(value):
    ours = encode(value)
    assert decode(ours) == value
    assert flexbuffers.Loads(ours) == value
    assert decode(bytes(flexbuffers.Dumps(value))) == value


def test_numbers_that_want_eight_bytes():
    for value in (2**63 + 5, [2**64 - 1], {"x": 1e300}, float("inf")):
        assert decode(encode(value)) == value
    assert str(decode(encode(float("nan")))) == "nan"


def test_typed_vectors_and_values_elsewhere():
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.IndirectInt("far", -7)
        builder.IndirectFloat("further", 0.1)
        builder.Key("typed")
        builder.TypedVectorFromElements([1, 2, 70000])
        builder.Key("fixed")
        builder.FixedTypedVectorFromElements([0.5, 1.5, 2.5])
        builder.Key("flags")
        builder.TypedVectorFromElements([True, False])
    assert decode(bytes(builder.Finish())) == {
        "far": -7,
        "further": 0.1,
        "typed": [1, 2, 70000],
        "fixed": [0.5, 1.5, 2.5],
        "flags": [True, False],
    }


def test_a_map_is_asked_for():
    assert decode_map(b"") == {}
    with pytest.raises(FormatError, match=r"holds \[1\], not values by name"):
        decode_map(encode([1]))


def test_what_has_no_form():
    with pytest.raises(TypeError, match="no FlexBuffer holds a set"):
        encode({"x": {1}})


def test_hostile_bytes_end_in_a_value_or_an_error():
    """Every prefix, and ten thousand buffers with some bytes changed."""
    value = {"a": 1, "b": 2.5, "c": "he", "d": [1, 2, {"e": [0.5, "q"]}], "f": b"xyz"}
    whole = [encode(value), bytes(flexbuffers.Dumps(value))]
    for data in whole:
        for size in range(len(data)):
            survives(data[:size])
    rng = random.Random(7)
    for _ in range(10_000):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.choice([1, 1, 2, 4])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        survives(bytes(data))


def survives(data):
    try:
        decode(data)
    except FormatError:
        return


def test_vectors_that_share_vectors_do_not_explode():
    """Thirty vectors of two, each of which names the next one twice."""
    data = bytearray([1, 7, 4])
    last = 1
    for _ in range(30):
        data.append(2)
        start = len(data)
        data += bytes([start - last, start + 1 - last, 40, 40])
        last = start
    data += bytes([len(data) - last, 40, 1])
    with pytest.raises(FormatError, match="too often"):
        decode(bytes(data))
