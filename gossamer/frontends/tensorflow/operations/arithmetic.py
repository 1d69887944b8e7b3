"""Rules of arithmetic, comparisons and logic, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.convolution import require_channels_last
from gossamer.frontends.report import Unsupported
from gossamer.frontends.tensorflow.framework import dtype_of
from gossamer.frontends.tensorflow.operations.error_function import gelu_input
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.add_n import AddN
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.atan2 import Atan2
from gossamer.ops.compare import (
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    NotEqual,
)
from gossamer.ops.floor_div import FloorDiv, FloorMod
from gossamer.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pow import Pow
from gossamer.ops.select import SelectV2
from gossamer.ops.sigmoid import Gelu
from gossamer.ops.squared_difference import SquaredDifference
from gossamer.ops.unary import (
    Abs,
    Ceil,
    Cos,
    Exp,
    Floor,
    Log,
    Neg,
    Round,
    Rsqrt,
    Sign,
    Sin,
    Sqrt,
    Square,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_BINARY: dict[str, Op] = {
    "Add": Add(),
    "AddV2": Add(),
    "Atan2": Atan2(),
    "Div": Div(),
    "Equal": Equal(),
    "FloorDiv": FloorDiv(),
    "FloorMod": FloorMod(),
    "Greater": Greater(),
    "GreaterEqual": GreaterEqual(),
    "Less": Less(),
    "LessEqual": LessEqual(),
    "LogicalAnd": LogicalAnd(),
    "LogicalOr": LogicalOr(),
    "Maximum": Maximum(),
    "Minimum": Minimum(),
    "NotEqual": NotEqual(),
    "Pow": Pow(),
    "RealDiv": Div(),
    "SquaredDifference": SquaredDifference(),
    "Sub": Sub(),
}
_UNARY: dict[str, Op] = {
    "Abs": Abs(),
    "Ceil": Ceil(),
    "Cos": Cos(),
    "Exp": Exp(),
    "Floor": Floor(),
    "Log": Log(),
    "LogicalNot": LogicalNot(),
    "Neg": Neg(),
    "Rint": Round(),
    "Round": Round(),
    "Rsqrt": Rsqrt(),
    "Sign": Sign(),
    "Sin": Sin(),
    "Sqrt": Sqrt(),
    "Square": Square(),
}


@operation(*_BINARY)
def _binary(used: Operation) -> Tensor:
    return used.emit(_BINARY[used.kind], used.tensor(0), used.tensor(1))


@operation("Mul", reads=gelu_input)
def _product(used: Operation) -> Tensor:
    x = gelu_input(used.node, used.values)
    if x is not None:
        return used.emit(Gelu(), used.values.tensor(x))
    return used.emit(Mul(), used.tensor(0), used.tensor(1))


@operation(*_UNARY)
def _unary(used: Operation) -> Tensor:
    return used.emit(_UNARY[used.kind], used.tensor())


@operation("BiasAdd")
def _bias_add(used: Operation) -> Tensor:
    if used.input_shape()[1:]:
        require_channels_last(_layout(used))
    return used.emit(Add(), used.tensor(0), used.tensor(1))


def _layout(used: Operation) -> str:
    found = used.attribute("data_format")
    return "channels_first" if found.startswith("NC") else "channels_last"


@operation("AddN")
def _add_n(used: Operation) -> Tensor:
    tensors = used.tensors()
    return tensors[0] if len(tensors) == 1 else used.emit(AddN(), *tensors)


@operation("Reciprocal", "Inv")
def _reciprocal(used: Operation) -> Tensor:
    return used.emit(Div(), used.scalar("one", 1.0), used.tensor())


@operation("Log1p")
def _log_of_one_more(used: Operation) -> Tensor:
    return used.emit(Log(), used.emit(Add(), used.tensor(), used.scalar("one", 1.0)))


@operation("Expm1")
def _one_less_than_exp(used: Operation) -> Tensor:
    return used.emit(Sub(), used.emit(Exp(), used.tensor()), used.scalar("one", 1.0))


@operation("Tan")
def _tan(used: Operation) -> Tensor:
    x = used.tensor()
    return used.emit(Div(), used.emit(Sin(), x), used.emit(Cos(), x))


@operation("DivNoNan")
def _quotient_or_zero(used: Operation) -> Tensor:
    x, y, zero = used.tensor(0), used.tensor(1), used.scalar("zero", 0.0)
    quotient = used.emit(Div(), x, y)
    is_zero = used.emit(Equal(), y, zero)
    return used.emit(SelectV2(), is_zero, zero, quotient)


@operation("ClipByValue")
def _clip(used: Operation) -> Tensor:
    above = used.emit(Maximum(), used.tensor(0), used.tensor(1))
    return used.emit(Minimum(), above, used.tensor(2))


@operation("Select", "SelectV2")
def _select(used: Operation) -> Tensor:
    return used.emit(SelectV2(), *used.tensors())


@operation("Cast")
def _cast(used: Operation) -> Tensor:
    return used.cast(used.tensor(), dtype_of(used.node.outputs[0].dtype))


@operation(
    "CheckNumerics", "EnsureShape", "Identity", "PreventGradient", "Snapshot",
    "StopGradient",
)  # fmt: skip
def _same(used: Operation) -> Tensor:
    return used.tensor()


@operation("IdentityN")
def _all_the_same(used: Operation) -> Sequence[Tensor]:
    return used.tensors()


@operation("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", known=(1, 2, 3, 4))
def _batch_normalization(used: Operation) -> Sequence[Tensor]:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    require_channels_last(_layout(used))
    if used.attribute("is_training"):
        raise Unsupported(
            "it normalizes by the statistics of the batch (is_training=True)",
            "Save the model for inference: model.export(), or call it with "
            "training=False.",
        )
    names = ("scale", "offset", "mean", "variance")
    scale, offset, mean, variance = (
        used.known(index, name).astype(np.float64)
        for index, name in enumerate(names, 1)
    )
    factor = scale / np.sqrt(variance + float(used.attribute("epsilon")))
    return [affine(used, used.tensor(), factor, offset - mean * factor)]
