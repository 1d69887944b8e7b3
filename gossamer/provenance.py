"""What the metadata of a written file says: the runtime it needs, and its origin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.op import CUSTOM_CODE

if TYPE_CHECKING:
    from gossamer.ir.graph import Model

MINIMUM_RUNTIME = "min_runtime_version"
ORIGIN = "gossamer_conversion"

_FIELD = 16
"""Bytes of the runtime version, padded with zeros."""

_FIRST = "1.5.0"
_NEWEST = "2.18.0"

# The TensorFlow release whose runtime first had each version of an operator.
_RELEASES: dict[str, tuple[str, ...]] = {
    "ABS": ("1.13.1", "2.4.0"),
    "ADD": ("1.5.0", "1.14.0", "2.4.0", "2.6.0"),
    "AVERAGE_POOL_2D": ("1.5.0", "1.14.0", "2.3.0"),
    "BATCH_MATMUL": ("2.3.0", "2.3.0", "2.4.0"),
    "CAST": ("1.5.0", "2.7.0"),
    "CONCATENATION": ("1.5.0", "1.14.0", "2.3.0"),
    "CONV_2D": ("1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0", "2.9.0"),
    "DEPTHWISE_CONV_2D": ("1.5.0", "1.12.0", "1.14.0", "2.2.0", "2.3.0", "2.3.0"),
    "DEQUANTIZE": ("1.13.1", "1.14.0", "1.15.0"),
    "DIV": ("1.6.0", "2.3.0"),
    "ELU": ("1.14.0",),
    "EXP": ("1.7.0",),
    "EXPAND_DIMS": ("1.10.0",),
    "FULLY_CONNECTED": (
        "1.5.0",
        "1.10.0",
        "1.14.0",
        "1.14.0",
        "2.0.0",
        "2.1.0",
        "2.3.0",
        "2.3.0",
        "2.3.0",
        "2.11.0",
        "2.15.0",
        "2.17.0",
        "2.18.0",
    ),
    "GATHER": ("1.6.0", "1.14.0", "1.15.0"),
    "GELU": ("2.9.0", "2.9.0"),
    "HARD_SWISH": ("1.15.0",),
    "LEAKY_RELU": ("1.13.1", "2.3.0"),
    "LOG": ("1.14.0",),
    "LOGISTIC": ("1.14.0", "1.14.0", "2.3.0"),
    "MAXIMUM": ("1.14.0", "1.14.0"),
    "MAX_POOL_2D": ("1.5.0", "1.14.0", "2.3.0"),
    "MEAN": ("1.6.0", "1.14.0", "2.4.0"),
    "MINIMUM": ("1.14.0", "1.14.0"),
    "MUL": ("1.5.0", "1.14.0", "1.15.0", "2.3.0", "2.6.0"),
    "NEG": ("1.9.0",),
    "PACK": ("1.11.0", "1.14.0"),
    "PAD": ("1.5.0", "1.14.0", "2.4.0"),
    "POW": ("1.10.0",),
    "PRELU": ("1.8.0",),
    "QUANTIZE": ("1.14.0", "1.15.0"),
    "REDUCE_MAX": ("1.11.0", "1.14.0"),
    "RELU": ("1.5.0", "2.1.0"),
    "RELU6": ("1.5.0", "2.1.0"),
    "RESHAPE": ("1.5.0",),
    "RSQRT": ("1.10.0",),
    "SOFTMAX": ("1.5.0", "1.14.0", "2.3.0"),
    "SPLIT_V": ("1.13.1",),
    "SQRT": ("1.10.0",),
    "SQUARE": ("1.12.0",),
    "SQUEEZE": ("1.6.0",),
    "STRIDED_SLICE": ("1.6.0", "1.14.0"),
    "SUB": ("1.6.0", "1.14.0", "2.3.0"),
    "SUM": ("1.10.0",),
    "TANH": ("1.14.0", "1.14.0", "2.3.0"),
    "TRANSPOSE": ("1.6.0", "1.14.0"),
}


def minimum_runtime(model: Model) -> str:
    """The first TensorFlow release whose runtime has every operator of the model.

    An operator that is not in the table counts as new.
    """
    found = {_FIRST}
    for subgraph in model.subgraphs:
        for node in subgraph.nodes:
            if node.op.code != CUSTOM_CODE:
                found.add(_release(node.op.name, node.version or node.op.version(node)))
    return max(found, key=_ordered)


def with_metadata(model: Model, origin: str | None) -> Model:
    """The model with the runtime it needs and, unless None, a line on its origin."""
    version = minimum_runtime(model).encode().ljust(_FIELD, b"\0")
    entries = {**model.metadata, MINIMUM_RUNTIME: version}
    if origin is not None:
        entries[ORIGIN] = origin.encode()
    return replace(model, metadata=entries)


def _release(name: str, version: int) -> str:
    releases = _RELEASES.get(name, ())
    return releases[version - 1] if 0 < version <= len(releases) else _NEWEST


def _ordered(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
