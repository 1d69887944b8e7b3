"""Rules of Keras's recurrent cells: the product with the input, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.registry import RuleResult, layer, rule_of
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import recurrent, shaping
from gossamer.frontends.parts.convolution import (
    convolve,
    require_channels_last,
    window,
)
from gossamer.frontends.parts.products import fully_connected
from gossamer.ops.arithmetic import Add

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.recurrent import Function
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


@dataclass(frozen=True, slots=True)
class Cell:
    """A Keras cell in two parts.

    `project` takes the input of a moment, or of all moments (batch, time, ...), to its
    product with the weights; `advance` takes that and the states to the next states,
    the first of which is the output.
    """

    project: Callable[[Call, Any, Tensor], Tensor]
    advance: Callable[[Call, Any, Tensor, list[Tensor]], list[Tensor]]


def standard_cell(cell: Any) -> Cell | None:
    """The parts of one of Keras's own cells, None for any other."""
    is_own = rule_of(cell) is _step
    return CELLS[_kind(cell)] if is_own else None


def _kind(cell: Any) -> str:
    names = (kind.__name__ for kind in type(cell).__mro__)
    return next(name for name in names if name in CELLS)


def function(keras_function: Any) -> Function:
    """An activation of Keras as a function of an emitter and a tensor."""

    def apply(place: Any, x: Tensor) -> Tensor:
        return activate(place, keras_function, x)

    return apply


def _project(call: Call, cell: Any, x: Tensor) -> Tensor:
    bias = _bias(cell)
    return fully_connected(call, call.real(x), cell.kernel, bias)


def _bias(cell: Any) -> Any:
    return cell.bias if cell.use_bias else None


def _project_gru(call: Call, cell: Any, x: Tensor) -> Tensor:
    bias = _bias(cell)
    if bias is not None and cell.reset_after:
        bias = call.array(bias)[0]
    return fully_connected(call, call.real(x), cell.kernel, bias)


def _advance_simple(call: Call, cell: Any, x: Tensor, states: list[Tensor]) -> Any:
    product = fully_connected(call, states[0], cell.recurrent_kernel, None)
    both = call.emit(Add(), x, product)
    return [activate(call, cell.activation, both)]


def _advance_lstm(call: Call, cell: Any, x: Tensor, states: list[Tensor]) -> Any:
    product = fully_connected(call, states[0], cell.recurrent_kernel, None)
    return _lstm(call, cell, call.emit(Add(), x, product), states[1])


def _lstm(call: Call, cell: Any, gates: Tensor, state: Tensor) -> list[Tensor]:
    functions = (
        function(cell.activation),
        function(cell.recurrent_activation),
    )
    return list(recurrent.lstm(call, gates, state, *functions))


def _advance_gru(call: Call, cell: Any, x: Tensor, states: list[Tensor]) -> Any:
    bias: Array | None = None
    if cell.use_bias and cell.reset_after:
        bias = call.array(cell.bias)[1]
    weights = (call.array(cell.recurrent_kernel), bias)
    output = recurrent.gru(
        call,
        x,
        states[0],
        weights,
        function(cell.activation),
        function(cell.recurrent_activation),
        resets_after=bool(cell.reset_after),
    )
    return [output]


def _project_convolution(call: Call, cell: Any, x: Tensor) -> Tensor:
    """The convolution of one moment, or of all of them as one batch."""
    require_channels_last(cell.data_format)
    moves = window(cell.rank, cell.strides, cell.padding, cell.dilation_rate)
    bias = _bias(cell)
    if x.type.rank == cell.rank + 2:
        return convolve(call, x, cell.kernel, bias, moves)
    batch, length, *rest = dims(x)
    merged = shaping.reshape(call, x, (_merged(batch, length), *rest))
    y = convolve(call, merged, cell.kernel, bias, moves)
    return shaping.reshape(call, y, (batch, length, *dims(y)[1:]))


def _merged(batch: int, length: int) -> int:
    return -1 if min(batch, length) < 0 else batch * length


def _advance_convolution(call: Call, cell: Any, x: Tensor, states: list[Tensor]) -> Any:
    moves = window(cell.rank, 1, "same", 1)
    product = convolve(call, states[0], cell.recurrent_kernel, None, moves)
    return _lstm(call, cell, call.emit(Add(), x, product), states[1])


CELLS = {
    "ConvLSTMCell": Cell(_project_convolution, _advance_convolution),
    "GRUCell": Cell(_project_gru, _advance_gru),
    "LSTMCell": Cell(_project, _advance_lstm),
    "SimpleRNNCell": Cell(_project, _advance_simple),
}


@layer(*CELLS)
def _step(call: Call) -> RuleResult:
    """One moment of a cell that is called by itself."""
    cell = call.operation
    parts = CELLS[_kind(cell)]
    states: Sequence[Tensor] = flatten(call.arguments["states"])
    after = parts.advance(
        call, cell, parts.project(call, cell, call.x), [call.real(x) for x in states]
    )
    return [after[0], *after]
