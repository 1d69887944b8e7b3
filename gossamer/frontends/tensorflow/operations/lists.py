"""Rules of tensor lists, which loops along time fill: tensors of all their elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.parts import shaping
from gossamer.frontends.report import Unsupported
from gossamer.frontends.tensorflow.framework import dtype_of
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.dynamic_update_slice import DynamicUpdateSlice
from gossamer.ops.gather import Gather
from gossamer.ops.pack import Pack

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor


@operation("TensorListReserve", known=(0, 1))
def _reserve(used: Operation) -> Tensor:
    """Zeros for `num_elements` elements, all of one shape."""
    sizes, count = used.sizes(0), used.sizes(1)
    shape = [*(count or [None]), *(sizes or [None])]
    if any(size is None or size < 0 for size in shape):
        raise Unsupported(
            "a tensor list has elements whose shape is not known before the model runs",
            "Convert the Keras model itself, whose batch may stay free "
            "(TFLiteConverter.from_keras_model), or fix the batch and the length: "
            "tf.TensorSpec([1, 20, 8]).",
        )
    dtype = dtype_of(used.attribute("element_dtype"))
    return used.constant("list", np.zeros([int(n or 0) for n in shape], dtype.numpy))


@operation("TensorListFromTensor", known=(1,))
def _from_tensor(used: Operation) -> Tensor:
    return used.tensor()


@operation("TensorListStack", known=(1,))
def _stack(used: Operation) -> Tensor:
    return used.tensor()


@operation("TensorListGetItem", known=(2,))
def _get(used: Operation) -> Tensor:
    return used.emit(Gather(0), used.tensor(0), used.tensor(1))


@operation("TensorListSetItem")
def _set(used: Operation) -> Tensor:
    elements, place, item = used.tensors()
    zero = used.constant("zero", np.int32(0))
    begin = [place, *[zero] * (elements.type.rank - 1)]
    start = used.emit(Pack(len(begin), 0), *begin)
    whole = shaping.expand_dims(used, item, 0)
    return used.emit(DynamicUpdateSlice(), elements, whole, start)


@operation("TensorListLength")
def _length(used: Operation) -> Tensor:
    return used.constant("length", np.int32(used.tensor().shape[0]))
