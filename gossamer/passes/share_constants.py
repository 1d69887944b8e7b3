"""Let equal constants be one tensor."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.rewrite import substitute
from gossamer.ir.types import DType
from gossamer.passes.base import Pass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Shape
    from gossamer.passes.base import Note

_Kind: TypeAlias = "tuple[DType, Shape, tuple[bytes, ...]]"
"""What must be alike before the elements are looked at."""


def share_constants(subgraph: Subgraph, note: Note) -> Subgraph:
    """Keep the first of the constants with the same type, scales and elements.

    Belongs after quantization, which may give equal biases different scales.
    """
    kinds: dict[_Kind, list[Tensor]] = defaultdict(list)
    for tensor in subgraph.constants():
        kind = _kind(tensor)
        if kind is not None and tensor not in subgraph.outputs:
            kinds[kind].append(tensor)
    moved: dict[Tensor, Tensor] = {}
    for tensors in kinds.values():
        if len(tensors) > 1:
            moved.update(_equal_to_earlier(tensors))
    for node in subgraph.nodes:
        if any(x in moved for x in node.inputs):
            note(node, None)
    return substitute(subgraph, moved)


def _equal_to_earlier(tensors: Iterable[Tensor]) -> dict[Tensor, Tensor]:
    first: dict[bytes, Tensor] = {}
    moved: dict[Tensor, Tensor] = {}
    for tensor in tensors:
        elements = np.ascontiguousarray(tensor.data)
        digest = hashlib.sha256(elements.reshape(-1).view(np.uint8).data).digest()
        if digest in first:
            moved[tensor] = first[digest]
        else:
            first[digest] = tensor
    return moved


def _kind(tensor: Tensor) -> _Kind | None:
    """None for constants that are left alone: strings, sparse ones, variables."""
    if tensor.dtype in (DType.STRING, DType.VARIANT, DType.RESOURCE):
        return None
    if tensor.is_variable or tensor.sparsity is not None:
        return None
    scales = _scales(tensor.quantization)
    return None if scales is None else (tensor.dtype, tensor.shape, scales)


def _scales(quantization: Quantization | None) -> tuple[bytes, ...] | None:
    """Everything that a quantization says, or None where it refers to tensors."""
    if quantization is None:
        return ()
    if quantization.blockwise or quantization.multi_axis or quantization.custom:
        return None
    return (
        quantization.scale.tobytes(),
        quantization.zero_point.tobytes(),
        quantization.axis.to_bytes(8, "little", signed=True),
        quantization.minimum.tobytes(),
        quantization.maximum.tobytes(),
    )


SHARE_CONSTANTS = Pass("share_constants", share_constants)
