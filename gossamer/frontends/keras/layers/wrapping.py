"""Rules of the layers that apply other layers along time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.trace import attach_mask, flatten
from gossamer.frontends.parts import shaping, sizes
from gossamer.ops.pack import Pack, Unpack
from gossamer.ops.reshape import Reshape

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor

BY_FEATURE = frozenset(
    {
        "Activation",
        "ActivityRegularization",
        "Dense",
        "Dropout",
        "ELU",
        "GaussianDropout",
        "GaussianNoise",
        "Identity",
        "LeakyReLU",
        "ReLU",
        "Rescaling",
    }
)
"""Layers of Keras that do the same on any number of leading axes."""


@layer("Bidirectional", masks=True)
def _bidirectional(call: Call) -> RuleResult:
    used, ops = call.operation, keras().ops
    mask = call.arguments.get("mask")
    given = call.arguments.get("initial_state")
    states = [] if given is None else flatten(given)

    def both(x: Any, mask: Any, *states: Any) -> Any:
        half = len(states) // 2
        forward = used.forward_layer(x, **_options(mask, states[:half]))
        backward = used.backward_layer(x, **_options(mask, states[half:]))
        after: list[Any] = []
        if used.return_state:
            after = [*forward[1:], *backward[1:]]
            forward, backward = forward[0], backward[0]
        if used.return_sequences:
            backward = ops.flip(backward, axis=1)
        return [*_merged(used.merge_mode, forward, backward), *after]

    return flatten(call.walk.traced(call, both, [call.x, mask, *states]))


def _options(mask: Any, states: Sequence[Any]) -> dict[str, Any]:
    options: dict[str, Any] = {"training": False}
    if mask is not None:
        options["mask"] = mask
    if states:
        options["initial_state"] = list(states)
    return options


def _merged(mode: str | None, forward: Any, backward: Any) -> list[Any]:
    ops = keras().ops
    if mode is None:
        return [forward, backward]
    if mode == "concat":
        return [ops.concatenate([forward, backward], axis=-1)]
    if mode == "mul":
        return [forward * backward]
    total = forward + backward
    return [total * 0.5 if mode == "ave" else total]


@layer("TimeDistributed", masks=True)
def _time_distributed(call: Call) -> RuleResult:
    """The layer on all moments as one batch; a layer of one's own on each in turn.

    Keras's own layers treat the rows of a batch alike; another may not.
    """
    inner = call.operation.layer
    x: Tensor = call.arguments["inputs"]
    mask = call.arguments.get("mask")
    kind = cast("type[object]", type(inner))
    own = kind.__module__.partition(".")[0] == "keras"
    if own and kind.__name__ in BY_FEATURE and x.type.rank > 2:
        return _applied(call, x, None)
    length = dims(x)[1]
    if not own and length >= 0:
        return _one_by_one(call, x, mask, length)
    merged = _merge(call, x)
    with _loops(call, is_needed=dims(merged)[0] < 0):
        y = _applied(call, merged, None if mask is None else _merge(call, mask))
    return _unmerge(call, y, x)


@contextlib.contextmanager
def _loops(call: Call, *, is_needed: bool) -> Generator[None]:
    """Have recurrent layers be loops: a fused one states how many sequences there are,
    and an unknown number stands as one, which all moments together never are.
    """
    before = call.store.recurrence
    call.store.recurrence = "while" if is_needed else before
    try:
        yield
    finally:
        call.store.recurrence = before


def _applied(call: Call, x: Tensor, mask: Tensor | None) -> Tensor:
    """The inner layer on a batch; it is given the mask if it can take one."""
    inner = call.operation.layer
    takes_mask = bool(inner._call_has_mask_arg)  # noqa: SLF001

    def apply(x: Any, mask: Any) -> Any:
        if mask is None or not takes_mask:
            return inner(x)
        attach_mask(x, None)
        return inner(x, mask=mask)

    return call.walk.traced(call, apply, [x, mask])


def _one_by_one(call: Call, x: Tensor, mask: Tensor | None, length: int) -> Tensor:
    taken = call.emit_all(Unpack(length, 1), x)
    masks: Sequence[Tensor | None] = [None] * length
    if mask is not None:
        masks = call.emit_all(Unpack(length, 1), mask)
    outputs = [_applied(call, *each) for each in zip(taken, masks, strict=True)]
    return call.emit(Pack(length, 1), *outputs)


def _merge(call: Call, x: Tensor) -> Tensor:
    """(batch, time, ...) as (batch * time, ...)."""
    batch, length, *rest = dims(x)
    rows = -1 if min(batch, length) < 0 else batch * length
    return shaping.reshape(call, x, (rows, *rest))


def _unmerge(call: Call, y: Tensor, x: Tensor) -> Tensor:
    """(batch * time, ...) as (batch, time, ...), with the sizes of `x`."""
    batch, length = dims(x)[:2]
    rest = dims(y)[1:]
    if sum(dim < 0 for dim in (batch, length, *rest)) <= 1:
        return shaping.reshape(call, y, (batch, length, *rest))
    entries = [(y, axis + 1) if dim < 0 else dim for axis, dim in enumerate(rest)]
    target = sizes.shape(call, [(x, 0), (x, 1), *entries])
    return call.emit(Reshape(), y, target)
