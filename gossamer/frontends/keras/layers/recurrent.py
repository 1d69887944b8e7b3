"""Rules of the recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import dtype_of, keras, to_numpy
from gossamer.frontends.keras.layers.cells import standard_cell
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.trace import flatten, is_layer, uses
from gossamer.frontends.parts import sizes, slicing
from gossamer.frontends.parts.control import is_inside
from gossamer.frontends.parts.recurrent import fused_lstm
from gossamer.frontends.parts.state import Variable, variable
from gossamer.frontends.parts.time import Course, along_time
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ops.reverse import ReverseV2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.keras.call import Call
    from gossamer.ir.types import DType

    Step: TypeAlias = Any


FUSED = (
    "'{path}' is one UNIDIRECTIONAL_SEQUENCE_LSTM, whose states this runtime clears "
    "before each run. LiteRT keeps them: call reset_all_variables() before each invoke "
    "there, and, where the batch is free, feed one sequence at a time. "
    "lstm='while' needs neither"
)


@layer(
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "GRU",
    "LSTM",
    "RNN",
    "SimpleRNN",
    masks=True,
)
def _recurrent(call: Call) -> RuleResult:
    used = call.operation
    x: Tensor = call.arguments["sequences"]
    mask = _mask(call)
    reason = why_not_fused(call)
    if reason is None:
        return _fused(call, call.real(x))
    if type(used).__name__ == "LSTM":
        call.store.notes.append(f"'{call.path}' is no fused LSTM: {reason}")
    held = _held(call) if used.stateful and _given_states(call) is None else []
    states = [entry.value for entry in held] or _first_states(call, x)
    course = Course(
        bool(used.go_backwards),
        bool(used.return_sequences),
        bool(used.unroll),
        bool(used.zero_output_for_mask),
        None if used.unroll else _shown(used),
    )
    sequence, step = _step_of(call, x)
    output, after = along_time(call, [sequence], states, step, course, mask)
    if used.stateful:
        for entry, state in zip(held or _held(call), after, strict=True):
            entry.assign(state)
    return [output, *after] if used.return_state else output


def why_not_fused(call: Call) -> str | None:
    """Why a layer does not become UNIDIRECTIONAL_SEQUENCE_LSTM, None where it does."""
    used = call.operation
    cell = standard_cell(used.cell)
    if type(used).__name__ != "LSTM" or cell is None:
        return "it is no LSTM"
    if call.store.recurrence != "fused":
        return "loops are asked for"
    if used.unroll:
        return "unroll=True asks for a step after the other"
    if is_inside(call):
        return "it is inside of a loop or a branch"
    if (
        _name(used.activation) != "tanh"
        or _name(used.recurrent_activation) != "sigmoid"
    ):
        return "its activations are not tanh and sigmoid"
    if used.return_state:
        return "its last states are asked for"
    if _given_states(call) is not None:
        return "its first states are given"
    if used.stateful and uses(used) > 1:
        return "it is stateful and used several times, on the same states"
    return "it is given a mask" if _mask(call) is not None else None


def _name(activation: Any) -> str:
    module = str(getattr(activation, "__module__", ""))
    own = module.partition(".")[0] == "keras"
    return str(getattr(activation, "__name__", "")) if own else ""


def _fused(call: Call, x: Tensor) -> Tensor:
    used = call.operation
    cell = used.cell
    if not used.stateful:
        call.store.notes.append(FUSED.format(path=call.path))
    if used.go_backwards:
        x = call.emit(ReverseV2(), x, call.indices("time", [1]))
    y = fused_lstm(
        call,
        x,
        call.array(cell.kernel),
        call.array(cell.recurrent_kernel),
        call.array(cell.bias) if cell.use_bias else None,
        keeps=bool(used.stateful),
    )
    if used.return_sequences:
        return y
    return slicing.cut(call, y, (slice(None), -1))


def _mask(call: Call) -> Tensor | None:
    """The mask (batch, time), of which a layer with several takes the first."""
    given = flatten(call.arguments.get("mask"))
    found = given[0] if given else None
    return found if isinstance(found, Tensor) else None


def _given_states(call: Call) -> list[Any] | None:
    given = call.arguments.get("initial_state")
    return None if given is None else flatten(given)


def _shown(used: Any) -> int:
    """Which of the flat states Keras takes for the output before: the last cell's."""
    sizes_ = used.state_size
    nested = isinstance(sizes_[0], (list, tuple))
    return len(flatten(list(sizes_[:-1]))) if nested else 0


