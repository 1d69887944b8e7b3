"""What a user asks of the converter: optimizations, operators, types, samples."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.errors import QuantizationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Optimize(enum.Enum):
    """What the converter may change; see `TFLiteConverter.optimizations`."""

    DEFAULT = "DEFAULT"
    OPTIMIZE_FOR_SIZE = "OPTIMIZE_FOR_SIZE"
    OPTIMIZE_FOR_LATENCY = "OPTIMIZE_FOR_LATENCY"
    EXPERIMENTAL_SPARSITY = "EXPERIMENTAL_SPARSITY"


class OpsSet(enum.Enum):
    """Which operators a converted model may hold."""

    TFLITE_BUILTINS = "TFLITE_BUILTINS"
    SELECT_TF_OPS = "SELECT_TF_OPS"
    TFLITE_BUILTINS_INT8 = "TFLITE_BUILTINS_INT8"
    EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 = (
        "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
    )
    EXPERIMENTAL_STABLEHLO_OPS = "EXPERIMENTAL_STABLEHLO_OPS"

    def __str__(self) -> str:
        return self.value

    @staticmethod
    def get_options() -> list[str]:
        """The names of all sets."""
        return [str(option) for option in OpsSet]


class RepresentativeDataset:
    """A callable that returns an iterable of calibration samples.

    A sample is a list of arrays in the order of the inputs, a dict of arrays by input
    name, or a pair (signature key, dict). 100 to 500 typical samples are usual.
    """

    def __init__(self, input_gen: Callable[[], Iterable[Any]]) -> None:
        if not callable(input_gen):
            raise QuantizationError(
                f"RepresentativeDataset was given a {type(input_gen).__name__}; "
                "expected a function without arguments that yields samples"
            )
        self.input_gen = input_gen


def _builtins() -> set[OpsSet]:
    return {OpsSet.TFLITE_BUILTINS}


@dataclass(slots=True)
class TargetSpec:
    """What the device that runs the model supports.

    Attributes:
        supported_ops: sets of operators.
        supported_types: element types of constants, such as {np.float16}.
        experimental_select_user_tf_ops: names of TensorFlow operators; none are made.
        experimental_supported_backends: accepted, without effect.
    """

    supported_ops: Iterable[OpsSet] = field(default_factory=_builtins)
    supported_types: Iterable[Any] = field(default_factory=set[Any])
    experimental_select_user_tf_ops: Iterable[str] = field(default_factory=set[str])
    experimental_supported_backends: Iterable[str] | None = None
