"""Rules of the attention layers."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.layers.einsum_dense import project
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.truth import as_truth
from gossamer.frontends.parts.attention import (
    Attention,
    Heads,
    Mask,
    dot_product_attention,
    grouped,
)
from gossamer.frontends.parts.einsum import Operand, einsum
from gossamer.frontends.parts.regrouping import Axis, regroup
from gossamer.frontends.parts.shaping import expand_dims
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ops.arithmetic import Add, Mul
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.select import SelectV2
from gossamer.ops.sigmoid import Tanh

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.types import Array


@layer("MultiHeadAttention", masks=True)
def _multi_head_attention(call: Call) -> RuleResult:
    """Projections by FULLY_CONNECTED, of which the queries' holds 1 / sqrt(depth)."""
    used = call.operation
    rank = call.x.type.rank + 1
    query, key, value = _sources(call)
    scale = 1 / math.sqrt(used.key_dim)
    parts = (
        project(call.under("query"), used.query_dense, query, scale),
        project(call.under("key"), used.key_dense, key),
        project(call.under("value"), used.value_dense, value),
    )
    axes = used.attention_axes
    names = string.ascii_letters
    of_query = names[:rank]
    of_key = "".join(
        names[rank + axis] if axis in axes else of_query[axis] for axis in range(rank)
    )
    has_scores = bool(call.arguments.get("return_attention_scores"))
    hides = used.dropout > 0 or has_scores or rank != 4
    inside = _inside(call)
    window = inside.get("_sliding_window")
    how = _how(call, (query, key), window, (used.num_heads,), hides=hides)
    y, scores = dot_product_attention(call, parts, (of_query, of_key), how)
    return _ended(call, used.output_dense, query, y, scores if has_scores else None)


@layer("GroupedQueryAttention", masks=True)
def _grouped_query_attention(call: Call) -> RuleResult:
    """Heads in groups: a group of queries' heads reads one head of keys and values."""
    used = call.operation
    inside = _inside(call)
    groups, repeats = int(used.num_key_value_heads), int(used.num_repeats)
    scale = 1 / math.sqrt(used.head_dim)

    def part(name: str, x: Tensor, factor: float = 1.0) -> Tensor:
        place = call.under(name)
        heads = project(place, inside[f"_{name}_dense"], x, factor)
        return grouped(place, heads, groups)

    query, key, value = _sources(call)
    parts = part("query", query, scale), part("key", key), part("value", value)
    has_scores = bool(call.arguments.get("return_attention_scores"))
    hides = used.dropout > 0 or has_scores
    how = _how(call, (query, key), used.sliding_window, (groups, repeats), hides=hides)
    y, scores = dot_product_attention(call, parts, ("btgrh", "bsgrh"), how)
    count = groups * repeats
    joined = regroup(call, y, [Axis(0), Axis(1), count, Axis(4)])
    shown = None
    if has_scores:
        place = call.under("scores")
        shown = regroup(place, scores, [Axis(0), count, Axis(3), Axis(4)])
    return _ended(call, inside["_output_dense"], query, joined, shown)


def _inside(call: Call) -> dict[str, Any]:
    """The layer's attributes, with those for which it has no public name."""
    used: object = call.operation
    return vars(used)