def _held(call: Call) -> list[Variable]:
    """The variables that keep a stateful layer's states, zero at first."""
    return [
        variable(
            call,
            f"{call.path}/state_{index}",
            np.zeros(tuple(state.shape), dtype_of(state.dtype).numpy),
        )
        for index, state in enumerate(flatten(call.operation.states))
    ]


def _first_states(call: Call, x: Tensor) -> list[Tensor]:
    """The states before the first moment, flat."""
    dtype = (
        dtype_of(call.operation.cell.compute_dtype)
        if is_layer(call.operation.cell)
        else call.dtype
    )
    given = _given_states(call)
    if given is not None:
        return [_as_state(call, state, dtype) for state in given]
    batch = dims(x)[0]
    blank = call.operation.get_initial_state(batch_size=max(batch, 1))
    return [_spread(call, x, to_numpy(state), dtype) for state in flatten(blank)]


def _as_state(call: Call, state: Any, dtype: DType) -> Tensor:
    if isinstance(state, Tensor):
        return call.cast(state, dtype)
    return call.constant("initial_state", to_numpy(state).astype(dtype.numpy))


def _spread(call: Call, x: Tensor, state: Any, dtype: DType) -> Tensor:
    """What a cell begins with, for as many sequences as `x` holds."""
    wanted: list[sizes.Size] = [(x, 0), *state.shape[1:]]
    if not np.any(state):
        return sizes.zeros(call, wanted, dtype)
    value = call.constant("initial_state", state.astype(dtype.numpy))
    if dims(x)[0] >= 0:
        return value
    return sizes.spread(call, value, wanted)


def _step_of(call: Call, x: Tensor) -> tuple[Tensor, Step]:
    """The sequence as the loop takes it, and what it does with each moment."""
    cell = call.operation.cell
    parts = standard_cell(cell)
    if parts is None:
        return x, _traced_step(call.operation)

    def advance(
        place: Call, inputs: list[Tensor], states: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        after = parts.advance(place, cell, inputs[0], states)
        return after[0], after

    def whole(
        place: Call, inputs: list[Tensor], states: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        projected = parts.project(place, cell, inputs[0])
        return advance(place, [projected], states)

    if x.type.rank > 3 and min(dims(x)[:2]) < 0 and max(dims(x)[:2]) < 0:
        return x, whole
    return parts.project(call, cell, x), advance


def _traced_step(used: Any) -> Step:
    """A moment of a cell of any kind, from its own call."""
    structure = _nesting(used)

    def moment(x: Any, *states: Any) -> Any:
        nested = keras().tree.pack_sequence_as(structure, list(states))
        output, after = used.cell(x, nested)
        return [output, *flatten(after)]

    def step(
        place: Call, inputs: list[Tensor], states: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        found = place.walk.traced(place, moment, [*inputs, *states], hoists=True)
        results: Sequence[Tensor] = found
        after = [
            place.cast(new, old.dtype)
            for new, old in zip(results[1:], states, strict=True)
        ]
        _require_same(states, after)
        return results[0], after

    return step


def _nesting(used: Any) -> Any:
    """How the layer nests its states: the shape in which its cell takes them."""
    return used.get_initial_state(batch_size=1)


def _require_same(before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    for old, new in zip(before, after, strict=True):
        if dims(old) != dims(new):
            raise Unsupported(
                f"its cell takes a state of shape {dims(old)} and gives one of "
                f"{dims(new)}",
                "Let a cell return states of the shapes that it is given.",
            )
