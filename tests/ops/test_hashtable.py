from __future__ import annotations

import numpy as np
import pytest

from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    CallOnce,
    Hashtable,
    HashtableFind,
    HashtableImport,
    HashtableSize,
)
from tests.ops.contract import OPTIMIZED
from tests.ops.inputs import refused, tensor
from tests.ops.whole import agree, failure

HANDLE = TensorType(DType.RESOURCE, (1,))
NAMES = np.array([b"one", b"two", b"drei", b"", b"one"], object)
NUMBERS = np.array([1, 2, 3, -4, 5], np.int64)
TO_NUMBERS = (DType.STRING, DType.INT64, NAMES, NUMBERS, np.array([-1], np.int64))
TO_NAMES = (DType.INT64, DType.STRING, NUMBERS, NAMES, np.array([b"?"], object))


def table(build, kinds):
    return build.nodes(Hashtable(7, *kinds), types=[HANDLE])[0]


def filled(kinds, keys, values):
    build = Builder("fill")
    handle = table(build, kinds)
    given = [build.constant(n, x) for n, x in (("keys", keys), ("values", values))]
    build.nodes(HashtableImport(), handle, *given)
    return build.finish([])


def lookup(way, shape, *, once=True, size=False):
    """A table that is filled by a subgraph, or by the main one; and a question."""
    key, value, keys, values, default = way
    build = Builder("main")
    if once:
        build.nodes(CallOnce(1))
    handle = table(build, (key, value))
    if not once:
        given = [build.constant(n, x) for n, x in (("keys", keys), ("values", values))]
        build.nodes(HashtableImport(), handle, *given)
    asked = build.input("asked", TensorType(key, shape))
    found = build.node(
        HashtableFind(), handle, asked, build.constant("default", default)
    )
    outputs = [found, build.node(HashtableSize(), handle)] if size else [found]
    return Model((build.finish(outputs), filled((key, value), keys, values)))


ASKED = {
    DType.STRING: np.array([b"two", b"none", b"one", b"", b"drei", b"two"], object),
    DType.INT64: np.array([2, 9, 1, -4, 3, 2], np.int64),
}


@pytest.mark.parametrize("size", [False, True])
@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (6, 1, 1)], ids=str)
@pytest.mark.parametrize("way", [TO_NUMBERS, TO_NAMES], ids=["numbers", "names"])
def test_what_is_found(way, shape, once, size):
    model = lookup(way, shape, once=once, size=size)
    agree(model, [ASKED[way[0]].reshape(shape)], judge=OPTIMIZED)


@pytest.mark.parametrize("way", [TO_NUMBERS, TO_NAMES], ids=["numbers", "names"])
def test_size_alone(way):
    """A graph without strings is compiled; the table is filled around it."""
    build = Builder("main")
    build.nodes(CallOnce(1))
    size = build.node(HashtableSize(), table(build, way[:2]))
    model = Model((build.finish([size]), filled(way[:2], *way[2:4])))
    agree(model, [], judge=OPTIMIZED)


def test_a_table_that_nobody_filled():
    build = Builder("main")
    size = build.node(HashtableSize(), table(build, (DType.STRING, DType.INT64)))
    text = failure(bytes(write(Model((build.finish([size]),)))), [])
    assert "the table 'string to int64/7' is read before anything was assigned" in text


def test_tables_of_other_types():
    """LiteRT has none from numbers to numbers, nor from names to names."""
    for kinds in (DType.INT64, DType.INT64), (DType.STRING, DType.STRING):
        build = Builder("main")
        size = build.node(HashtableSize(), table(build, kinds))
        text = failure(bytes(write(Model((build.finish([size]),)))), [])
        assert f"no table leads from {kinds[0].title} to {kinds[1].title}" in text


def test_what_is_refused():
    handle = tensor((1,), DType.RESOURCE)
    names, numbers = tensor((3,), DType.STRING), tensor((3,), DType.INT64)
    one = tensor((1,), DType.INT64)
    refused(HashtableSize(), numbers, match="is no handle of a table")
    refused(HashtableFind(), numbers, names, one, match="is no handle of a table")
    refused(HashtableFind(), handle, numbers, one, match="keys are int64")
    refused(HashtableFind(), handle, names, numbers, match="default has 3 elements")
    refused(HashtableImport(), numbers, names, numbers, match="is no handle")
    refused(HashtableImport(), handle, names, names, match="the keys are string")
