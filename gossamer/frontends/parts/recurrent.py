"""Recurrent cells by operators, and an LSTM over a sequence as one operator.

A cell takes its input already multiplied by the weights, since one product serves all
moments of a sequence. Gates lie side by side, as Keras has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.frontends.parts.products import fully_connected
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic import Add, Mul, Sub
from gossamer.ops.split import Split
from gossamer.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array

    Function: TypeAlias = Callable[[Emitter, Tensor], Tensor]


def fused_lstm(
    emitter: Emitter,
    x: Tensor,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    *,
    keeps: bool,
) -> Tensor:
    """UNIDIRECTIONAL_SEQUENCE_LSTM with tanh and sigmoid, from zero states.

    Args:
        emitter: where the node goes.
        x: (batch, time, inputs).
        kernel: (inputs, 4 * units), gates in the order input, forget, cell, output.
        recurrent: (units, 4 * units).
        bias: (4 * units), None for zeros.
        keeps: whether a run begins with the states in which the one before ended.

    Returns:
        The outputs (batch, time, units).
    """
    units = recurrent.shape[0]
    offsets = np.zeros(4 * units, np.float32) if bias is None else bias
    batch = (x.signature or x.shape)[0]
    states = [
        emitter.builder.state(
            f"{emitter.path}/{name}", TensorType(DType.FLOAT32, (batch, units))
        )
        for name in ("output_state", "cell_state")
    ]
    if not keeps:
        emitter.store.transient += [state.name for state in states]
    return emitter.emit(
        UnidirectionalSequenceLstm(fused_activation_function="tanh"),
        x,
        *_gates(emitter, "kernel", kernel.T),
        *_gates(emitter, "recurrent_kernel", recurrent.T),
        *[None] * 3,
        *_gates(emitter, "bias", offsets),
        *[None] * 2,
        *states,
        *[None] * 4,
    )


def _gates(emitter: Emitter, name: str, stacked: Array) -> list[Tensor]:
    parts = np.split(stacked, 4)
    titles = ("input", "forget", "cell", "output")
    return [
        emitter.constant(f"{name}_{title}", part)
        for title, part in zip(titles, parts, strict=True)
    ]


def lstm(
    emitter: Emitter,
    gates: Tensor,
    cell: Tensor,
    activation: Function,
    recurrent_activation: Function,
) -> tuple[Tensor, Tensor]:
    """The output and the new cell state of an LSTM.

    Args:
        emitter: where the nodes go.
        gates: (batch, ..., 4 * units) before activation: input, forget, cell, output.
        cell: (batch, ..., units), the state before.
        activation: of the cell.
        recurrent_activation: of the gates.
    """
    entering, forgetting, new, leaving = split(emitter, gates, 4)
    kept = emitter.emit(Mul(), recurrent_activation(emitter, forgetting), cell)
    added = emitter.emit(
        Mul(), recurrent_activation(emitter, entering), activation(emitter, new)
    )
    after = emitter.emit(Add(), kept, added, name="cell_state")
    shown = activation(emitter, after)
    gate = recurrent_activation(emitter, leaving)
    return emitter.emit(Mul(), gate, shown, name="output_state"), after


def gru(
    emitter: Emitter,
    projected: Tensor,
    state: Tensor,
    weights: tuple[Array, Array | None],
    activation: Function,
    recurrent_activation: Function,
    *,
    resets_after: bool,
) -> Tensor:
    """The output and new state of a GRU.

    Args:
        emitter: where the nodes go.
        projected: (batch, 3 * units): update, reset and new value.
        state: (batch, units).
        weights: of the state (units, 3 * units), and their bias (3 * units).
        activation: of the new value.
        recurrent_activation: of the gates.
        resets_after: whether the reset gate acts on the product, or on the state.
    """
    kernel, bias = weights
    units = kernel.shape[0]
    update, reset, value = split(emitter, projected, 3)
    if resets_after:
        inner = fully_connected(emitter, state, kernel, bias)
        update_part, reset_part, value_part = split(emitter, inner, 3)
    else:
        both = fully_connected(emitter, state, kernel[:, : 2 * units], None)
        update_part, reset_part = split(emitter, both, 2)
        value_part = None
    z = recurrent_activation(emitter, emitter.emit(Add(), update, update_part))
    r = recurrent_activation(emitter, emitter.emit(Add(), reset, reset_part))
    if value_part is None:
        held = emitter.emit(Mul(), r, state)
        value_part = fully_connected(emitter, held, kernel[:, 2 * units :], None)
    else:
        value_part = emitter.emit(Mul(), r, value_part)
    new = activation(emitter, emitter.emit(Add(), value, value_part))
    # z * state + (1 - z) * new, with one product fewer
    difference = emitter.emit(Sub(), state, new)
    share = emitter.emit(Mul(), z, difference)
    return emitter.emit(Add(), new, share, name="output_state")


def split(emitter: Emitter, x: Tensor, count: int) -> tuple[Tensor, ...]:
    """`count` equal parts along the last axis."""
    axis = emitter.indices("axis", x.type.rank - 1)
    return emitter.emit_all(Split(count), axis, x)
