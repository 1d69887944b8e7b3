"""The errors of the interpreter: what was asked, what there is, what to do.

Each message holds the words that TensorFlow Lite uses in the same place, so that
programs and people that look for them find them, and stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import ExecutionError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape

VIEW_ALIVE = (
    "There is at least 1 reference to internal data in the interpreter in the form "
    "of a numpy array or slice. Hold the function that tensor() returns, not the "
    "array that it gives: delete the array, then call {call} again"
)
NOT_READY = (
    "Invoke called on model that is not ready. Call allocate_tensors() after "
    "constructing the interpreter and after each resize_tensor_input()"
)
BUSY = (
    "this interpreter is in use in another thread. Give each thread an Interpreter "
    "of its own (they share the compiled code), or put a lock around the calls"
)
CLOSED = "this interpreter is closed. Construct a new one to run the model again"


def title(tensor: Tensor, index: int) -> str:
    """How a message names a tensor."""
    return f"tensor {index} '{tensor.name}'"


def no_such_tensor(index: object, count: int) -> InputError:
    return InputError(
        f"Invalid tensor index {index} exceeds max tensor index {count - 1}. Take "
        "the 'index' that get_input_details() or get_output_details() gives"
    )


def no_such_subgraph(index: int, count: int) -> InputError:
    return InputError(
        f"subgraph_index is out of range: {index} for the model, which has {count} "
        "subgraphs"
    )


def unallocated_set(tensor: Tensor, index: int) -> InputError:
    return InputError(
        "Cannot set tensor: Tensor is unallocated. Try calling allocate_tensors() "
        f"first, then set {title(tensor, index)}"
    )


def no_data(tensor: Tensor, index: int, *, allocated: bool) -> InputError:
    """The tensor has no memory: nothing is allocated, or it is not kept."""
    if not allocated:
        return InputError(
            "Tensor data is null. Run allocate_tensors() first, then read "
            f"{title(tensor, index)}"
        )
    return InputError(
        f"Tensor data is null: {title(tensor, index)} is an intermediate result, "
        "whose memory is used again. Construct the Interpreter with "
        "experimental_preserve_all_tensors=True to read it after invoke()"
    )


def not_settable(tensor: Tensor, index: int, *, constant: bool) -> InputError:
    kind = "a constant" if constant else "computed by the model"
    return InputError(
        f"Cannot set tensor: {title(tensor, index)} is {kind}. Only inputs and "
        "variables can be set; get_input_details() lists the inputs"
    )


def wrong_type(tensor: Tensor, index: int, value: Array) -> InputError:
    found, expected = type_title(value), tensor.dtype.name
    return InputError(
        f"Cannot set tensor: Got value of type {found} but expected type {expected} "
        f"for input {index}, name: {tensor.name}. {_type_remedy(tensor, value)}"
    )


def type_title(array: Array) -> str:
    """An array's element type in capitals, as the file format writes it."""
    return "STRING" if array.dtype.kind in "OSU" else array.dtype.name.upper()


def _type_remedy(tensor: Tensor, value: Array) -> str:
    if tensor.is_quantized and tensor.quantization and value.dtype.kind == "f":
        scale, zero_point = tensor.quantization.pair()
        limits = np.iinfo(tensor.dtype.numpy)
        return (
            f"Quantize the value: numpy.clip(numpy.round(value / {scale:.9g} + "
            f"{zero_point}), {limits.min}, {limits.max}).astype("
            f"numpy.{tensor.dtype.numpy.name})"
        )
    return f"Convert the value: value.astype(numpy.{tensor.dtype.numpy.name})"


def wrong_shape(
    tensor: Tensor, index: int, shape: Shape, expected: Shape
) -> InputError:
    """The value has another number of dimensions, or another size along one."""
    if len(shape) != len(expected):
        what = f"Got {len(shape)} but expected {len(expected)} for input {index}"
    else:
        pairs = enumerate(zip(shape, expected, strict=True))
        axis = next(axis for axis, (got, want) in pairs if got != want)
        what = (
            f"Got {shape[axis]} but expected {expected[axis]} for dimension {axis} "
            f"of input {index}"
        )
    return InputError(
        f"Cannot set tensor: Dimension mismatch. {what}. {title(tensor, index)} has "
        f"the shape {list(expected)} and the value {list(shape)}. Reshape the value, "
        f"or call resize_tensor_input({index}, {list(shape)}) and allocate_tensors()"
    )


def resize_of_no_input(index: object, count: int) -> ExecutionError:
    return ExecutionError(
        f"Cannot resize tensor {index}: the model has {count} tensors and this is "
        "none of its inputs. Take the 'index' that get_input_details() gives"
    )


def bad_size(tensor: Tensor, index: int, shape: Sequence[int]) -> ExecutionError:
    return ExecutionError(
        f"Cannot resize {title(tensor, index)} to {list(shape)}: BytesRequired number "
        "of elements overflowed or is negative. Give each dimension a size that is "
        "0 or more"
    )


def strict_resize(
    tensor: Tensor, index: int, shape: Shape, signature: Shape
) -> ExecutionError:
    """A strict resize that changes the rank, or a dimension that is fixed."""
    rule = (
        "ResizeInputTensorStrict only allows mutating unknown dimensions identified "
        f"by -1. {title(tensor, index)} has the shape signature {list(signature)}"
    )
    if len(shape) != len(signature):
        return ExecutionError(
            f"Attempting to resize {title(tensor, index)} from {len(signature)} to "
            f"{len(shape)} dimensions. {rule}"
        )
    pairs = enumerate(zip(shape, signature, strict=True))
    axis = next(i for i, (got, want) in pairs if want not in (-1, got))
    return ExecutionError(
        f"Attempting to resize dimension {axis} of tensor {index} with value "
        f"{signature[axis]} to {shape[axis]}. {rule}; pass strict=False to try "
        "nevertheless"
    )


def unknown_signature(key: str, keys: Sequence[str]) -> InputError:
    known = ", ".join(repr(each) for each in keys) or "none"
    return InputError(
        f'Invalid signature_key provided: "{key}". Pass one of the model\'s: {known}'
    )


def ambiguous_signature(keys: Sequence[str]) -> InputError:
    remedy = (
        f"Pass one of {', '.join(map(repr, keys))}"
        if keys
        else "Use set_tensor(), invoke() and get_tensor() with this model"
    )
    return InputError(
        f"SignatureDef signature_key is None and model has {len(keys)} Signatures. "
        f"None is only allowed when the model has 1 SignatureDef. {remedy}"
    )
