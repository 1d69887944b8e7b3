"""The rule of activation functions that were found as wholes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.jax.recognize import Activation
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import activations
from gossamer.ops.arithmetic import Mul
from gossamer.ops.relu import Relu0To1
from gossamer.ops.sigmoid import Gelu

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call


_OWN = {
    "gelu": activations.single(Gelu()),
    "gelu_tanh": activations.single(Gelu(approximate=True)),
    "relu_0_to_1": activations.single(Relu0To1()),
    "relu_n1_to_1": activations.BY_NAME["hard_tanh"],
}


@primitive("activation")
def _activation(call: Call) -> RuleResult:
    found = call.step.primitive
    assert isinstance(found, Activation)
    curve, x = found.curve, call.loose(0)
    if curve.name == "leaky_relu":
        return activations.leaky_relu(call, x, curve.alpha)
    if curve.name == "elu":
        y = activations.elu(call, x, curve.alpha)
        if curve.scale == 1:
            return y
        return call.emit(Mul(), y, call.scalar("scale", curve.scale))
    emit = _OWN.get(curve.name) or activations.BY_NAME[curve.name]
    return emit(call, x)
