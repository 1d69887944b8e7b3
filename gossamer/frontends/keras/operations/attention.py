"""The rule of `keras.ops.dot_product_attention`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.operations.product import operand
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.truth import as_truth
from gossamer.frontends.parts.attention import (
    Attention,
    Heads,
    Mask,
    by_heads,
    dot_product_attention,
    grouped,
)
from gossamer.frontends.parts.regrouping import Axis, regroup
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Mul

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@operation("DotProductAttention")
def _dot_product_attention(call: Call) -> RuleResult:
    """Queries, keys and values: (batch, steps, heads, depth)."""
    if call.operation.attn_logits_soft_cap is not None:
        raise Unsupported(
            "it has attn_logits_soft_cap, which Keras's backends do not agree on",
            "Compute scores, cap and softmax with keras.ops.",
        )
    query, key, value = (
        call.argument(name, DType.FLOAT32) for name in ("query", "key", "value")
    )
    given = call.arguments.get("scale")
    scale = 1 / math.sqrt(dims(query)[-1]) if given is None else float(to_numpy(given))
    if scale != 1:
        query = call.emit(Mul(), query, call.scalar("scale", scale))
    heads, groups = dims(query)[2], dims(key)[2]
    shape = Heads((heads,) if heads == groups else (groups, heads // groups))
    mask = Mask().also(call, as_truth(call, call.arguments.get("mask")))
    bias = call.arguments.get("bias")
    added = None if bias is None else operand(call, bias, DType.FLOAT32)
    how = Attention(
        mask.by_heads(call, shape),
        bool(call.operation.is_causal),
        bias=None if added is None else by_heads(call, added, shape),
    )
    sources = (query, key, value)
    if heads == groups:
        return dot_product_attention(call, sources, ("btnh", "bsnh"), how)[0]
    parts = (
        grouped(call, query, groups),
        grouped(call, key, groups),
        grouped(call, value, groups),
    )
    y = dot_product_attention(call, parts, ("btgrh", "bsgrh"), how)[0]
    return regroup(call, y, [Axis(0), Axis(1), heads, Axis(4)])
