"""Rules of the operations of `keras.ops` on the parts of complex numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts import sizes
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.atan2 import Atan2
from gossamer.ops.complex import Imag, Real

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


@operation("Real")
def _real(call: Call) -> RuleResult:
    return _real_part(call)


@operation("Imag")
def _imaginary(call: Call) -> RuleResult:
    return _imaginary_part(call)


@operation("Angle")
def _angle(call: Call) -> RuleResult:
    """The angle of the point (real, imaginary): of a real number 0 or pi."""
    imaginary, real = _imaginary_part(call), _real_part(call)
    return call.emit(Atan2(), call.real(imaginary), call.real(real))


@operation("Conj", "Conjugate")
def _conjugate(call: Call) -> RuleResult:
    if _is_complex(call):
        raise Unsupported(
            "no operator makes a complex number of two parts",
            "Carry keras.ops.real(x) and keras.ops.imag(x) as two tensors.",
        )
    return call.x


def _real_part(call: Call) -> Tensor:
    return call.emit(Real(), call.x) if _is_complex(call) else call.x


def _imaginary_part(call: Call) -> Tensor:
    if _is_complex(call):
        return call.emit(Imag(), call.x)
    return sizes.filled(call, sizes.like(call.x), np.zeros((), call.x.dtype.numpy))


def _is_complex(call: Call) -> bool:
    return call.x.dtype in (DType.COMPLEX64, DType.COMPLEX128)
