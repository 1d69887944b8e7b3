"""Run models by Gossamer's meaning of operators and by LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from gossamer.flatbuffer.write import write
from gossamer.ir.evaluate import evaluate


def ours(model, sample):
    """Outputs by the operators' meaning, in order."""
    values = evaluate(model.main, {x: sample[x.name] for x in model.main.inputs})
    return [values[y] for y in model.main.outputs]


def litert(model, sample, kernels=OpResolverType.BUILTIN_REF):
    """Outputs by LiteRT's kernels, those of reference, on the file that we write."""
    interpreter = Interpreter(
        model_content=bytes(write(model)),
        experimental_op_resolver_type=kernels,
    )
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    for tensor, detail in zip(model.main.inputs, details, strict=True):
        interpreter.set_tensor(detail["index"], sample[tensor.name])
    interpreter.invoke()
    return [
        interpreter.get_tensor(detail["index"])
        for detail in interpreter.get_output_details()
    ]


def signal_to_noise(wanted, found):
    """Decibels: 10 log10 of the power of `wanted` over that of the difference."""
    difference = np.asarray(found, np.float64) - wanted
    noise = float(np.mean(difference**2))
    power = float(np.mean(np.asarray(wanted, np.float64) ** 2))
    return 10 * np.log10(power / max(noise, 1e-30))


def real(tensor, array):
    """An output as real numbers."""
    quantization = tensor.quantization
    return quantization.dequantize(array) if tensor.is_quantized else array


def as_input(tensor, array):
    """A float sample in the element type of an input."""
    if tensor.dtype.is_float:
        return array
    return tensor.quantization.quantize(array, tensor.dtype)
