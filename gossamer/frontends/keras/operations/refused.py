"""Operations of `keras.ops` that have no operators, with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from gossamer.frontends.keras.registry import operation
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an operation cannot be expressed, and what the user can do."""

    reason: str
    remedy: str


_SPECTRAL = Refusal(
    "it rests on eigenvalues or singular values, which no number of steps known "
    "before gives",
    "Compute it outside of the model; keras.ops.solve, inv, det, qr and cholesky of "
    "small matrices are supported.",
)
_COMPLEX = Refusal(
    "no operator makes complex numbers of real ones",
    "Compute with real and imaginary parts, as keras.ops.fft and stft return them.",
)

REFUSED: dict[str, Refusal] = {
    "CTCDecode": Refusal(
        "how long a decoded sequence is depends on the values",
        "Let the model return its scores, and decode them outside of it.",
    ),
    "CTCLoss": Refusal(
        "it sums over all alignments of a sequence, which training needs",
        "Leave losses out of the model that is converted.",
    ),
    "Eig": _SPECTRAL,
    "Eigh": _SPECTRAL,
    "ElasticTransform": Refusal(
        "it moves pixels at random, which training needs",
        "Leave random changes of images out of the model that is converted.",
    ),
    "JVP": Refusal(
        "it is a derivative of a function, which training needs",
        "Compute derivatives outside of the model that is converted.",
    ),
    "Lstsq": _SPECTRAL,
    "MatrixRank": _SPECTRAL,
    "Pinv": _SPECTRAL,
    "Polar": _COMPLEX,
    "SVD": _SPECTRAL,
    "ViewAsComplex": _COMPLEX,
}
"""By class name."""


def _refuse(name: str, refusal: Refusal) -> None:
    def rule(_call: Call) -> NoReturn:
        raise Unsupported(refusal.reason, refusal.remedy)

    rule.__doc__ = refusal.reason
    operation(name, kind="refused")(rule)


for _name, _refusal in REFUSED.items():
    _refuse(_name, _refusal)