def _sources(call: Call) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value; the keys are the values where they are not given."""
    query, value = call.real(call.argument("query")), call.real(call.argument("value"))
    given = call.arguments.get("key")
    key = value if given is None else call.real(call.argument("key"))
    return query, key, value


def _ended(
    call: Call, output: Any, query: Tensor, y: Tensor, scores: Tensor | None
) -> RuleResult:
    """Through the gate, if there is one, and the last projection."""
    inside = _inside(call)
    gate = inside.get("_gate_dense")
    if gate is not None:
        y = call.emit(Mul(), y, project(call.under("gate"), gate, query))
    made = project(call.under("attention_output"), output, y)
    return [made] if scores is None else [made, scores]


def _how(
    call: Call,
    sources: tuple[Tensor, Tensor],
    window: int | None,
    heads: tuple[int, ...],
    **options: Any,
) -> Attention:
    """The masks among a call's arguments, in the axes of the scores.

    `heads` are the sizes of the axes of the scores that are heads.
    """
    given = call.arguments
    axes = len(getattr(call.operation, "attention_axes", (1,)))
    is_causal = bool(given.get("use_causal_mask"))
    if is_causal and call.x.type.rank != 3:
        raise Unsupported(
            f"it has a causal mask on inputs with {call.x.type.rank} axes",
            "Reshape inputs to (batch, steps, channels), or give an attention_mask.",
        )
    parts = [
        _shown(call, given.get("query_mask"), -1),
        _shown(call, given.get("value_mask"), -2),
        _shown(call, given.get("key_mask"), -2),
        None if window is None else _window(window, sources),
        as_truth(call, given.get("attention_mask")),
    ]
    mask = Mask()
    for part in parts:
        mask = mask.also(call, part)
    shape = Heads(heads, call.x.type.rank - 2 - axes, axes)
    return Attention(mask.by_heads(call, shape), is_causal, axes, **options)


def _shown(call: Call, value: Any, axis: int) -> Any:
    """A mask of queries or of keys with an axis for the other."""
    mask = as_truth(call, value)
    if isinstance(mask, Tensor):
        return expand_dims(call, mask, axis)
    return None if mask is None else np.expand_dims(mask, axis)


def _window(width: int, sources: tuple[Tensor, Tensor]) -> Array:
    """Keys less than `width` places before or behind the query: (1, queries, keys)."""
    queries, keys = (dims(x)[1] for x in sources)
    if min(queries, keys) < 0:
        raise Unsupported(
            "it has a sliding window over a number of steps that is not known",
            "Fix the number of steps in keras.Input.",
        )
    distance = np.arange(queries)[:, None] - np.arange(keys)
    return (np.abs(distance) < width)[None]


@layer("Attention", masks=True)
def _attention(call: Call) -> RuleResult:
    used = call.operation
    if used.score_mode == "concat":
        query, key, _ = _listed(call)
        return _weighted(call, _additive(call, query, key, used.scale, None))
    query, key, _ = _listed(call)
    scores = call.emit(BatchMatMul(adj_y=True), query, key)
    if used.scale is not None:
        scores = call.emit(Mul(), scores, call.weight("scale", used.scale))
    return _weighted(call, scores)


@layer("AdditiveAttention", masks=True)
def _additive_attention(call: Call) -> RuleResult:
    query, key, _ = _listed(call)
    return _weighted(call, _additive(call, query, key, None, call.operation.scale))


def _listed(call: Call) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value of a list of query, value and, if they differ, key."""
    query, value, *rest = (call.real(x) for x in call.arguments["inputs"])
    return query, rest[0] if rest else value, value


def _additive(
    call: Call, query: Tensor, key: Tensor, scale: Any, weights: Any
) -> Tensor:
    """The sum of weights * tanh(scale * (query + key)) over the channels."""
    used = call.operation
    rows, columns = expand_dims(call, query, -2), expand_dims(call, key, -3)
    x = call.emit(Add(), rows, columns)
    if scale is not None:
        x = call.emit(Mul(), x, call.weight("scale", scale))
    depth = dims(query)[-1]
    if weights is None:
        share: Any = getattr(used, "concat_score_weight", None)
        factor = 1.0 if share is None else float(to_numpy(share))
        weights = np.full(depth, factor, np.float32)
    letters = string.ascii_lowercase[: x.type.rank]
    sides = [Operand(call.emit(Tanh(), x), letters), Operand(weights, letters[-1])]
    return einsum(call, sides, letters[:-1])


def _weighted(call: Call, scores: Tensor) -> RuleResult:
    """The values' mean by the softmax of scores, zero where the query is masked."""
    given = call.arguments
    masks = [as_truth(call, x) for x in given.get("mask") or (None, None)]
    mask, of_values = Mask(), masks[1]
    if of_values is not None and len(of_values.shape) == 2:
        of_values = _shown(call, of_values, -2)
    mask = mask.also(call, of_values)
    how = Attention(mask, bool(given.get("use_causal_mask")))
    weights = how.weights(call, scores)
    y = call.emit(BatchMatMul(), weights, _listed(call)[2])
    if masks[0] is not None:
        rows = _shown(call, masks[0], -1)
        shown = rows if isinstance(rows, Tensor) else call.constant("mask", rows)
        y = call.emit(SelectV2(), shown, y, call.scalar("zero", 0.0))
    return [y, weights] if given.get("return_attention_scores") else [y]
