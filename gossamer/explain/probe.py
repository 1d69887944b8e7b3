"""A model run sample by sample, with the value of every tensor at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import QuantizationError, UnsupportedError
from gossamer.flatbuffer.write import write
from gossamer.runtime.delegate import OpResolverType
from gossamer.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array


class Probe:
    """Runs the main subgraph of a model, compiled, and keeps all tensors.

    Where there is no kernel for one of its operators, it runs by the operators'
    meaning in NumPy instead. Without `keep_all` only outputs can be asked for, and the
    model is as fast as it is.
    """

    def __init__(self, model: Model, *, keep_all: bool = True) -> None:
        self._inputs, self._outputs = model.main.inputs, model.main.outputs
        self._places = {x: index for index, x in enumerate(model.main.tensors)}
        content = write(model)
        try:
            self._interpreter = _ready(content, OpResolverType.AUTO, keep_all)
        except UnsupportedError:
            kernels = OpResolverType.BUILTIN_REF
            self._interpreter = _ready(content, kernels, keep_all)
        self._shapes = [x.shape for x in self._inputs]

    def run(self, sample: Sequence[Array]) -> None:
        """Run one sample; variables begin anew.

        See `load`.
        """
        self.load(sample)
        self.invoke()

    def load(self, sample: Sequence[Array]) -> None:
        """Set the inputs to one sample.

        Args:
            sample: an array for each input; real numbers are quantized for an input
                that holds integers.

        Raises:
            QuantizationError: there are not as many arrays as inputs.
        """
        if len(sample) != len(self._inputs):
            raise QuantizationError(
                f"Number of inputs provided ({len(sample)}) does not match number of "
                f"inputs to the model ({len(self._inputs)})"
            )
        self._fit([array.shape for array in sample])
        self._interpreter.reset_all_variables()
        for tensor, array in zip(self._inputs, sample, strict=True):
            value = as_stored(tensor, array)
            self._interpreter.set_tensor(self._places[tensor], value)

    def invoke(self) -> None:
        """Run what was loaded."""
        self._interpreter.invoke()

    def value(self, tensor: Tensor) -> Array:
        """The value of a tensor of the model after the last run, as it is stored."""
        return self._interpreter.get_tensor(self._places[tensor])

    def outputs(self) -> list[Array]:
        """The outputs of the last run; what integers stand for as real numbers."""
        return [as_real(y, self.value(y)) for y in self._outputs]

    def close(self) -> None:
        """Give memory back."""
        self._interpreter.close()

    def _fit(self, shapes: list[tuple[int, ...]]) -> None:
        if shapes == self._shapes:
            return
        for tensor, shape in zip(self._inputs, shapes, strict=True):
            self._interpreter.resize_tensor_input(self._places[tensor], shape)
        self._interpreter.allocate_tensors()
        self._shapes = shapes


def as_stored(tensor: Tensor, array: Array) -> Array:
    """A sample in the element type of an input."""
    quantization = tensor.quantization
    if array.dtype.kind == "f" and quantization is not None and tensor.is_quantized:
        return quantization.quantize(array, tensor.dtype)
    return array


def as_real(tensor: Tensor, array: Array) -> Array:
    """A value as real numbers, where integers stand for such."""
    quantization = tensor.quantization
    if array.dtype.kind in "iu" and quantization is not None and tensor.is_quantized:
        return quantization.dequantize(array)
    return array


def _ready(
    content: bytes,
    kernels: OpResolverType,
    keep_all: bool,  # noqa: FBT001
) -> Interpreter:
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=kernels,
        experimental_preserve_all_tensors=keep_all,
    )
    interpreter.allocate_tensors()
    return interpreter
